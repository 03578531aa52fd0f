// Generated from schema/ by `npm run generate`. Do not edit.

import type * as pulumi from "@pulumi/pulumi";
import type { HostReference, VmmReference, KernelReference, ContainerEngineReference } from "../../provider/generated/types";
import { MicrovmResource, type ReferenceTo } from "../resource";
import type { Host } from "./host";
import type { Vmm } from "./vmm";
import type { Kernel } from "./kernel";
import type { ContainerEngine } from "./container-engine";

export interface KataRuntimeArgs {
  /** The host that it lives on. */
  host: ReferenceTo<Host, HostReference>;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name?: pulumi.Input<string>;
  /** Take over an object of this name that another program made. (default false) */
  adopt?: pulumi.Input<boolean>;
  /** The release, such as `3.32.0` or `4.1.0`; with a `source`, the release that it must be. Another one is installed beside the former, which stays for as long as containers run from it. (at most 16 characters) */
  version: pulumi.Input<string>;
  /** The archive `kata-static` (`.tar.xz` or `.tar.zst`), if not the official one: up to 4.0 all of the release, from 4.1 what the Rust runtime needs. Needed where a handler uses what is in it. */
  source?: pulumi.Input<{
    /** A file on the machine that runs the program. (at most 4096 characters) */
    file?: pulumi.Input<string>;
    /** An address that the host downloads. Default: the official release, by `version` and the host's architecture. (at most 2048 characters) */
    url?: pulumi.Input<string>;
    /** SHA-256 of the archive. Needed without `file`: Kata publishes no digests of its releases. */
    sha256?: pulumi.Input<string>;
  }>;
  /** The archive `kata-go-static`, which from 4.1 on holds the Go runtime and Firecracker. Needed where a handler uses what is in it. */
  goSource?: pulumi.Input<{
    /** A file on the machine that runs the program. (at most 4096 characters) */
    file?: pulumi.Input<string>;
    /** An address that the host downloads. Default: the official release, by `version` and the host's architecture. (at most 2048 characters) */
    url?: pulumi.Input<string>;
    /** SHA-256 of the archive. Needed without `file`: Kata publishes no digests of its releases. */
    sha256?: pulumi.Input<string>;
  }>;
  /** The runtime handlers that the host gets from it, at least one. */
  handlers: pulumi.Input<Array<pulumi.Input<{
    /** Name of the handler, by which containers and RuntimeClasses select it: `ctr run --runtime io.containerd.<name>.v2` finds its shim. (at most 40 characters) */
    name: pulumi.Input<string>;
    /** Which VMM runs its containers: Cloud Hypervisor (`clh`), Firecracker (`fc`), QEMU, or Dragonball, which is built into the Rust runtime. */
    vmm: pulumi.Input<"clh" | "fc" | "qemu" | "dragonball">;
    /** Which of Kata's runtimes. Default: `rust` for `dragonball` and from 4.0 on, `go` before that and for `fc`. */
    runtime?: pulumi.Input<"go" | "rust">;
    /** A VMM of ours in the place of the one that Kata ships: Kata's own are pinned for long, and mended late. Not for `dragonball`. */
    monitor?: ReferenceTo<Vmm, VmmReference>;
    /** A kernel of ours in the place of the one that Kata ships. It needs all its drivers built in: Kata's guests load no modules. */
    kernel?: ReferenceTo<Kernel, KernelReference>;
    /** A kernel that lies on the host already. (at most 1024 characters) */
    kernelPath?: pulumi.Input<string>;
    /** The guest's root filesystem: `shipped`, or an image's path on the host. Default: `shipped`, without an `initrd`. (at most 1024 characters) */
    image?: pulumi.Input<string>;
    /** The guest as an initial RAM disk instead: `shipped`, or a path on the host. (at most 1024 characters) */
    initrd?: pulumi.Input<string>;
    /** Virtual processors of a guest before its containers ask for more. Default: what Kata ships, 1. (1 to 240) */
    defaultVcpus?: pulumi.Input<number>;
    /** Memory of a guest before its containers ask for more. Default: what Kata ships, 2048. (in MiB; 256 to 4194304) */
    defaultMemory?: pulumi.Input<number>;
    /** Further kernel arguments, after those that Kata ships. */
    kernelParams?: pulumi.Input<Array<pulumi.Input<string>>>;
    /** What a pod may choose for itself by `io.katacontainers.config.hypervisor.<name>`, by these names. Whoever may write pods gets that choice. Default: what Kata ships. */
    annotations?: pulumi.Input<Array<pulumi.Input<string>>>;
    /** Whether VMM, runtime and agent log all they do. (default false) */
    debug?: pulumi.Input<boolean>;
    /** The snapshotter that a container engine takes for its images. `fc` needs one that gives block devices, `devmapper` or `blockfile`: Firecracker shares no files with its guests. (at most 64 characters) */
    snapshotter?: pulumi.Input<string>;
  }>>>;
  /** Container engines that its handlers are registered with. Containers of ours need none. */
  engines?: pulumi.Input<Array<ReferenceTo<ContainerEngine, ContainerEngineReference>>>;
  /** Use VMMs that are known to be vulnerable: those that Kata ships are old. Which ones are: [VMM capabilities](vmm-capabilities.md). (default false) */
  allowVulnerable?: pulumi.Input<boolean>;
}

/** A release of Kata Containers on a host, several side by side, and the handlers that containers select it by: each a choice of VMM, guest and size. What the release ships is kept as it is and shared by its digest; a handler's choices are a drop-in beside a copy of the shipped configuration. Every configuration is read by Kata's own program before it takes the place of the former, and what could not be verified is an output. */
export class KataRuntime extends MicrovmResource {
  /** The host that it lives on. */
  declare readonly host: pulumi.Output<HostReference>;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  declare readonly name: pulumi.Output<string>;
  /** Take over an object of this name that another program made. (default false) */
  declare readonly adopt: pulumi.Output<boolean>;
  /** The release, such as `3.32.0` or `4.1.0`; with a `source`, the release that it must be. Another one is installed beside the former, which stays for as long as containers run from it. (at most 16 characters) */
  declare readonly version: pulumi.Output<string>;
  /** The archive `kata-static` (`.tar.xz` or `.tar.zst`), if not the official one: up to 4.0 all of the release, from 4.1 what the Rust runtime needs. Needed where a handler uses what is in it. */
  declare readonly source: pulumi.Output<{
      /** A file on the machine that runs the program. (at most 4096 characters) */
      file?: string;
      /** An address that the host downloads. Default: the official release, by `version` and the host's architecture. (at most 2048 characters) */
      url?: string;
      /** SHA-256 of the archive. Needed without `file`: Kata publishes no digests of its releases. */
      sha256?: string;
    } | undefined>;
  /** The archive `kata-go-static`, which from 4.1 on holds the Go runtime and Firecracker. Needed where a handler uses what is in it. */
  declare readonly goSource: pulumi.Output<{
      /** A file on the machine that runs the program. (at most 4096 characters) */
      file?: string;
      /** An address that the host downloads. Default: the official release, by `version` and the host's architecture. (at most 2048 characters) */
      url?: string;
      /** SHA-256 of the archive. Needed without `file`: Kata publishes no digests of its releases. */
      sha256?: string;
    } | undefined>;
  /** The runtime handlers that the host gets from it, at least one. */
  declare readonly handlers: pulumi.Output<Array<{
      /** Name of the handler, by which containers and RuntimeClasses select it: `ctr run --runtime io.containerd.<name>.v2` finds its shim. (at most 40 characters) */
      name: string;
      /** Which VMM runs its containers: Cloud Hypervisor (`clh`), Firecracker (`fc`), QEMU, or Dragonball, which is built into the Rust runtime. */
      vmm: "clh" | "fc" | "qemu" | "dragonball";
      /** Which of Kata's runtimes. Default: `rust` for `dragonball` and from 4.0 on, `go` before that and for `fc`. */
      runtime?: "go" | "rust";
      /** A VMM of ours in the place of the one that Kata ships: Kata's own are pinned for long, and mended late. Not for `dragonball`. */
      monitor?: VmmReference;
      /** A kernel of ours in the place of the one that Kata ships. It needs all its drivers built in: Kata's guests load no modules. */
      kernel?: KernelReference;
      /** A kernel that lies on the host already. (at most 1024 characters) */
      kernelPath?: string;
      /** The guest's root filesystem: `shipped`, or an image's path on the host. Default: `shipped`, without an `initrd`. (at most 1024 characters) */
      image?: string;
      /** The guest as an initial RAM disk instead: `shipped`, or a path on the host. (at most 1024 characters) */
      initrd?: string;
      /** Virtual processors of a guest before its containers ask for more. Default: what Kata ships, 1. (1 to 240) */
      defaultVcpus?: number;
      /** Memory of a guest before its containers ask for more. Default: what Kata ships, 2048. (in MiB; 256 to 4194304) */
      defaultMemory?: number;
      /** Further kernel arguments, after those that Kata ships. */
      kernelParams?: string[];
      /** What a pod may choose for itself by `io.katacontainers.config.hypervisor.<name>`, by these names. Whoever may write pods gets that choice. Default: what Kata ships. */
      annotations?: string[];
      /** Whether VMM, runtime and agent log all they do. (default false) */
      debug?: boolean;
      /** The snapshotter that a container engine takes for its images. `fc` needs one that gives block devices, `devmapper` or `blockfile`: Firecracker shares no files with its guests. (at most 64 characters) */
      snapshotter?: string;
    }>>;
  /** Container engines that its handlers are registered with. Containers of ours need none. */
  declare readonly engines: pulumi.Output<ContainerEngineReference[] | undefined>;
  /** Use VMMs that are known to be vulnerable: those that Kata ships are old. Which ones are: [VMM capabilities](vmm-capabilities.md). (default false) */
  declare readonly allowVulnerable: pulumi.Output<boolean>;
  /** What the release says its version is. */
  declare readonly installedVersion: pulumi.Output<string>;
  /** SHA-256 of the archive `kata-static`; empty where no handler needs it. */
  declare readonly digest: pulumi.Output<string>;
  /** SHA-256 of the archive `kata-go-static`; empty where no handler needs it. */
  declare readonly goDigest: pulumi.Output<string>;
  /** The runtimes that the archives hold: `go`, `rust`. */
  declare readonly runtimes: pulumi.Output<string[]>;
  /** The handlers as they are on the host. */
  declare readonly installedHandlers: pulumi.Output<Array<{
      /** Its name. */
      name: string;
      /** Its VMM. */
      vmm: "clh" | "fc" | "qemu" | "dragonball";
      /** Its runtime. */
      runtime: "go" | "rust";
      /** Its configuration: what `ctr run --runtime-config-path` and an engine's `ConfigPath` take. It stays the same from one release to the next. */
      configPath: string;
      /** The program that engines start, under the name by which they look for it. It stays the same too. */
      shim: string;
      /** The VMM that it starts; empty for `dragonball`, which is built in. */
      hypervisorPath: string;
      /** What that VMM says its version is; empty where it does not tell. */
      hypervisorVersion: string;
      /** The snapshotter that was declared; empty where none was. */
      snapshotter: string;
      /** `check passed`, or what could not be verified and why. */
      verified: string;
    }>>;
  /** What a Kubernetes cluster is told of it: a class with the name of each handler, with what Kata says a pod costs, for nodes with the labels `katacontainers.io/kata-runtime` and `microvm.dev/<handler>`. `microvm.kubernetes.RuntimeClasses` creates them. */
  declare readonly runtimeClasses: pulumi.Output<Array<{
      /** What pods say as `runtimeClassName`. */
      name: string;
      /** Name under which the node's engine knows the runtime. */
      handler: string;
      /** What a pod takes beside its containers, as quantities of Kubernetes. */
      overhead?: {
        /** Such as `130Mi`. */
        memory?: string;
        /** Such as `250m`. */
        cpu?: string;
      };
      /** Labels of the nodes that have the runtime. */
      nodeSelector?: Record<string, string>;
    }>>;
  /** What the host lacks for its containers to start, a sentence each. */
  declare readonly findings: pulumi.Output<string[]>;
  /** The handlers' files by their path below the handlers' directory, and the SHA-256 of each. */
  declare readonly files: pulumi.Output<Record<string, string>>;
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  declare readonly drift: pulumi.Output<string[]>;

  constructor(name: string, args: KataRuntimeArgs, opts?: pulumi.CustomResourceOptions) {
    super("KataRuntime", name, args, opts);
  }

  /** One that exists, by its id: read, and left as it is. In the plugin form only. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): KataRuntime {
    return new KataRuntime(name, undefined as unknown as KataRuntimeArgs, { ...opts, id });
  }
}
