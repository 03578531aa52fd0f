// Generated from schema/ by `npm run generate`. Do not edit.

import type * as pulumi from "@pulumi/pulumi";
import { MicrovmResource } from "../resource";

export interface HostArgs {
  /** Name used in messages. Default: the resource's name. (at most 40 characters) */
  name?: pulumi.Input<string>;
  /** Host name or IP address, or `local` for the machine that runs the program. (at most 255 characters) */
  address: pulumi.Input<string>;
  /** SSH port. Default: `~/.ssh/config`, then 22. (1 to 65535) */
  port?: pulumi.Input<number>;
  /** User to log in as: root, or one that may run `sudo -n`. Default: `~/.ssh/config`, then the current user. (at most 64 characters) */
  user?: pulumi.Input<string>;
  /** Private key as text. Prefer `privateKeyFile`, an agent or `~/.ssh/config`: what is not given here is in no state. */
  privateKey?: pulumi.Input<string>;
  /** Passphrase of the private key. */
  passphrase?: pulumi.Input<string>;
  /** Password to log in with. */
  password?: pulumi.Input<string>;
  /** Private key file on the machine that runs the program. (at most 4096 characters) */
  privateKeyFile?: pulumi.Input<string>;
  /** Socket of an SSH agent. Default: `SSH_AUTH_SOCK`. (at most 4096 characters) */
  agent?: pulumi.Input<string>;
  /** The host key to accept: a `SHA256:…` fingerprint or an OpenSSH public key. Default: what `known_hosts` says. (at most 8192 characters) */
  hostKey?: pulumi.Input<string>;
  /** Accept an unknown host key at the first connection; from then on it is pinned in the state and a changed key is refused. (default false) */
  trustOnFirstUse?: pulumi.Input<boolean>;
  /** The known_hosts file. Default: `~/.ssh/known_hosts`. (at most 4096 characters) */
  knownHosts?: pulumi.Input<string>;
  /** The SSH client configuration to honour, or `none`. Default: `~/.ssh/config`. (at most 4096 characters) */
  sshConfig?: pulumi.Input<string>;
  /** Hosts to go through, first hop first. */
  jump?: pulumi.Input<Array<pulumi.Input<{
    /** Host name or IP address. (at most 255 characters) */
    address: pulumi.Input<string>;
    /** Its SSH port. (1 to 65535; default 22) */
    port?: pulumi.Input<number>;
    /** User to log in as. Default: `~/.ssh/config`, then the current user. (at most 64 characters) */
    user?: pulumi.Input<string>;
    /** Private key file for this hop. (at most 4096 characters) */
    privateKeyFile?: pulumi.Input<string>;
    /** The host key to accept: a `SHA256:…` fingerprint or an OpenSSH public key. */
    hostKey?: pulumi.Input<string>;
  }>>>;
  /** How long each kind of remote step may take. */
  deadlines?: pulumi.Input<{
    /** How long to try again where nothing listens yet: a machine that was made a moment ago, or starts. (in s; 0 to 86400; default 0) */
    boot?: pulumi.Input<number>;
    /** Opening the TCP connection. (in s; default 15) */
    dial?: pulumi.Input<number>;
    /** SSH handshake and authentication. (in s; default 20) */
    authentication?: pulumi.Input<number>;
    /** One remote step, not counting uploads. (in s; default 600) */
    command?: pulumi.Input<number>;
  }>;
  /** Distribution packages that must be installed besides those the provider needs. Those that were missing are removed again on delete. */
  packages?: pulumi.Input<Array<pulumi.Input<string>>>;
  /** Kernel modules that must be loaded, now and at each boot. */
  kernelModules?: pulumi.Input<Array<pulumi.Input<string>>>;
  /** Kernel parameters that must be set, now and at each boot, e.g. `{ "vm.swappiness": "1" }`. The former values come back on delete. */
  sysctls?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Take over a host whose record names another program. (default false) */
  adopt?: pulumi.Input<boolean>;
  /** What to turn off on a host that runs guests of several tenants, now and at every boot; delete, and taking it away here, bring back what was. Whatever is asked for, `hardeningFindings` tells what falls short. */
  hardening?: pulumi.Input<{
    /** Simultaneous multithreading: guests on sibling threads share a core's caches and buffers. */
    smt?: pulumi.Input<"off">;
    /** Merging of equal memory pages, by which guests learn what others hold. */
    ksm?: pulumi.Input<"off">;
    /** All swap areas: memory of guests is not written to disk. */
    swap?: pulumi.Input<"off">;
  }>;
}

/** A machine that runs microVMs, reached over SSH (or the machine itself, with `address: "local"`). Creating it installs the host kit, the packages, kernel modules and sysctls that are asked for, and tells what the machine is. Deleting it takes back exactly what it installed. */
export class Host extends MicrovmResource {
  /** Name used in messages. Default: the resource's name. (at most 40 characters) */
  declare readonly name: pulumi.Output<string>;
  /** Host name or IP address, or `local` for the machine that runs the program. (at most 255 characters) */
  declare readonly address: pulumi.Output<string>;
  /** SSH port. Default: `~/.ssh/config`, then 22. (1 to 65535) */
  declare readonly port: pulumi.Output<number | undefined>;
  /** User to log in as: root, or one that may run `sudo -n`. Default: `~/.ssh/config`, then the current user. (at most 64 characters) */
  declare readonly user: pulumi.Output<string | undefined>;
  /** Private key as text. Prefer `privateKeyFile`, an agent or `~/.ssh/config`: what is not given here is in no state. */
  declare readonly privateKey: pulumi.Output<string | undefined>;
  /** Passphrase of the private key. */
  declare readonly passphrase: pulumi.Output<string | undefined>;
  /** Password to log in with. */
  declare readonly password: pulumi.Output<string | undefined>;
  /** Private key file on the machine that runs the program. (at most 4096 characters) */
  declare readonly privateKeyFile: pulumi.Output<string | undefined>;
  /** Socket of an SSH agent. Default: `SSH_AUTH_SOCK`. (at most 4096 characters) */
  declare readonly agent: pulumi.Output<string | undefined>;
  /** The host key to accept: a `SHA256:…` fingerprint or an OpenSSH public key. Default: what `known_hosts` says. (at most 8192 characters) */
  declare readonly hostKey: pulumi.Output<string | undefined>;
  /** Accept an unknown host key at the first connection; from then on it is pinned in the state and a changed key is refused. (default false) */
  declare readonly trustOnFirstUse: pulumi.Output<boolean>;
  /** The known_hosts file. Default: `~/.ssh/known_hosts`. (at most 4096 characters) */
  declare readonly knownHosts: pulumi.Output<string | undefined>;
  /** The SSH client configuration to honour, or `none`. Default: `~/.ssh/config`. (at most 4096 characters) */
  declare readonly sshConfig: pulumi.Output<string | undefined>;
  /** Hosts to go through, first hop first. */
  declare readonly jump: pulumi.Output<Array<{
      /** Host name or IP address. (at most 255 characters) */
      address: string;
      /** Its SSH port. (1 to 65535; default 22) */
      port?: number;
      /** User to log in as. Default: `~/.ssh/config`, then the current user. (at most 64 characters) */
      user?: string;
      /** Private key file for this hop. (at most 4096 characters) */
      privateKeyFile?: string;
      /** The host key to accept: a `SHA256:…` fingerprint or an OpenSSH public key. */
      hostKey?: string;
    }> | undefined>;
  /** How long each kind of remote step may take. */
  declare readonly deadlines: pulumi.Output<{
      /** How long to try again where nothing listens yet: a machine that was made a moment ago, or starts. (in s; 0 to 86400; default 0) */
      boot?: number;
      /** Opening the TCP connection. (in s; default 15) */
      dial?: number;
      /** SSH handshake and authentication. (in s; default 20) */
      authentication?: number;
      /** One remote step, not counting uploads. (in s; default 600) */
      command?: number;
    } | undefined>;
  /** Distribution packages that must be installed besides those the provider needs. Those that were missing are removed again on delete. */
  declare readonly packages: pulumi.Output<string[] | undefined>;
  /** Kernel modules that must be loaded, now and at each boot. */
  declare readonly kernelModules: pulumi.Output<string[] | undefined>;
  /** Kernel parameters that must be set, now and at each boot, e.g. `{ "vm.swappiness": "1" }`. The former values come back on delete. */
  declare readonly sysctls: pulumi.Output<Record<string, string> | undefined>;
  /** Take over a host whose record names another program. (default false) */
  declare readonly adopt: pulumi.Output<boolean>;
  /** What to turn off on a host that runs guests of several tenants, now and at every boot; delete, and taking it away here, bring back what was. Whatever is asked for, `hardeningFindings` tells what falls short. */
  declare readonly hardening: pulumi.Output<{
      /** Simultaneous multithreading: guests on sibling threads share a core's caches and buffers. */
      smt?: "off";
      /** Merging of equal memory pages, by which guests learn what others hold. */
      ksm?: "off";
      /** All swap areas: memory of guests is not written to disk. */
      swap?: "off";
    } | undefined>;
  /** The machine's own identity (`/etc/machine-id`). A new address with the same identity is the same host. */
  declare readonly machineId: pulumi.Output<string>;
  /** How the host is reached, with its pinned host key. Holds no secret. */
  declare readonly connection: pulumi.Output<{
      address: string;
      /** (1 to 65535) */
      port?: number;
      user?: string;
      privateKeyFile?: string;
      agent?: string;
      hostKey?: string;
      knownHosts?: string;
      sshConfig?: string;
      jump?: Array<{
        /** Host name or IP address. (at most 255 characters) */
        address: string;
        /** Its SSH port. (1 to 65535; default 22) */
        port?: number;
        /** User to log in as. Default: `~/.ssh/config`, then the current user. (at most 64 characters) */
        user?: string;
        /** Private key file for this hop. (at most 4096 characters) */
        privateKeyFile?: string;
        /** The host key to accept: a `SHA256:…` fingerprint or an OpenSSH public key. */
        hostKey?: string;
      }>;
      /** How long each kind of remote step may take. */
      deadlines?: {
        /** How long to try again where nothing listens yet: a machine that was made a moment ago, or starts. (in s; 0 to 86400; default 0) */
        boot?: number;
        /** Opening the TCP connection. (in s; default 15) */
        dial?: number;
        /** SSH handshake and authentication. (in s; default 20) */
        authentication?: number;
        /** One remote step, not counting uploads. (in s; default 600) */
        command?: number;
      };
    }>;
  /** Fingerprint of the host key, `SHA256:…`; empty for `local`. */
  declare readonly fingerprint: pulumi.Output<string>;
  /** Name and version of the operating system. */
  declare readonly os: pulumi.Output<string>;
  /** As `uname -m` names it, e.g. `x86_64`. */
  declare readonly architecture: pulumi.Output<string>;
  /** Release of the running kernel. */
  declare readonly kernelVersion: pulumi.Output<string>;
  /** Online processors. */
  declare readonly cpus: pulumi.Output<number>;
  /** Name of the processor. */
  declare readonly cpuModel: pulumi.Output<string>;
  /** Usable memory. (in MiB) */
  declare readonly memory: pulumi.Output<number>;
  /** Which control-group hierarchy the host has. Limits of microVMs are enforced where the controllers exist. */
  declare readonly cgroups: pulumi.Output<"v1" | "v2" | "hybrid">;
  /** What a timed probe guest showed: `kvm` can run guests; `kvm-slow` has a /dev/kvm that emulates and is useless for them; `none` has none. */
  declare readonly virtualization: pulumi.Output<"kvm" | "kvm-slow" | "none">;
  /** What the probe saw, in a sentence. */
  declare readonly virtualizationEvidence: pulumi.Output<string>;
  /** Whether the host is itself a virtual machine. */
  declare readonly nested: pulumi.Output<"yes" | "no" | "unknown">;
  /** Content hash of the host kit in `/usr/lib/microvm`. */
  declare readonly kit: pulumi.Output<string>;
  /** Packages that were missing and that delete removes again. */
  declare readonly installedPackages: pulumi.Output<string[]>;
  /** Where the host falls short of what is advised for several tenants, a sentence each: SMT, KSM, swap, unmitigated flaws of the processor. */
  declare readonly hardeningFindings: pulumi.Output<string[]>;
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  declare readonly drift: pulumi.Output<string[]>;

  constructor(name: string, args: HostArgs, opts?: pulumi.CustomResourceOptions) {
    super("Host", name, args, opts);
  }

  /** One that exists, by its id: read, and left as it is. In the plugin form only. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Host {
    return new Host(name, undefined as unknown as HostArgs, { ...opts, id });
  }
}
