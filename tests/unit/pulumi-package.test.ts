import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  lookupToken,
  type PackageSpec,
  pulumiPackage,
  type TypeSpec,
  tokenOf,
} from "../../provider/engines/pulumi-package";
import { lookupSchemas, schemas } from "../../provider/generated/schemas";
import type { Kind } from "../../provider/generated/types";
import { referenceOf } from "../../provider/schema/reference";
import { UNKNOWN } from "../../provider/schema/unknown";

const test = suite("the schema of the Pulumi package");
const spec = pulumiPackage();
const kinds = Object.keys(schemas) as Kind[];

/** Every property there is, with where it is. */
function* allProperties({ config, provider, resources, functions, types }: PackageSpec) {
  const objects = [
    ["configuration", config.variables],
    ["provider", provider.inputProperties],
    ...Object.entries(resources).flatMap(([token, resource]) => [
      [`${token} inputs`, resource.inputProperties],
      [`${token} outputs`, resource.properties],
    ]),
    ...Object.entries(functions).flatMap(([token, { inputs, outputs }]) => [
      [`${token} inputs`, inputs.properties],
      [`${token} outputs`, outputs.properties],
    ]),
    ...Object.entries(types).map(([token, type]) => [token, type.properties]),
  ] as const;
  for (const [where, properties] of objects)
    for (const [name, property] of Object.entries(properties)) yield { where: `${where}.${name}`, property };
}

/** The types that a type consists of, itself first. */
function* partsOf(type: TypeSpec): Generator<TypeSpec> {
  yield type;
  for (const inner of [type.items, type.additionalProperties]) if (inner) yield* partsOf(inner);
}

test("it is of this package and its version", () => {
  const { version } = JSON.parse(readFileSync(join(__dirname, "../../package.json"), "utf8"));
  assert.is(spec.name, "microvm");
  assert.is(spec.version, version);
});

test("every kind is there with all that programs give and get", () => {
  assert.equal(
    Object.keys(spec.resources),
    kinds.map((kind) => tokenOf(kind)),
  );
  for (const kind of kinds) {
    const { inputs, outputs, required } = schemas[kind];
    const resource = spec.resources[tokenOf(kind)] as PackageSpec["resources"][string];
    const given = Object.keys(inputs).filter((name) => !inputs[name]?.["x-internal"] || name === "credentials");
    assert.equal(Object.keys(resource.inputProperties), given, kind);
    assert.equal(resource.requiredInputs, required, kind);
    assert.equal(Object.keys(resource.properties), [...given, ...Object.keys(outputs), "reference"], kind);
    for (const name of resource.required) assert.ok(resource.properties[name], `${kind}.${name}`);
    for (const name of Object.keys(outputs)) assert.ok(resource.required.includes(name), `${kind}.${name}`);
  }
});

test("every lookup is a function with all that it takes and tells", () => {
  const lookups = Object.values(lookupSchemas);
  assert.equal(
    Object.keys(spec.functions),
    lookups.map(({ name }) => `microvm:index:get${name}`),
  );
  for (const { name, inputs, required, outputs } of lookups) {
    const made = spec.functions[lookupToken(name)] as PackageSpec["functions"][string];
    assert.equal(Object.keys(made.inputs.properties), Object.keys(inputs), name);
    assert.equal(made.inputs.required, required, name);
    assert.equal(Object.keys(made.outputs.properties), Object.keys(outputs), name);
  }
});

test("what is optional and has no default may be missing from what is there", () => {
  const { required } = spec.resources["microvm:index:MicroVM"] as PackageSpec["resources"][string];
  for (const name of ["host", "name", "memory", "ipAddress", "reference"]) assert.ok(required.includes(name), name);
  for (const name of ["snapshot", "maxVcpus", "credentials"]) assert.not.ok(required.includes(name), name);
});

test("every type that is named is there, and every one that is there is named", () => {
  const named = new Set<string>();
  for (const { where, property } of allProperties(spec)) {
    for (const { $ref, type, items, additionalProperties } of partsOf(property)) {
      if ($ref) named.add($ref.replace("#/types/", ""));
      else assert.match(type ?? "none", /^(string|integer|number|boolean|array|object)$/, where);
      assert.is(type === "array", items !== undefined, where);
      assert.is(type === "object", additionalProperties !== undefined, where);
    }
  }
  assert.equal([...named].sort(), Object.keys(spec.types).sort());
  for (const [token, { properties, required }] of Object.entries(spec.types)) {
    assert.match(token, /^microvm:index:[A-Z][A-Za-z]+$/);
    for (const name of required) assert.ok(properties[name], `${token}.${name}`);
  }
});

test("a type that several properties share is the same in all", () => {
  const shapes = new Map<string, Set<string>>();
  const walk = (property: object) => {
    const { "x-shape": shape, properties, required } = property as { "x-shape"?: string; [key: string]: unknown };
    if (shape) shapes.set(shape, (shapes.get(shape) ?? new Set()).add(JSON.stringify([properties, required])));
    for (const inner of Object.values(property)) if (inner !== null && typeof inner === "object") walk(inner);
  };
  walk(schemas);
  assert.ok(shapes.size >= 3, [...shapes.keys()].join(" "));
  for (const [shape, variants] of shapes) assert.is(variants.size, 1, shape);
});

test("properties tell unit, range and choice, and have no defaults but plain values", () => {
  for (const { where, property } of allProperties(spec)) {
    assert.is.not(property.description, "", where);
    assert.not.type(property.default, "object", where);
  }
  const { inputProperties } = spec.resources["microvm:index:MicroVM"] as PackageSpec["resources"][string];
  assert.equal(inputProperties.memory, {
    type: "integer",
    description: "Guest memory. (in MiB; 64 to 4194304; default 256)",
    default: 256,
  });
  assert.match(inputProperties.accelerator?.description ?? "", / One of `kvm`, `tcg`\.$/);
  assert.equal(inputProperties.interfaces?.items, { $ref: "#/types/microvm:index:MicroVMInterface" });
});

test("what is secret in the tables is secret to Pulumi", () => {
  const secret = (properties: Record<string, { secret?: boolean }>) =>
    Object.keys(properties).filter((name) => properties[name]?.secret);
  for (const kind of kinds) {
    const { inputs } = schemas[kind];
    const expected = Object.keys(inputs).filter((name) => inputs[name]?.["x-secret"]);
    const resource = spec.resources[tokenOf(kind)] as PackageSpec["resources"][string];
    assert.equal(secret(resource.inputProperties), expected, kind);
    assert.equal(secret(resource.properties), expected, kind);
  }
  assert.equal(secret(spec.config.variables), ["privateKey", "passphrase", "password"]);
});

test("a reference holds what others see of an object, known or not", () => {
  const state = { name: "metal", machineId: UNKNOWN, connection: { address: "h" }, memory: 4, drift: [] };
  assert.equal(referenceOf("Host", state as Record<string, unknown>), {
    name: "metal",
    machineId: UNKNOWN,
    connection: { address: "h" },
  });
  for (const kind of kinds) {
    const { properties } = spec.types[tokenOf(`${kind}Reference`)] ?? { properties: {} };
    if (Object.keys(properties).length) assert.equal(Object.keys(properties), Object.keys(referenceOf(kind, {})), kind);
  }
});

test.run();
