import { command } from "../host/change";
import type { Machine, VmmDriver } from "./driver";

/** QEMU 7.2 and newer. Driven by its command line, and by QMP where a change is live. */
export const qemu: VmmDriver = {
  kind: "qemu",
  commandLine,
  // A paused guest would never see the power button.
  stopCommands: ['{"execute":"cont"}', '{"execute":"system_powerdown"}'],
  pause: (name) => [qmp(name, '{"execute":"stop"}')],
  resume: (name) => [qmp(name, '{"execute":"cont"}')],
};

export function qmpSocket(name: string): string {
  return `/run/microvm/vm/${name}/qmp.sock`;
}

function qmp(name: string, ...commands: string[]): string {
  return `${command("/usr/lib/microvm/qmp", qmpSocket(name), ...commands)} > /dev/null`;
}

/**
 * MiB that software emulation keeps translated code in. By itself QEMU takes up to a gigabyte, and the kernel would end
 * it when it comes to its memory limit.
 */
export const translationCache = 128;

function commandLine(program: string, machine: Machine): string[] {
  const { name, vcpus, memory, kernel, initramfs, consoleLog, runDirectory } = machine;
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
    ["-qmp", `unix:${option(`${runDirectory}/qmp.sock`)},server=on,wait=off`],
    ["-chardev", `file,id=console,path=${option(consoleLog)},append=on`],
    ["-serial", "chardev:console"],
    ["-device", `virtio-rng-${bus}`],
    ["-device", `virtio-balloon-${bus},id=balloon`],
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
  return `microvm,acpi=on,ioapic2=on,x-option-roms=off${clock},mem-merge=off,dump-guest-core=off`;
}

function kernelArguments({ machine, accelerator, kernelArgs, tscKhz }: Machine): string[] {
  // Without a calibrated clock to compare with, Linux on `microvm` hangs now and then while it calibrates the TSC
  // under TCG (16 of 39 boots); the guest's counter is the host's there, so it can be told. KVM has its own clock.
  const tsc = machine === "microvm" && accelerator === "tcg" && tscKhz > 0 ? [`tsc_early_khz=${tscKhz}`] : [];
  return ["console=ttyS0", "quiet", "panic=1", ...tsc, ...kernelArgs];
}

/** QEMU takes a doubled comma in an option's value for one comma. */
function option(value: string): string {
  return value.replaceAll(",", ",,");
}
