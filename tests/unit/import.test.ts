import { createHash } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { MicrovmError } from "../../provider/errors";
import { schemas } from "../../provider/generated/schemas";
import type { Kind } from "../../provider/generated/types";
import { type ObjectRecord, objectDirectory, recordPath, recordText } from "../../provider/host/record";
import type { HostSession } from "../../provider/host/session";
import { parseSnapshot, type Snapshot } from "../../provider/host/snapshot";
import { recordedObject, recordNamed, requireSameProgram } from "../../provider/import";
import { registry } from "../../provider/registry";
import { standingResults } from "../../provider/resources/results";
import { withDefaults } from "../../provider/schema/defaults";
import { failure } from "../failure";

const digest = (letter: string) => letter.repeat(64);
const base64 = (text: string) => Buffer.from(text).toString("base64");
const hostInputs = { name: "metal-1", machineId: "m1" };

function recordOf(kind: Kind, name: string, inputs: object = {}, decided: Record<string, unknown> = {}): ObjectRecord {
  const owner = `organization/p/dev::${kind}::${name}`;
  return { v: 1, kind, name, owner, inputs: { name, host: hostInputs, ...inputs }, decided };
}

/** What a host answers that has these objects. */
function shown(records: ObjectRecord[], results: Record<string, string> = {}): Snapshot {
  const lines = records.flatMap((record) => {
    const path = recordPath(record.kind, record.name);
    const text = recordText(record);
    const sha256 = createHash("sha256").update(text).digest("hex");
    const fields = Object.entries({ record: `${sha256}\n`, ...results }).map(
      ([key, value]) => `${key}:${base64(value)}`,
    );
    return [
      `stat\t${path}\tf\t600\t0\t0\t${text.length}\t8`,
      `digest\t${sha256}\t${path}`,
      `record\t${path}\t${text.trimEnd()}`,
      `record\t${objectDirectory(record.kind, record.name)}/results\t${fields.join(" ")}`,
    ];
  });
  const facts = base64("machineId\tm1\0architecture\tx86_64\0");
  return parseSnapshot([`facts\t${facts}`, ...lines, "end", ""].join("\n")) as Snapshot;
}

function recall(record: ObjectRecord, handedBack: Record<string, string> | undefined): Promise<object> {
  const kind = record.kind as Kind;
  const snapshot = shown([record], handedBack);
  const session = { snapshot: async () => snapshot } as unknown as HostSession;
  const inputs = withDefaults(
    kind,
    recordedObject(kind, record, { address: "metal-1", name: record.name }, { machineId: "m1", hostKey: "" }),
  );
  const results = handedBack && snapshot.results.get(objectDirectory(kind, record.name));
  return registry[kind].recall(session, inputs, { record, results });
}

const recalled: { record: ObjectRecord; results: Record<string, string>; outputs: object }[] = [
  {
    record: recordOf("Vmm", "qemu", { kind: "qemu" }),
    results: { program: "/usr/bin/qemu-system-x86_64", version: "7.2.1", packages: "qemu-system-x86 b a \n" },
    outputs: {
      path: "/usr/bin/qemu-system-x86_64",
      digest: "",
      installedVersion: "7.2.1",
      installedPackages: ["a", "b", "qemu-system-x86"],
    },
  },
  {
    record: recordOf("Vmm", "fc", { kind: "firecracker", version: "1.16.1" }),
    results: { version: "1.16.1", vmm: digest("a"), jailer: digest("b") },
    outputs: {
      path: `/var/lib/microvm/store/${digest("a")}`,
      jailerPath: `/var/lib/microvm/store/${digest("b")}`,
      installedPackages: [],
    },
  },
  {
    record: recordOf("Kernel", "linux", { source: { distribution: "default" } }),
    results: {
      format: "bzImage",
      release: "6.1.0-9",
      digest: digest("c"),
      initramfs: digest("d"),
      vmlinux: "",
      reason: "x",
    },
    outputs: {
      path: `/var/lib/microvm/store/${digest("c")}`,
      initramfsDigest: digest("d"),
      vmlinuxPath: "",
      vmlinuxReason: "x",
      release: "6.1.0-9",
    },
  },
  {
    record: recordOf("RootfsImage", "debian", { source: { debian: { suite: "bookworm" } } }),
    results: { digest: digest("e"), bytes: "1048576", imageDigest: "" },
    outputs: { digest: digest("e"), bytes: 1048576, imageDigest: "" },
  },
  {
    record: recordOf(
      "Snapshot",
      "warm",
      { microVM: { name: "web" } },
      { findings: ["shared"], vmm: { name: "qemu" }, kernel: {}, rootfs: {}, guest: {} },
    ),
    results: { digest: digest("f"), bytes: "5", pauseMillis: "7" },
    outputs: { digest: digest("f"), bytes: 5, pauseMillis: 7, findings: ["shared"], vmm: { name: "qemu" } },
  },
  {
    record: recordOf("ContainerEngine", "containerd", { kind: "containerd" }),
    results: { version: "1.6.20", packages: "runc containerd" },
    outputs: { version: "1.6.20", installedPackages: ["containerd", "runc"] },
  },
  {
    record: recordOf("GVisor", "gvisor", { handler: "runsc" }),
    results: { version: "20221219", verified: "a container ran under it", packages: "", digest: "" },
    outputs: {
      path: "/usr/bin/runsc",
      runtime: "/etc/microvm/gvisors/gvisor/runsc",
      verified: "a container ran under it",
    },
  },
];

for (const { record, results, outputs } of recalled) {
  test(`${record.kind} ${record.name} is what its record and its results say`, async () => {
    const state = (await recall(record, results)) as Record<string, unknown>;
    assert.equal(Object.fromEntries(Object.keys(outputs).map((name) => [name, state[name]])), outputs);
    const kind = record.kind as Kind;
    for (const name of Object.keys(schemas[kind].outputs)) assert.not.type(state[name], "undefined", name);
    assert.is(state.owner, record.owner);
    assert.equal(state.host, { name: "metal-1", machineId: "m1", connection: { address: "metal-1" } });
    assert.equal(state.drift, []);
  });

  test(`${record.kind} ${record.name} without results is not guessed at`, async () => {
    const error = await failure(recall(record, undefined));
    assert.is(error.code, "import-incomplete");
    assert.ok(error.message.includes(record.owner), error.message);
  });
}

test("what follows from a record alone needs no results", async () => {
  const network = await recall(recordOf("Network", "lan", { cidr: "172.30.0.0/24" }), undefined);
  const { bridge, gatewayAddress, prefixLength } = network as Record<string, unknown>;
  assert.equal([bridge, gatewayAddress, prefixLength], ["mvb-lan", "172.30.0.1", 24]);
});

test("a release with published flaws is no more accepted by an import than by a create", async () => {
  const vulnerable = recordOf("Vmm", "fc", { kind: "firecracker" });
  const results = { version: "1.0.0", vmm: digest("a"), jailer: digest("b") };
  assert.is((await failure(recall(vulnerable, results))).code, "vmm-vulnerable");
  await recall({ ...vulnerable, inputs: { ...vulnerable.inputs, allowVulnerable: true } }, results);
});

test("what stands as it is declared is not made anew, and what differs or is damaged is", () => {
  const record = recordOf("Kernel", "linux", { source: { distribution: "default" } });
  const results = { digest: digest("c"), vmlinux: "", initramfs: digest("d") };
  const snapshot = shown([record], results);
  const keys = ["digest", "vmlinux", "initramfs"];
  const other = { name: "metal", machineId: "m1", connection: { address: "elsewhere" } };
  const declared = { name: "linux", host: other, owner: "other", adopt: true, source: { distribution: "default" } };
  const standing = (inputs: object) => standingResults(snapshot, "Kernel", inputs, keys);
  assert.is(standing(declared), undefined, "the store has neither");
  for (const letter of ["c", "d"]) snapshot.stored.set(digest(letter), digest(letter));
  assert.equal(standing(declared), results);
  assert.is(standing({ ...declared, initramfs: "none" }), undefined);
  assert.is(standing({ ...declared, name: "another" }), undefined);
  snapshot.stored.set(digest("d"), digest("e"));
  assert.is(standing(declared), undefined, "one is damaged");
});

test("results of another record than the object has are none", () => {
  const record = recordOf("Kernel", "linux");
  const directory = objectDirectory("Kernel", "linux");
  assert.ok(shown([record], { digest: digest("c") }).results.has(directory));
  assert.not.ok(shown([record], { digest: digest("c"), record: `${digest("0")}\n` }).results.has(directory));
});

test("of a value that was handed back twice the last counts, and values may hold anything", () => {
  const value = "a:b c\tü\n";
  const { results } = shown([recordOf("Kernel", "linux")], { reason: value });
  assert.is(results.get(objectDirectory("Kernel", "linux"))?.reason, value);
});

function refusal(work: () => unknown): MicrovmError {
  try {
    work();
  } catch (error) {
    return error as MicrovmError;
  }
  throw new Error("it should have failed");
}

test("what has the name and is of another kind is said, with what there is", () => {
  const snapshot = shown([recordOf("MicroVM", "web"), recordOf("Volume", "weg"), recordOf("Volume", "data")]);
  const at = (name: string) => ({ address: "metal-1", name });
  assert.is(recordNamed(snapshot, "MicroVM", at("web"))?.name, "web");
  assert.is(recordNamed(snapshot, "Volume", at("none")), undefined);
  const near = refusal(() => recordNamed(snapshot, "Volume", at("web")));
  assert.is(near.code, "another-kind");
  assert.match(near.message, /that is a MicroVM; of kind Volume there are: data, weg\. Is metal-1\/weg meant\?/);
  const none = refusal(() => recordNamed(snapshot, "Kernel", at("data")));
  assert.match(none.message, /there is nothing of kind Kernel\. Import it as a Volume\./);
});

test("a Host is named by its own name where there are several, and by its record's where that is not enough", () => {
  const hosts = ["edge-11111111", "edge-22222222", "core-33333333"].map((name) =>
    recordOf("Host", name, { name: name.slice(0, 4) }),
  );
  const [first] = hosts as [ObjectRecord];
  const named = (snapshot: Snapshot, name?: string) =>
    recordNamed(snapshot, "Host", { address: "metal-1", ...(name ? { name } : {}) })?.name;
  assert.is(named(shown([first])), "edge-11111111");
  assert.is(named(shown([first]), "other"), undefined);
  assert.is(named(shown([])), undefined);
  const all = shown(hosts);
  assert.is(named(all, "core"), "core-33333333");
  assert.is(named(all, "edge-22222222"), "edge-22222222");
  const error = refusal(() => named(all, "edge"));
  assert.is(error.code, "several-hosts");
  assert.match(error.message, /metal-1\/edge-11111111 \(organization\/p.*metal-1\/edge-22222222/);
  assert.not.match(error.message, /core/);
});

test("a host is reached as the id says, not as the program did that made the object", () => {
  const ways = { address: "local", privateKeyFile: "/their/key", jump: [{ address: "theirs" }], trustOnFirstUse: true };
  const record = recordOf("Host", "edge-1", { name: "edge", ...ways, packages: ["file"] });
  const id = { address: "metal-1", port: 2222, user: "root" };
  const { host: _, ...found } = recordedObject("Host", record, id, { machineId: "m1", hostKey: "ssh-ed25519 A" });
  assert.equal(found, { name: "edge", ...id, packages: ["file"], owner: record.owner });
  const hosted = recordedObject("Volume", recordOf("Volume", "data"), id, {
    machineId: "m1",
    hostKey: "ssh-ed25519 A",
  });
  assert.equal(hosted.host, { ...hostInputs, connection: { ...id, hostKey: "ssh-ed25519 A" } });
});

test("an import takes nothing away from another program, and knows its own by another name", async () => {
  const record = recordOf("Volume", "data");
  requireSameProgram(record, "organization/p/dev::Volume::other");
  // The plugin knows of no organization; the classes in TypeScript do.
  requireSameProgram({ ...record, owner: "acme/p/dev::Volume::data" }, "organization/p/dev::Volume::data");
  const theirs = { ...record, owner: "terraform/p/dev::Volume::data" };
  assert.throws(() => requireSameProgram(theirs, "organization/p/dev::Volume::data"), /belongs to terraform/);
  for (const owner of ["organization/p/prod::Volume::data", "terraform/p/dev::Volume::data"]) {
    const error = await failure((async () => requireSameProgram(record, owner))());
    assert.is(error.code, "not-ours");
    assert.match(error.message, /belongs to organization\/p\/dev::Volume::data.*adopt: true/);
  }
});

test.run();
