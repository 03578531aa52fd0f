/** A virtual machine as every VMM is told of it: computed, complete, and the same for all of them. */
export interface Machine {
  name: string;
  /** QEMU's machine type; other VMMs have one only. */
  machine: "microvm" | "q35";
  accelerator: "kvm" | "tcg";
  vcpus: number;
  /** MiB. */
  memory: number;
  /** Path of the kernel on the host. */
  kernel: string;
  /** Path of the initramfs on the host. */
  initramfs?: string;
  kernelArgs: string[];
  /** In the order in which the guest finds them where its disks have no serial numbers. */
  disks: Disk[];
  interfaces: Interface[];
  /** Path of the console's log. */
  consoleLog: string;
  /** Directory of the VMM's sockets. */
  runDirectory: string;
  /** Frequency of the host's time-stamp counter in kHz, 0 where it is not known. */
  tscKhz: number;
}

export interface Disk {
  /** Serial number that the guest sees: `root`, `upper`, `seed`, `vol-0`… */
  serial: string;
  path: string;
  readOnly: boolean;
}

export interface Interface {
  tap: string;
  mac: string;
}

/** What the rest of the provider knows of a VMM. Pure: a driver computes, and the host's scripts carry out. */
export interface VmmDriver {
  kind: string;
  /** The program and its arguments. Throws a `MicrovmError` for what this VMM cannot do. */
  commandLine(program: string, machine: Machine): string[];
  /** Shell lines that ask a running guest to power off, pause or go on; each is idempotent. */
  stopCommands: string[];
  pause(name: string): string[];
  resume(name: string): string[];
}
