/**
 * Every object on a host has a record, `/etc/microvm/<kind>s/<name>/record.json`: who it belongs to and what was
 * declared. It is the first thing that is written and the last that goes, so nothing is ever made unrecorded.
 */
export interface ObjectRecord {
  /** Format of the record. */
  v: 1;
  kind: string;
  name: string;
  /** `<organization>/<project>/<stack>::<Kind>::<name>` of the program that the object belongs to. */
  owner: string;
  /** The inputs as declared, without secrets and without how the host is reached. */
  inputs: Record<string, unknown>;
  /** What was decided when the object was made, and must stay so. */
  decided: Record<string, unknown>;
}

const directories: Record<string, string> = {
  Host: "hosts",
  Vmm: "vmms",
  Kernel: "kernels",
  RootfsImage: "images",
  Network: "networks",
  Volume: "volumes",
  MicroVM: "vms",
  Snapshot: "snapshots",
  ContainerEngine: "engines",
  GVisor: "gvisors",
  Container: "containers",
  KataRuntime: "katas",
};

/** The directory of an object's record and of what a boot of the host needs for it. */
export function objectDirectory(kind: string, name: string): string {
  const directory = directories[kind];
  if (!directory) throw new TypeError(`no directory is known for objects of kind ${kind}`);
  return `/etc/microvm/${directory}/${name}`;
}

export function recordPath(kind: string, name: string): string {
  return `${objectDirectory(kind, name)}/record.json`;
}

/** One line of JSON with its keys in a fixed order, so that equal records are equal bytes. */
export function recordText(record: ObjectRecord): string {
  const { v, kind, name, owner, inputs, decided } = record;
  return `${JSON.stringify({ v, kind, name, owner, inputs: sorted(inputs), decided: sorted(decided) })}\n`;
}

export function parseRecord(text: string): ObjectRecord | undefined {
  try {
    const value = JSON.parse(text) as ObjectRecord;
    return value && value.v === 1 && typeof value.owner === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The same value with the keys of every object in order. */
export function sorted<T>(value: T): T {
  if (Array.isArray(value)) return value.map(sorted) as T;
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value as object).filter(([, v]) => v !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([k, v]) => [k, sorted(v)])) as T;
}
