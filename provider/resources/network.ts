import { MicrovmError } from "../errors";
import type { NetworkInputs, NetworkReference, NetworkState } from "../generated/types";
import { command, installFile } from "../host/change";
import { objectDirectory } from "../host/record";
import { ChangeError, type HostSession } from "../host/session";
import { fileDrift, type Snapshot } from "../host/snapshot";
import type { Problem, Progress, Resource } from "../resource";
import { isUnknown } from "../schema/unknown";
import { lines } from "../vmm/driver";
import { baseAddress, checkAddress, overlaps, parseCidr } from "./addresses";
import { requireHost } from "./host-requirements";
import {
  dhcpText,
  directory,
  linkLines,
  networkPlan,
  ruleText,
  type Sender,
  senderText,
  tables,
} from "./network-rules";
import { beginLines, explainOwnership, isAnothers, isOurs, ownLines } from "./ownership";

/**
 * A bridge with its addresses, its packet filter and its DHCP server, made by units of our own: whatever manages the
 * host's network is left alone, and the host's next boot makes it again without us.
 */
export const network: Resource<NetworkInputs, NetworkState> = {
  kind: "Network",
  check,
  observe,
  recall: async (_host, inputs) => outputs(inputs),
  converge,
  remove,
};

function check(inputs: Partial<NetworkInputs>): Problem[] {
  const { cidr, gateway } = inputs;
  if (!cidr || isUnknown(cidr)) return [];
  const octets = cidr.split("/")[0]?.split(".").map(Number) ?? [];
  if (octets.some((octet) => octet > 255))
    return [{ property: "cidr", reason: `${cidr} is not a network: each number is at most 255` }];
  const base = baseAddress(cidr);
  const { prefixLength } = parseCidr(cidr);
  if (!cidr.startsWith(`${base}/`))
    return [{ property: "cidr", reason: `${cidr} has host bits set; the network is ${base}/${prefixLength}` }];
  if (!gateway || isUnknown(gateway)) return [];
  const reason = checkAddress({ cidr, gatewayAddress: "" }, gateway);
  return reason ? [{ property: "gateway", reason }] : [];
}

function files(inputs: NetworkInputs): Map<string, string> {
  const place = directory(inputs.name as string);
  return new Map([
    [`${place}/bridge`, `${networkPlan(inputs).bridge}\n`],
    [`${place}/up.ip`, lines(linkLines(inputs))],
    [`${place}/rules.nft`, ruleText(inputs)],
    [
      `${place}/tables`,
      lines(tables(inputs.name as string, inputs.nat ?? true).map((table) => table.replace(":", " "))),
    ],
    [`${place}/dnsmasq.conf`, dhcpText(inputs)],
    ...((inputs.nat ?? true) ? ([[`${place}/forward`, "\n"]] as [string, string][]) : []),
  ]);
}

const units = (name: string) => [`microvm-network@${name}.service`, `microvm-dhcp@${name}.service`];

async function observe(host: HostSession, state: NetworkState): Promise<NetworkState | undefined> {
  const snapshot = await host.snapshot();
  const name = state.name as string;
  if (!isOurs(snapshot, "Network", name, state.owner)) return undefined;
  const plan = networkPlan(state);
  const drift: string[] = [];
  for (const [path, content] of files(state)) drift.push(...fileDrift(snapshot, path, content));
  const bridge = snapshot.interfaces.get(plan.bridge);
  if (!bridge) drift.push(`bridge ${plan.bridge} is missing`);
  else {
    if (!bridge.up) drift.push(`bridge ${plan.bridge} is down`);
    if (!bridge.addresses.includes(`${plan.gateway}/${plan.prefixLength}`))
      drift.push(`bridge ${plan.bridge} does not have ${plan.gateway}`);
    if (bridge.mtu !== (state.mtu ?? 1500)) drift.push(`bridge ${plan.bridge} has an MTU of ${bridge.mtu}`);
  }
  drift.push(...ruleDrift(snapshot, name, state.nat ?? true));
  for (const unit of units(name)) {
    if (snapshot.units.get(unit)?.activeState !== "active") drift.push(`${unit} is not active`);
    if (!snapshot.enabled.has(`/etc/systemd/system/multi-user.target.wants/${unit}`))
      drift.push(`${unit} would not start when the host boots`);
  }
  return { ...state, drift };
}

/** The digest of each table is noted when it is loaded; the kernel prints a table in a form of its own. */
function ruleDrift(snapshot: Snapshot, name: string, nat: boolean): string[] {
  const noted = new Map(
    (snapshot.notes.get(`/run/microvm/network/${name}/rules`) ?? "")
      .split("\n")
      .map((line) => line.split(" ") as [string, string]),
  );
  return tables(name, nat).flatMap((table) => {
    const loaded = snapshot.rules.get(table);
    if (loaded === undefined) return [`packet filter table ${table} is missing`];
    return loaded === noted.get(table) ? [] : [`packet filter table ${table} was changed`];
  });
}

/** All of them follow from what is declared. */
function outputs(inputs: NetworkInputs): NetworkState {
  const { bridge, gateway, prefixLength } = networkPlan(inputs);
  return { ...inputs, bridge, gatewayAddress: gateway, prefixLength, drift: [] } as NetworkState;
}

async function converge(
  host: HostSession,
  inputs: NetworkInputs,
  prior: NetworkState | undefined,
  progress: Progress,
): Promise<NetworkState> {
  const name = inputs.name as string;
  const snapshot = await host.snapshot();
  requireHost(snapshot, `Network ${name}`, host.name);
  const plan = networkPlan(inputs);
  requireFree(snapshot, plan.cidr, plan.bridge, name);
  const object = objectDirectory("Network", name);
  const place = directory(name);
  const wanted = files(inputs);
  const [networkUnit, dhcpUnit] = units(name) as [string, string];
  try {
    await host.apply(
      {
        purpose: `${prior ? "update" : "create"} Network ${name}`,
        deadline: 1_800_000,
        prepare: [
          ...beginLines("Network", inputs, prior),
          command("mv_packages", object, "dnsmasq-base", "nftables", "iproute2"),
          ...["vms", "dhcp", "leases"].map((child) => command("mv_dir", `${place}/${child}`, "0755", "root:root")),
          ...[...wanted].map(([path, content]) => installFile(path, content)),
          ...(wanted.has(`${place}/forward`) ? [] : [command("mv_gone", `${place}/forward`)]),
        ],
        commit: [
          "mv_reload",
          command("systemctl", "enable", "-q", networkUnit, dhcpUnit),
          // Running it again loads what changed and leaves taps and connections alone.
          command("systemctl", "start", networkUnit),
          command("/usr/lib/microvm/network-up", name),
          command("systemctl", "restart", dhcpUnit),
        ],
      },
      progress,
    );
  } catch (error) {
    throw explainOwnership(error, "Network", name);
  }
  return outputs(inputs);
}

function requireFree(snapshot: Snapshot, cidr: string, bridge: string, name: string): void {
  const fail = (other: string): never => {
    throw new MicrovmError({
      code: "network-overlap",
      verb: "create",
      subject: `Network ${name}`,
      cause: `its addresses ${cidr} overlap with ${other}`,
      hint: "Choose addresses that the host does not use yet.",
    });
  };
  for (const record of snapshot.records.values()) {
    if (record.kind !== "Network" || record.name === name) continue;
    const other = String(record.inputs.cidr);
    if (overlaps(cidr, other)) fail(`network ${record.name} (${other})`);
  }
  for (const { name: interfaceName, addresses } of snapshot.interfaces.values()) {
    if (interfaceName === bridge || interfaceName.startsWith("mvb-")) continue;
    const hit = addresses.find((address) => overlaps(cidr, address));
    if (hit) fail(`the host's interface ${interfaceName} (${hit})`);
  }
}

async function remove(host: HostSession, state: NetworkState): Promise<void> {
  const name = state.name as string;
  const snapshot = await host.snapshot();
  const object = objectDirectory("Network", name);
  if (!snapshot.files.has(object) || isAnothers(snapshot, "Network", name, state.owner)) return;
  const users = [...snapshot.records.values()].filter((record) =>
    ((record.inputs.interfaces ?? []) as { network?: { name?: string } }[]).some((item) => item.network?.name === name),
  );
  if (users.length) {
    throw new MicrovmError({
      code: "network-in-use",
      verb: "delete",
      subject: `Network ${name}`,
      cause: `there are still on it: ${users.map((user) => `${user.kind} ${user.name}`).join(", ")}`,
      hint: "Delete those first.",
    });
  }
  try {
    await host.apply({
      purpose: `delete Network ${name}`,
      deadline: 1_800_000,
      prepare: ownLines("Network", name, [state.owner]),
      commit: [
        ...units(name)
          .reverse()
          .map((unit) => `${command("systemctl", "disable", "-q", "--now", unit)} || true`),
        command("/usr/lib/microvm/network-down", name),
        command("mv_release", object),
        command("mv_gone", object, `/run/microvm/network/${name}`),
      ],
    });
  } catch (error) {
    throw explainOwnership(error, "Network", name);
  }
}

/** One interface of a microVM on a network. */
export interface Attachment extends Sender {
  vm: string;
  /** The interface's place in the microVM. */
  index: number;
  hostname: string;
}

/** Of /etc/resolv.conf on a network: its own name servers, or the host at the gateway's address. */
export function resolverLines({ dns, domain, gatewayAddress }: NetworkReference): string[] {
  const servers = dns?.length ? dns : [gatewayAddress];
  return [...(domain ? [`search ${domain}`] : []), ...servers.map((server) => `nameserver ${server}`)];
}

/** Shell command that says whose a claim is. Containers have names there that no microVM can have. */
const holder = "sed 's|/.*||; s/^/microVM /; s/^microVM c_/Container /'";

/** What lets a microVM speak on a network: its claim to the address, its filter, its lease. Idempotent. */
export function attachLines(
  reference: NetworkReference,
  attachment: Attachment,
): { prepare: string[]; commit: string[] } {
  const { vm, index, mac, address, hostname } = attachment;
  const name = reference.name as string;
  const place = directory(name);
  const claim = `${place}/leases/${address}`;
  return {
    prepare: [
      `[ -d ${place} ] || mv_fail network-missing ${command(name)}`,
      `if [ -e ${claim} ] && [ "$(cat ${claim})" != ${vm}/${index} ]; then mv_fail address-in-use "${address} of $(${holder} ${claim})"; fi`,
      // An address that it had before is free again.
      `grep -lxF ${vm}/${index} ${place}/leases/* 2> /dev/null | grep -vxF ${claim} | xargs -r rm -f`,
      installFile(claim, `${vm}/${index}\n`),
      installFile(`${place}/vms/${vm}-${index}.nft`, senderText(name, reference.gatewayAddress, attachment)),
      `[ "$mv_changed" = 0 ] || : > "$mv_work/rules-${name}"`,
      installFile(`${place}/dhcp/${vm}-${index}`, `${mac},${address},${hostname.split(".")[0]}\n`),
    ],
    // Of the changes in one batch, the first loads the rules for all.
    commit: [
      `if [ -e "$mv_work/rules-${name}" ] || [ ! -e /run/microvm/network/${name}/rules ]; then /usr/lib/microvm/network-up ${name}; rm -f "$mv_work/rules-${name}"; fi`,
    ],
  };
}

export function detachLines(name: string, vm: string): { prepare: string[]; commit: string[] } {
  const place = directory(name);
  return {
    prepare: [
      `if [ -d ${place} ]; then grep -l "^${vm}/[0-7]\\$" ${place}/leases/* 2> /dev/null | xargs -r rm -f; rm -f ${place}/dhcp/${vm}-[0-7]`,
      `if ls ${place}/vms/${vm}-[0-7].nft > /dev/null 2>&1; then rm -f ${place}/vms/${vm}-[0-7].nft; : > "$mv_work/rules-${name}"; fi; fi`,
    ],
    commit: [
      `if [ -e "$mv_work/rules-${name}" ]; then /usr/lib/microvm/network-up ${name}; systemctl kill -s HUP microvm-dhcp@${name}.service || true; rm -f "$mv_work/rules-${name}"; fi`,
    ],
  };
}

/** Lines for `ip -batch` that make an interface's tap. */
export function tapUpLines(reference: NetworkReference, { tap }: Attachment, user: string): string[] {
  const isolated = (reference.traffic ?? "isolated") === "isolated" ? "on" : "off";
  return [
    `tuntap add dev ${tap} mode tap user ${user} group ${user}`,
    `link set dev ${tap} mtu ${reference.mtu ?? 1500} master ${reference.bridge}`,
    `link set dev ${tap} type bridge_slave isolated ${isolated}`,
    `link set dev ${tap} up`,
  ];
}

/** What is wrong with an interface on the host, a sentence each. */
export function attachmentDrift(snapshot: Snapshot, reference: NetworkReference, attachment: Attachment): string[] {
  const { vm, index, tap, address } = attachment;
  const name = reference.name as string;
  const place = directory(name);
  const drift = [
    ...fileDrift(snapshot, `${place}/vms/${vm}-${index}.nft`, senderText(name, reference.gatewayAddress, attachment)),
    ...fileDrift(snapshot, `${place}/leases/${address}`, `${vm}/${index}\n`),
  ];
  const link = snapshot.interfaces.get(tap);
  if (!link) drift.push(`tap ${tap} is missing`);
  else if (link.master !== reference.bridge) drift.push(`tap ${tap} is not on bridge ${reference.bridge}`);
  else if (!link.up) drift.push(`tap ${tap} is down`);
  return drift;
}

export function explainNetwork(error: unknown, subject: string): unknown {
  if (!(error instanceof ChangeError) || error.code !== "network-missing") return error;
  return new MicrovmError(
    {
      code: "network-missing",
      verb: "attach",
      subject,
      cause: `network ${error.said} is not on the host`,
      hint: "Run `pulumi refresh`, then `pulumi up`: it makes the network first.",
    },
    { cause: error },
  );
}
