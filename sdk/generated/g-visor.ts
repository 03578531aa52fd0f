// Generated from schema/ by `npm run generate`. Do not edit.

import type * as pulumi from "@pulumi/pulumi";
import type { HostReference, ContainerEngineReference } from "../../provider/generated/types";
import { MicrovmResource, type ReferenceTo } from "../resource";
import type { Host } from "./host";
import type { ContainerEngine } from "./container-engine";

export interface GVisorArgs {
  /** The host that it lives on. */
  host: ReferenceTo<Host, HostReference>;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name?: pulumi.Input<string>;
  /** Take over an object of this name that another program made. (default false) */
  adopt?: pulumi.Input<boolean>;
  /** Container engines that it is registered with, under the name of its handler. Containers of ours need none. */
  engines?: pulumi.Input<Array<ReferenceTo<ContainerEngine, ContainerEngineReference>>>;
  /** Name by which engines and Kubernetes select it. (at most 40 characters; default "gvisor") */
  handler?: pulumi.Input<string>;
  /** Where the program `runsc` comes from. Default: the distribution's package. */
  source?: pulumi.Input<{
    /** A file on the machine that runs the program. (at most 4096 characters) */
    file?: pulumi.Input<string>;
    /** An address that the host downloads. Needs `sha256`. (at most 2048 characters) */
    url?: pulumi.Input<string>;
    /** SHA-256 of the program. */
    sha256?: pulumi.Input<string>;
  }>;
  /** How system calls are intercepted. `kvm` needs a host with usable KVM; `ptrace` is slow and works anywhere. Default: the program's own, `systrap` from 2023 on. */
  platform?: pulumi.Input<"systrap" | "kvm" | "ptrace">;
  /** `sandbox`: a network stack of its own on the container's interfaces. `host`: the kernel's stack, still in the container's network namespace: needed by programs that were released before the host's kernel and misjudge it. (default "sandbox") */
  network?: pulumi.Input<"sandbox" | "host" | "none">;
  /** Write what it does to `/var/log/microvm-runsc`. (default false) */
  debug?: pulumi.Input<boolean>;
}

/** gVisor on a host: a runtime whose containers speak with a kernel of their own that is an ordinary program. It needs no KVM, and so is the strongest isolation that a host without it has. */
export class GVisor extends MicrovmResource {
  /** The host that it lives on. */
  declare readonly host: pulumi.Output<HostReference>;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  declare readonly name: pulumi.Output<string>;
  /** Take over an object of this name that another program made. (default false) */
  declare readonly adopt: pulumi.Output<boolean>;
  /** Container engines that it is registered with, under the name of its handler. Containers of ours need none. */
  declare readonly engines: pulumi.Output<ContainerEngineReference[] | undefined>;
  /** Name by which engines and Kubernetes select it. (at most 40 characters; default "gvisor") */
  declare readonly handler: pulumi.Output<string>;
  /** Where the program `runsc` comes from. Default: the distribution's package. */
  declare readonly source: pulumi.Output<{
      /** A file on the machine that runs the program. (at most 4096 characters) */
      file?: string;
      /** An address that the host downloads. Needs `sha256`. (at most 2048 characters) */
      url?: string;
      /** SHA-256 of the program. */
      sha256?: string;
    } | undefined>;
  /** How system calls are intercepted. `kvm` needs a host with usable KVM; `ptrace` is slow and works anywhere. Default: the program's own, `systrap` from 2023 on. */
  declare readonly platform: pulumi.Output<"systrap" | "kvm" | "ptrace" | undefined>;
  /** `sandbox`: a network stack of its own on the container's interfaces. `host`: the kernel's stack, still in the container's network namespace: needed by programs that were released before the host's kernel and misjudge it. (default "sandbox") */
  declare readonly network: pulumi.Output<"sandbox" | "host" | "none">;
  /** Write what it does to `/var/log/microvm-runsc`. (default false) */
  declare readonly debug: pulumi.Output<boolean>;
  /** The program on the host. */
  declare readonly path: pulumi.Output<string>;
  /** SHA-256 of the program; empty for a package. */
  declare readonly digest: pulumi.Output<string>;
  /** What engines call: the program with the options that are declared. */
  declare readonly runtime: pulumi.Output<string>;
  /** What the program says its version is. */
  declare readonly installedVersion: pulumi.Output<string>;
  /** What a Kubernetes cluster is told of it: one class with the name of its handler, for nodes with the label `microvm.dev/<handler>`. `microvm.kubernetes.RuntimeClasses` creates it. */
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
  /** `a container ran under it`, or why that could not be tried. */
  declare readonly verified: pulumi.Output<string>;
  /** Packages that were missing and that delete removes again. */
  declare readonly installedPackages: pulumi.Output<string[]>;
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  declare readonly drift: pulumi.Output<string[]>;

  constructor(name: string, args: GVisorArgs, opts?: pulumi.CustomResourceOptions) {
    super("GVisor", name, args, opts);
  }

  /** One that exists, by its id: read, and left as it is. In the plugin form only. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): GVisor {
    return new GVisor(name, undefined as unknown as GVisorArgs, { ...opts, id });
  }
}
