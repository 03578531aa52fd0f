import * as assert from "node:assert/strict";
import { test } from "uvu";
import {
  type Attribute,
  attributesOf,
  providerAttributes,
  resourceAttributes,
  type Shape,
} from "../../provider/engines/terraform-attributes";
import { inTerraformsTerms } from "../../provider/engines/terraform-names";
import { type SchemaAttribute, schemaOf } from "../../provider/engines/terraform-schema";
import { lookupSchemas, schemas } from "../../provider/generated/schemas";
import type { Kind } from "../../provider/generated/types";

const all: [string, readonly Attribute[]][] = [
  ["provider", providerAttributes()],
  ...(Object.keys(schemas) as Kind[]).map((kind): [string, readonly Attribute[]] => [kind, resourceAttributes(kind)]),
  ...Object.entries(lookupSchemas).map(([name, lookup]): [string, readonly Attribute[]] => [
    name,
    attributesOf(lookup),
  ]),
];

/** The meta-arguments of a resource. */
const reserved = ["connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"];

function* walk(attributes: readonly SchemaAttribute[], path = ""): Generator<[string, SchemaAttribute]> {
  for (const attribute of attributes) {
    yield [`${path}${attribute.name}`, attribute];
    yield* walk(attribute.nestedType?.attributes ?? [], `${path}${attribute.name}.`);
  }
}

for (const [name, attributes] of all) {
  const { block } = schemaOf("", attributes);

  test(`${name}: Terraform accepts its schema`, () => {
    for (const [path, attribute] of walk(block.attributes)) {
      assert.match(attribute.name, /^[a-z_][a-z0-9_]*$/, path);
      assert.ok(!reserved.includes(attribute.name), path);
      assert.equal(Boolean(attribute.type) !== Boolean(attribute.nestedType), true, path);
      const { required, optional, computed } = attribute;
      assert.ok(required || optional || computed, path);
      assert.ok(!(required && (optional || computed)), path);
    }
    const names = block.attributes.map((attribute) => attribute.name);
    assert.equal(new Set(names).size, names.length);
  });

  test(`${name}: everything is described, and nothing in the core's names`, () => {
    for (const [path, { description }] of walk(block.attributes)) {
      assert.equal(description, inTerraformsTerms(description), path);
    }
    for (const { name, description } of block.attributes) assert.ok(description, name);
  });
}

test("a name must be given, secrets are sensitive, and what the provider fills in cannot be given", () => {
  for (const kind of Object.keys(schemas) as Kind[]) {
    const by = new Map(schemaOf("", resourceAttributes(kind)).block.attributes.map((one) => [one.name, one]));
    assert.equal(by.get("name")?.required, true, kind);
    assert.deepEqual([by.get("owner")?.computed, by.get("owner")?.optional], [true, false], kind);
    for (const [property, { "x-secret": secret }] of Object.entries(schemas[kind].inputs)) {
      const found = resourceAttributes(kind).find((one) => one.property === property);
      assert.equal(found?.sensitive, secret ?? false, `${kind}.${property}`);
    }
  }
});

/** Whether Terraform turns an object of the one shape into one of the other. */
function converts(from: Shape | undefined, to: Shape): boolean {
  if (!from || from.type !== to.type) return false;
  if (to.type === "list" || to.type === "map") return converts((from as typeof to).element, to.element);
  if (to.type !== "object") return true;
  const given = new Map((from as typeof to).attributes.map((one) => [one.name, one.shape]));
  return to.attributes.every(({ name, use, shape }) =>
    given.has(name) ? converts(given.get(name), shape) : use === "optional",
  );
}

test("a resource can be passed whole wherever one of its kind is referred to", () => {
  let found = 0;
  const walkReferences = (kind: string, properties: object, shapes: readonly Attribute[]) => {
    for (const [property, schema] of Object.entries(properties)) {
      const shape = shapes.find((one) => one.property === property)?.shape;
      const referred = schema["x-ref"] ?? schema.items?.["x-ref"];
      const inner = shape?.type === "list" ? shape.element : shape;
      if (referred && inner) {
        found++;
        const whole: Shape = { type: "object", attributes: resourceAttributes(referred) };
        assert.ok(converts(whole, inner), `${kind}.${property}`);
      } else if (inner?.type === "object") {
        walkReferences(kind, schema.properties ?? schema.items?.properties ?? {}, inner.attributes);
      }
    }
  };
  for (const kind of Object.keys(schemas) as Kind[]) {
    walkReferences(kind, { ...schemas[kind].inputs, ...schemas[kind].outputs }, resourceAttributes(kind));
  }
  assert.ok(found > 20);
});

test.run();
