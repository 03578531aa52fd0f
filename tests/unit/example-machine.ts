import type { Machine } from "../../provider/vmm";

/** A machine with something of everything. */
export function exampleMachine(more: Partial<Machine> = {}): Machine {
  return {
    name: "web-1",
    program: "/var/lib/microvm/store/0123",
    jailer: "/var/lib/microvm/store/4567",
    user: "mv-web-1",
    cgroups: "v2",
    landlock: true,
    machine: "microvm",
    accelerator: "kvm",
    vcpus: 2,
    maxVcpus: 2,
    memory: 256,
    maxMemory: 256,
    balloon: 0,
    kernel: "/k",
    vmlinux: "/v",
    initramfs: "/i",
    kernelArgs: [],
    disks: [
      { serial: "root", path: "/r", readOnly: true, mounted: true },
      { serial: "vol-0", path: "/d", readOnly: false, mounted: false },
    ],
    interfaces: [{ tap: "mvt-web-10", mac: "02:00:00:00:00:01", connected: true }],
    trackDirtyPages: false,
    consoleLog: "/log",
    stateDirectory: "/var/lib/microvm/vms/web-1",
    runDirectory: "/run/microvm/vm/web-1",
    desiredDirectory: "/etc/microvm/vms/web-1",
    tscKhz: 2_500_000,
    ...more,
  };
}
