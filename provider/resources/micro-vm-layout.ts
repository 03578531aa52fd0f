import { createHash } from "node:crypto";
import { posix } from "node:path";
import type { MicroVMInputs, NetworkReference } from "../generated/types";
import { macAddress, tapName, userName } from "../host/names";
import { objectDirectory } from "../host/record";
import { type Disk, driverOf, type Machine, type Setting, type VmmKind } from "../vmm";
import { lines, runDirectory, snapshotShown } from "../vmm/driver";
import { translationCache } from "../vmm/qemu";
import { type Attachment, resolverLines, tapUpLines } from "./network";
import type { Inside } from "./network-rules";
import { isStored } from "./stored";

/** Where a microVM's parts are on its host. */
export function places(name: string) {
  return {
    desired: objectDirectory("MicroVM", name),
    state: `/var/lib/microvm/vms/${name}`,
    run: runDirectory(name),
    notes: `/run/microvm/boot/${name}`,
    unit: `microvm@${name}.service`,
    dropIn: `/etc/systemd/system/microvm@${name}.service.d/10-microvm.conf`,
    enabled: `/etc/systemd/system/multi-user.target.wants/microvm@${name}.service`,
    consoleLog: `/var/lib/microvm/vms/${name}/console.log`,
  };
}

/** What was settled when the microVM was made, and stays so for its life. */
export interface Decided {
  /** Address of each interface, in order. */
  addresses: string[];
  /** MAC address of each interface, in order. */
  macs: string[];
  /** kHz; 0 where it is not known. */
  tscKhz: number;
  /** Numeric group that may use the host's KVM; 0 where that is root's or everybody's. */
  kvmGroup?: number;
  /** Control groups of the host. */
  cgroups?: Machine["cgroups"];
  /** Whether the host has Landlock. */
  landlock?: boolean;
  /** By interface, what a clone's guest takes for its own. */
  inside?: Inside[];
}

export interface LayoutFile {
  path: string;
  content: string;
  /** Four octal digits. */
  mode: string;
  /** `user:group`, by names or by numbers. */
  owner: string;
}

/** Everything that a microVM is on its host, computed. */
export interface Layout {
  user: string;
  files: LayoutFile[];
  attachments: Attachment[];
  /** The private disk that is made for it, if its root disk has one. */
  privateDisk?: { path: string; mib: number; from: "image" | "blank" };
  /** Digest of what a running VMM cannot be told: another one needs a restart. */
  bootDigest: string;
  /** What it can be told. */
  settings: Setting[];
}

function mode(inputs: MicroVMInputs): "shared" | "copy" | "overlay" {
  return inputs.rootDisk?.mode ?? "overlay";
}

/** MiB. */
function privateDiskSize(inputs: MicroVMInputs): number {
  const image = mode(inputs) === "copy" ? Math.ceil((inputs.rootfs.bytes ?? 0) / 1048576) : 0;
  return Math.max(inputs.rootDisk?.size ?? 1024, image);
}

export function attachmentsOf(inputs: MicroVMInputs & { name: string }, decided: Decided): Attachment[] {
  return (inputs.interfaces ?? []).map((_, index) => ({
    vm: inputs.name,
    index,
    tap: tapName(inputs.name, index),
    mac: decided.macs[index] as string,
    address: decided.addresses[index] as string,
    hostname: inputs.hostname ?? inputs.name,
    connected: inputs.interfaces?.[index]?.connected ?? true,
    inside: decided.inside?.[index],
  }));
}

/** The same for a microVM of which only the record is known. */
export function machineFor(inputs: MicroVMInputs & { name: string }, decided: Decided): Machine {
  return machineOf(inputs, decided, attachmentsOf(inputs, decided));
}

/** Disks that are the microVM's own, by the file name that they have in a snapshot: all but the store's images. */
export function ownDisks({ disks, stateDirectory }: Machine): { file: string; path: string }[] {
  return disks
    .filter(({ path }) => !isStored(path))
    .map(({ serial, path }) => ({
      file: path.startsWith(`${stateDirectory}/`) ? posix.basename(path) : `${serial}.img`,
      path,
    }));
}

export function macsOf(inputs: MicroVMInputs & { name: string }): string[] {
  return (inputs.interfaces ?? []).map(
    ({ mac, network }, index) => mac ?? macAddress(inputs.name, network.name as string, index),
  );
}

export function layout(inputs: MicroVMInputs & { name: string }, decided: Decided): Layout {
  const { name } = inputs;
  const place = places(name);
  const user = userName(name);
  const attachments = attachmentsOf(inputs, decided);
  const networks = (inputs.interfaces ?? []).map(({ network }) => network);
  const machine = machineOf(inputs, decided, attachments);
  const driver = driverOf(inputs.vmm.kind as VmmKind);
  const root = (file: string, content: string, permissions = "0600"): LayoutFile => ({
    path: `${place.desired}/${file}`,
    content,
    mode: permissions,
    owner: "root:root",
  });
  // Those that are made its VMM's user's before it starts, and those that it may read.
  const own = ({ disks }: Machine, only: "read" | "write") =>
    lines(
      disks
        .filter(({ readOnly, path }) => path && readOnly === (only === "read") && !isStored(path))
        .map(({ path }) => path),
    );
  // What the VMM's user reads is its group's; the rest is root's alone.
  const readable = (file: string, content: string): LayoutFile => ({
    ...root(file, content, "0640"),
    owner: `root:${user}`,
  });
  const started = (told: Machine) =>
    Object.entries(driver.bootFiles(told)).map(([file, content]) => readable(file, content));
  const settings = driver.settings(machine).map((setting) => withTap(setting, inputs, attachments));
  const steady = driver.steady(machine);
  const tapFiles = (those: Attachment[]): LayoutFile[] => [
    root("taps-up.ip", lines(those.flatMap((one) => tapUpLines(networks[one.index] as NetworkReference, one, user)))),
    root("taps-down.ip", lines(those.map(({ tap }) => `link delete dev ${tap}`))),
    // A clone is told nothing of its own: it goes on, and boots later, with what its snapshot was told.
    ...(inputs.snapshot
      ? []
      : seedFiles(inputs, those).map((file) => ({ ...file, path: `${place.desired}/seed/${file.path}` }))),
  ];
  const live: LayoutFile[] = [
    ...started(machine),
    ...tapFiles(attachments),
    root("user", `${user}\n`),
    root("disks", own(machine, "write")),
    root("read-only-disks", own(machine, "read")),
    readable("stop-timeout", `${inputs.stopTimeout ?? 20}\n`),
    readable("ask-to-stop", lines(driver.askToStop(machine))),
    readable("enter", lines(driver.enter?.(machine) ?? [])),
    root("cleanup", lines(driver.cleanup?.(machine) ?? [])),
    ...restoreFiles(inputs, machine).map(({ file, content }) => readable(file, content)),
    root("settings", lines(settings.map(settingLine))),
    readable("after-start", lines(settings.filter(({ afterStart }) => afterStart).flatMap(({ tell }) => tell))),
    { path: place.dropIn, content: dropIn(inputs, decided, machine), mode: "0644", owner: "root:root" },
  ];
  const taps = new Set(steady.interfaces.map(({ tap }) => tap));
  const bootDigest = digest([
    driver.unit(steady),
    user,
    own(steady, "write"),
    own(steady, "read"),
    [...tapFiles(attachments.filter(({ tap }) => taps.has(tap))), ...started(steady)].map((file) => [
      file.path,
      file.mode,
      file.owner,
      file.content,
    ]),
  ]);
  const kind = mode(inputs);
  return {
    user,
    attachments,
    bootDigest,
    settings,
    privateDisk:
      kind === "shared" || inputs.snapshot
        ? undefined
        : {
            path: `${place.state}/${kind}.img`,
            mib: privateDiskSize(inputs),
            from: kind === "copy" ? "image" : "blank",
          },
    files: [...live, root("boot-digest", `${bootDigest}\n`)],
  };
}

/** An interface that is plugged in needs its tap before. */
function withTap(setting: Setting, inputs: MicroVMInputs & { name: string }, attachments: Attachment[]): Setting {
  const attachment = attachments.find(({ index }) => setting.name === `net eth${index}`);
  const network = attachment && inputs.interfaces?.[attachment.index]?.network;
  if (!attachment || !network) return setting;
  const down = `ip link delete dev ${attachment.tap} 2> /dev/null || true`;
  const up = tapUpLines(network as NetworkReference, attachment, userName(inputs.name)).map((line) => `ip ${line}`);
  return { ...setting, tell: [down, ...up, ...setting.tell] };
}

/** What a clone goes on from its snapshot with, besides what it boots with. */
function restoreFiles(inputs: MicroVMInputs, machine: Machine): { file: string; content: string }[] {
  if (!inputs.snapshot) return [];
  const { name, path } = inputs.snapshot;
  const { snapshots, resume } = driverOf(inputs.vmm.kind as VmmKind);
  const { program, accelerator, trackDirtyPages } = machine;
  return [
    { file: "restore", content: `${name} ${inputs.restore ?? "once"} ${program} ${accelerator}\n` },
    { file: "restore-argv", content: lines(snapshots.argv(machine)) },
    { file: "restore-enter", content: lines(snapshots.enter?.(machine, path as string) ?? []) },
    { file: "load", content: lines(snapshots.load(machine, inputs.snapshot.guest?.balloon ?? 0)) },
    { file: "go-on", content: lines(resume(machine.name)) },
    ...(trackDirtyPages ? [{ file: "tracks", content: "yes\n" }] : []),
  ];
}

function machineOf(inputs: MicroVMInputs & { name: string }, decided: Decided, attachments: Attachment[]): Machine {
  const place = places(inputs.name);
  const disks = disksOf(inputs);
  const initramfs = inputs.kernel.initramfsPath || undefined;
  return {
    name: inputs.name,
    program: inputs.vmm.path as string,
    jailer: inputs.vmm.jailerPath ?? "",
    user: userName(inputs.name),
    cgroups: decided.cgroups ?? "v2",
    landlock: decided.landlock ?? false,
    machine: inputs.machine ?? "microvm",
    accelerator: inputs.accelerator ?? "kvm",
    vcpus: inputs.vcpus ?? 1,
    maxVcpus: Math.max(inputs.maxVcpus ?? 1, inputs.vcpus ?? 1),
    memory: inputs.memory ?? 256,
    maxMemory: Math.max(inputs.maxMemory ?? 0, inputs.memory ?? 256),
    balloon: inputs.balloon ?? 0,
    kernel: inputs.kernel.path as string,
    vmlinux: inputs.kernel.vmlinuxPath ?? "",
    initramfs,
    kernelArgs: [...(initramfs ? guestArguments(inputs, disks) : plainArguments(inputs)), ...(inputs.kernelArgs ?? [])],
    disks,
    interfaces: attachments.map(({ tap, mac, connected, inside }, index) => ({
      tap,
      mac: inside?.mac ?? mac,
      connected,
      rateLimit: inputs.interfaces?.[index]?.rateLimit,
    })),
    metadata: inputs.metadata,
    trackDirtyPages: inputs.trackDirtyPages ?? false,
    consoleLog: place.consoleLog,
    stateDirectory: place.state,
    runDirectory: place.run,
    desiredDirectory: place.desired,
    tscKhz: decided.tscKhz,
  };
}

function listed(disks: Disk[]): string {
  return disks.map((disk) => disk.serial).join(",");
}

/** What the provider's own initramfs needs to know. */
function guestArguments(inputs: MicroVMInputs, disks: Disk[]): string[] {
  return [
    "net.ifnames=0",
    `microvm.root=${mode(inputs)}`,
    `microvm.rootfs=${inputs.rootfs.format}`,
    // What a VMM without serial numbers calls one is not ours; with them, volumes may come and go.
    ...(driverOf(inputs.vmm.kind as VmmKind).serials
      ? [`microvm.disks=${listed(disks.filter(({ serial }) => !serial.startsWith("vol-")))}`]
      : [`microvm.disks=${listed(disks)}`, "microvm.place"]),
  ];
}

/** A kernel without the initramfs mounts the first disk by itself. */
function plainArguments(inputs: MicroVMInputs): string[] {
  const access = mode(inputs) === "copy" ? "rw" : "ro";
  return ["net.ifnames=0", "root=/dev/vda", `rootfstype=${inputs.rootfs.format}`, access];
}

function disksOf(inputs: MicroVMInputs & { name: string }): Disk[] {
  const { state } = places(inputs.name);
  const kind = mode(inputs);
  const rateLimit = inputs.rootDisk?.rateLimit;
  const part = { mounted: true, rateLimit };
  const image: Disk = { serial: "root", path: inputs.rootfs.path as string, readOnly: true, ...part };
  const root: Record<typeof kind, Disk[]> = {
    shared: [image],
    copy: [{ serial: "root", path: `${state}/copy.img`, readOnly: false, ...part }],
    overlay: [image, { serial: "upper", path: `${state}/overlay.img`, readOnly: false, ...part }],
  };
  return [
    ...root[kind],
    { serial: "seed", path: `${state}/seed.img`, readOnly: true, mounted: true },
    // A clone has copies of its own.
    ...(inputs.snapshot?.guest?.volumes ?? []).map(({ readOnly }, index) => ({
      serial: `vol-${index}`,
      path: `${state}/vol-${index}.img`,
      readOnly,
      mounted: true,
    })),
    ...(inputs.volumes ?? []).map(({ volume, readOnly, mountPath, rateLimit: bounds }, index) => ({
      serial: `vol-${index}`,
      path: volume.path as string,
      readOnly: readOnly ?? false,
      mounted: mountPath !== undefined,
      rateLimit: bounds,
    })),
  ];
}

/** Where a file of the guest's root is in the seed archive. */
function seedPath(path: string): string {
  return `root${path}`;
}

/** Where the host has a file that a guest is to find. */
export function guestFilePath(name: string, path: string): string {
  return `${places(name).desired}/seed/${seedPath(path)}`;
}

/** What the guest is told, by path in the seed archive. Its SSH host key is added on the host, where it is made. */
function seedFiles(inputs: MicroVMInputs & { name: string }, attachments: Attachment[]): LayoutFile[] {
  const networks = (inputs.interfaces ?? []).map(({ network }) => network);
  const told = (path: string, content: string): LayoutFile => ({
    path: `.microvm/${path}`,
    content,
    mode: "0600",
    owner: "0:0",
  });
  const first = networks[0];
  const files = [
    told("hostname", `${inputs.hostname ?? inputs.name}\n`),
    told(
      "net",
      lines(
        attachments.map(({ mac, address, index }) => {
          const network = networks[index];
          // One way out only: through the first interface.
          return `${mac} ${address}/${network?.prefixLength} ${index === 0 ? network?.gatewayAddress : "-"}`;
        }),
      ),
    ),
    told(
      "mounts",
      lines(
        (inputs.volumes ?? []).flatMap(({ volume, mountPath, readOnly }, index) =>
          mountPath ? [`vol-${index} ${volume.filesystem ?? "ext4"} ${mountPath} ${readOnly ? "ro" : "rw"}`] : [],
        ),
      ),
    ),
  ];
  if (first) {
    files.push(told("resolv.conf", lines(resolverLines(first as NetworkReference))));
  }
  if (inputs.sshAuthorizedKeys?.length) {
    files.push({
      path: "root/root/.ssh/authorized_keys",
      content: lines(inputs.sshAuthorizedKeys),
      mode: "0600",
      owner: "0:0",
    });
  }
  for (const file of inputs.files ?? []) {
    files.push({
      path: seedPath(file.path),
      content: file.content,
      mode: (file.mode ?? "0644").padStart(4, "0"),
      owner: `${file.uid ?? 0}:${file.gid ?? 0}`,
    });
  }
  return files;
}

function dropIn(inputs: MicroVMInputs & { name: string }, decided: Decided, machine: Machine): string {
  const restart = { always: "always", "on-failure": "on-failure", never: "no" }[inputs.restart ?? "on-failure"];
  const emulation = machine.accelerator === "tcg" ? translationCache : 0;
  const memory = machine.maxMemory + emulation + (inputs.limits?.memoryOverhead ?? 256);
  const networks = [
    ...new Set((inputs.interfaces ?? []).map(({ network }) => `microvm-network@${network.name}.service`)),
  ];
  const volumes = [
    ...new Set((inputs.volumes ?? []).map(({ volume }) => (volume.path as string).replace(/\/[^/]*$/, ""))),
  ];
  return lines([
    "[Unit]",
    ...(networks.length ? [`Wants=${networks.join(" ")}`, `After=${networks.join(" ")}`] : []),
    "[Service]",
    ...driverOf(inputs.vmm.kind as VmmKind).unit(machine),
    ...(machine.accelerator === "kvm" && decided.kvmGroup ? [`SupplementaryGroups=${decided.kvmGroup}`] : []),
    `Restart=${restart}`,
    `MemoryMax=${memory}M`,
    `TasksMax=${inputs.limits?.tasks ?? 128}`,
    ...(inputs.limits?.cpu ? [`CPUQuota=${inputs.limits.cpu}%`] : []),
    `TimeoutStopSec=${(inputs.stopTimeout ?? 20) + 10}`,
    ...volumes.map((directory) => `ReadWritePaths=${directory}`),
    // The VMM's user cannot enter the directory of all snapshots; a boot from its own disks does without.
    ...(inputs.snapshot ? [`BindReadOnlyPaths=-${inputs.snapshot.path}:${snapshotShown(machine.stateDirectory)}`] : []),
  ]);
}

/** A setting as the host notes it: its name, a tab, its value. */
export function settingLine({ name, value }: Setting): string {
  return `${name}\t${value}`;
}

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
