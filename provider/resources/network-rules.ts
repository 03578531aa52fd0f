import type { NetworkInputs } from "../generated/types";
import { bridgeName } from "../host/names";
import { baseAddress, firstAddress, parseCidr, toAddress, toNumber } from "./addresses";

/** The text that a network is on its host: links, packet filter, DHCP server. Pure. */

export interface NetworkPlan {
  name: string;
  bridge: string;
  cidr: string;
  gateway: string;
  prefixLength: number;
}

export function networkPlan(inputs: NetworkInputs): NetworkPlan {
  const name = inputs.name as string;
  return {
    name,
    bridge: bridgeName(name),
    cidr: inputs.cidr,
    gateway: inputs.gateway ?? firstAddress(inputs.cidr),
    prefixLength: parseCidr(inputs.cidr).prefixLength,
  };
}

export function directory(network: string): string {
  return `/etc/microvm/networks/${network}`;
}

/** nftables takes letters, digits and underscores. */
export function tableName(network: string): string {
  return `microvm_${network.replaceAll("-", "_")}`;
}

/** `family:table` of every table of a network. */
export function tables(network: string, nat: boolean): string[] {
  const table = tableName(network);
  return [`bridge:${table}`, `inet:${table}`, ...(nat ? [`ip:${table}`] : [])];
}

/** Lines for `ip -batch` that make the bridge. */
export function linkLines(inputs: NetworkInputs): string[] {
  const { bridge, gateway, prefixLength } = networkPlan(inputs);
  const mtu = inputs.mtu ?? 1500;
  return [`link set dev ${bridge} mtu ${mtu} up`, `address replace ${gateway}/${prefixLength} dev ${bridge}`];
}

/**
 * The packet filter. A microVM sends only with its own MAC and IPv4 address; to the host it may speak DHCP, DNS and
 * ping; to the cloud's metadata address, to other networks of ours and, unless the traffic is open, to its neighbours
 * not at all. What a tap is allowed stands in its own chain, which the fragments below `vms/` add.
 */
export function ruleText(inputs: NetworkInputs): string {
  const { name, bridge, cidr } = networkPlan(inputs);
  const table = tableName(name);
  const nat = inputs.nat ?? true;
  const base = `${baseAddress(cidr)}/${parseCidr(cidr).prefixLength}`;
  const fresh = (family: string) => [`table ${family} ${table} {}`, `delete table ${family} ${table}`];
  return `${[
    ...fresh("bridge"),
    ...fresh("inet"),
    ...fresh("ip"),
    `table bridge ${table} {`,
    // Every bridge of the host passes here: what is not ours must not be touched.
    "  set taps {",
    "    type ifname",
    "  }",
    "  map senders {",
    "    type ifname : verdict",
    "  }",
    "  map receivers {",
    "    type ifname : verdict",
    "  }",
    "  chain prerouting {",
    "    type filter hook prerouting priority -300; policy accept;",
    "    iifname vmap @senders",
    "    iifname @taps drop",
    "  }",
    "  chain forward {",
    "    type filter hook forward priority 0; policy accept;",
    ...((inputs.traffic ?? "isolated") === "isolated" ? ["    iifname @taps oifname @taps drop"] : []),
    "  }",
    "  chain postrouting {",
    "    type filter hook postrouting priority 300; policy accept;",
    "    oifname vmap @receivers",
    "  }",
    "}",
    `table inet ${table} {`,
    "  chain input {",
    "    type filter hook input priority 0; policy accept;",
    `    iifname != "${bridge}" accept`,
    "    ct state established,related accept",
    "    udp dport { 53, 67 } accept",
    "    tcp dport 53 accept",
    "    icmp type echo-request accept",
    "    drop",
    "  }",
    "  chain forward {",
    "    type filter hook forward priority 0; policy accept;",
    `    iifname "${bridge}" ip daddr 169.254.0.0/16 drop`,
    `    iifname "${bridge}" oifname "${bridge}" ${(inputs.traffic ?? "isolated") === "isolated" ? "drop" : "accept"}`,
    `    iifname "${bridge}" oifname "mvb-*" drop`,
    `    oifname "${bridge}" ct state established,related accept`,
    // Ports of the host that its administrator has led to a container.
    `    oifname "${bridge}" ct status dnat accept`,
    `    oifname "${bridge}" drop`,
    ...(nat ? [] : [`    iifname "${bridge}" drop`]),
    "  }",
    "}",
    ...(nat
      ? [
          `table ip ${table} {`,
          "  chain postrouting {",
          "    type nat hook postrouting priority 100; policy accept;",
          `    ip saddr ${base} oifname != "${bridge}" masquerade`,
          "  }",
          "}",
        ]
      : []),
    `include "${directory(name)}/vms/*.nft"`,
  ].join("\n")}\n`;
}

/** What one interface of a microVM is on its network. */
export interface Sender {
  tap: string;
  mac: string;
  address: string;
  /** Whether its link is up. */
  connected: boolean;
  /** What a clone's guest takes for its own and for its gateway: those of its snapshot. */
  inside?: Inside;
}

export interface Inside {
  mac: string;
  address: string;
  gateway: string;
}

/**
 * What one interface of a microVM may send, and for a clone what becomes of it; nothing passes one that is not connected.
 * `gateway` is the network's.
 */
export function senderText(network: string, gateway: string, sender: Sender): string {
  const { tap, connected } = sender;
  const table = tableName(network);
  const suffix = tap.replaceAll("-", "_");
  const { out, in: into } = connected ? passing(gateway, sender) : { out: ["drop"], in: ["drop"] };
  const verdicts = (map: string, chain: string) => [
    `  map ${map} {`,
    "    type ifname : verdict",
    `    elements = { "${tap}" : jump ${chain} }`,
    "  }",
  ];
  return `${[
    `table bridge ${table} {`,
    `  chain from_${suffix} {`,
    ...out.map((rule) => `    ${rule}`),
    "  }",
    ...(into.length ? [`  chain to_${suffix} {`, ...into.map((rule) => `    ${rule}`), "  }"] : []),
    "  set taps {",
    "    type ifname",
    `    elements = { "${tap}" }`,
    "  }",
    ...verdicts("senders", `from_${suffix}`),
    ...(into.length ? verdicts("receivers", `to_${suffix}`) : []),
    "}",
  ].join("\n")}\n`;
}

function passing(gateway: string, { mac, address, inside }: Sender): { out: string[]; in: string[] } {
  const translation = inside ? translate({ mac, address, gateway }, inside) : { out: [], in: [] };
  return {
    out: [
      `ether saddr != ${inside?.mac ?? mac} drop`,
      `ether type arp arp saddr ether != ${inside?.mac ?? mac} drop`,
      ...translation.out,
      `ether type arp arp saddr ip { ${address}, 0.0.0.0 } accept`,
      "ether type arp drop",
      "ether type ip ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept",
      `ether type ip ip saddr != ${address} drop`,
      "ip daddr 169.254.0.0/16 drop",
      "ether type ip accept",
      "drop",
    ],
    in: translation.in,
  };
}

/**
 * A clone's guest goes on with the addresses of its snapshot; on the network it has its own. Each frame is rewritten at
 * its tap, without any state. The other way round the two are exchanged, so that a clone and the microVM that the
 * snapshot was taken of can speak with each other: each is to the other what it calls itself.
 */
function translate(own: Inside, inside: Inside): { out: string[]; in: string[] } {
  const set = (field: string, pairs: [string, string][]) => {
    // An element twice is an error, one that stays what it is does nothing.
    const all = new Map(pairs.filter(([from, to]) => from !== to).reverse());
    return all.size
      ? [`${field} set ${field} map { ${[...all].map(([from, to]) => `${from} : ${to}`).join(", ")} }`]
      : [];
  };
  const rules = (end: "saddr" | "daddr", macs: [string, string][], addresses: [string, string][]) => [
    ...set(`ether ${end}`, macs),
    ...set(`arp ${end} ether`, macs),
    ...set(`arp ${end} ip`, addresses),
    ...set(`ip ${end}`, addresses),
  ];
  return {
    out: [
      ...rules("saddr", [[inside.mac, own.mac]], [[inside.address, own.address]]),
      ...rules(
        "daddr",
        [[own.mac, inside.mac]],
        [
          [inside.gateway, own.gateway],
          [own.address, inside.address],
        ],
      ),
    ],
    in: [
      ...rules(
        "saddr",
        [[inside.mac, own.mac]],
        [
          [own.gateway, inside.gateway],
          [inside.address, own.address],
        ],
      ),
      ...rules("daddr", [[own.mac, inside.mac]], [[own.address, inside.address]]),
    ],
  };
}

/** dnsmasq: leases for those who are declared and for nobody else, and a way to the host's name servers. */
export function dhcpText(inputs: NetworkInputs): string {
  const { name, bridge, gateway, cidr } = networkPlan(inputs);
  const start = toNumber(baseAddress(cidr));
  const mask = toAddress(2 ** 32 - parseCidr(cidr).size);
  const dns = inputs.dns?.length ? inputs.dns : [gateway];
  const dhcp = inputs.dhcp ?? true;
  return `${[
    `interface=${bridge}`,
    "bind-dynamic",
    "except-interface=lo",
    "no-hosts",
    `pid-file=/run/microvm/dhcp-${name}/pid`,
    ...(inputs.domain ? [`domain=${inputs.domain}`, "expand-hosts"] : []),
    ...(dhcp
      ? [
          `dhcp-range=${toAddress(start)},static,${mask},12h`,
          `dhcp-hostsdir=${directory(name)}/dhcp`,
          `dhcp-leasefile=/run/microvm/dhcp-${name}/leases`,
          "dhcp-authoritative",
          `dhcp-option=option:router,${gateway}`,
          `dhcp-option=option:dns-server,${dns.join(",")}`,
          `dhcp-option=option:mtu,${inputs.mtu ?? 1500}`,
        ]
      : []),
  ].join("\n")}\n`;
}
