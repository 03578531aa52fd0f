// Generated from schema/ by `npm run generate`. Do not edit.

import type * as pulumi from "@pulumi/pulumi";
import type { HostReference } from "../../provider/generated/types";
import { MicrovmResource, type ReferenceTo } from "../resource";
import type { Host } from "./host";

export interface RootfsImageArgs {
  /** The host that it lives on. */
  host: ReferenceTo<Host, HostReference>;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name?: pulumi.Input<string>;
  /** Take over an object of this name that another program made. (default false) */
  adopt?: pulumi.Input<boolean>;
  /** Where the image comes from: exactly one of `file`, `url`, `directory`, `tarball` or `debian`. */
  source: pulumi.Input<{
    /** A filesystem image on the machine that runs the program. (at most 4096 characters) */
    file?: pulumi.Input<string>;
    /** A filesystem image, fetched by the host; needs `sha256`. (at most 2048 characters) */
    url?: pulumi.Input<string>;
    /** What the content must hash to. Needed with `url`, checked with `file` and `tarball`. */
    sha256?: pulumi.Input<string>;
    /** A directory tree on the machine that runs the program; owners are kept as numbers. (at most 4096 characters) */
    directory?: pulumi.Input<string>;
    /** A tar archive (plain, gzip, xz or zstd) on the machine that runs the program. (at most 4096 characters) */
    tarball?: pulumi.Input<string>;
    /** Built on the host with mmdebstrap: a small Debian with systemd, and key-only SSH login where `openssh-server` is among the packages. */
    debian?: pulumi.Input<{
      /** Suite, e.g. `bookworm`. (at most 64 characters) */
      suite: pulumi.Input<string>;
      /** Packages beyond the minimum. */
      packages?: pulumi.Input<Array<pulumi.Input<string>>>;
      /** Mirror to build from. Default: the one of the host's own apt configuration when it is Debian, else Debian's. (at most 2048 characters) */
      mirror?: pulumi.Input<string>;
    }>;
  }>;
  /** Filesystem of the image. With `file` and `url` it says what the image is, and is checked. `copy` root disks need `ext4`. (default "ext4") */
  format?: pulumi.Input<"ext4" | "erofs" | "squashfs">;
  /** Size of an ext4 image. Default: what the content needs and 20 % more. (in MiB; 8 to 1048576) */
  size?: pulumi.Input<number>;
}

/** A root filesystem image in the host's content-addressed store, shared read-only between microVMs. */
export class RootfsImage extends MicrovmResource {
  /** The host that it lives on. */
  declare readonly host: pulumi.Output<HostReference>;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  declare readonly name: pulumi.Output<string>;
  /** Take over an object of this name that another program made. (default false) */
  declare readonly adopt: pulumi.Output<boolean>;
  /** Where the image comes from: exactly one of `file`, `url`, `directory`, `tarball` or `debian`. */
  declare readonly source: pulumi.Output<{
      /** A filesystem image on the machine that runs the program. (at most 4096 characters) */
      file?: string;
      /** A filesystem image, fetched by the host; needs `sha256`. (at most 2048 characters) */
      url?: string;
      /** What the content must hash to. Needed with `url`, checked with `file` and `tarball`. */
      sha256?: string;
      /** A directory tree on the machine that runs the program; owners are kept as numbers. (at most 4096 characters) */
      directory?: string;
      /** A tar archive (plain, gzip, xz or zstd) on the machine that runs the program. (at most 4096 characters) */
      tarball?: string;
      /** Built on the host with mmdebstrap: a small Debian with systemd, and key-only SSH login where `openssh-server` is among the packages. */
      debian?: {
        /** Suite, e.g. `bookworm`. (at most 64 characters) */
        suite: string;
        /** Packages beyond the minimum. */
        packages?: string[];
        /** Mirror to build from. Default: the one of the host's own apt configuration when it is Debian, else Debian's. (at most 2048 characters) */
        mirror?: string;
      };
    }>;
  /** Filesystem of the image. With `file` and `url` it says what the image is, and is checked. `copy` root disks need `ext4`. (default "ext4") */
  declare readonly format: pulumi.Output<"ext4" | "erofs" | "squashfs">;
  /** Size of an ext4 image. Default: what the content needs and 20 % more. (in MiB; 8 to 1048576) */
  declare readonly size: pulumi.Output<number | undefined>;
  /** SHA-256 of the image. */
  declare readonly digest: pulumi.Output<string>;
  /** The image in the host's store. */
  declare readonly path: pulumi.Output<string>;
  /** Size of the image. (in B) */
  declare readonly bytes: pulumi.Output<number>;
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  declare readonly drift: pulumi.Output<string[]>;

  constructor(name: string, args: RootfsImageArgs, opts?: pulumi.CustomResourceOptions) {
    super("RootfsImage", name, args, opts);
  }
}
