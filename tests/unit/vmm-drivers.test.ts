import * as assert from "node:assert/strict";
import { suite } from "uvu";
import { schemas } from "../../provider/generated/schemas";
import { check, diff } from "../../provider/lifecycle";
import type { PropertySchema } from "../../provider/schema/model";
import { driverOf, type Machine, type VmmKind } from "../../provider/vmm";
import { abilityFor, capabilities, refusal, vmmName } from "../../provider/vmm/capabilities";
import { officialRelease } from "../../provider/vmm/releases";
import { exampleInputs } from "../contract/example-inputs";
import { exampleMachine } from "./example-machine";

const test = suite("three VMMs behind one contract");
const kinds: VmmKind[] = ["qemu", "firecracker", "cloud-hypervisor"];
const rateLimit = { bandwidth: 1 << 20, operations: 500 };

/** Whether a change of the machine needs a restart: whether what the VMM is started with differs beyond what it can be told. */
function restarts(kind: VmmKind, before: Machine, now: Machine): boolean {
  const driver = driverOf(kind);
  const started = (machine: Machine) => JSON.stringify(driver.bootFiles(driver.steady(machine)));
  return started(before) !== started(now);
}

function told(kind: VmmKind, before: Machine, now: Machine): string[] {
  const known = new Set(
    driverOf(kind)
      .settings(before)
      .map(({ name, value }) => `${name} ${value}`),
  );
  return driverOf(kind)
    .settings(now)
    .filter(({ name, value }) => !known.has(`${name} ${value}`))
    .map(({ name }) => name);
}

const before = exampleMachine({ maxVcpus: 4, maxMemory: 512, metadata: '{"a":1}' });
const [root, volume] = before.disks as [Machine["disks"][0], Machine["disks"][0]];
const [nic] = before.interfaces as [Machine["interfaces"][0]];
const changes: [property: string, name: string, more: Partial<Machine>][] = [
  ["vcpus", "vcpus", { vcpus: 3 }],
  ["memory", "memory", { memory: 384 }],
  ["balloon", "balloon", { balloon: 64 }],
  ["rootDisk.rateLimit", "rate root", { disks: [{ ...root, rateLimit }, volume] }],
  ["volumes", "disk vol-1", { disks: [root, volume, { ...volume, serial: "vol-1", path: "/more" }] }],
  ["interfaces", "net eth1", { interfaces: [nic, { tap: "mvt-web-11", mac: "02:00:00:00:00:02", connected: true }] }],
  ["volumes[].volume", "disk vol-0", { disks: [root, { ...volume, path: "/other" }] }],
  ["volumes[].rateLimit", "rate vol-0", { disks: [root, { ...volume, rateLimit }] }],
  ["interfaces[].rateLimit", "rate eth0", { interfaces: [{ ...nic, rateLimit }] }],
  ["metadata", "metadata", { metadata: '{"a":2}' }],
];
for (const kind of kinds) {
  for (const [property, name, more] of changes) {
    const ability = abilityFor(kind, property);
    if (ability === "none") continue;
    test(`${kind} and its table agree on ${property}: ${ability}`, () => {
      const now = { ...before, ...more };
      assert.equal(restarts(kind, before, now), ability === "restart");
      // What takes a restart may change settings too: they come with it.
      if (ability === "live") assert.deepEqual(told(kind, before, now), [name]);
      else
        assert.ok(
          ["volumes", "interfaces", "volumes[].rateLimit"].includes(property) || !told(kind, before, now).length,
        );
    });
  }

  test(`${kind} is not started anew for a link that goes down`, () => {
    const now = { ...before, interfaces: [{ ...nic, connected: false }] };
    assert.equal(abilityFor(kind, "interfaces[0].connected"), "live");
    assert.equal(restarts(kind, before, now), false);
    // The others' frames are dropped on the host, and that is all.
    assert.deepEqual(told(kind, before, now), kind === "qemu" ? ["link eth0"] : []);
    const link = driverOf(kind)
      .settings(now)
      .find(({ name }) => name === "link eth0");
    if (kind === "qemu") assert.deepEqual([link?.afterStart, link?.toldAnew], [true, true]);
  });

  test(`${kind} is told nothing where nothing changes, and shell takes what it would be told`, () => {
    assert.deepEqual(told(kind, before, before), []);
    for (const { tell } of driverOf(kind).settings(before))
      assert.ok(tell.every((line) => !line.includes("undefined")));
  });
}

test("every entry of the table is a property of a MicroVM", () => {
  for (const { property } of capabilities) {
    const [path = "", value] = property.split("=");
    let at: PropertySchema | undefined = { properties: schemas.MicroVM.inputs };
    for (const part of path.split(".")) {
      at = at?.properties?.[part.replace("[]", "")];
      if (part.endsWith("[]")) at = at?.items;
    }
    assert.ok(at, property);
    if (value) assert.ok(at?.enum?.includes(value), property);
  }
});

test("a refusal names a VMM that can", () => {
  assert.equal(refusal("qemu", "metadata", "{}"), "QEMU has no metadata service for the guest; Firecracker can");
  assert.match(refusal("firecracker", "accelerator", "tcg") ?? "", /QEMU can/);
  assert.equal(refusal("firecracker", "accelerator", "kvm"), undefined);
  assert.equal(refusal("qemu", "machine", "q35"), undefined);
});

const installed = { qemu: "7.2", firecracker: "1.16.1", "cloud-hypervisor": "53.0" };
const vmm = (kind: VmmKind) => ({
  ...(exampleInputs.MicroVM.vmm as object),
  kind,
  path: `/${kind}`,
  installedVersion: installed[kind],
});
const microVM = (kind: VmmKind, more: object = {}) => ({ ...exampleInputs.MicroVM, vmm: vmm(kind), ...more });

/** A value for each property that some VMM has not, under the name that it has in the table. */
const asked: Record<string, object> = {
  "machine=q35": { machine: "q35" },
  "accelerator=tcg": { accelerator: "tcg" },
  maxVcpus: { maxVcpus: 4 },
  maxMemory: { maxMemory: 1024 },
  "interfaces[].rateLimit": {
    interfaces: (exampleInputs.MicroVM.interfaces as object[]).map((item) => ({ ...item, rateLimit })),
  },
  metadata: { metadata: "{}" },
  trackDirtyPages: { trackDirtyPages: true },
};
for (const { property, abilities } of capabilities) {
  for (const kind of kinds) {
    if (!(property in asked)) continue;
    const refused = abilities[kind] === "none";
    test(`preview ${refused ? "refuses" : "takes"} ${property} under ${kind}`, async () => {
      const { problems } = await check("MicroVM", microVM(kind, asked[property]));
      const able = kinds.filter((other) => abilities[other] !== "none").map(vmmName);
      if (!refused) assert.deepEqual(problems, []);
      else assert.ok(problems.length === 1 && problems[0]?.reason.includes(`; ${able.join(" and ")} can`));
    });
  }
}

test("what a running VMM was told is noted in short lines, however much it was", () => {
  const long = exampleMachine({ metadata: JSON.stringify({ secret: "s".repeat(50_000) }) });
  for (const kind of kinds) {
    const noted = driverOf(kind)
      .settings(long)
      .map(({ name, value }) => `${name}\t${value}`);
    assert.ok(noted.join("\n").length < 2000 && !noted.join().includes("sss"));
  }
});

test("whatever some VMM cannot do is asked for above", () => {
  const some = capabilities.filter(({ abilities }) => Object.values(abilities).includes("none"));
  assert.deepEqual(some.map(({ property }) => property).sort(), Object.keys(asked).sort());
});

for (const [what, inputs, property, pattern] of [
  ["emulation by Firecracker", microVM("firecracker", { accelerator: "tcg" }), "accelerator", /QEMU can/],
  ["metadata by QEMU", microVM("qemu", { metadata: "{}" }), "metadata", /Firecracker can/],
  ["room to grow with QEMU", microVM("qemu", { maxMemory: 1024 }), "maxMemory", /Firecracker and Cloud Hypervisor can/],
  ["steps that Firecracker has not", microVM("firecracker", { maxMemory: 1000 }), "maxMemory", /a multiple of 128/],
  [
    "room to grow with an older Firecracker",
    { ...microVM("firecracker", { maxMemory: 1024 }), vmm: { ...vmm("firecracker"), installedVersion: "1.13.2" } },
    "maxMemory",
    /Firecracker 1\.13\.2 has no room for more memory; 1\.14\.0 and newer have/,
  ],
  ["metadata that is no JSON", microVM("firecracker", { metadata: "{" }), "metadata", /JSON/],
  // Firecracker's API takes an object; of a body that is `null` nothing would be sent at all.
  ["metadata that is nothing", microVM("firecracker", { metadata: "null" }), "metadata", /an object/],
  ["metadata that is a list", microVM("firecracker", { metadata: "[1]" }), "metadata", /an object/],
  [
    "metadata of more bytes than characters",
    microVM("firecracker", { metadata: JSON.stringify({ a: "é".repeat(30_000) }) }),
    "metadata",
    /60008 bytes/,
  ],
  [
    "metadata that nobody can ask for",
    microVM("firecracker", { metadata: "{}", interfaces: [] }),
    "metadata",
    /interface/,
  ],
  ["a balloon of all memory", microVM("qemu", { memory: 128, balloon: 128 }), "balloon", /less than the memory/],
  ["less room than it takes", microVM("cloud-hypervisor", { vcpus: 4, maxVcpus: 2 }), "maxVcpus", /at least the 4/],
  [
    "a kernel that is not uncompressed",
    microVM("firecracker", {
      kernel: { ...(exampleInputs.MicroVM.kernel as object), vmlinuxPath: "", vmlinuxReason: "it is cut short" },
    }),
    "kernel",
    /it is cut short/,
  ],
] as const) {
  test(`preview refuses ${what}`, async () => {
    const { problems } = await check("MicroVM", inputs);
    assert.deepEqual(
      problems.map((problem) => problem.property),
      [property],
    );
    assert.match(problems[0]?.reason ?? "", pattern);
  });
}

const nics = exampleInputs.MicroVM.interfaces as object[];
for (const [kind, more, effect] of [
  ["qemu", { vcpus: 2 }, "restart"],
  ["cloud-hypervisor", { vcpus: 2, maxVcpus: 4 }, "live"],
  ["cloud-hypervisor", { memory: 512, maxMemory: 1024 }, "live"],
  ["cloud-hypervisor", { memory: 128, maxMemory: 1024 }, "restart"],
  ["cloud-hypervisor", { memory: 2048, maxMemory: undefined }, "restart"],
  ["cloud-hypervisor", { vcpus: 8, maxVcpus: undefined }, "restart"],
  ["firecracker", { memory: 512, maxMemory: 1024 }, "live"],
  ["firecracker", { memory: 128, maxMemory: 1024 }, "restart"],
  ["qemu", { memory: 512 }, "restart"],
  ["cloud-hypervisor", { volumes: [{ volume: { name: "one", path: "/one" } }] }, "live"],
  ["cloud-hypervisor", { volumes: [{ volume: { name: "one", path: "/one" }, mountPath: "/one" }] }, "restart"],
  ["cloud-hypervisor", { volumes: [{ volume: { name: "one", path: "/one" }, rateLimit }] }, "restart"],
  ["qemu", { volumes: [{ volume: { name: "one", path: "/one" } }] }, "restart"],
  ["cloud-hypervisor", { interfaces: [...nics, ...nics] }, "live"],
  ["cloud-hypervisor", { interfaces: [] }, "restart"],
  ["firecracker", { interfaces: [...nics, ...nics] }, "restart"],
  ["firecracker", { balloon: 16 }, "live"],
  ["firecracker", { metadata: "{}" }, "restart"],
] as const) {
  test(`${kind}: ${JSON.stringify(more)} is a change that is ${effect}`, async () => {
    const room = {
      ...(kind === "cloud-hypervisor" ? { maxVcpus: 4 } : {}),
      ...(kind !== "qemu" ? { maxMemory: 1024 } : {}),
    };
    const { inputs: state } = await check("MicroVM", microVM(kind, room));
    const plan = diff("MicroVM", state, microVM(kind, { ...room, ...more }));
    assert.equal(plan.action, "update");
    assert.ok(
      plan.action === "update" && plan.changes.every((change) => change.effect === effect),
      JSON.stringify(plan),
    );
  });
}

test("metadata is measured as it is told, without its spaces", async () => {
  const metadata = `{ "a": "${"é".repeat(25_596)}" }`;
  assert.equal(Buffer.byteLength(metadata), 51_203);
  assert.deepEqual((await check("MicroVM", microVM("firecracker", { metadata }))).problems, []);
});

test("another VMM replaces the microVM, and another release of it restarts it", async () => {
  const { inputs: state } = await check("MicroVM", microVM("qemu"));
  const other = diff("MicroVM", state, microVM("firecracker"));
  assert.equal(other.action, "replace");
  assert.match(JSON.stringify(other), /Firecracker takes the place of QEMU/);
  const release = diff("MicroVM", state, microVM("qemu", { vmm: { ...vmm("qemu"), path: "/other" } }));
  assert.equal(release.action, "update");
});

test("releases are looked for where their projects publish them", async () => {
  assert.match(
    officialRelease("firecracker", "1.16.1", "x86_64").url,
    /\/v1\.16\.1\/firecracker-v1\.16\.1-x86_64\.tgz$/,
  );
  assert.match(officialRelease("cloud-hypervisor", "53.0", "x86_64").url, /\/v53\.0\/cloud-hypervisor-static$/);
  assert.match(
    officialRelease("cloud-hypervisor", "51.1.0", "aarch64").url,
    /\/v51\.1\/cloud-hypervisor-static-aarch64$/,
  );
  const { host, owner } = exampleInputs.Vmm;
  const properties = async (more: object) =>
    (await check("Vmm", { name: "v", owner, host, ...more })).problems.map(({ property }) => property);
  assert.deepEqual(await properties({ kind: "firecracker" }), ["version"]);
  assert.deepEqual(await properties({ kind: "cloud-hypervisor", version: "53.0" }), ["source.sha256"]);
  assert.deepEqual(await properties({ kind: "qemu", source: { file: "/x" } }), ["source"]);
  assert.deepEqual(await properties({ kind: "firecracker", source: { url: "https://example.com/x" } }), [
    "source.sha256",
  ]);
});

test.run();
