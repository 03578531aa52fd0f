import type { NetworkReference } from "../generated/types";
import { recordPath } from "../host/record";
import type { HostSession } from "../host/session";
import type { Snapshot } from "../host/snapshot";
import { allocate } from "./addresses";

interface Interface {
  network: NetworkReference;
  address?: string;
}

/** Kinds of objects that have interfaces on networks. */
const kinds = ["MicroVM", "Container"];

/**
 * An address for each interface of an object: the one that is declared, the one that it has had, or a free one.
 * `formerly` is what its record says it has had. What is chosen is reserved until the object is made.
 */
export function chooseAddresses(
  host: HostSession,
  snapshot: Snapshot,
  { kind, name, interfaces = [] }: { kind: string; name: string; interfaces?: Interface[] },
  formerly: string[] | undefined,
): string[] {
  const record = snapshot.records.get(recordPath(kind, name));
  const former = (record?.inputs.interfaces ?? []) as { network?: { name?: string; cidr?: string } }[];
  const holder = `${kind} ${name}`;
  return interfaces.map(({ network, address }, index) => {
    const key = (candidate: string) => `address ${network.name} ${candidate}`;
    const taken = (candidate: string) =>
      isTaken(snapshot, network.name as string, candidate, holder) || !host.reserve(key(candidate), holder);
    if (address) {
      host.reserve(key(address), holder);
      return address;
    }
    const kept = formerly?.[index];
    const same = former[index]?.network;
    if (kept && same?.name === network.name && same?.cidr === network.cidr && !taken(kept)) return kept;
    return allocate(network, taken, `${name}/${index}`);
  });
}

function isTaken(snapshot: Snapshot, network: string, address: string, self: string): boolean {
  for (const { kind, name, inputs, decided } of snapshot.records.values()) {
    if (!kinds.includes(kind) || `${kind} ${name}` === self) continue;
    const interfaces = (inputs.interfaces ?? []) as { network?: { name?: string } }[];
    const addresses = (decided.addresses ?? []) as string[];
    if (addresses.some((other, index) => other === address && interfaces[index]?.network?.name === network))
      return true;
  }
  return false;
}

/** Names of the networks that an object is on: by its record, or where that is gone by its state. */
export function formerNetworks(
  snapshot: Snapshot,
  kind: string,
  { name, prior = [] }: { name: string; prior?: Interface[] },
): string[] {
  const recorded = snapshot.records.get(recordPath(kind, name))?.inputs.interfaces;
  const interfaces = (recorded ?? prior) as { network?: { name?: string } }[];
  return [...new Set(interfaces.flatMap(({ network }) => (network?.name ? [network.name] : [])))];
}
