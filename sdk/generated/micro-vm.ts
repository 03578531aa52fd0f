// Generated from schema/ by `npm run generate`. Do not edit.

import type * as pulumi from "@pulumi/pulumi";
import type { HostReference, VmmReference, KernelReference, RootfsImageReference, SnapshotReference, VolumeReference, NetworkReference } from "../../provider/generated/types";
import { MicrovmResource, type ReferenceTo } from "../resource";
import type { Host } from "./host";
import type { Vmm } from "./vmm";
import type { Kernel } from "./kernel";
import type { RootfsImage } from "./rootfs-image";
import type { Snapshot } from "./snapshot";
import type { Volume } from "./volume";
import type { Network } from "./network";

export interface MicroVMArgs {
  /** The host that it lives on. */
  host: ReferenceTo<Host, HostReference>;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name?: pulumi.Input<string>;
  /** Take over an object of this name that another program made. (default false) */
  adopt?: pulumi.Input<boolean>;
  /** The VMM that runs it: what each can do is in [VMM capabilities](vmm-capabilities.md). */
  vmm: ReferenceTo<Vmm, VmmReference>;
  /** The kernel that it boots. */
  kernel: ReferenceTo<Kernel, KernelReference>;
  /** The root filesystem that it starts from. */
  rootfs: ReferenceTo<RootfsImage, RootfsImageReference>;
  /** The snapshot that it goes on from, instead of booting: `MicroVM.fromSnapshot` gives it with all that comes from it. Its MAC address and address are its own on the network; inside, the guest keeps those it had when the snapshot was taken, and the host translates. Its disks begin as copies of the snapshot's. */
  snapshot?: ReferenceTo<Snapshot, SnapshotReference>;
  /** With `snapshot`: `once` goes on from it at the first start and boots from its own disks at later ones, as a machine that lost its power does; `always` goes on from it at every start, with its disks as they were there. (default "once") */
  restore?: pulumi.Input<"once" | "always">;
  /** QEMU's machine type: `microvm` is small and fast; `q35` has PCI Express. Other VMMs have one only. (default "microvm") */
  machine?: pulumi.Input<"microvm" | "q35">;
  /** `kvm` needs a host whose probe says `kvm`. `tcg` is QEMU's software emulation: slow, and no security boundary. (default "kvm") */
  accelerator?: pulumi.Input<"kvm" | "tcg">;
  /** Virtual processors. (1 to 64; default 1) */
  vcpus?: pulumi.Input<number>;
  /** Up to how many virtual processors it can be given while it runs. Default: `vcpus`. (1 to 64) */
  maxVcpus?: pulumi.Input<number>;
  /** Guest memory. (in MiB; 64 to 4194304; default 256) */
  memory?: pulumi.Input<number>;
  /** Up to how much memory it can be given while it runs. Default: `memory`. (in MiB; 64 to 4194304) */
  maxMemory?: pulumi.Input<number>;
  /** Memory that the guest is asked to give back to the host. (in MiB; 0 to 4194304; default 0) */
  balloon?: pulumi.Input<number>;
  /** Whether it is recorded which memory the guest changes, so that a snapshot with a `base` writes only that. Costs the guest a little speed. (default false) */
  trackDirtyPages?: pulumi.Input<boolean>;
  /** Further kernel arguments. */
  kernelArgs?: pulumi.Input<Array<pulumi.Input<string>>>;
  /** How the root disk relates to the image. */
  rootDisk?: pulumi.Input<{
    /** `shared`: the image itself, read-only; what the guest writes is in its memory and gone at its next boot. `overlay`: the image read-only and a private disk for what the guest writes. `copy`: a private copy of the image (ext4). (default "overlay") */
    mode?: pulumi.Input<"shared" | "copy" | "overlay">;
    /** Size of the private disk. Can grow, not shrink. Default: 1024, or the image's size if that is more. (in MiB; 16 to 67108864) */
    size?: pulumi.Input<number>;
    /** Bounds of its traffic. */
    rateLimit?: pulumi.Input<{
      /** Bytes. (in bytes/s; 1024 to 1099511627776) */
      bandwidth?: pulumi.Input<number>;
      /** Reads and writes of a disk, packets of an interface. (in 1/s; 1 to 1000000000) */
      operations?: pulumi.Input<number>;
    }>;
  }>;
  /** Volumes that the guest gets as further disks. */
  volumes?: pulumi.Input<Array<pulumi.Input<{
    /** The volume. */
    volume: ReferenceTo<Volume, VolumeReference>;
    /** Where the guest mounts it. Default: nowhere; the guest finds it under `/dev/disk/by-id/virtio-vol-<n>`. (at most 1024 characters) */
    mountPath?: pulumi.Input<string>;
    /** Whether the guest may only read it. (default false) */
    readOnly?: pulumi.Input<boolean>;
    /** Bounds of its traffic. */
    rateLimit?: pulumi.Input<{
      /** Bytes. (in bytes/s; 1024 to 1099511627776) */
      bandwidth?: pulumi.Input<number>;
      /** Reads and writes of a disk, packets of an interface. (in 1/s; 1 to 1000000000) */
      operations?: pulumi.Input<number>;
    }>;
  }>>>;
  /** Network interfaces, in the guest `eth0` and on. */
  interfaces?: pulumi.Input<Array<pulumi.Input<{
    /** The network. */
    network: ReferenceTo<Network, NetworkReference>;
    /** MAC address. Default: made from the microVM's name. */
    mac?: pulumi.Input<string>;
    /** Address in the network. Default: a free one, kept for the microVM's life. */
    address?: pulumi.Input<string>;
    /** Bounds of its traffic, for each direction. */
    rateLimit?: pulumi.Input<{
      /** Bytes. (in bytes/s; 1024 to 1099511627776) */
      bandwidth?: pulumi.Input<number>;
      /** Reads and writes of a disk, packets of an interface. (in 1/s; 1 to 1000000000) */
      operations?: pulumi.Input<number>;
    }>;
    /** Whether its link is up. While it is not, no frame passes in either direction; the guest keeps the interface and its address. While the first one is not connected, a guest that starts is not found ready by `ready.tcp` or `ready.ssh`. (default true) */
    connected?: pulumi.Input<boolean>;
  }>>>;
  /** Host name of the guest. Default: the microVM's name. (at most 63 characters) */
  hostname?: pulumi.Input<string>;
  /** JSON text of an object that the guest finds at the metadata address (`http://169.254.169.254/`, version 2 of the protocol). Other metadata services are out of its reach. Needs an interface; at most 51200 bytes without its spaces. (at most 51200 characters) */
  metadata?: pulumi.Input<string>;
  /** OpenSSH public keys that may log in as root. */
  sshAuthorizedKeys?: pulumi.Input<Array<pulumi.Input<string>>>;
  /** Files that the guest finds in its root at every boot. */
  files?: pulumi.Input<Array<pulumi.Input<{
    /** Where, in the guest. (at most 1024 characters) */
    path: pulumi.Input<string>;
    /** Content as text. (at most 1048576 characters) */
    content: pulumi.Input<string>;
    /** Permissions in octal. (default "0644") */
    mode?: pulumi.Input<string>;
    /** Numeric owner. (0 to 4294967294; default 0) */
    uid?: pulumi.Input<number>;
    /** Numeric group. (0 to 4294967294; default 0) */
    gid?: pulumi.Input<number>;
  }>>>;
  /** What it should be doing. Kept: a microVM that should run comes back after a crash or a reboot of the host. (default "running") */
  state?: pulumi.Input<"running" | "paused" | "stopped">;
  /** What the host does when the VMM ends by itself: `on-failure` after a crash, `always` also after a power-off from inside. At most 5 starts in 30 seconds. (default "on-failure") */
  restart?: pulumi.Input<"always" | "on-failure" | "never">;
  /** How long a guest may take to power off before it is ended. (in s; 0 to 3600; default 20) */
  stopTimeout?: pulumi.Input<number>;
  /** When it counts as ready: at most one of `tcp`, `ssh` and `serial`. Default: when the VMM runs. */
  ready?: pulumi.Input<{
    /** A port of the first interface accepts connections. (1 to 65535) */
    tcp?: pulumi.Input<number>;
    /** An SSH server greets on port 22 of the first interface. */
    ssh?: pulumi.Input<boolean>;
    /** A line of the console matches this POSIX extended regular expression. (at most 512 characters) */
    serial?: pulumi.Input<string>;
    /** How long to wait. (in s; 1 to 3600; default 120) */
    timeout?: pulumi.Input<number>;
  }>;
  /** Bounds that the host puts on the VMM, where it has the control-group controllers. */
  limits?: pulumi.Input<{
    /** Memory the VMM may use beyond the guest's, and beyond the 128 MiB that software emulation takes. (in MiB; 16 to 65536; default 256) */
    memoryOverhead?: pulumi.Input<number>;
    /** Processor time, 100 being one processor. Default: no bound. (in %; 1 to 6400) */
    cpu?: pulumi.Input<number>;
    /** Threads and processes of the VMM. (16 to 65536; default 128) */
    tasks?: pulumi.Input<number>;
  }>;
}

/** A virtual machine supervised by the host's systemd. It runs as its own user in a sandboxed unit, comes back after a reboot of the host, and is created only when it is ready as declared. */
export class MicroVM extends MicrovmResource {
  /** The host that it lives on. */
  declare readonly host: pulumi.Output<HostReference>;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  declare readonly name: pulumi.Output<string>;
  /** Take over an object of this name that another program made. (default false) */
  declare readonly adopt: pulumi.Output<boolean>;
  /** The VMM that runs it: what each can do is in [VMM capabilities](vmm-capabilities.md). */
  declare readonly vmm: pulumi.Output<VmmReference>;
  /** The kernel that it boots. */
  declare readonly kernel: pulumi.Output<KernelReference>;
  /** The root filesystem that it starts from. */
  declare readonly rootfs: pulumi.Output<RootfsImageReference>;
  /** The snapshot that it goes on from, instead of booting: `MicroVM.fromSnapshot` gives it with all that comes from it. Its MAC address and address are its own on the network; inside, the guest keeps those it had when the snapshot was taken, and the host translates. Its disks begin as copies of the snapshot's. */
  declare readonly snapshot: pulumi.Output<SnapshotReference | undefined>;
  /** With `snapshot`: `once` goes on from it at the first start and boots from its own disks at later ones, as a machine that lost its power does; `always` goes on from it at every start, with its disks as they were there. (default "once") */
  declare readonly restore: pulumi.Output<"once" | "always">;
  /** QEMU's machine type: `microvm` is small and fast; `q35` has PCI Express. Other VMMs have one only. (default "microvm") */
  declare readonly machine: pulumi.Output<"microvm" | "q35">;
  /** `kvm` needs a host whose probe says `kvm`. `tcg` is QEMU's software emulation: slow, and no security boundary. (default "kvm") */
  declare readonly accelerator: pulumi.Output<"kvm" | "tcg">;
  /** Virtual processors. (1 to 64; default 1) */
  declare readonly vcpus: pulumi.Output<number>;
  /** Up to how many virtual processors it can be given while it runs. Default: `vcpus`. (1 to 64) */
  declare readonly maxVcpus: pulumi.Output<number | undefined>;
  /** Guest memory. (in MiB; 64 to 4194304; default 256) */
  declare readonly memory: pulumi.Output<number>;
  /** Up to how much memory it can be given while it runs. Default: `memory`. (in MiB; 64 to 4194304) */
  declare readonly maxMemory: pulumi.Output<number | undefined>;
  /** Memory that the guest is asked to give back to the host. (in MiB; 0 to 4194304; default 0) */
  declare readonly balloon: pulumi.Output<number>;
  /** Whether it is recorded which memory the guest changes, so that a snapshot with a `base` writes only that. Costs the guest a little speed. (default false) */
  declare readonly trackDirtyPages: pulumi.Output<boolean>;
  /** Further kernel arguments. */
  declare readonly kernelArgs: pulumi.Output<string[] | undefined>;
  /** How the root disk relates to the image. */
  declare readonly rootDisk: pulumi.Output<{
      /** `shared`: the image itself, read-only; what the guest writes is in its memory and gone at its next boot. `overlay`: the image read-only and a private disk for what the guest writes. `copy`: a private copy of the image (ext4). (default "overlay") */
      mode?: "shared" | "copy" | "overlay";
      /** Size of the private disk. Can grow, not shrink. Default: 1024, or the image's size if that is more. (in MiB; 16 to 67108864) */
      size?: number;
      /** Bounds of its traffic. */
      rateLimit?: {
        /** Bytes. (in bytes/s; 1024 to 1099511627776) */
        bandwidth?: number;
        /** Reads and writes of a disk, packets of an interface. (in 1/s; 1 to 1000000000) */
        operations?: number;
      };
    } | undefined>;
  /** Volumes that the guest gets as further disks. */
  declare readonly volumes: pulumi.Output<Array<{
      /** The volume. */
      volume: VolumeReference;
      /** Where the guest mounts it. Default: nowhere; the guest finds it under `/dev/disk/by-id/virtio-vol-<n>`. (at most 1024 characters) */
      mountPath?: string;
      /** Whether the guest may only read it. (default false) */
      readOnly?: boolean;
      /** Bounds of its traffic. */
      rateLimit?: {
        /** Bytes. (in bytes/s; 1024 to 1099511627776) */
        bandwidth?: number;
        /** Reads and writes of a disk, packets of an interface. (in 1/s; 1 to 1000000000) */
        operations?: number;
      };
    }> | undefined>;
  /** Network interfaces, in the guest `eth0` and on. */
  declare readonly interfaces: pulumi.Output<Array<{
      /** The network. */
      network: NetworkReference;
      /** MAC address. Default: made from the microVM's name. */
      mac?: string;
      /** Address in the network. Default: a free one, kept for the microVM's life. */
      address?: string;
      /** Bounds of its traffic, for each direction. */
      rateLimit?: {
        /** Bytes. (in bytes/s; 1024 to 1099511627776) */
        bandwidth?: number;
        /** Reads and writes of a disk, packets of an interface. (in 1/s; 1 to 1000000000) */
        operations?: number;
      };
      /** Whether its link is up. While it is not, no frame passes in either direction; the guest keeps the interface and its address. While the first one is not connected, a guest that starts is not found ready by `ready.tcp` or `ready.ssh`. (default true) */
      connected?: boolean;
    }> | undefined>;
  /** Host name of the guest. Default: the microVM's name. (at most 63 characters) */
  declare readonly hostname: pulumi.Output<string | undefined>;
  /** JSON text of an object that the guest finds at the metadata address (`http://169.254.169.254/`, version 2 of the protocol). Other metadata services are out of its reach. Needs an interface; at most 51200 bytes without its spaces. (at most 51200 characters) */
  declare readonly metadata: pulumi.Output<string | undefined>;
  /** OpenSSH public keys that may log in as root. */
  declare readonly sshAuthorizedKeys: pulumi.Output<string[] | undefined>;
  /** Files that the guest finds in its root at every boot. */
  declare readonly files: pulumi.Output<Array<{
      /** Where, in the guest. (at most 1024 characters) */
      path: string;
      /** Content as text. (at most 1048576 characters) */
      content: string;
      /** Permissions in octal. (default "0644") */
      mode?: string;
      /** Numeric owner. (0 to 4294967294; default 0) */
      uid?: number;
      /** Numeric group. (0 to 4294967294; default 0) */
      gid?: number;
    }> | undefined>;
  /** What it should be doing. Kept: a microVM that should run comes back after a crash or a reboot of the host. (default "running") */
  declare readonly state: pulumi.Output<"running" | "paused" | "stopped">;
  /** What the host does when the VMM ends by itself: `on-failure` after a crash, `always` also after a power-off from inside. At most 5 starts in 30 seconds. (default "on-failure") */
  declare readonly restart: pulumi.Output<"always" | "on-failure" | "never">;
  /** How long a guest may take to power off before it is ended. (in s; 0 to 3600; default 20) */
  declare readonly stopTimeout: pulumi.Output<number>;
  /** When it counts as ready: at most one of `tcp`, `ssh` and `serial`. Default: when the VMM runs. */
  declare readonly ready: pulumi.Output<{
      /** A port of the first interface accepts connections. (1 to 65535) */
      tcp?: number;
      /** An SSH server greets on port 22 of the first interface. */
      ssh?: boolean;
      /** A line of the console matches this POSIX extended regular expression. (at most 512 characters) */
      serial?: string;
      /** How long to wait. (in s; 1 to 3600; default 120) */
      timeout?: number;
    } | undefined>;
  /** Bounds that the host puts on the VMM, where it has the control-group controllers. */
  declare readonly limits: pulumi.Output<{
      /** Memory the VMM may use beyond the guest's, and beyond the 128 MiB that software emulation takes. (in MiB; 16 to 65536; default 256) */
      memoryOverhead?: number;
      /** Processor time, 100 being one processor. Default: no bound. (in %; 1 to 6400) */
      cpu?: number;
      /** Threads and processes of the VMM. (16 to 65536; default 128) */
      tasks?: number;
    } | undefined>;
  /** Address of the first interface; empty without one. */
  declare readonly ipAddress: pulumi.Output<string>;
  /** Each interface's network, MAC address and address. */
  declare readonly addresses: pulumi.Output<Array<{
      network: string;
      mac: string;
      address: string;
      tap: string;
    }>>;
  /** From the start of the VMM to readiness, measured on the host at the last boot that was waited for. (in ms) */
  declare readonly bootMillis: pulumi.Output<number>;
  /** The console's log on the host. */
  declare readonly consoleLog: pulumi.Output<string>;
  /** A command line that logs in to the guest through its host; empty without an interface. */
  declare readonly sshCommand: pulumi.Output<string>;
  /** The guest's SSH host key, made for this microVM. */
  declare readonly sshHostKey: pulumi.Output<string>;
  /** The systemd unit on the host. */
  declare readonly unit: pulumi.Output<string>;
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  declare readonly drift: pulumi.Output<string[]>;

  constructor(name: string, args: MicroVMArgs, opts?: pulumi.CustomResourceOptions) {
    super("MicroVM", name, args, opts);
  }

  /** One that exists, by its id: read, and left as it is. In the plugin form only. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): MicroVM {
    return new MicroVM(name, undefined as unknown as MicroVMArgs, { ...opts, id });
  }
}
