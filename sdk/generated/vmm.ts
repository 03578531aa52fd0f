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
  kind: pulumi.Input<"qemu">;
  /** Version that the host must have, or the beginning of one (`7.2` accepts `7.2.22`). Default: what the distribution has. (at most 32 characters) */
  version?: pulumi.Input<string>;
}

/** A virtual machine monitor on a host. `qemu` is the distribution's own package; installing it is undone by delete if it was missing before. */
export class Vmm extends MicrovmResource {
  /** The host that it lives on. */
  declare readonly host: pulumi.Output<HostReference>;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  declare readonly name: pulumi.Output<string>;
  /** Take over an object of this name that another program made. (default false) */
  declare readonly adopt: pulumi.Output<boolean>;
  /** Which VMM. */
  declare readonly kind: pulumi.Output<"qemu">;
  /** Version that the host must have, or the beginning of one (`7.2` accepts `7.2.22`). Default: what the distribution has. (at most 32 characters) */
  declare readonly version: pulumi.Output<string | undefined>;
  /** The program on the host. */
  declare readonly path: pulumi.Output<string>;
  /** What the program says its version is. */
  declare readonly installedVersion: pulumi.Output<string>;
  /** Packages that were missing and that delete removes again. */
  declare readonly installedPackages: pulumi.Output<string[]>;
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  declare readonly drift: pulumi.Output<string[]>;

  constructor(name: string, args: VmmArgs, opts?: pulumi.CustomResourceOptions) {
    super("Vmm", name, args, opts);
  }
}
