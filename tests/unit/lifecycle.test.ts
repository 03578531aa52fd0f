import * as assert from "node:assert/strict";
import { test } from "uvu";
import { schemas } from "../../provider/generated/schemas";
import type { Kind } from "../../provider/generated/types";
import { check, diff, expected } from "../../provider/lifecycle";
import { registry } from "../../provider/registry";
import { withDefaults } from "../../provider/schema/defaults";
import { UNKNOWN } from "../../provider/schema/unknown";
import { exampleInputs } from "../contract/example-inputs";

const vm = exampleInputs.MicroVM;
const [first] = vm.interfaces as Record<string, unknown>[];

test("check fills in defaults, and does so where something is wrong too", async () => {
  const good = await check("MicroVM", vm);
  assert.deepEqual(good.problems, []);
  assert.equal(good.inputs.memory, 256);
  const bad = await check("MicroVM", { ...vm, vcpus: 0 });
  assert.deepEqual(
    bad.problems.map(({ property }) => property),
    ["vcpus"],
  );
  assert.equal(bad.inputs.memory, 256);
});

test("rules that span properties are held", async () => {
  const outside = await check("MicroVM", { ...vm, interfaces: [{ ...first, address: "10.9.8.7" }] });
  assert.deepEqual(
    outside.problems.map(({ property }) => property),
    ["interfaces[0].address"],
  );
  assert.match(outside.problems[0]?.reason ?? "", /172\.30\.0\./);
});

test("rules that span properties say nothing of what is not known", async () => {
  for (const interfaces of [UNKNOWN, [UNKNOWN], [{ network: UNKNOWN, address: "10.9.8.7" }]]) {
    assert.deepEqual((await check("MicroVM", { ...vm, interfaces })).problems, []);
  }
});

test("check is idempotent and changes nothing that it is given", async () => {
  const given = structuredClone(vm);
  const { inputs } = await check("MicroVM", given);
  assert.deepEqual(given, vm);
  assert.deepEqual((await check("MicroVM", inputs)).inputs, inputs);
});

test("a resource may sharpen the plan that its schema gives", async () => {
  const { inputs: state } = await check("MicroVM", { ...vm, rootDisk: { size: 2048 } });
  assert.equal(diff("MicroVM", state, { ...vm, rootDisk: { size: 4096 } }).action, "update");
  assert.equal(diff("MicroVM", state, { ...vm, rootDisk: { size: 1024 } }).action, "replace");
});

for (const kind of Object.keys(schemas) as Kind[]) {
  const { inputs, outputs, reference } = schemas[kind];
  const given = withDefaults(kind, exampleInputs[kind]);
  const state = { ...given, ...Object.fromEntries(Object.keys(outputs).map((name) => [name, `former ${name}`])) };

  test(`${kind}: a preview knows of what is made its inputs and what is foretold`, () => {
    const made = expected(kind, given, undefined, { action: "create" });
    const replaced = expected(kind, given, state, { action: "replace", changes: [], deleteFirst: true });
    for (const found of [made, replaced]) {
      for (const name of Object.keys(given)) assert.deepEqual(found[name], given[name]);
      for (const name of reference.identity) if (!(name in inputs)) assert.equal(found[name], UNKNOWN, name);
      for (const name of Object.keys(outputs)) assert.notEqual(found[name], `former ${name}`);
      assert.deepEqual(found.drift, []);
    }
  });

  test(`${kind}: a preview of an update knows what the update leaves as it is, and a repair may change more`, () => {
    const change = (property: string) => ({ property, effect: "live" as const, reason: "" });
    const known = (property: string) => {
      const found = expected(kind, given, state, { action: "update", changes: [change(property)] });
      return Object.keys(outputs).filter((name) => found[name] === `former ${name}`);
    };
    const kept: string[] = registry[kind].keeps?.(state, given) ?? [];
    const marked = (...marks: string[]) =>
      Object.keys(outputs).filter((name) => marks.includes(outputs[name]?.["x-stable"] ?? "") || kept.includes(name));
    assert.deepEqual(known("adopt"), marked("always", "updates"));
    assert.deepEqual(known("drift"), marked("always"));
    assert.equal(expected(kind, given, state, { action: "unchanged" }), state);
  });
}

test("a preview of a Host that is reached as before knows what refers to it still", () => {
  const connection = { address: "127.0.0.1", hostKey: "ssh-ed25519 AAAA" };
  const given = withDefaults("Host", exampleInputs.Host);
  const state = { ...given, connection, fingerprint: "SHA256:a" };
  const update = (inputs: Record<string, unknown>) =>
    expected("Host", inputs, state, { action: "update", changes: [{ property: "x", effect: "live", reason: "" }] });
  assert.equal(update({ ...given, packages: ["curl"] }).connection, connection);
  assert.equal(update({ ...given, address: "192.0.2.7" }).connection, UNKNOWN);
  assert.equal(update({ ...given, address: UNKNOWN }).connection, UNKNOWN);
});

test.run();
