// Generated from schema/ by `npm run generate`. Do not edit.

import type * as pulumi from "@pulumi/pulumi";
import type { HostReference } from "../../provider/generated/types";
import { MicrovmResource, type ReferenceTo } from "../resource";
import type { Host } from "./host";

export interface NetworkArgs {
  /** The host that it lives on. */
  host: ReferenceTo<Host, HostReference>;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name?: pulumi.Input<string>;
  /** Take over an object of this name that another program made. (default false) */
  adopt?: pulumi.Input<boolean>;
  /** The network's addresses, e.g. `172.30.0.0/24`: /8 to /30. */
  cidr: pulumi.Input<string>;
  /** The bridge's own address. Default: the first of the network. */
  gateway?: pulumi.Input<string>;
  /** Translate addresses so that microVMs reach what the host reaches. (default true) */
  nat?: pulumi.Input<boolean>;
  /** Serve addresses by DHCP: to microVMs the ones they have in the program. (default true) */
  dhcp?: pulumi.Input<boolean>;
  /** Name servers that guests are told. Default: the bridge, which forwards to the host's. */
  dns?: pulumi.Input<Array<pulumi.Input<string>>>;
  /** Domain of the guests' names. (at most 253 characters) */
  domain?: pulumi.Input<string>;
  /** `isolated`: microVMs on the network do not reach each other. `open`: they do. (default "isolated") */
  traffic?: pulumi.Input<"isolated" | "open">;
  /** Largest packet. (in B; 1280 to 65521; default 1500) */
  mtu?: pulumi.Input<number>;
}

/** A bridge on a host with its addresses, a DHCP and DNS server, address translation to the outside, and rules that let each microVM send only as itself. */
export class Network extends MicrovmResource {
  /** The host that it lives on. */
  declare readonly host: pulumi.Output<HostReference>;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  declare readonly name: pulumi.Output<string>;
  /** Take over an object of this name that another program made. (default false) */
  declare readonly adopt: pulumi.Output<boolean>;
  /** The network's addresses, e.g. `172.30.0.0/24`: /8 to /30. */
  declare readonly cidr: pulumi.Output<string>;
  /** The bridge's own address. Default: the first of the network. */
  declare readonly gateway: pulumi.Output<string | undefined>;
  /** Translate addresses so that microVMs reach what the host reaches. (default true) */
  declare readonly nat: pulumi.Output<boolean>;
  /** Serve addresses by DHCP: to microVMs the ones they have in the program. (default true) */
  declare readonly dhcp: pulumi.Output<boolean>;
  /** Name servers that guests are told. Default: the bridge, which forwards to the host's. */
  declare readonly dns: pulumi.Output<string[] | undefined>;
  /** Domain of the guests' names. (at most 253 characters) */
  declare readonly domain: pulumi.Output<string | undefined>;
  /** `isolated`: microVMs on the network do not reach each other. `open`: they do. (default "isolated") */
  declare readonly traffic: pulumi.Output<"isolated" | "open">;
  /** Largest packet. (in B; 1280 to 65521; default 1500) */
  declare readonly mtu: pulumi.Output<number>;
  /** Name of the bridge on the host. */
  declare readonly bridge: pulumi.Output<string>;
  /** The bridge's address. */
  declare readonly gatewayAddress: pulumi.Output<string>;
  /** Length of the network's prefix. (in bit) */
  declare readonly prefixLength: pulumi.Output<number>;
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  declare readonly drift: pulumi.Output<string[]>;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.CustomResourceOptions) {
    super("Network", name, args, opts);
  }

  /** One that exists, by its id: read, and left as it is. In the plugin form only. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): Network {
    return new Network(name, undefined as unknown as NetworkArgs, { ...opts, id });
  }
}
