import * as pulumi from "@pulumi/pulumi";
import type { SnapshotReference } from "../provider/generated/types";
import { MicroVM as Generated, type MicroVMArgs, type Snapshot } from "./generated";
import type { ReferenceTo } from "./resource";

/** What a clone is given by its snapshot. */
type Inherited =
  | "vmm"
  | "kernel"
  | "rootfs"
  | "machine"
  | "accelerator"
  | "vcpus"
  | "maxVcpus"
  | "memory"
  | "maxMemory"
  | "kernelArgs"
  | "rootDisk"
  | "volumes"
  | "hostname"
  | "sshAuthorizedKeys"
  | "files";

export interface CloneArgs extends Omit<MicroVMArgs, Inherited | "snapshot"> {
  /** The snapshot that it goes on from. It needs as many interfaces as the snapshot's microVM has. */
  snapshot: ReferenceTo<Snapshot, SnapshotReference>;
}

export class MicroVM extends Generated {
  /** A microVM that goes on from a snapshot: with its memory, copies of its disks, and addresses of its own. */
  static fromSnapshot(name: string, args: CloneArgs, opts?: pulumi.CustomResourceOptions): MicroVM {
    const taken = pulumi.output(args.snapshot as pulumi.Input<SnapshotReference>);
    type Guest = Required<SnapshotReference["guest"]>;
    // What the guest has not is left out; and a run that is limited to other resources (`--target`) knows nothing at all
    // of a snapshot that is not there yet.
    const guest = <K extends keyof Guest>(key: K) =>
      taken.apply((snapshot) =>
        pulumi.output(snapshot.guest as Guest | undefined).apply((value) => value?.[key] as Guest[K]),
      ) as pulumi.Output<Guest[K]>;
    const inherited: Omit<MicroVMArgs, "host"> = {
      vmm: taken.apply((snapshot) => snapshot.vmm),
      kernel: taken.apply((snapshot) => snapshot.kernel),
      rootfs: taken.apply((snapshot) => snapshot.rootfs),
      machine: guest("machine"),
      accelerator: guest("accelerator"),
      vcpus: guest("vcpus"),
      maxVcpus: guest("maxVcpus"),
      memory: guest("memory"),
      maxMemory: guest("maxMemory"),
      balloon: guest("balloon"),
      kernelArgs: guest("kernelArgs"),
      rootDisk: guest("rootDisk"),
    };
    return new MicroVM(name, { ...inherited, ...args }, opts);
  }
}
