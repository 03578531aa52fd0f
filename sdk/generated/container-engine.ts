// Generated from schema/ by `npm run generate`. Do not edit.

import type * as pulumi from "@pulumi/pulumi";
import type { HostReference } from "../../provider/generated/types";
import { MicrovmResource, type ReferenceTo } from "../resource";
import type { Host } from "./host";

export interface ContainerEngineArgs {
  /** The host that it lives on. */
  host: ReferenceTo<Host, HostReference>;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name?: pulumi.Input<string>;
  /** Take over an object of this name that another program made. (default false) */
  adopt?: pulumi.Input<boolean>;
  /** Which engine. Containers of ours run under `containerd`; the others have runtimes registered with them. */
  kind: pulumi.Input<"containerd" | "cri-o" | "docker">;
  /** Install the distribution's package where the engine is missing; delete removes it again, with its images. For `containerd` only: others cannot be removed without a trace. Without it a missing engine is an error. (default false) */
  install?: pulumi.Input<boolean>;
  /** The engine's main configuration file. Default: `/etc/containerd/config.toml`, `/etc/crio/crio.conf` or `/etc/docker/daemon.json`. (at most 1024 characters) */
  configFile?: pulumi.Input<string>;
}

/** A container engine on a host, as far as runtimes are registered with it and containers run by it. What it is configured with stays its administrator's: runtimes of ours come in a drop-in file, which is checked with the engine's own command before it takes effect, tried with a container after it, and taken back if anything fails. An engine is restarted only where its running containers survive that. */
export class ContainerEngine extends MicrovmResource {
  /** The host that it lives on. */
  declare readonly host: pulumi.Output<HostReference>;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  declare readonly name: pulumi.Output<string>;
  /** Take over an object of this name that another program made. (default false) */
  declare readonly adopt: pulumi.Output<boolean>;
  /** Which engine. Containers of ours run under `containerd`; the others have runtimes registered with them. */
  declare readonly kind: pulumi.Output<"containerd" | "cri-o" | "docker">;
  /** Install the distribution's package where the engine is missing; delete removes it again, with its images. For `containerd` only: others cannot be removed without a trace. Without it a missing engine is an error. (default false) */
  declare readonly install: pulumi.Output<boolean>;
  /** The engine's main configuration file. Default: `/etc/containerd/config.toml`, `/etc/crio/crio.conf` or `/etc/docker/daemon.json`. (at most 1024 characters) */
  declare readonly configFile: pulumi.Output<string | undefined>;
  /** What the engine says its version is. */
  declare readonly version: pulumi.Output<string>;
  /** The file that holds the runtimes of ours. */
  declare readonly dropIn: pulumi.Output<string>;
  /** The handlers that are registered with it, when it was last looked at: what is registered later is shown after a refresh. */
  declare readonly handlers: pulumi.Output<string[]>;
  /** Packages that were missing and that delete removes again. */
  declare readonly installedPackages: pulumi.Output<string[]>;
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  declare readonly drift: pulumi.Output<string[]>;

  constructor(name: string, args: ContainerEngineArgs, opts?: pulumi.CustomResourceOptions) {
    super("ContainerEngine", name, args, opts);
  }

  /** One that exists, by its id: read, and left as it is. In the plugin form only. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): ContainerEngine {
    return new ContainerEngine(name, undefined as unknown as ContainerEngineArgs, { ...opts, id });
  }
}
