import * as assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "uvu";
import { schemas } from "../../provider/generated/schemas";
import type { Kind } from "../../provider/generated/types";
import { type Plan, plan } from "../../provider/plan";
import { withDefaults, withoutDefaults } from "../../provider/schema/defaults";
import { UNKNOWN } from "../../provider/schema/unknown";
import { inputsOf } from "./arbitrary-inputs";

const host = {
  name: "metal-1",
  machineId: "m1",
  connection: { address: "203.0.113.10", hostKey: "SHA256:aaaaaaaaaa" },
};
const vm = {
  name: "web",
  host,
  vmm: { name: "qemu", kind: "qemu", path: "/usr/bin/qemu", installedVersion: "7.2" },
  kernel: { name: "linux", digest: "k1", initramfsDigest: "i1" },
  rootfs: { name: "debian", digest: "r1", format: "ext4" },
  memory: 256,
  interfaces: [{ network: { name: "lan", cidr: "172.30.0.0/24", bridge: "mv-lan" } }],
  files: [{ path: "/etc/motd", content: "hello" }],
  owner: "organization/p/s::MicroVM::web",
};

function changesOf(result: Plan): string[] {
  return result.action === "unchanged" ? [] : result.changes.map(({ property, effect }) => `${effect} ${property}`);
}

for (const kind of Object.keys(schemas) as Kind[]) {
  test(`${kind}: what is declared again is unchanged, with or without its defaults`, () => {
    fc.assert(
      fc.property(inputsOf(kind), (inputs) => {
        const full = withDefaults(kind, inputs);
        assert.deepEqual(withDefaults(kind, full), full);
        const short = withoutDefaults(kind, full);
        assert.deepEqual(withoutDefaults(kind, short), short);
        for (const name of Object.keys(short)) assert.notDeepEqual(short[name], schemas[kind].inputs[name]?.default);
        assert.deepEqual(plan(kind, full, short), { action: "unchanged" });
        assert.deepEqual(plan(kind, inputs, inputs), { action: "unchanged" });
        assert.deepEqual(plan(kind, { ...full, drift: [] }, inputs), { action: "unchanged" });
        assert.deepEqual(plan(kind, reversed(full) as object, full), { action: "unchanged" });
      }),
      { numRuns: 60 },
    );
  });

  test(`${kind}: an unknown input has the effect that the schema gives its property`, () => {
    for (const [name, property] of Object.entries(schemas[kind].inputs)) {
      const result = plan(kind, { [name]: property.default }, { [name]: UNKNOWN });
      const effect = property["x-change"] ?? "live";
      assert.deepEqual(changesOf(result), [`${effect} ${name}`], name);
      assert.equal(result.action, effect === "replace" ? "replace" : "update");
    }
  });
}

test("a default that is given, an absent object and an empty one are the same", () => {
  assert.deepEqual(plan("MicroVM", vm, { ...vm, rootDisk: {}, ready: { timeout: 120 }, vcpus: 1 }), {
    action: "unchanged",
  });
  assert.deepEqual(plan("MicroVM", { ...vm, rootDisk: { mode: "overlay" } }, vm), { action: "unchanged" });
  assert.deepEqual(changesOf(plan("MicroVM", { ...vm, rootDisk: { mode: "copy" } }, vm)), ["replace rootDisk.mode"]);
});

test("a property that is taken away is a change", () => {
  const { files: _, ...without } = vm;
  assert.deepEqual(changesOf(plan("MicroVM", vm, without)), ["restart files"]);
  assert.deepEqual(changesOf(plan("MicroVM", { ...vm, limits: { cpu: 50 } }, vm)), ["live limits.cpu"]);
});

test("effects come from the property, or from what is around it", () => {
  const changed = (more: object) => changesOf(plan("MicroVM", vm, { ...vm, ...more }));
  assert.deepEqual(changed({ memory: 512 }), ["restart memory"]);
  assert.deepEqual(changed({ state: "stopped" }), ["live state"]);
  assert.deepEqual(changed({ files: [{ path: "/etc/motd", content: "bye" }] }), ["restart files[0].content"]);
  assert.deepEqual(changed({ name: "web-2" }), ["replace name"]);
  assert.deepEqual(changed({ adopt: true }), ["live adopt"]);
  assert.deepEqual(changed({ owner: "other" }), ["live owner"]);
  const source = { url: "https://example.org/a", sha256: "0".repeat(64) };
  const kernel = plan(
    "Kernel",
    { name: "k", host, source },
    { name: "k", host, source: { ...source, sha256: "1".repeat(64) } },
  );
  assert.deepEqual(changesOf(kernel), ["replace source.sha256"]);
});

test("a replacement deletes first and says why", () => {
  const result = plan("Volume", { name: "data", host, size: 64 }, { name: "data", host, size: 64, filesystem: "none" });
  assert.equal(result.action, "replace");
  assert.ok(result.action === "replace" && result.deleteFirst);
  assert.equal(
    result.action === "replace" && result.changes[0]?.reason,
    'filesystem changes from "ext4" to "none", so it is replaced, because changing the filesystem would empty the volume',
  );
});

test("references are compared by identity", () => {
  const changed = (more: object) => changesOf(plan("MicroVM", vm, { ...vm, ...more }));
  assert.deepEqual(changed({ vmm: { ...vm.vmm, installedVersion: "8.0" } }), []);
  assert.deepEqual(changed({ rootfs: { ...vm.rootfs, digest: "r2" } }), ["replace rootfs"]);
  assert.deepEqual(changed({ kernel: { ...vm.kernel, digest: "k2" } }), ["restart kernel"]);
  assert.deepEqual(changed({ host: { ...host, machineId: "m2" } }), ["replace host"]);
});

test("a new way to the same machine is recorded and replaces nothing", () => {
  const changed = (more: object) => changesOf(plan("MicroVM", vm, { ...vm, ...more }));
  assert.deepEqual(changed({ host: { ...host, connection: { address: "203.0.113.99" } } }), ["live host.connection"]);
  assert.deepEqual(changed({ credentials: { password: "s3cret" } }), ["live credentials.password"]);
  assert.ok(!JSON.stringify(plan("MicroVM", vm, { ...vm, credentials: { password: "s3cret" } })).includes("s3cret"));
});

test("an object that this run changes is not taken for another one", () => {
  const changed = (more: object) => changesOf(plan("MicroVM", vm, { ...vm, ...more }));
  const pending = { name: "metal-1", machineId: UNKNOWN, connection: UNKNOWN };
  const pendingKernel = { name: "linux", digest: UNKNOWN, initramfsDigest: UNKNOWN };
  assert.deepEqual(changed({ host: pending }), ["live host"]);
  assert.deepEqual(changed({ host: { ...pending, name: "metal-2" } }), ["replace host"]);
  assert.deepEqual(changed({ kernel: pendingKernel }), ["live kernel"]);
  assert.deepEqual(changed({ kernel: { ...pendingKernel, name: "own" } }), ["restart kernel"]);
  assert.deepEqual(changed({ kernel: UNKNOWN }), ["restart kernel"]);
  assert.deepEqual(changed({ rootfs: UNKNOWN }), ["replace rootfs"]);
});

test("drift is a reason for an update", () => {
  const result = plan("MicroVM", { ...vm, drift: ["its tap is missing"] }, vm);
  assert.deepEqual(result, {
    action: "update",
    changes: [{ property: "drift", effect: "live", reason: "on the host: its tap is missing" }],
  });
});

/** The same with the keys of every object in the other order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reversed(item)]),
  );
}

test("a reference whose identity is not known is the same object, or another, as the engine has it", () => {
  const unsure = { ...vm, rootfs: { name: "debian", digest: UNKNOWN, format: "ext4" } };
  assert.deepEqual(changesOf(plan("MicroVM", vm, unsure)), ["live rootfs"]);
  assert.deepEqual(changesOf(plan("MicroVM", vm, unsure, undefined, "another")), ["replace rootfs"]);
  const nested = { ...vm, interfaces: [{ network: { name: "lan", cidr: UNKNOWN, bridge: "mv-lan" } }] };
  assert.equal(plan("MicroVM", vm, nested).action, "update");
  assert.match(JSON.stringify(plan("MicroVM", vm, nested, undefined, "another")), /is another Network/);
});

test("no text that may be secret is in a reason, and numbers and words of a choice are", () => {
  const token = (content: string) => ({ ...vm, files: [{ path: "/etc/token", content }] });
  const told = JSON.stringify(plan("MicroVM", token("OLD-TOKEN"), token("NEW-TOKEN")));
  assert.match(told, /files\[0\]\.content changes/);
  assert.doesNotMatch(told, /TOKEN/);
  assert.match(JSON.stringify(plan("MicroVM", vm, { ...vm, memory: 512 })), /memory changes from 256 to 512/);
  assert.match(JSON.stringify(plan("MicroVM", vm, { ...vm, machine: "q35" })), /from .*microvm.* to .*q35/);
});

test.run();
