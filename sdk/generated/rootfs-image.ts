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
  /** Where the image comes from: exactly one of `file`, `url`, `directory`, `tarball`, `debian` or `oci`. */
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
    /** A container image, unpacked on the host by skopeo and umoci. The guest runs the image's program (`Entrypoint` and `Cmd`) with its environment, directory and user; the output is on the console. Asked to power off, it sends the program the image's stop signal; when the program ends, the guest powers off, and the microVM's `restart` says whether it starts again (`always`). An image that names no program, or an init of its own, boots by its `/sbin/init`. Needs a kernel with the provider's initramfs. */
    oci?: pulumi.Input<{
      /** An image in a registry, by tag or by digest, e.g. `docker.io/library/nginx:1.27`. The host pulls it once, when the image is made, and by the digest found then whenever it is repaired. Where the registry wants a login, log in on the host (`skopeo login`). (at most 512 characters) */
      reference?: pulumi.Input<string>;
      /** An archive of one image on the machine that runs the program, as `docker save` or `skopeo copy … oci-archive:…` makes it. (at most 4096 characters) */
      archive?: pulumi.Input<string>;
      /** What the image's manifest must hash to: another image is refused. */
      digest?: pulumi.Input<string>;
      /** Whether the registry is asked over TLS and has to prove who it is. `false` trusts whoever answers; a `digest` makes up for it. (default true) */
      tls?: pulumi.Input<boolean>;
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
  /** Where the image comes from: exactly one of `file`, `url`, `directory`, `tarball`, `debian` or `oci`. */
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
      /** A container image, unpacked on the host by skopeo and umoci. The guest runs the image's program (`Entrypoint` and `Cmd`) with its environment, directory and user; the output is on the console. Asked to power off, it sends the program the image's stop signal; when the program ends, the guest powers off, and the microVM's `restart` says whether it starts again (`always`). An image that names no program, or an init of its own, boots by its `/sbin/init`. Needs a kernel with the provider's initramfs. */
      oci?: {
        /** An image in a registry, by tag or by digest, e.g. `docker.io/library/nginx:1.27`. The host pulls it once, when the image is made, and by the digest found then whenever it is repaired. Where the registry wants a login, log in on the host (`skopeo login`). (at most 512 characters) */
        reference?: string;
        /** An archive of one image on the machine that runs the program, as `docker save` or `skopeo copy … oci-archive:…` makes it. (at most 4096 characters) */
        archive?: string;
        /** What the image's manifest must hash to: another image is refused. */
        digest?: string;
        /** Whether the registry is asked over TLS and has to prove who it is. `false` trusts whoever answers; a `digest` makes up for it. (default true) */
        tls?: boolean;
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
  /** Digest of the container image's manifest that `oci` led to, as `sha256:…`; empty for other sources. */
  declare readonly imageDigest: pulumi.Output<string>;
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  declare readonly drift: pulumi.Output<string[]>;

  constructor(name: string, args: RootfsImageArgs, opts?: pulumi.CustomResourceOptions) {
    super("RootfsImage", name, args, opts);
  }

  /** One that exists, by its id: read, and left as it is. In the plugin form only. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): RootfsImage {
    return new RootfsImage(name, undefined as unknown as RootfsImageArgs, { ...opts, id });
  }
}
