import { command } from "../host/change";
import type { VmmKind } from "./releases";

/** A virtual machine as every VMM is told of it: computed, complete, and the same for all of them. */
export interface Machine {
  name: string;
  /** The VMM's program on the host, and Firecracker's jailer. */
  program: string;
  jailer: string;
  /** User and group that the VMM runs as. */
  user: string;
  /** Control groups of the host. */
  cgroups: "v1" | "v2" | "hybrid";
  /** Whether the host's kernel has Landlock. */
  landlock: boolean;
  /** QEMU's machine type; other VMMs have one only. */
  machine: "microvm" | "q35";
  accelerator: "kvm" | "tcg";
  vcpus: number;
  /** Up to how many processors it can grow while it runs. */
  maxVcpus: number;
  /** MiB. */
  memory: number;
  /** MiB up to which it can grow while it runs. */
  maxMemory: number;
  /** MiB that the guest is asked to give back. */
  balloon: number;
  /** Path of the kernel on the host. */
  kernel: string;
  /** The same kernel as an uncompressed ELF file; empty where there is none. */
  vmlinux: string;
  /** Path of the initramfs on the host. */
  initramfs?: string;
  kernelArgs: string[];
  /** In the order in which the guest finds them where its disks have no serial numbers. */
  disks: Disk[];
  interfaces: Interface[];
  /** What the guest finds at the metadata address, as JSON text; absent where there is none. */
  metadata?: string;
  /** Whether it is recorded which memory the guest changes. */
  trackDirtyPages: boolean;
  /** Path of the console's log. */
  consoleLog: string;
  /** Directory of its disks, root's; in it, while it goes on from a snapshot, `snapshot` shows that. */
  stateDirectory: string;
  /** Directory of the VMM's sockets. */
  runDirectory: string;
  /** Directory of what the VMM is started with. */
  desiredDirectory: string;
  /** Frequency of the host's time-stamp counter in kHz, 0 where it is not known. */
  tscKhz: number;
}

export interface Disk {
  /** Serial number that the guest sees: `root`, `upper`, `seed`, `vol-0`… */
  serial: string;
  path: string;
  readOnly: boolean;
  /** Whether the guest mounts it when it boots, or is told to otherwise depend on it. */
  mounted: boolean;
  rateLimit?: RateLimit;
}

export interface Interface {
  tap: string;
  mac: string;
  /** Whether its link is up. */
  connected: boolean;
  /** In each direction. */
  rateLimit?: RateLimit;
}

export interface RateLimit {
  /** Bytes a second. */
  bandwidth?: number;
  /** Operations a second: reads and writes of a disk, packets of an interface. */
  operations?: number;
}

/** A part of a machine that a running VMM can be told of, without a restart. */
export interface Setting {
  /** Unique in the machine, e.g. `balloon`, `rate vol-0`. */
  name: string;
  /** Equal values are equal text. */
  value: string;
  /** Shell lines that tell the running VMM. */
  tell: string[];
  /** Whether it must be told after each start, because nothing that the VMM is started with says it. */
  afterStart?: boolean;
  /** Whether a guest that goes on from a snapshot is told anew: its devices, processors and memory are as they were. */
  toldAnew?: boolean;
  /** Whether its value is a number that a running VMM can only be told to raise. */
  onlyGrows?: boolean;
}

/** What the rest of the provider knows of a VMM. Pure: a driver computes, and the host's scripts carry out. */
export interface VmmDriver {
  kind: VmmKind;
  /** Whether the guest's disks have the serial numbers that the machine gives them. */
  serials: boolean;
  /** Files that it is started with, by name; `argv` has the program and its arguments, one a line. */
  bootFiles(machine: Machine): Record<string, string>;
  /** The machine without what this VMM can be told while it runs: where it differs, a restart is needed. */
  steady(machine: Machine): Machine;
  settings(machine: Machine): Setting[];
  /** Lines for the [Service] section of its unit. */
  unit(machine: Machine): string[];
  /** Directories, root's, that must be there before its unit starts. */
  directories?: string[];
  /** Shell lines that run in its unit, in the unit's mount namespace, before it becomes the VMM. */
  enter?(machine: Machine): string[];
  /** Shell lines that run as root after it has ended. */
  cleanup?(machine: Machine): string[];
  /** Shell lines that ask the guest to power off. */
  askToStop(machine: Machine): string[];
  /** Shell lines; idempotent. */
  pause(name: string): string[];
  resume(name: string): string[];
  /** Shell lines that tell a running VMM that a disk has grown. */
  grow(name: string, serial: string, bytes: number): string[];
  snapshots: SnapshotDriver;
}

/** How a VMM writes down what a guest is, and goes on from that. */
export interface SnapshotDriver {
  /**
   * Shell lines that run as root while the guest is paused, and write its memory and devices into `directory`. With
   * `changed`, the memory of its base is there, and what has changed since is written over it.
   */
  take(machine: Machine, directory: string, changed: boolean): string[];
  /** The program and its arguments to go on from a snapshot. */
  argv(machine: Machine): string[];
  /** Shell lines that run in its unit before it becomes that. `directory` is the snapshot's on the host. */
  enter?(machine: Machine, directory: string): string[];
  /**
   * Shell lines that load the guest once the VMM runs, leave it paused, and tell it what is the machine's own. `balloon`
   * is what the snapshot's guest was asked to give back, in MiB.
   */
  load(machine: Machine, balloon: number): string[];
}

/**
 * What is to be told to a guest that goes on from a snapshot. One without a driver for the balloon cannot be told of it,
 * and need not be where that is as it was.
 */
export function toldAnew(settings: Setting[], machine: Machine, balloon: number): string[] {
  const own = ({ name, toldAnew }: Setting) => toldAnew || (name === "balloon" && machine.balloon !== balloon);
  return settings.filter(own).flatMap(({ tell }) => tell);
}

/** Where a running VMM is told things. */
export function runDirectory(name: string): string {
  return `/run/microvm/vm/${name}`;
}

/** Where the VMM's user, in its unit, finds the snapshot that it goes on from. */
export function snapshotShown(stateDirectory: string): string {
  return `${stateDirectory}/snapshot`;
}

/** Where a VMM's user may write its guest down. */
export function savingDirectory(stateDirectory: string): string {
  return `${stateDirectory}/saving`;
}

/**
 * Shell lines that take files which a VMM has written out of a place that its user can write to. Whatever that user has
 * put there instead, links above all, is looked at only where it can change nothing any more.
 */
export function takeOver(place: string, files: string[], directory: string): string[] {
  return files.flatMap((file) => {
    const path = command(`${directory}/${file}`);
    return [
      command("mv", "-T", `${place}/${file}`, `${directory}/${file}`),
      `[ -f ${path} ] && [ ! -L ${path} ] && [ "$(stat -c %h ${path})" = 1 ] || { echo 'what the VMM wrote is no file' 1>&2; exit 1; }`,
      `chown -h root:root ${path}`,
    ];
  });
}

/** Disks or interfaces without the bounds that can be told to a running VMM. */
export function unbounded<T extends { rateLimit?: RateLimit }>(devices: T[]): T[] {
  return devices.map((device) => ({ ...device, rateLimit: undefined }));
}

/** The bounds of a disk's or an interface's traffic as a setting. */
export function rateSetting(device: string, rateLimit: RateLimit | undefined, tell: string[]): Setting {
  return { name: `rate ${device}`, value: JSON.stringify(rateLimit ?? {}), tell, toldAnew: true };
}

/** What is told to a guest at its start changes only at its next one; the other disks are its user's to bound. */
export function boundable(disks: Disk[]): Disk[] {
  return disks.filter(({ serial }) => serial !== "seed");
}

/** One argument a line. */
export function lines(words: string[]): string {
  return words.map((word) => `${word}\n`).join("");
}
