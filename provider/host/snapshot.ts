import { createHash } from "node:crypto";
import { type ObjectRecord, parseRecord } from "./record";

/** What `host-setup/observe.sh` read of a host in one round trip. Pure data; every read is answered from it. */
export interface Snapshot {
  facts: Facts;
  /** By path: files, directories and links of ours. */
  files: Map<string, FileStat>;
  /** By path: enabled units, link to unit file. */
  enabled: Map<string, string>;
  /** By path of the record. */
  records: Map<string, ObjectRecord>;
  /** By directory of the object: what the change that made it as its record says handed back. */
  results: Map<string, Record<string, string>>;
  /** By name in the store (the digest that it should have): the digest that it has. */
  stored: Map<string, string>;
  /** By name of a snapshot of a microVM: the digest of what was taken, and whether it still is that. */
  taken: Map<string, { digest: string; intact: boolean }>;
  /** By digest of the archive: unpacked releases of Kata, whether each still is what it was, and how many processes run from it. */
  trees: Map<string, { intact: boolean; running: number }>;
  /** By path: where links of Kata's handlers lead. */
  links: Map<string, string>;
  /** By unit name. */
  units: Map<string, Unit>;
  /** By path: small notes that scripts left (start times, boot times, public host keys). */
  notes: Map<string, string>;
  /** By path: what is in the configuration of container engines, and in the parts of ours. */
  contents: Map<string, string>;
  /** By interface name. */
  interfaces: Map<string, NetworkInterface>;
  /** By `<family>:<table>`: digest of the loaded nftables rules. */
  rules: Map<string, string>;
  /** Kernel parameters that a Host of ours sets, as they are. */
  sysctls: Map<string, string>;
  /** Kernel modules that a Host of ours loads, where they are loaded. */
  modules: Set<string>;
  /** By path of its control socket: what the VMM says its state is. */
  vmmStates: Map<string, string>;
}

export interface Facts {
  system: string;
  machineId: string;
  bootId: string;
  osId: string;
  osLike: string;
  osCodename: string;
  osName: string;
  architecture: string;
  kernelVersion: string;
  cpus: number;
  cpuModel: string;
  /** Megahertz of the first processor; 0 where the host does not tell. */
  cpuMHz: number;
  memoryKiB: number;
  memoryAvailableKiB: number;
  /** Version of systemd; 0 where it does not run. */
  systemd: number;
  cgroups: "v1" | "v2" | "hybrid";
  /** Numeric group that /dev/kvm is open to, where it is not open to all; 0 where there is none. */
  kvmGroup: number;
  /** Version of the kernel's Landlock interface; 0 where there is none. */
  landlock: number;
  /** Whether two threads share a core. */
  smtActive: boolean;
  /** Whether the kernel merges equal pages. */
  ksmRuns: boolean;
  /** Swap areas in use. */
  swaps: string[];
  /** Flaws of the processor that the kernel says it is vulnerable to, by its names for them. */
  vulnerabilities: string[];
  aptGet: string;
  /** Where `/usr/lib/microvm` points; empty where there is no kit. */
  kit: string;
}

export interface FileStat {
  type: "file" | "directory" | "link" | "other";
  /** Permissions, four octal digits. */
  mode: string;
  /** User and group by their numbers. */
  owner: string;
  group: string;
  /** Bytes. */
  size: number;
  /** Bytes that are allocated. */
  allocated: number;
  /** SHA-256, where it was read: of small files outside /var/lib/microvm. */
  digest?: string;
}

export interface Unit {
  activeState: string;
  subState: string;
  unitFileState: string;
  result: string;
  restarts: number;
  mainPid: number;
  needsReload: boolean;
  exitStatus: number;
}

export interface NetworkInterface {
  name: string;
  kind: string;
  master?: string;
  up: boolean;
  mtu: number;
  mac: string;
  /** IPv4 addresses with their prefix length. */
  addresses: string[];
  isolated: boolean;
  /** Numeric owner of a tap. */
  tapUser?: string;
}

interface IpAddressJson {
  ifname: string;
  flags?: string[];
  master?: string;
  mtu?: number;
  address?: string;
  addr_info?: { family: string; local: string; prefixlen: number }[];
  linkinfo?: {
    info_kind?: string;
    info_data?: { user?: string | number };
    info_slave_data?: { isolated?: boolean };
  };
}

/** How a file on the host differs from what it should hold, a sentence; nothing where it does not. */
export function fileDrift(snapshot: Snapshot, path: string, content: string | Buffer): string[] {
  const file = snapshot.files.get(path);
  if (!file) return [`${path} is missing`];
  return file.digest === createHash("sha256").update(content).digest("hex") ? [] : [`${path} was changed`];
}

/** Reads the output of `observe.sh`; undefined when it is cut short. */
export function parseSnapshot(text: string): Snapshot | undefined {
  const facts: Record<string, string> = {};
  const snapshot: Snapshot = {
    facts: {} as Facts,
    files: new Map(),
    enabled: new Map(),
    records: new Map(),
    results: new Map(),
    stored: new Map(),
    taken: new Map(),
    trees: new Map(),
    links: new Map(),
    units: new Map(),
    notes: new Map(),
    contents: new Map(),
    interfaces: new Map(),
    rules: new Map(),
    sysctls: new Map(),
    modules: new Set(),
    vmmStates: new Map(),
  };
  const digests = new Map<string, string>();
  let complete = false;
  for (const line of text.split("\n")) {
    const [tag, a = "", b = "", ...rest] = line.split("\t");
    switch (tag) {
      case "facts":
        for (const fact of decode(a).split("\0")) {
          const [name = "", ...value] = fact.split("\t");
          facts[name] = value.join("\t");
        }
        break;
      case "stat":
        snapshot.files.set(a, fileStat(b, rest));
        break;
      case "link":
        snapshot.enabled.set(a, b);
        break;
      case "digest":
        digests.set(b, a);
        break;
      case "record": {
        if (a.endsWith("/results")) {
          snapshot.results.set(a.slice(0, -"/results".length), readResults(b));
          break;
        }
        const record = parseRecord([b, ...rest].join("\t"));
        if (record) snapshot.records.set(a, record);
        break;
      }
      case "stored":
        snapshot.stored.set(a, b);
        break;
      case "taken":
        snapshot.taken.set(a, { digest: b, intact: rest[0] === "intact" });
        break;
      case "kata":
        snapshot.trees.set(a, { intact: b === "intact", running: Number(rest[0]) || 0 });
        break;
      case "target":
        snapshot.links.set(a, b);
        break;
      case "unit":
        readUnit(snapshot.units, [a, b, ...rest]);
        break;
      case "run":
        {
          const line = [b, ...rest].join("\t");
          const former = snapshot.notes.get(a);
          snapshot.notes.set(a, former === undefined ? line : `${former}\n${line}`);
        }
        break;
      case "content":
        snapshot.contents.set(a, decode(b));
        break;
      case "links":
        for (const item of JSON.parse(decode(a) || "[]") as IpAddressJson[]) {
          if (item.ifname) snapshot.interfaces.set(item.ifname, networkInterface(item));
        }
        break;
      case "rules":
        snapshot.rules.set(a, b);
        break;
      case "sysctl":
        snapshot.sysctls.set(a, b);
        break;
      case "module":
        snapshot.modules.add(a);
        break;
      case "vmm":
        snapshot.vmmStates.set(a, b);
        break;
      case "end":
        complete = true;
        break;
    }
  }
  if (!complete) return undefined;
  for (const [path, digest] of digests) {
    const file = snapshot.files.get(path);
    if (file) file.digest = digest;
  }
  dropOutdated(snapshot);
  snapshot.facts = readFacts(facts);
  return snapshot;
}

/** Fields `KEY:BASE64`; of a key that was handed back twice the last. */
function readResults(line: string): Record<string, string> {
  return Object.fromEntries(
    line.split(" ").map((field) => {
      const [key = "", value = ""] = field.split(":");
      return [key, decode(value)];
    }),
  );
}

/** What belongs to another record than the object has says nothing of the object as it is. */
function dropOutdated({ results, files }: Snapshot): void {
  for (const [object, { record, ...rest }] of results) {
    if (files.get(`${object}/record.json`)?.digest === record?.trim()) results.set(object, rest);
    else results.delete(object);
  }
}

function decode(base64: string): string {
  return Buffer.from(base64, "base64").toString("utf8");
}

function readFacts(facts: Record<string, string>): Facts {
  const text = (key: string) => facts[key] ?? "";
  const number = (key: string) => Number(facts[key]) || 0;
  const list = (key: string) => text(key).split("\n").filter(Boolean);
  return {
    system: text("system"),
    machineId: text("machineId"),
    bootId: text("bootId"),
    osId: text("osId"),
    osLike: text("osLike"),
    osCodename: text("osCodename"),
    osName: text("osName"),
    architecture: text("architecture"),
    kernelVersion: text("kernelVersion"),
    cpus: number("cpus"),
    cpuModel: text("cpuModel"),
    cpuMHz: number("cpuMHz"),
    memoryKiB: number("memoryKiB"),
    memoryAvailableKiB: number("memoryAvailableKiB"),
    systemd: number("systemd"),
    cgroups: (facts.cgroups as Facts["cgroups"]) ?? "v1",
    kvmGroup: number("kvmGroup"),
    landlock: Math.max(0, number("landlock")),
    smtActive: text("smtActive") === "1",
    ksmRuns: text("ksmRun") === "1",
    swaps: list("swaps"),
    vulnerabilities: list("vulnerabilities"),
    aptGet: text("aptGet"),
    kit: text("kit"),
  };
}

function fileStat(type: string, rest: string[]): FileStat {
  const [mode = "", owner = "", group = "", size = "", blocks = ""] = rest;
  const types: Record<string, FileStat["type"]> = { f: "file", d: "directory", l: "link" };
  return {
    type: types[type] ?? "other",
    mode: mode.padStart(4, "0"),
    owner,
    group,
    size: Number(size),
    allocated: Number(blocks) * 512,
  };
}

function readUnit(units: Map<string, Unit>, fields: string[]): void {
  const values: Record<string, string> = {};
  for (const field of fields) {
    const equals = field.indexOf("=");
    values[field.slice(0, equals)] = field.slice(equals + 1);
  }
  if (!values.Id) return;
  units.set(values.Id, {
    activeState: values.ActiveState ?? "",
    subState: values.SubState ?? "",
    unitFileState: values.UnitFileState ?? "",
    result: values.Result ?? "",
    restarts: Number(values.NRestarts) || 0,
    mainPid: Number(values.MainPID) || 0,
    needsReload: values.NeedDaemonReload === "yes",
    exitStatus: Number(values.ExecMainStatus) || 0,
  });
}

function networkInterface(item: IpAddressJson): NetworkInterface {
  const user = item.linkinfo?.info_data?.user;
  return {
    name: item.ifname,
    kind: item.linkinfo?.info_kind ?? "",
    master: item.master,
    up: item.flags?.includes("UP") ?? false,
    mtu: item.mtu ?? 0,
    mac: item.address ?? "",
    addresses: (item.addr_info ?? []).filter((a) => a.family === "inet").map((a) => `${a.local}/${a.prefixlen}`),
    isolated: item.linkinfo?.info_slave_data?.isolated ?? false,
    tapUser: user === undefined ? undefined : String(user),
  };
}
