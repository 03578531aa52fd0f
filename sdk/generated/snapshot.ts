// Generated from schema/ by `npm run generate`. Do not edit.

import type * as pulumi from "@pulumi/pulumi";
import type { HostReference, MicroVMReference, SnapshotReference, VmmReference, KernelReference, RootfsImageReference } from "../../provider/generated/types";
import { MicrovmResource, type ReferenceTo } from "../resource";
import type { Host } from "./host";
import type { MicroVM } from "./micro-vm";

export interface SnapshotArgs {
  /** The host that it lives on. */
  host: ReferenceTo<Host, HostReference>;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name?: pulumi.Input<string>;
  /** Take over an object of this name that another program made. (default false) */
  adopt?: pulumi.Input<boolean>;
  /** The microVM that it is taken of. It has to run, or be paused, and goes on afterwards. */
  microVM: ReferenceTo<MicroVM, MicroVMReference>;
  /** The snapshot that was taken of this run of the microVM before, or that the microVM was made from: only the memory that has changed since is written while the guest is paused. The microVM needs `trackDirtyPages`. What comes out is as complete as any other, and does not need its base any more: `base` may be left out later. */
  base?: ReferenceTo<Snapshot, SnapshotReference>;
  /** Another text here takes it anew. (at most 256 characters) */
  revision?: pulumi.Input<string>;
}

/** A running microVM at a moment: its memory, its devices and its disks, taken while it is paused, with digests of all of it. `MicroVM.fromSnapshot` makes clones of it, which go on from that moment. It outlives its microVM, and is not deleted while clones use it. */
export class Snapshot extends MicrovmResource {
  /** The host that it lives on. */
  declare readonly host: pulumi.Output<HostReference>;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  declare readonly name: pulumi.Output<string>;
  /** Take over an object of this name that another program made. (default false) */
  declare readonly adopt: pulumi.Output<boolean>;
  /** The microVM that it is taken of. It has to run, or be paused, and goes on afterwards. */
  declare readonly microVM: pulumi.Output<MicroVMReference>;
  /** The snapshot that was taken of this run of the microVM before, or that the microVM was made from: only the memory that has changed since is written while the guest is paused. The microVM needs `trackDirtyPages`. What comes out is as complete as any other, and does not need its base any more: `base` may be left out later. */
  declare readonly base: pulumi.Output<SnapshotReference | undefined>;
  /** Another text here takes it anew. (at most 256 characters) */
  declare readonly revision: pulumi.Output<string | undefined>;
  /** SHA-256 of the list of its files' digests. */
  declare readonly digest: pulumi.Output<string>;
  /** Its directory on the host. */
  declare readonly path: pulumi.Output<string>;
  /** What it takes of the host's disk. (in B) */
  declare readonly bytes: pulumi.Output<number>;
  /** How long the guest was paused for it: until its memory was written and its disks were copied, which takes no time where the host's file system shares blocks (XFS, Btrfs). (in ms) */
  declare readonly pauseMillis: pulumi.Output<number>;
  /** What to know before clones of it are made: what they share, and whether their random numbers differ. */
  declare readonly findings: pulumi.Output<string[]>;
  /** The VMM that took it, and the only one that can restore it. */
  declare readonly vmm: pulumi.Output<VmmReference>;
  /** The microVM's kernel. */
  declare readonly kernel: pulumi.Output<KernelReference>;
  /** The microVM's image. */
  declare readonly rootfs: pulumi.Output<RootfsImageReference>;
  /** What of the microVM its clones have in common with it. */
  declare readonly guest: pulumi.Output<{
      machine: "microvm" | "q35";
      accelerator: "kvm" | "tcg";
      vcpus: number;
      maxVcpus?: number;
      /** (in MiB) */
      memory: number;
      /** (in MiB) */
      maxMemory?: number;
      /** (in MiB) */
      balloon?: number;
      kernelArgs?: string[];
      rootDisk: {
        mode: "shared" | "copy" | "overlay";
        /** (in MiB) */
        size?: number;
      };
      /** Whether it has a metadata service. */
      metadata?: boolean;
      /** What the guest takes for its own, inside: clones too, and their host translates. */
      interfaces: Array<{
        mac: string;
        address: string;
        gateway: string;
      }>;
      /** Volumes whose content it holds, in the microVM's order. Each clone has a copy of its own. */
      volumes: Array<{
        readOnly: boolean;
      }>;
      /** The guest's SSH host key, which its clones show too. */
      sshHostKey: string;
    }>;
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  declare readonly drift: pulumi.Output<string[]>;

  constructor(name: string, args: SnapshotArgs, opts?: pulumi.CustomResourceOptions) {
    super("Snapshot", name, args, opts);
  }

  /** One that exists, by its id: read, and left as it is. In the plugin form only. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Snapshot {
    return new Snapshot(name, undefined as unknown as SnapshotArgs, { ...opts, id });
  }
}
