import { command } from "../host/change";
import {
  type Disk,
  type Interface,
  lines,
  type Machine,
  type RateLimit,
  runDirectory,
  type Setting,
  savingDirectory,
  snapshotShown,
  takeOver,
  toldAnew,
  type VmmDriver,
} from "./driver";
import { type Request, requests } from "./rest";

const taps = ["/sys/class/net", "/sys/devices/virtual/net"];
const volumes = "/var/lib/microvm/volumes";
/** Places of volumes and interfaces: a microVM has at most eight of each. */
const slots = [0, 1, 2, 3, 4, 5, 6, 7];

/** Cloud Hypervisor 51 and newer, as a user of its own in a sandboxed unit, with Landlock. */
export const cloudHypervisor: VmmDriver = {
  kind: "cloud-hypervisor",
  serials: true,
  bootFiles: (machine) => ({ argv: lines(commandLine(machine)) }),
  steady: (machine) => ({
    ...machine,
    balloon: 0,
    vcpus: machine.maxVcpus,
    memory: machine.maxMemory,
    disks: machine.disks.filter((disk) => !isPluggable(disk)),
    interfaces: machine.interfaces.filter((item, index) => !isSpare(item, index)),
  }),
  settings,
  unit: ({ user, consoleLog }) => [
    `User=${user}`,
    `Group=${user}`,
    // It asks for a tap's flags over a socket of this family; no packet leaves by it.
    "RestrictAddressFamilies=AF_UNIX AF_INET",
    "SystemCallFilter=landlock_create_ruleset landlock_add_rule landlock_restrict_self",
    // What is plugged in later; each volume is a file that only its own microVM's user may open.
    `ReadWritePaths=${volumes}`,
    `StandardOutput=append:${consoleLog}`,
    "StandardError=journal",
  ],
  directories: [volumes],
  // A paused guest would never see the power button; one that runs refuses to go on.
  askToStop: ({ name }) => [
    "{",
    ...requests(socket(name), ["PUT", "/api/v1/vm.resume"]),
    "} 2> /dev/null || true",
    ...requests(socket(name), ["PUT", "/api/v1/vm.power-button"]),
  ],
  pause: (name) => unless(name, "paused", ["PUT", "/api/v1/vm.pause"]),
  resume: (name) => unless(name, "running", ["PUT", "/api/v1/vm.resume"]),
  grow: (name, serial, bytes) =>
    requests(socket(name), ["PUT", "/api/v1/vm.resize-disk", { id: serial, desired_size: bytes }]),
  snapshots: {
    take,
    argv: ({ name, program }) => [program, ...["--api-socket", `path=${socket(name)}`], ...["--seccomp", "true"]],
    enter: makeOwn,
    load: (machine, balloon) => [
      ...requests(
        ["--patient", socket(machine.name)],
        ["PUT", "/api/v1/vm.restore", { source_url: `file://${own(machine)}` }],
      ),
      ...toldAnew(settings(machine), machine, balloon),
    ],
  },
};

function socket(name: string): string {
  return `${runDirectory(name)}/ch.sock`;
}

/** Neither pausing nor going on is idempotent. */
function unless(name: string, state: string, request: Request): string[] {
  const path = socket(name);
  return [
    `if ! /usr/lib/microvm/vmm-api --status ${path} | grep -q '${state}$'; then`,
    ...requests(path, request),
    "fi",
  ];
}

function commandLine(machine: Machine): string[] {
  const { name, program, kernel, initramfs, kernelArgs, disks, interfaces, landlock } = machine;
  const { vcpus, maxVcpus, memory, maxMemory, balloon } = machine;
  const hotplug = maxMemory > memory ? `,hotplug_method=virtio-mem,hotplug_size=${maxMemory - memory}M` : "";
  return [
    program,
    ...["--api-socket", `path=${socket(name)}`],
    ...["--kernel", kernel],
    ...(initramfs ? ["--initramfs", initramfs] : []),
    ...["--cmdline", ["console=ttyS0", "quiet", "panic=1", ...kernelArgs].join(" ")],
    ...["--cpus", `boot=${vcpus},max=${maxVcpus}`],
    ...["--memory", `size=${memory}M${hotplug}`],
    ...["--balloon", `size=${balloon}M,deflate_on_oom=on`],
    ...["--rng", "src=/dev/urandom"],
    // On its standard output, which the unit appends to the log: a file it would empty.
    ...["--serial", "tty", "--console", "off"],
    ...["--disk", ...disks.map(disk)],
    ...(interfaces.length ? ["--net", ...interfaces.map(net)] : []),
    ...["--seccomp", "true"],
    // It looks up what a tap can do.
    ...(landlock
      ? [
          ...["--landlock", "--landlock-rules", ...taps.map((path) => `path=${path},access=r`)],
          // Where it may write its guest down, and where what is plugged in later comes from.
          ...[savingDirectory(machine.stateDirectory), volumes].map((path) => `path=${path},access=rw`),
        ]
      : []),
  ];
}

function disk({ serial, path, readOnly, rateLimit }: Disk): string {
  const access = readOnly ? ",readonly=on" : "";
  return `path=${path},id=${serial},serial=${serial},image_type=raw${access}${limits(rateLimit)}`;
}

function net({ tap, mac, rateLimit }: Interface, index: number): string {
  return `tap=${tap},mac=${mac},id=eth${index}${limits(rateLimit)}`;
}

/** Token buckets that hold a second's worth. */
function limits({ bandwidth, operations }: RateLimit = {}): string {
  return [
    bandwidth ? `,bw_size=${bandwidth},bw_refill_time=1000` : "",
    operations ? `,ops_size=${operations},ops_refill_time=1000` : "",
  ].join("");
}

const mebibytes = (count: number) => count * 1048576;

function resize(name: string, body: object): string[] {
  return requests(socket(name), ["PUT", "/api/v1/vm.resize", body]);
}

/**
 * A volume that can come and go while the guest runs: one that it does not mount at its boot. Bounds and write
 * protection are part of a disk: to change them it would have to be pulled out under the guest.
 */
function isPluggable({ serial, mounted, readOnly, rateLimit }: Disk): boolean {
  return serial.startsWith("vol-") && !mounted && !readOnly && !rateLimit;
}

/** An interface that can come and go: the first one opens the way to the host's taps, for Landlock. */
function isSpare({ rateLimit }: Interface, index: number): boolean {
  return index > 0 && !rateLimit;
}

/** What is in the place of a device; nothing where none is. Told anew, what was there is pulled out first. */
function slot(name: string, kind: "disk" | "net", id: string, value: string, plug: string[]): Setting {
  const api = command("/usr/lib/microvm/vmm-api", socket(name));
  const there = `echo 'GET /api/v1/vm.info' | ${api} | grep -q '"id": *"${id}"'`;
  return {
    name: `${kind} ${id}`,
    value,
    tell: [
      `if ${there}; then`,
      ...requests(socket(name), ["PUT", "/api/v1/vm.remove-device", { id }]),
      // Its guest has to let go of it.
      `ch_tries=50; while [ $ch_tries -gt 0 ] && ${there}; do ch_tries=$((ch_tries - 1)); sleep 0.1; done`,
      "fi",
      // One that does not is restarted, with what is declared by now.
      `if ${there}; then ${command("systemctl", "restart", "--no-block", `microvm@${name}.service`)}`,
      ...(value ? ["else", ...plug] : []),
      "fi",
    ],
  };
}

function settings({ name, user, vcpus, memory, balloon, disks, interfaces }: Machine): Setting[] {
  const put = (what: string, body: object) => requests(socket(name), ["PUT", `/api/v1/${what}`, body]);
  return [
    ...slots.map((index) => {
      const id = `vol-${index}`;
      const path = disks.find((disk) => disk.serial === id && isPluggable(disk))?.path ?? "";
      const body = { path, id, serial: id, image_type: "Raw", readonly: false };
      return slot(name, "disk", id, path, [command("chown", `${user}:${user}`, path), ...put("vm.add-disk", body)]);
    }),
    ...slots.slice(1).map((index) => {
      const id = `eth${index}`;
      const found = interfaces[index];
      const { tap = "", mac = "" } = found && isSpare(found, index) ? found : {};
      return slot(name, "net", id, tap && `${tap} ${mac}`, put("vm.add-net", { tap, mac, id }));
    }),
    { name: "balloon", value: String(balloon), tell: resize(name, { desired_balloon: mebibytes(balloon) }) },
    { name: "vcpus", value: String(vcpus), tell: resize(name, { desired_vcpus: vcpus }) },
    {
      name: "memory",
      value: String(memory),
      tell: resize(name, { desired_ram: mebibytes(memory) }),
      // Below what it was started with it refuses.
      onlyGrows: true,
    },
  ];
}

/**
 * What its configuration calls by names of this one microVM, and what stands for them in a snapshot: clones have names of
 * their own.
 */
function namesIn({ disks, interfaces, stateDirectory }: Machine): [name: string, stand: string][] {
  return [
    ...disks.map(({ serial, path }): [string, string] => [path, `@disk-${serial}@`]),
    ...interfaces.map(({ tap }, index): [string, string] => [tap, `@tap-${index}@`]),
    [savingDirectory(stateDirectory), "@saving@"],
  ];
}

/** A line of sed that exchanges whole JSON strings. */
function exchange(pairs: [from: string, to: string][]): string {
  const literal = (text: string) => text.replace(/[.[\]*^$\\|]/g, "\\$&");
  const scripts = [
    ...pairs.map(([from, to]) => `s|"${literal(from)}"|"${to}"|g`),
    // It notes the MAC address that a tap has on the host's side, and would set it: a tap of ours has its own.
    's|"host_mac": *"[^"]*"|"host_mac":null|g',
  ];
  return command("sed", ...scripts.flatMap((script) => ["-e", script]));
}

function take(machine: Machine, directory: string): string[] {
  const place = savingDirectory(machine.stateDirectory);
  const empty = `find ${command(place)} -mindepth 1 -delete`;
  return [
    empty,
    command("trap", empty, "EXIT"),
    ...requests(
      ["--patient", socket(machine.name)],
      ["PUT", "/api/v1/vm.snapshot", { destination_url: `file://${place}` }],
    ),
    ...takeOver(place, ["config.json", "state.json", "memory-ranges"], directory),
    `${exchange(namesIn(machine))} -i ${command(`${directory}/config.json`)}`,
  ];
}

/** The snapshot with this microVM's names in its configuration. */
function own({ name }: Machine): string {
  return `${runDirectory(name)}/snapshot`;
}

function makeOwn(machine: Machine): string[] {
  const shown = snapshotShown(machine.stateDirectory);
  const place = own(machine);
  const back = namesIn(machine).map(([name, stand]): [string, string] => [stand, name]);
  return [
    command("mkdir", "-p", place),
    `${exchange(back)} ${command(`${shown}/config.json`)} > ${command(`${place}/config.json`)}`,
    ...["state.json", "memory-ranges"].map((file) => command("ln", "-sfn", `${shown}/${file}`, `${place}/${file}`)),
  ];
}
