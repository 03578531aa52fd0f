// Generated from schema/ by `npm run generate`. Do not edit.

import type * as pulumi from "@pulumi/pulumi";
import type { HostReference } from "../../provider/generated/types";
import { MicrovmResource, type ReferenceTo } from "../resource";
import type { Host } from "./host";

export interface VmmArgs {
  /** The host that it lives on. */
  host: ReferenceTo<Host, HostReference>;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name?: pulumi.Input<string>;
  /** Take over an object of this name that another program made. (default false) */
  adopt?: pulumi.Input<boolean>;
  /** Which VMM. */
  kind: pulumi.Input<"qemu" | "firecracker" | "cloud-hypervisor">;
  /** `firecracker`, `cloud-hypervisor`: the official release to install, such as `1.16.1`; with a `source`, the version that it must be. `qemu`: the version that the host must have, or the beginning of one (`7.2` accepts `7.2.22`). Default: what the source or the distribution has. (at most 32 characters) */
  version?: pulumi.Input<string>;
  /** Where the VMM comes from, if not from its project's releases: a binary, or for Firecracker a release archive (`.tgz`) that holds its jailer too. */
  source?: pulumi.Input<{
    /** A file on the machine that runs the program. (at most 4096 characters) */
    file?: pulumi.Input<string>;
    /** An address that the host downloads. Needs `sha256`. (at most 2048 characters) */
    url?: pulumi.Input<string>;
    /** SHA-256 of the file, of what the URL gives, or of the official release. Firecracker publishes its own, which is used by default; Cloud Hypervisor publishes none, so its releases need it. */
    sha256?: pulumi.Input<string>;
  }>;
  /** Install a release that is known to be vulnerable. Which ones are: [VMM capabilities](vmm-capabilities.md). (default false) */
  allowVulnerable?: pulumi.Input<boolean>;
}

/** A virtual machine monitor on a host, several versions side by side. `qemu` is the distribution's own package, removed by delete if it was missing before; `firecracker` and `cloud-hypervisor` are official releases by their version, or what a URL or a file holds, kept in the host's content-addressed store. A VMM counts as installed once it has run there and said its version. */
export class Vmm extends MicrovmResource {
  /** The host that it lives on. */
  declare readonly host: pulumi.Output<HostReference>;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  declare readonly name: pulumi.Output<string>;
  /** Take over an object of this name that another program made. (default false) */
  declare readonly adopt: pulumi.Output<boolean>;
  /** Which VMM. */
  declare readonly kind: pulumi.Output<"qemu" | "firecracker" | "cloud-hypervisor">;
  /** `firecracker`, `cloud-hypervisor`: the official release to install, such as `1.16.1`; with a `source`, the version that it must be. `qemu`: the version that the host must have, or the beginning of one (`7.2` accepts `7.2.22`). Default: what the source or the distribution has. (at most 32 characters) */
  declare readonly version: pulumi.Output<string | undefined>;
  /** Where the VMM comes from, if not from its project's releases: a binary, or for Firecracker a release archive (`.tgz`) that holds its jailer too. */
  declare readonly source: pulumi.Output<{
      /** A file on the machine that runs the program. (at most 4096 characters) */
      file?: string;
      /** An address that the host downloads. Needs `sha256`. (at most 2048 characters) */
      url?: string;
      /** SHA-256 of the file, of what the URL gives, or of the official release. Firecracker publishes its own, which is used by default; Cloud Hypervisor publishes none, so its releases need it. */
      sha256?: string;
    } | undefined>;
  /** Install a release that is known to be vulnerable. Which ones are: [VMM capabilities](vmm-capabilities.md). (default false) */
  declare readonly allowVulnerable: pulumi.Output<boolean>;
  /** The program on the host. */
  declare readonly path: pulumi.Output<string>;
  /** Firecracker's jailer on the host; empty for others. */
  declare readonly jailerPath: pulumi.Output<string>;
  /** SHA-256 of the program; empty for a package. */
  declare readonly digest: pulumi.Output<string>;
  /** SHA-256 of the jailer; empty where there is none. */
  declare readonly jailerDigest: pulumi.Output<string>;
  /** What the program says its version is. */
  declare readonly installedVersion: pulumi.Output<string>;
  /** Packages that were missing and that delete removes again. */
  declare readonly installedPackages: pulumi.Output<string[]>;
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  declare readonly drift: pulumi.Output<string[]>;

  constructor(name: string, args: VmmArgs, opts?: pulumi.CustomResourceOptions) {
    super("Vmm", name, args, opts);
  }

  /** One that exists, by its id: read, and left as it is. In the plugin form only. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Vmm {
    return new Vmm(name, undefined as unknown as VmmArgs, { ...opts, id });
  }
}
