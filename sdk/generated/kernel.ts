// Generated from schema/ by `npm run generate`. Do not edit.

import type * as pulumi from "@pulumi/pulumi";
import type { HostReference } from "../../provider/generated/types";
import { MicrovmResource, type ReferenceTo } from "../resource";
import type { Host } from "./host";

export interface KernelArgs {
  /** The host that it lives on. */
  host: ReferenceTo<Host, HostReference>;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name?: pulumi.Input<string>;
  /** Take over an object of this name that another program made. (default false) */
  adopt?: pulumi.Input<boolean>;
  /** Where the kernel comes from: exactly one of `file`, `url` or `distribution`. */
  source: pulumi.Input<{
    /** A bzImage, an uncompressed vmlinux (ELF) or an arm64 Image on the machine that runs the program. (at most 4096 characters) */
    file?: pulumi.Input<string>;
    /** The same, fetched by the host; needs `sha256`. (at most 2048 characters) */
    url?: pulumi.Input<string>;
    /** What the content must hash to. Needed with `url`, checked with `file`. */
    sha256?: pulumi.Input<string>;
    /** A kernel package of the host's own distribution, fetched and unpacked, never installed: `default` for the one made for virtual machines, or a package name. (at most 128 characters) */
    distribution?: pulumi.Input<string>;
  }>;
  /** `microvm`: the provider's own, with the modules that the kernel needs. `none`: the kernel mounts its root by itself; addresses, files and keys then do not reach the guest. (default "microvm") */
  initramfs?: pulumi.Input<"microvm" | "none">;
}

/** A guest kernel in the host's content-addressed store, with the initramfs that finds the guest's disks and sets up its network. */
export class Kernel extends MicrovmResource {
  /** The host that it lives on. */
  declare readonly host: pulumi.Output<HostReference>;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  declare readonly name: pulumi.Output<string>;
  /** Take over an object of this name that another program made. (default false) */
  declare readonly adopt: pulumi.Output<boolean>;
  /** Where the kernel comes from: exactly one of `file`, `url` or `distribution`. */
  declare readonly source: pulumi.Output<{
      /** A bzImage, an uncompressed vmlinux (ELF) or an arm64 Image on the machine that runs the program. (at most 4096 characters) */
      file?: string;
      /** The same, fetched by the host; needs `sha256`. (at most 2048 characters) */
      url?: string;
      /** What the content must hash to. Needed with `url`, checked with `file`. */
      sha256?: string;
      /** A kernel package of the host's own distribution, fetched and unpacked, never installed: `default` for the one made for virtual machines, or a package name. (at most 128 characters) */
      distribution?: string;
    }>;
  /** `microvm`: the provider's own, with the modules that the kernel needs. `none`: the kernel mounts its root by itself; addresses, files and keys then do not reach the guest. (default "microvm") */
  declare readonly initramfs: pulumi.Output<"microvm" | "none">;
  /** SHA-256 of the kernel. */
  declare readonly digest: pulumi.Output<string>;
  /** The kernel in the host's store. */
  declare readonly path: pulumi.Output<string>;
  /** SHA-256 of the same kernel as an uncompressed ELF file, which Firecracker needs; empty where there is none. */
  declare readonly vmlinuxDigest: pulumi.Output<string>;
  /** The uncompressed kernel in the host's store; empty where there is none. */
  declare readonly vmlinuxPath: pulumi.Output<string>;
  /** Why there is no uncompressed kernel; empty where there is one. */
  declare readonly vmlinuxReason: pulumi.Output<string>;
  /** SHA-256 of the initramfs; empty with `initramfs: "none"`. */
  declare readonly initramfsDigest: pulumi.Output<string>;
  /** The initramfs in the host's store; empty with `initramfs: "none"`. */
  declare readonly initramfsPath: pulumi.Output<string>;
  /** What kind of kernel image it is. */
  declare readonly format: pulumi.Output<"bzImage" | "elf" | "arm64-image">;
  /** Release of the kernel where it can be told, else empty. */
  declare readonly release: pulumi.Output<string>;
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  declare readonly drift: pulumi.Output<string[]>;

  constructor(name: string, args: KernelArgs, opts?: pulumi.CustomResourceOptions) {
    super("Kernel", name, args, opts);
  }

  /** One that exists, by its id: read, and left as it is. In the plugin form only. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Kernel {
    return new Kernel(name, undefined as unknown as KernelArgs, { ...opts, id });
  }
}
