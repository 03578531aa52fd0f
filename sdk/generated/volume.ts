// Generated from schema/ by `npm run generate`. Do not edit.

import type * as pulumi from "@pulumi/pulumi";
import type { HostReference } from "../../provider/generated/types";
import { MicrovmResource, type ReferenceTo } from "../resource";
import type { Host } from "./host";

export interface VolumeArgs {
  /** The host that it lives on. */
  host: ReferenceTo<Host, HostReference>;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name?: pulumi.Input<string>;
  /** Take over an object of this name that another program made. (default false) */
  adopt?: pulumi.Input<boolean>;
  /** Size of the disk, allocated as it fills. Can grow, not shrink. (in MiB; 8 to 67108864) */
  size: pulumi.Input<number>;
  /** What a new volume holds. `none` leaves it blank. (default "ext4") */
  filesystem?: pulumi.Input<"ext4" | "none">;
  /** What deleting a volume with data in it does: `refuse` fails and says so; `retain` leaves the disk on the host and forgets it; `delete` destroys the data. An empty volume is always deleted. (default "refuse") */
  onDelete?: pulumi.Input<"refuse" | "retain" | "delete">;
}

/** A disk that outlives the microVMs that use it. It grows in place, never shrinks, and is never emptied; one with data in it is deleted only where `onDelete` says so. */
export class Volume extends MicrovmResource {
  /** The host that it lives on. */
  declare readonly host: pulumi.Output<HostReference>;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  declare readonly name: pulumi.Output<string>;
  /** Take over an object of this name that another program made. (default false) */
  declare readonly adopt: pulumi.Output<boolean>;
  /** Size of the disk, allocated as it fills. Can grow, not shrink. (in MiB; 8 to 67108864) */
  declare readonly size: pulumi.Output<number>;
  /** What a new volume holds. `none` leaves it blank. (default "ext4") */
  declare readonly filesystem: pulumi.Output<"ext4" | "none">;
  /** What deleting a volume with data in it does: `refuse` fails and says so; `retain` leaves the disk on the host and forgets it; `delete` destroys the data. An empty volume is always deleted. (default "refuse") */
  declare readonly onDelete: pulumi.Output<"refuse" | "retain" | "delete">;
  /** The disk image on the host. */
  declare readonly path: pulumi.Output<string>;
  /** Size that the disk has. (in B) */
  declare readonly bytes: pulumi.Output<number>;
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  declare readonly drift: pulumi.Output<string[]>;

  constructor(name: string, args: VolumeArgs, opts?: pulumi.CustomResourceOptions) {
    super("Volume", name, args, opts);
  }

  /** One that exists, by its id: read, and left as it is. In the plugin form only. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Volume {
    return new Volume(name, undefined as unknown as VolumeArgs, { ...opts, id });
  }
}
