import { MicrovmError } from "./errors";
import type { Connection, HostReference, Kind } from "./generated/types";
import { type ObjectRecord, recordPath } from "./host/record";
import type { Snapshot } from "./host/snapshot";
import type { ObjectId } from "./object-id";
import { nearest } from "./schema/nearest";

/** What an id names among all that a host has recorded. Pure. */

type Properties = Record<string, unknown>;

/** The record of an object; undefined where its host has nothing of that name. */
export function recordNamed(snapshot: Snapshot, kind: Kind, id: ObjectId): ObjectRecord | undefined {
  if (kind === "Host") return hostNamed(snapshot, id);
  const { name = "", address } = id;
  const record = snapshot.records.get(recordPath(kind, name));
  if (record) return record;
  const records = [...snapshot.records.values()];
  const others = records.filter((other) => other.name === name).map((other) => other.kind);
  if (!others.length) return undefined;
  const same = records.filter((other) => other.kind === kind).map((other) => other.name);
  const meant = nearest(name, same);
  throw new MicrovmError({
    code: "another-kind",
    verb: "import",
    subject: `${kind} ${name}`,
    cause: `on host ${address} that is a ${others.sort().join(" and a ")}; ${same.length ? `of kind ${kind} there are: ${same.sort().join(", ")}` : `there is nothing of kind ${kind}`}`,
    hint: meant ? `Is ${address}/${meant} meant?` : `Import it as a ${others[0]}.`,
  });
}

/** An import takes nothing away from a program: that is for `adopt` to say. */
export function requireSameProgram({ kind, name, inputs, owner }: ObjectRecord, ours: string): void {
  const [theirs, own] = [programOf(owner), programOf(ours)];
  if (theirs === own || sameStack(theirs, own)) return;
  throw new MicrovmError({
    code: "not-ours",
    verb: "import",
    subject: `${kind} ${inputs.name ?? name}`,
    cause: `on the host it belongs to ${owner}`,
    hint:
      kind === "Host"
        ? "Declare a Host for the same machine: each program has its own."
        : "To take it over, declare it with adopt: true; what stands there as it is declared is not made anew.",
  });
}

/** A plugin is told no organization, whatever a program that asks Pulumi itself has written there. */
function sameStack(theirs: string, ours: string): boolean {
  const nameless = /^organization(?=\/)/;
  return nameless.test(ours) && !theirs.startsWith("terraform/") && theirs.endsWith(ours.replace(nameless, ""));
}

/** The part of an owner before the resource. */
function programOf(owner: string): string {
  return owner.replace(/::.*$/, "");
}

/** Several programs may have a Host for the same machine, also of the same name: then by its record's own. */
function hostNamed({ records }: Snapshot, { address, name }: ObjectId): ObjectRecord | undefined {
  const all = [...records.values()].filter(({ kind }) => kind === "Host");
  const found = all.filter((record) => name === undefined || [record.name, record.inputs.name].includes(name));
  if (found.length < 2) return found[0];
  throw new MicrovmError({
    code: "several-hosts",
    verb: "import",
    subject: `Host ${address}`,
    cause: "several programs have a Host there",
    hint: `Say which: ${found.map((record) => `${address}/${record.name} (${record.owner})`).join(", ")}.`,
  });
}

/** Who answered at an id's address. */
export interface Answered {
  machineId: string;
  /** Empty for this machine. */
  hostKey: string;
}

/**
 * The inputs that a record keeps, of an object whose host is reached as the id says: how another program, on another
 * machine, has reached it is not how this one does.
 */
export function recordedObject(kind: Kind, record: ObjectRecord, id: ObjectId, answered: Answered): Properties {
  const { address, port, user } = id;
  const { owner } = record;
  if (kind === "Host") {
    const ways = ["port", "user", "privateKeyFile", "agent", "hostKey", "trustOnFirstUse", "knownHosts"];
    const inputs = without(record.inputs, [...ways, "sshConfig", "jump", "deadlines"]);
    return present({ ...inputs, address, port, user, owner });
  }
  const { name } = (record.inputs.host ?? {}) as { name?: string };
  const connection: Connection = present({ address, port, user, hostKey: answered.hostKey || undefined });
  const host: HostReference = { name: name ?? address, machineId: answered.machineId, connection };
  return { ...record.inputs, host, owner };
}

function without(properties: Properties, names: string[]): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name)));
}

function present<T extends object>(properties: T): T {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined)) as T;
}
