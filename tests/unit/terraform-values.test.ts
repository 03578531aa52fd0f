import * as assert from "node:assert/strict";
import { encode as pack } from "@msgpack/msgpack";
import * as fc from "fast-check";
import { test } from "uvu";
import { type Attribute, resourceAttributes, type Shape } from "../../provider/engines/terraform-attributes";
import { decode, decodeJson, encode, nothing } from "../../provider/engines/terraform-values";
import { schemas } from "../../provider/generated/schemas";
import type { Kind } from "../../provider/generated/types";
import { UNKNOWN } from "../../provider/schema/unknown";

/** Any value of a shape, known or not; absent where `undefined`. */
function anyOf(shape: Shape): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 6, arbitrary: knownOf(shape) }, { weight: 1, arbitrary: fc.constant(UNKNOWN) });
}

function knownOf(shape: Shape): fc.Arbitrary<unknown> {
  switch (shape.type) {
    case "string":
      return fc.string({ unit: "binary" });
    case "number":
      // 0 and -0 are one number on the way.
      return fc
        .oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }))
        .map((number) => number || 0);
    case "bool":
      return fc.boolean();
    case "list":
      return fc.array(anyOf(shape.element), { maxLength: 3 });
    case "map":
      return fc.dictionary(
        fc.string().filter((key) => key !== "__proto__"),
        anyOf(shape.element),
        { maxKeys: 3, noNullPrototype: true },
      );
    case "object":
      return objectOf(shape.attributes);
  }
}

function objectOf(attributes: readonly Attribute[]): fc.Arbitrary<Record<string, unknown>> {
  const fields = Object.fromEntries(attributes.map(({ property, shape }) => [property, anyOf(shape)]));
  return fc.record(fields, { requiredKeys: [], noNullPrototype: true });
}

for (const kind of Object.keys(schemas) as Kind[]) {
  test(`${kind}: what is encoded is decoded to the same, unknown or absent, at every depth`, () => {
    const attributes = resourceAttributes(kind);
    fc.assert(
      fc.property(objectOf(attributes), (value) => {
        assert.deepEqual(decode(attributes, encode(attributes, value)), value);
      }),
      { numRuns: 40 },
    );
  });
}

const shapes: Attribute[] = (["string", "number", "bool"] as const).map((type) => ({
  name: `a_${type}`,
  property: `a${type}`,
  use: "optional",
  sensitive: false,
  description: "",
  shape: { type },
}));

test("every attribute is there, absent ones as null", () => {
  const { msgpack } = encode(shapes, { astring: "x" });
  assert.deepEqual(msgpack, pack({ a_string: "x", a_number: null, a_bool: null }));
});

test("an unknown value is the extension 0, and one of which something is known is unknown too", () => {
  assert.deepEqual(
    Buffer.from(encode([shapes[0] as Attribute], { astring: UNKNOWN }).msgpack ?? []).subarray(-3),
    Buffer.from([0xd4, 0, 0]),
  );
  const refined = Buffer.concat([
    Buffer.from([0x81]),
    Buffer.from(pack("a_string")),
    Buffer.from([0xc7, 3, 12, 0x81, 1, 0xc2]),
  ]);
  assert.deepEqual(decode(shapes, { msgpack: refined }), { astring: UNKNOWN });
});

test("no object at all is neither an empty one nor an unknown one", () => {
  assert.equal(decode(shapes, nothing), undefined);
  assert.equal(decode(shapes, undefined), undefined);
  assert.deepEqual(decode(shapes, encode(shapes, {})), {});
});

test("a number that no machine number holds comes as text", () => {
  assert.deepEqual(decode(shapes, { msgpack: pack({ a_number: "100000000000000000000" }) }), {
    anumber: 1e20,
  });
});

test("of a state that another version wrote, what does not fit is absent", () => {
  const json = Buffer.from(JSON.stringify({ a_string: 5, a_number: "7", a_bool: "yes", other: true }));
  assert.deepEqual(decodeJson(shapes, json), { anumber: 7 });
});

test.run();
