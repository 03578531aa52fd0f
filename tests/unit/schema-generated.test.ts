import * as assert from "node:assert/strict";
import Ajv2020 from "ajv/dist/2020";
import { test } from "uvu";
import type { PropertySchema } from "../../provider/schema/model";
import { loadLookups, loadResources, lookupFiles, readSchema, schemaFiles } from "../../tools/generate/load";
import { stale } from "../../tools/generate/main";

const meta = new Ajv2020({ allErrors: true, strict: false });
meta.addSchema(readSchema("meta.schema.json") as object, "meta");

test("what is checked in is what the schemas generate", () => {
  assert.deepEqual(stale(), [], "run `npm run generate`");
});

for (const file of schemaFiles().filter((name) => name !== "meta.schema.json")) {
  test(`${file} keeps to the meta-schema`, () => {
    const whole = readSchema(file) as { $defs?: Record<string, object> };
    if (file !== "definitions.schema.json") {
      assert.ok(meta.validate("meta", whole), meta.errorsText(meta.errors, { separator: "\n" }));
      return;
    }
    for (const [name, definition] of Object.entries(whole.$defs ?? {})) {
      assert.ok(meta.validate("meta#/$defs/Property", definition), `${name}: ${meta.errorsText()}`);
    }
  });
}

for (const file of lookupFiles()) {
  test(`${file} keeps to the meta-schema`, () => {
    assert.ok(meta.validate("meta#/$defs/Lookup", readSchema(file)), meta.errorsText(meta.errors, { separator: "\n" }));
  });
}

for (const { name, inputs, required, outputs } of loadLookups(loadResources())) {
  test(`${name} names only what there is, and documents it`, () => {
    for (const one of required) assert.ok(inputs[one], one);
    for (const [one, property] of Object.entries({ ...inputs, ...outputs })) {
      assert.match(property?.description ?? "", /\.$/, one);
    }
    for (const one of Object.keys(outputs)) assert.ok(!inputs[one], `${one} is an input and an output`);
  });
}

test("the meta-schema refuses what the generator would not understand", () => {
  const network = readSchema("network.schema.json") as { properties: Record<string, object> };
  const withProperty = (property: object) => ({ ...network, properties: { ...network.properties, extra: property } });
  assert.ok(meta.validate("meta", withProperty({ type: "string" })));
  for (const property of [
    {},
    { type: "text" },
    { type: "string", "x-change": "reboot" },
    { type: "string", "x-change": "replace" },
    { type: "string", pattern: "^a$" },
    { type: "string", "x-secrets": true },
  ]) {
    assert.ok(!meta.validate("meta", withProperty(property)), JSON.stringify(property));
  }
});

for (const resource of loadResources()) {
  const { kind, inputs, required, outputs, reference } = resource;

  test(`${kind} names only what it has`, () => {
    for (const name of required) assert.ok(inputs[name], name);
    for (const name of reference.properties) assert.ok(inputs[name] ?? outputs[name], name);
    for (const name of reference.identity) assert.ok(reference.properties.includes(name), name);
    for (const name of Object.keys(outputs)) assert.ok(!inputs[name], `${name} is an input and an output`);
  });

  test(`${kind} documents every input and output, and shows no secret in its reference`, () => {
    for (const [name, property] of documented({ ...inputs, ...outputs })) {
      assert.match(property.description ?? "", /\.$/, `${kind}.${name} has no sentence`);
    }
    for (const name of reference.properties) assert.ok(!(inputs[name] ?? outputs[name])?.["x-secret"], name);
  });
}

function documented(properties: Readonly<Record<string, PropertySchema>>): [string, PropertySchema][] {
  return Object.entries(properties).filter(([, property]) => !property["x-internal"]);
}

test.run();
