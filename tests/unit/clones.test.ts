import * as assert from "node:assert/strict";
import { suite } from "uvu";
import { check, diff } from "../../provider/lifecycle";
import { UNKNOWN } from "../../provider/schema/unknown";
import { exampleInputs } from "../contract/example-inputs";

const test = suite("clones and their snapshots");

type Inputs = Record<string, unknown>;
const { vmm, kernel, rootfs, interfaces, ...rest } = exampleInputs.MicroVM as Record<string, Inputs>;
const guest = {
  machine: "microvm",
  accelerator: "kvm",
  vcpus: 2,
  memory: 512,
  rootDisk: { mode: "overlay", size: 1024 },
  metadata: false,
  interfaces: [{ mac: "02:00:00:00:00:01", address: "172.30.0.2", gateway: "172.30.0.1" }],
  volumes: [],
  sshHostKey: "",
};
const snapshot = { name: "warm", digest: "d1", path: "/var/lib/microvm/snapshots/warm", vmm, kernel, rootfs, guest };
const clone: Inputs = {
  ...rest,
  ...{ snapshot, vmm, kernel, rootfs, interfaces, vcpus: 2, memory: 512, rootDisk: guest.rootDisk },
};
const reasons = async (more: Inputs) =>
  (await check("MicroVM", { ...clone, ...more })).problems.map(({ property, reason }) => `${property}: ${reason}`);

test("a clone as its snapshot wants it is right", async () => {
  assert.deepEqual(await reasons({}), []);
  assert.deepEqual(await reasons({ restore: "always", ready: { tcp: 22 }, balloon: 64 }), []);
});

for (const [what, more, expected] of [
  ["memory", { memory: 256 }, /^memory: must be 512, as in the snapshot$/],
  ["another machine", { machine: "q35" }, /^machine: must be "microvm", as in the snapshot$/],
  ["another kernel", { kernel: { ...kernel, digest: "other" } }, /^kernel: must be "k", as in the snapshot$/],
  ["an interface more", { interfaces: [] }, /^interfaces: must be 1, as in the snapshot$/],
  ["another disk", { rootDisk: { mode: "copy", size: 1024 } }, /^rootDisk.mode: must be "overlay"/],
  ["a smaller disk", { rootDisk: { mode: "overlay", size: 512 } }, /^rootDisk.size: must be 1024/],
  ["a volume", { volumes: [] }, /^volumes: comes with the snapshot/],
  ["files", { files: [{ path: "/a", content: "b" }] }, /^files: comes with the snapshot/],
  ["a name", { hostname: "other" }, /^hostname: comes with the snapshot/],
  ["a wait for what it says", { ready: { serial: "login" } }, /^ready.serial: .* does not boot/],
  [
    "another version of the VMM",
    { vmm: { ...vmm, installedVersion: "8.0" } },
    /^vmm: the snapshot was taken by QEMU 7\.2 and goes on there alone, not in QEMU 8\.0$/,
  ],
  [
    "another VMM",
    { vmm: { ...vmm, kind: "cloud-hypervisor", path: "/ch", installedVersion: "53.0" } },
    /taken by QEMU 7\.2 and goes on there alone, not in Cloud Hypervisor 53\.0$/,
  ],
] as [string, Inputs, RegExp][]) {
  test(`${what} is refused, with what would be right`, async () => {
    const found = await reasons(more);
    assert.ok(found.length === 1 && expected.test(found[0] as string), found.join("\n"));
  });
}

test("room to grow that it had not is refused too", async () => {
  const roomy = { ...vmm, kind: "cloud-hypervisor" };
  const [problem] = await reasons({ vmm: roomy, snapshot: { ...snapshot, vmm: roomy }, maxVcpus: 4 });
  assert.equal(problem, "maxVcpus: must be left out, as in the snapshot");
});

test("metadata must be there where the snapshot's guest had it, and nowhere else", async () => {
  const firecracker = { ...vmm, kind: "firecracker" };
  const told = (metadata: string | undefined, had: boolean) =>
    reasons({
      vmm: firecracker,
      metadata,
      snapshot: { ...snapshot, vmm: firecracker, guest: { ...guest, metadata: had } },
    });
  assert.deepEqual(await told("{}", true), []);
  assert.match((await told("{}", false)).join(), /metadata: the snapshot's guest has no metadata service/);
  assert.match((await told(undefined, true)).join(), /metadata: the snapshot's guest has a metadata service/);
});

test("what is not known yet weakens a check and breaks none", async () => {
  assert.deepEqual(await reasons({ snapshot: UNKNOWN }), []);
  const pending = Object.fromEntries(Object.keys(snapshot).map((key) => [key, key === "name" ? "warm" : UNKNOWN]));
  assert.deepEqual(await reasons({ snapshot: pending, vmm: UNKNOWN, kernel: UNKNOWN, memory: UNKNOWN }), []);
  assert.deepEqual(await reasons({ interfaces: UNKNOWN, vmm: { ...vmm, path: UNKNOWN } }), []);
});

test("only a clone is restored always", async () => {
  const { snapshot: _, ...without } = clone;
  const { problems } = await check("MicroVM", { ...without, restore: "always" });
  assert.deepEqual(problems, [{ property: "restore", reason: "needs a snapshot to go on from" }]);
});

test("another snapshot is another clone; how it starts again is not", () => {
  const action = (more: Inputs) => diff("MicroVM", clone, { ...clone, ...more }).action;
  assert.equal(action({ restore: "always" }), "update");
  assert.equal(action({ snapshot: { ...snapshot, digest: "d2" } }), "replace");
  assert.equal(action({ snapshot: { ...snapshot, digest: UNKNOWN, guest: UNKNOWN } }), "update");
});

const taken: Inputs = { ...exampleInputs.Snapshot, digest: "d1", drift: [] };

test("whatever is wrong with a snapshot, no plan takes it and its clones away by itself", () => {
  for (const drift of ["its files are damaged", "the last run did not finish it (link-lost)"])
    assert.equal(diff("Snapshot", { ...taken, drift: [drift] }, exampleInputs.Snapshot).action, "update");
  assert.equal(diff("Snapshot", taken, exampleInputs.Snapshot).action, "unchanged");
  assert.equal(diff("Snapshot", taken, { ...exampleInputs.Snapshot, revision: "2" }).action, "replace");
});

test("a base may be forgotten, and not exchanged", () => {
  const based = { ...taken, base: snapshot };
  assert.equal(diff("Snapshot", based, exampleInputs.Snapshot).action, "update");
  assert.equal(diff("Snapshot", based, { ...exampleInputs.Snapshot, revision: "2" }).action, "replace");
  const other = { ...snapshot, name: "other", digest: "d2" };
  assert.equal(diff("Snapshot", based, { ...exampleInputs.Snapshot, base: other }).action, "replace");
});

test("only a VMM that records what changes can have a base", async () => {
  const based = async (kind: string) => {
    const base = { ...snapshot, vmm: { ...vmm, kind } };
    return (await check("Snapshot", { ...exampleInputs.Snapshot, base })).problems;
  };
  assert.deepEqual(await based("firecracker"), []);
  assert.match((await based("qemu"))[0]?.reason ?? "", /QEMU has no record of changed memory.*; Firecracker can$/);
});

test.run();
