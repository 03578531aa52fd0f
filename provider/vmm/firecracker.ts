import { createHash } from "node:crypto";
import { posix } from "node:path";
import { command } from "../host/change";
import {
  boundable,
  type Disk,
  type Interface,
  lines,
  type Machine,
  type RateLimit,
  rateSetting,
  runDirectory,
  type Setting,
  takeOver,
  toldAnew,
  unbounded,
  type VmmDriver,
} from "./driver";
import { type Request, requests } from "./rest";

const jails = "/var/lib/microvm/jails";

/**
 * Firecracker 1.12 and newer, under its jailer: a user, a root directory and a mount namespace of its own. It is started
 * with a configuration file, so that a boot of the host needs nobody, and told of changes over its API.
 */
export const firecracker: VmmDriver = {
  kind: "firecracker",
  serials: false,
  bootFiles: (machine) => ({
    argv: lines(commandLine(machine)),
    "config.json": `${JSON.stringify(configuration(machine))}\n`,
    ...(machine.metadata === undefined ? {} : { "metadata.json": `${machine.metadata}\n` }),
  }),
  steady: (machine) => ({
    ...machine,
    balloon: 0,
    // Whether there is any decides the configuration; what it is can be told.
    metadata: machine.metadata === undefined ? undefined : "{}",
    memory: machine.maxMemory,
    disks: unbounded(machine.disks).map((disk) => (isExchangeable(disk) ? { ...disk, path: "" } : disk)),
    interfaces: unbounded(machine.interfaces),
  }),
  settings,
  unit,
  enter,
  directories: [jails],
  cleanup: (machine) => [
    command("rm", "-rf", "--one-file-system", jail(machine).directory),
    `rmdir ${posix.dirname(jail(machine).directory)} 2> /dev/null || true`,
  ],
  askToStop: ({ name }) =>
    requests(
      socket(name),
      ["PATCH", "/vm", { state: "Resumed" }],
      ["PUT", "/actions", { action_type: "SendCtrlAltDel" }],
    ),
  pause: (name) => requests(socket(name), ["PATCH", "/vm", { state: "Paused" }]),
  resume: (name) => requests(socket(name), ["PATCH", "/vm", { state: "Resumed" }]),
  grow: (name, serial) => rescan(name, serial),
  snapshots: { take, argv: (machine) => jailerLine(machine, []), enter: showSnapshot, load },
};

function socket(name: string): string {
  return `${runDirectory(name)}/fc.sock`;
}

/** Its identifiers know letters, digits and underscores. */
function identifier(serial: string): string {
  return serial.replaceAll("-", "_");
}

/** Where the jailer puts a microVM: by the file name of the program, then by its id. */
function jail({ name, program }: Machine) {
  const directory = `${jails}/${posix.basename(program)}/${name}`;
  return { directory, root: `${directory}/root` };
}

/** Path of a disk in the jail. */
function jailed(serial: string): string {
  return `/${serial}`;
}

/** A volume that nobody in the guest has been told to mount. */
function isExchangeable({ serial, mounted }: Disk): boolean {
  return serial.startsWith("vol-") && !mounted;
}

function commandLine(machine: Machine): string[] {
  return jailerLine(machine, [
    ...["--config-file", "/config.json"],
    ...(machine.metadata === undefined ? [] : ["--metadata", "/metadata.json"]),
  ]);
}

function jailerLine({ name, program, jailer, user, cgroups }: Machine, told: string[]): string[] {
  return [
    jailer,
    ...["--id", name],
    ...["--exec-file", program],
    // Numbers are found when it starts: the user is the host's to number.
    ...["--uid", `@uid:${user}`],
    ...["--gid", `@gid:${user}`],
    ...["--chroot-base-dir", jails],
    ...["--cgroup-version", cgroups === "v2" ? "2" : "1"],
    "--",
    ...told,
    ...["--api-sock", "/run/fc.sock"],
    ...["--log-path", "/firecracker.log"],
    ...["--level", "Warning"],
  ];
}

/** What it reads as its configuration file. */
export function configuration(machine: Machine) {
  const { vcpus, memory, maxMemory, balloon, initramfs, disks, interfaces, metadata, trackDirtyPages } = machine;
  return {
    "boot-source": {
      kernel_image_path: "/vmlinux",
      ...(initramfs ? { initrd_path: "/initramfs" } : {}),
      boot_args: ["console=ttyS0", "reboot=k", "panic=1", "quiet", ...machine.kernelArgs].join(" "),
    },
    "machine-config": { vcpu_count: vcpus, mem_size_mib: memory, smt: false, track_dirty_pages: trackDirtyPages },
    ...(maxMemory > memory ? { "memory-hotplug": { total_size_mib: maxMemory - memory } } : {}),
    drives: disks.map(drive),
    "network-interfaces": interfaces.map(networkInterface),
    balloon: { amount_mib: balloon, deflate_on_oom: true, stats_polling_interval_s: 0 },
    entropy: {},
    ...(metadata === undefined
      ? {}
      : { "mmds-config": { version: "V2", network_interfaces: interfaces.map((_, index) => `eth${index}`) } }),
  };
}

function drive({ serial, readOnly, rateLimit }: Disk) {
  return {
    drive_id: identifier(serial),
    path_on_host: jailed(serial),
    // The initramfs finds the root by itself.
    is_root_device: false,
    is_read_only: readOnly,
    ...(rateLimit ? { rate_limiter: rateLimiter(rateLimit) } : {}),
  };
}

function networkInterface({ tap, mac, rateLimit }: Interface, index: number) {
  const limiter = rateLimit && rateLimiter(rateLimit);
  return {
    iface_id: `eth${index}`,
    guest_mac: mac,
    host_dev_name: tap,
    ...(limiter ? { rx_rate_limiter: limiter, tx_rate_limiter: limiter } : {}),
  };
}

/** Token buckets that hold a second's worth; 0 takes a bound away. */
function rateLimiter({ bandwidth, operations }: RateLimit) {
  const bucket = (size = 0) => ({ size, refill_time: 1000 });
  return { bandwidth: bucket(bandwidth), ops: bucket(operations) };
}

function settings(machine: Machine): Setting[] {
  const { name, memory, balloon, disks, interfaces, metadata } = machine;
  const tell = (...list: Request[]) => requests(socket(name), ...list);
  return [
    { name: "balloon", value: String(balloon), tell: tell(["PATCH", "/balloon", { amount_mib: balloon }]) },
    { name: "memory", value: String(memory), tell: plugMemory(name, memory), onlyGrows: true },
    ...disks
      .filter(isExchangeable)
      .map((disk): Setting => ({ name: `disk ${disk.serial}`, value: disk.path, tell: exchange(machine, disk) })),
    ...boundable(disks).map(({ serial, rateLimit }) => {
      const body = { drive_id: identifier(serial), rate_limiter: rateLimiter(rateLimit ?? {}) };
      return rateSetting(serial, rateLimit, tell(["PATCH", `/drives/${identifier(serial)}`, body]));
    }),
    ...interfaces.map(({ rateLimit }, index) => {
      const limiter = rateLimiter(rateLimit ?? {});
      const body = { iface_id: `eth${index}`, rx_rate_limiter: limiter, tx_rate_limiter: limiter };
      return rateSetting(`eth${index}`, rateLimit, tell(["PATCH", `/network-interfaces/eth${index}`, body]));
    }),
    ...(metadata === undefined
      ? []
      : // By its digest: it may be long, and what is noted of it is not for everybody.
        [
          {
            name: "metadata",
            value: digest(metadata),
            tell: tell(["PUT", "/mmds", JSON.parse(metadata)]),
            toldAnew: true,
          },
        ]),
  ];
}

/** It is asked for what comes on top of the memory that it was started with. */
function plugMemory(name: string, memory: number): string[] {
  const api = command("/usr/lib/microvm/vmm-api", socket(name));
  return [
    `fc_started=$(echo 'GET /machine-config' | ${api} | sed -n 's/.*"mem_size_mib": *\\([0-9]*\\).*/\\1/p')`,
    `echo "PATCH /hotplug/memory {\\"requested_size_mib\\":$((${memory} - fc_started))}" | ${api} > /dev/null`,
  ];
}

/**
 * Another file in the place of a disk's. Nothing can be bound into a jail from outside, but its directory is the
 * host's: a second link to the file takes the place of what was bound there, under the same name.
 */
function exchange(machine: Machine, { serial, path }: Disk): string[] {
  const { name, user } = machine;
  const place = jail(machine).root + jailed(serial);
  return [
    command("chown", `${user}:${user}`, path),
    `if ${command("ln", "-f", path, `${place}.new`)} 2> /dev/null; then`,
    command("mv", "-fT", `${place}.new`, place),
    ...rescan(name, serial),
    // On another file system there is no such link.
    `else ${command("systemctl", "restart", "--no-block", `microvm@${name}.service`)}; fi`,
  ];
}

/** A path that is told again is looked at again. */
function rescan(name: string, serial: string): string[] {
  const body = { drive_id: identifier(serial), path_on_host: jailed(serial) };
  return requests(socket(name), ["PATCH", `/drives/${identifier(serial)}`, body]);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** The jailer starts as root with what it needs to make the jail, and gives all of it up before it becomes Firecracker. */
function unit({ consoleLog }: Machine): string[] {
  return [
    "User=root",
    "Group=root",
    "CapabilityBoundingSet=CAP_SYS_ADMIN CAP_SYS_CHROOT CAP_MKNOD CAP_SETUID CAP_SETGID CAP_CHOWN CAP_FOWNER CAP_DAC_OVERRIDE",
    "RestrictNamespaces=mnt",
    "SystemCallFilter=",
    "SystemCallFilter=@system-service @mount @privileged seccomp mknod mknodat chroot pivot_root unshare",
    // It makes nodes for these in the jail.
    "DeviceAllow=char-misc rwm",
    "DeviceAllow=/dev/urandom rwm",
    `ReadWritePaths=${jails}`,
    // Its standard output is the guest's console and nothing else.
    `StandardOutput=append:${consoleLog}`,
    "StandardError=journal",
    // It ends with status 0 when the guest reboots itself: that is no end. After a guest's triple fault it ends with 0
    // or with 1 (five of ten each): such a guest may be booted again too, as often as the start limit allows.
    "RestartForceExitStatus=0",
  ];
}

/**
 * In the unit's own mount namespace: files are bound into a fresh jail, and the host's namespace never sees them. The
 * jailer refuses a jail that an earlier start has left.
 */
function enter(machine: Machine): string[] {
  const { directory, root } = jail(machine);
  const { desiredDirectory: desired, vmlinux, initramfs, disks, metadata } = machine;
  const bind = (from: string, to: string, readOnly?: boolean) => bindLines(root, from, to, readOnly);
  return [
    command("rm", "-rf", "--one-file-system", directory),
    command("mkdir", "-p", root),
    ...bind(`${desired}/config.json`, "/config.json"),
    ...(metadata === undefined ? [] : bind(`${desired}/metadata.json`, "/metadata.json")),
    ...bind(vmlinux, "/vmlinux"),
    ...(initramfs ? bind(initramfs, "/initramfs") : []),
    ...disks.flatMap(({ serial, path, readOnly }) => bind(path, jailed(serial), readOnly)),
    command("ln", "-sfn", `${root}/run/fc.sock`, socket(machine.name)),
  ];
}

function bindLines(root: string, from: string, to: string, readOnly = true): string[] {
  return [
    `: > ${command(root + to)}`,
    command("mount", "--bind", from, root + to),
    ...(readOnly ? [command("mount", "-o", "remount,bind,ro", root + to)] : []),
  ];
}

/** It writes where it is: in a directory of its jail, which is emptied into the snapshot's. */
function take(machine: Machine, directory: string, changed: boolean): string[] {
  const { user } = machine;
  const place = `${jail(machine).root}/snapshot`;
  return [
    command("rm", "-rf", place),
    command("trap", `rm -rf ${command(place)}`, "EXIT"),
    // Fails where its user has put something there meanwhile.
    command("mkdir", "-m", "0700", place),
    ...(changed ? [command("mv", `${directory}/memory`, place), command("chown", "-h", user, `${place}/memory`)] : []),
    command("chown", "-h", `${user}:${user}`, place),
    ...patient(machine.name, [
      "PUT",
      "/snapshot/create",
      {
        snapshot_type: changed ? "Diff" : "Full",
        snapshot_path: "/snapshot/state",
        mem_file_path: "/snapshot/memory",
      },
    ]),
    ...takeOver(place, ["state", "memory"], directory),
  ];
}

function showSnapshot(machine: Machine, directory: string): string[] {
  const { root } = jail(machine);
  return ["state", "memory"].flatMap((file) => bindLines(root, `${directory}/${file}`, `/${file}`));
}

/** Its disks are where they were in the jail; its taps are others. What it was told of metadata is no part of it. */
function load(machine: Machine, balloon: number): string[] {
  const { name, interfaces, trackDirtyPages } = machine;
  const body = {
    snapshot_path: "/state",
    mem_backend: { backend_type: "File", backend_path: "/memory" },
    track_dirty_pages: trackDirtyPages,
    network_overrides: interfaces.map(({ tap }, index) => ({ iface_id: `eth${index}`, host_dev_name: tap })),
  };
  return [...patient(name, ["PUT", "/snapshot/load", body]), ...toldAnew(settings(machine), machine, balloon)];
}

function patient(name: string, request: Request): string[] {
  return requests(["--patient", socket(name)], request);
}
