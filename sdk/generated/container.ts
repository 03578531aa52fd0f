// Generated from schema/ by `npm run generate`. Do not edit.

import type * as pulumi from "@pulumi/pulumi";
import type { HostReference, ContainerEngineReference, KataRuntimeReference, GVisorReference, NetworkReference } from "../../provider/generated/types";
import { MicrovmResource, type ReferenceTo } from "../resource";
import type { Host } from "./host";
import type { ContainerEngine } from "./container-engine";
import type { KataRuntime } from "./kata-runtime";
import type { GVisor } from "./g-visor";
import type { Network } from "./network";

export interface ContainerArgs {
  /** The host that it lives on. */
  host: ReferenceTo<Host, HostReference>;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name?: pulumi.Input<string>;
  /** Take over an object of this name that another program made. (default false) */
  adopt?: pulumi.Input<boolean>;
  /** The engine that runs it: a `containerd`. */
  engine: ReferenceTo<ContainerEngine, ContainerEngineReference>;
  /** What it runs. */
  image: pulumi.Input<{
    /** A name in a registry, such as `docker.io/library/nginx:1.27`, with or without `@sha256:…`. What a tag leads to is looked up once and kept (`imageDigest`) until the declaration changes. Where the registry wants a login, log in on the host (`skopeo login`). (at most 512 characters) */
    reference?: pulumi.Input<string>;
    /** An OCI or Docker archive (`.tar`) on the machine that runs the program. (at most 4096 characters) */
    archive?: pulumi.Input<string>;
    /** Digest that its manifest must have. */
    digest?: pulumi.Input<string>;
    /** Whether the registry must prove who it is. Without it, plain HTTP is taken too. (default true) */
    tls?: pulumi.Input<boolean>;
  }>;
  /** The runtime that it runs under: `runc`, the handler of `gvisor`, or one of those of `kata`. Give this or `isolation`. (at most 64 characters) */
  handler?: pulumi.Input<string>;
  /** `vm`: under the first handler of `kata`. `gvisor`: under gVisor. `strongest`: the first of these that the host can truly do; which and why is in `runsUnder` and `isolationReason`. It is never less than gVisor. */
  isolation?: pulumi.Input<"vm" | "gvisor" | "strongest">;
  /** Kata on the host. */
  kata?: ReferenceTo<KataRuntime, KataRuntimeReference>;
  /** gVisor on the host. */
  gvisor?: ReferenceTo<GVisor, GVisorReference>;
  /** Program and arguments. Default: the image's. */
  command?: pulumi.Input<Array<pulumi.Input<string>>>;
  /** Environment variables besides the image's. They stand in no command line and in no unit. */
  environment?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Default: the image's. (at most 1024 characters) */
  workingDirectory?: pulumi.Input<string>;
  /** Whether its root filesystem is read-only. (default false) */
  readOnly?: pulumi.Input<boolean>;
  /** Directories and files of the host, and memory, that it sees. */
  mounts?: pulumi.Input<Array<pulumi.Input<{
    /** Directory or file on the host. Default: memory of its own (tmpfs), gone when it ends. (at most 1024 characters) */
    source?: pulumi.Input<string>;
    /** Where, in the container. (at most 1024 characters) */
    target: pulumi.Input<string>;
    /** Whether it may not write there. (default false) */
    readOnly?: pulumi.Input<boolean>;
  }>>>;
  /** Network interfaces, in the container `eth0` and on, under the same rules as a microVM's. Default: none but the loopback. */
  interfaces?: pulumi.Input<Array<pulumi.Input<{
    /** The network. */
    network: ReferenceTo<Network, NetworkReference>;
    /** MAC address. Default: made from the container's name. */
    mac?: pulumi.Input<string>;
    /** Address in the network. Default: a free one, kept for the container's life. */
    address?: pulumi.Input<string>;
  }>>>;
  /** Ports of the host that lead to the first interface, for IPv4 and from outside the host's own networks of microVMs. The network needs `nat`, or a way back of its own. */
  ports?: pulumi.Input<Array<pulumi.Input<{
    /** Port on the host. (1 to 65535) */
    host: pulumi.Input<number>;
    /** Port of the container. (1 to 65535) */
    container: pulumi.Input<number>;
    /** Which of the two. (default "tcp") */
    protocol?: pulumi.Input<"tcp" | "udp">;
    /** Address of the host that the port is on. Default: every one. */
    address?: pulumi.Input<string>;
  }>>>;
  /** Bounds, where the host has the control-group controllers; for a runtime with a virtual machine, of that. */
  limits?: pulumi.Input<{
    /** Memory. Default: no bound. (in MiB; 4 to 4194304) */
    memory?: pulumi.Input<number>;
    /** Processor time, 100 being one processor. Default: no bound. (in %; 1 to 6400) */
    cpu?: pulumi.Input<number>;
  }>;
  /** When it counts as ready: at most one of `tcp` and `log`. Default: when it runs. */
  ready?: pulumi.Input<{
    /** A port of the first interface accepts connections. (1 to 65535) */
    tcp?: pulumi.Input<number>;
    /** A line of its output matches this POSIX extended regular expression. (at most 512 characters) */
    log?: pulumi.Input<string>;
    /** How long to wait. (in s; 1 to 3600; default 60) */
    timeout?: pulumi.Input<number>;
  }>;
  /** What the host does when it ends by itself: `on-failure` when its status is not 0, `always` also when it is. At most 5 starts in 30 seconds. (default "on-failure") */
  restart?: pulumi.Input<"always" | "on-failure" | "never">;
  /** How long it may take to end after the image's stop signal before it is killed. (in s; 0 to 3600; default 10) */
  stopTimeout?: pulumi.Input<number>;
  /** Whether it is to run. (default "running") */
  state?: pulumi.Input<"running" | "stopped">;
}

/** A container on a host without Kubernetes: an OCI image under the runtime of your choice, supervised by systemd. It comes back when the host boots and when its policy says so, and runs on while its engine is restarted. Each start is a fresh container: what is to stay lies in a mount. */
export class Container extends MicrovmResource {
  /** The host that it lives on. */
  declare readonly host: pulumi.Output<HostReference>;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  declare readonly name: pulumi.Output<string>;
  /** Take over an object of this name that another program made. (default false) */
  declare readonly adopt: pulumi.Output<boolean>;
  /** The engine that runs it: a `containerd`. */
  declare readonly engine: pulumi.Output<ContainerEngineReference>;
  /** What it runs. */
  declare readonly image: pulumi.Output<{
      /** A name in a registry, such as `docker.io/library/nginx:1.27`, with or without `@sha256:…`. What a tag leads to is looked up once and kept (`imageDigest`) until the declaration changes. Where the registry wants a login, log in on the host (`skopeo login`). (at most 512 characters) */
      reference?: string;
      /** An OCI or Docker archive (`.tar`) on the machine that runs the program. (at most 4096 characters) */
      archive?: string;
      /** Digest that its manifest must have. */
      digest?: string;
      /** Whether the registry must prove who it is. Without it, plain HTTP is taken too. (default true) */
      tls?: boolean;
    }>;
  /** The runtime that it runs under: `runc`, the handler of `gvisor`, or one of those of `kata`. Give this or `isolation`. (at most 64 characters) */
  declare readonly handler: pulumi.Output<string | undefined>;
  /** `vm`: under the first handler of `kata`. `gvisor`: under gVisor. `strongest`: the first of these that the host can truly do; which and why is in `runsUnder` and `isolationReason`. It is never less than gVisor. */
  declare readonly isolation: pulumi.Output<"vm" | "gvisor" | "strongest" | undefined>;
  /** Kata on the host. */
  declare readonly kata: pulumi.Output<KataRuntimeReference | undefined>;
  /** gVisor on the host. */
  declare readonly gvisor: pulumi.Output<GVisorReference | undefined>;
  /** Program and arguments. Default: the image's. */
  declare readonly command: pulumi.Output<string[] | undefined>;
  /** Environment variables besides the image's. They stand in no command line and in no unit. */
  declare readonly environment: pulumi.Output<Record<string, string> | undefined>;
  /** Default: the image's. (at most 1024 characters) */
  declare readonly workingDirectory: pulumi.Output<string | undefined>;
  /** Whether its root filesystem is read-only. (default false) */
  declare readonly readOnly: pulumi.Output<boolean>;
  /** Directories and files of the host, and memory, that it sees. */
  declare readonly mounts: pulumi.Output<Array<{
      /** Directory or file on the host. Default: memory of its own (tmpfs), gone when it ends. (at most 1024 characters) */
      source?: string;
      /** Where, in the container. (at most 1024 characters) */
      target: string;
      /** Whether it may not write there. (default false) */
      readOnly?: boolean;
    }> | undefined>;
  /** Network interfaces, in the container `eth0` and on, under the same rules as a microVM's. Default: none but the loopback. */
  declare readonly interfaces: pulumi.Output<Array<{
      /** The network. */
      network: NetworkReference;
      /** MAC address. Default: made from the container's name. */
      mac?: string;
      /** Address in the network. Default: a free one, kept for the container's life. */
      address?: string;
    }> | undefined>;
  /** Ports of the host that lead to the first interface, for IPv4 and from outside the host's own networks of microVMs. The network needs `nat`, or a way back of its own. */
  declare readonly ports: pulumi.Output<Array<{
      /** Port on the host. (1 to 65535) */
      host: number;
      /** Port of the container. (1 to 65535) */
      container: number;
      /** Which of the two. (default "tcp") */
      protocol?: "tcp" | "udp";
      /** Address of the host that the port is on. Default: every one. */
      address?: string;
    }> | undefined>;
  /** Bounds, where the host has the control-group controllers; for a runtime with a virtual machine, of that. */
  declare readonly limits: pulumi.Output<{
      /** Memory. Default: no bound. (in MiB; 4 to 4194304) */
      memory?: number;
      /** Processor time, 100 being one processor. Default: no bound. (in %; 1 to 6400) */
      cpu?: number;
    } | undefined>;
  /** When it counts as ready: at most one of `tcp` and `log`. Default: when it runs. */
  declare readonly ready: pulumi.Output<{
      /** A port of the first interface accepts connections. (1 to 65535) */
      tcp?: number;
      /** A line of its output matches this POSIX extended regular expression. (at most 512 characters) */
      log?: string;
      /** How long to wait. (in s; 1 to 3600; default 60) */
      timeout?: number;
    } | undefined>;
  /** What the host does when it ends by itself: `on-failure` when its status is not 0, `always` also when it is. At most 5 starts in 30 seconds. (default "on-failure") */
  declare readonly restart: pulumi.Output<"always" | "on-failure" | "never">;
  /** How long it may take to end after the image's stop signal before it is killed. (in s; 0 to 3600; default 10) */
  declare readonly stopTimeout: pulumi.Output<number>;
  /** Whether it is to run. (default "running") */
  declare readonly state: pulumi.Output<"running" | "stopped">;
  /** Digest of the manifest of the image that it runs. */
  declare readonly imageDigest: pulumi.Output<string>;
  /** Handler of the runtime that it runs under. */
  declare readonly runsUnder: pulumi.Output<string>;
  /** Why it is that one. */
  declare readonly isolationReason: pulumi.Output<string>;
  /** Address of the first interface; empty without one. */
  declare readonly ipAddress: pulumi.Output<string>;
  /** Address of each interface, in order. */
  declare readonly addresses: pulumi.Output<string[]>;
  /** Its systemd unit on the host. */
  declare readonly unit: pulumi.Output<string>;
  /** Its output on the host, kept within 16 MiB; under Kata it is cut once a minute only. */
  declare readonly logFile: pulumi.Output<string>;
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  declare readonly drift: pulumi.Output<string[]>;

  constructor(name: string, args: ContainerArgs, opts?: pulumi.CustomResourceOptions) {
    super("Container", name, args, opts);
  }

  /** One that exists, by its id: read, and left as it is. In the plugin form only. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Container {
    return new Container(name, undefined as unknown as ContainerArgs, { ...opts, id });
  }
}
