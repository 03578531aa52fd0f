import { command } from "../host/change";
import {
  boundable,
  lines,
  type Machine,
  type RateLimit,
  rateSetting,
  runDirectory,
  type Setting,
  snapshotShown,
  toldAnew,
  unbounded,
  type VmmDriver,
} from "./driver";

/** Name of its control socket in the run directory; the host's reading script looks for it. */
const socket = "qmp.sock";

/** QEMU 7.2 and newer. Driven by its command line, and by QMP where a change is live. */
export const qemu: VmmDriver = {
  kind: "qemu",
  serials: true,
  bootFiles: (machine) => ({ argv: lines(commandLine(machine)) }),
  // Its command line has neither of these.
  steady: (machine) => ({ ...machine, balloon: 0, disks: unbounded(machine.disks) }),
  settings,
  unit: ({ user }) => [`User=${user}`, `Group=${user}`],
  // A paused guest would never see the power button.
  askToStop: ({ name }) => [qmp(name, { execute: "cont" }, { execute: "system_powerdown" })],
  pause: (name) => [qmp(name, { execute: "stop" })],
  resume: (name) => [qmp(name, { execute: "cont" })],
  grow: (name, serial, bytes) => [
    qmp(name, { execute: "block_resize", arguments: { "node-name": serial, size: bytes } }),
  ],
  snapshots: {
    take: ({ name }, directory) => [
      command("/usr/lib/microvm/qmp", "--save", `${runDirectory(name)}/${socket}`, `${directory}/memory`),
    ],
    argv: (machine) => [
      ...commandLine(machine),
      ...["-incoming", `@fd:${snapshotShown(machine.stateDirectory)}/memory`],
    ],
    // What bounds traffic is no part of a guest, so all is told again.
    load: (machine, balloon) => [
      command("/usr/lib/microvm/qmp", "--loaded", `${runDirectory(machine.name)}/${socket}`),
      ...toldAnew(settings(machine), machine, balloon),
    ],
  },
};

function qmp(name: string, ...commands: object[]): string {
  const words = commands.map((item) => JSON.stringify(item));
  return `${command("/usr/lib/microvm/qmp", `${runDirectory(name)}/${socket}`, ...words)} > /dev/null`;
}

function settings({ name, memory, balloon, disks, interfaces }: Machine): Setting[] {
  const value = (memory - balloon) * 1048576;
  return [
    {
      name: "balloon",
      value: String(balloon),
      tell: [qmp(name, { execute: "balloon", arguments: { value } })],
      afterStart: balloon > 0,
    },
    ...boundable(disks).map(({ serial, rateLimit }): Setting => {
      const bounds = { id: `disk-${serial}`, ...throttle(rateLimit) };
      const tell = [qmp(name, { execute: "block_set_io_throttle", arguments: bounds })];
      return { ...rateSetting(serial, rateLimit, tell), afterStart: rateLimit !== undefined };
    }),
    // Its frames are dropped at the tap; this tells the guest why.
    ...interfaces.map(({ connected }, index): Setting => {
      const link = { name: `eth${index}`, up: connected };
      return {
        name: `link eth${index}`,
        value: connected ? "up" : "down",
        tell: [qmp(name, { execute: "set_link", arguments: link })],
        afterStart: !connected,
        toldAnew: true,
      };
    }),
  ];
}

/** QMP wants every bound; 0 is none. */
function throttle({ bandwidth = 0, operations = 0 }: RateLimit = {}) {
  return { bps: bandwidth, bps_rd: 0, bps_wr: 0, iops: operations, iops_rd: 0, iops_wr: 0 };
}

/**
 * MiB that software emulation keeps translated code in. By itself QEMU takes up to a gigabyte, and the kernel would end
 * it when it comes to its memory limit.
 */
export const translationCache = 128;

function commandLine(machine: Machine): string[] {
  const { name, program, vcpus, memory, kernel, initramfs, consoleLog, runDirectory: directory } = machine;
  const bus = machine.machine === "microvm" ? "device" : "pci";
  const words = [
    [program],
    ["-name", `guest=${name}`],
    ["-nodefaults"],
    ["-no-user-config"],
    ["-display", "none"],
    ["-M", machineType(machine)],
    ["-accel", machine.accelerator === "kvm" ? "kvm" : `tcg,thread=multi,tb-size=${translationCache}`],
    ["-cpu", machine.accelerator === "kvm" ? "host" : "max"],
    ["-smp", String(vcpus)],
    ["-m", `${memory}M`],
    ["-kernel", kernel],
    ...(initramfs ? [["-initrd", initramfs]] : []),
    ["-append", kernelArguments(machine).join(" ")],
    ["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"],
    ["-qmp", `unix:${option(`${directory}/${socket}`)},server=on,wait=off`],
    ["-chardev", `file,id=console,path=${option(consoleLog)},append=on`],
    ["-serial", "chardev:console"],
    ["-device", `virtio-rng-${bus}`],
    ["-device", `virtio-balloon-${bus},id=balloon`],
    // Tells a guest that goes on from a snapshot that it is another one now; `microvm` has no place for it.
    ...(machine.machine === "q35" ? [["-device", "vmgenid,guid=auto"]] : []),
    ...machine.disks.flatMap(({ serial, path, readOnly }) => [
      [
        "-blockdev",
        `driver=raw,node-name=${serial},read-only=${readOnly ? "on" : "off"},discard=unmap,file.driver=file,file.filename=${option(path)}`,
      ],
      ["-device", `virtio-blk-${bus},drive=${serial},id=disk-${serial},serial=${serial}`],
    ]),
    ...machine.interfaces.flatMap(({ tap, mac }, index) => [
      ["-netdev", `tap,id=net${index},ifname=${tap},script=no,downscript=no`],
      ["-device", `virtio-net-${bus},netdev=net${index},id=eth${index},mac=${mac}`],
    ]),
  ];
  return words.flat();
}

function machineType({ machine, accelerator }: Machine): string {
  // Two guests must not learn of each other through merged pages.
  if (machine === "q35") return "q35,mem-merge=off,dump-guest-core=off";
  const clock = accelerator === "kvm" ? "" : ",rtc=on";
  return `microvm,acpi=on,ioapic2=on${clock},mem-merge=off,dump-guest-core=off`;
}

function kernelArguments({ machine, accelerator, kernelArgs, tscKhz }: Machine): string[] {
  // Without a calibrated clock to compare with, Linux on `microvm` hangs now and then while it calibrates the TSC
  // under TCG (16 of 39 boots); the guest's counter is the host's there, so it can be told. KVM has its own clock.
  const tsc = machine === "microvm" && accelerator === "tcg" && tscKhz > 0 ? [`tsc_early_khz=${tscKhz}`] : [];
  // Reset by ACPI, as Linux does by itself, or by the keyboard controller, a guest on a busy host came back into empty
  // memory about one time of three (QEMU 7.2, TCG, with SeaBIOS as with qboot); by a triple fault 49 of 49 times.
  const reset = machine === "microvm" ? ["reboot=t"] : [];
  return ["console=ttyS0", "quiet", "panic=1", ...reset, ...tsc, ...kernelArgs];
}

/** QEMU takes a doubled comma in an option's value for one comma. */
function option(value: string): string {
  return value.replaceAll(",", ",,");
}
