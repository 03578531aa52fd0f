import fc from "fast-check";
import { schemas } from "../../provider/generated/schemas";
import type { Kind } from "../../provider/generated/types";
import type { PropertySchema } from "../../provider/schema/model";

/** Inputs of a kind that its schema accepts, whatever patterns and counts of its properties say. */
export function inputsOf(kind: Kind): fc.Arbitrary<Record<string, unknown>> {
  return objectOf(schemas[kind].inputs, schemas[kind].required) as fc.Arbitrary<Record<string, unknown>>;
}

function objectOf(
  properties: Readonly<Record<string, PropertySchema>>,
  required: readonly string[],
): fc.Arbitrary<object> {
  const model = Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, anyOf(property)]));
  return fc.record(model, { requiredKeys: [...required], noNullPrototype: true }) as fc.Arbitrary<object>;
}

function anyOf(property: PropertySchema): fc.Arbitrary<unknown> {
  if (property["x-ref"]) {
    const { identity } = schemas[property["x-ref"] as Kind].reference;
    return fc.record(Object.fromEntries([...identity, "name"].map((key) => [key, fc.constantFrom("a", "b")])));
  }
  if (property.enum) return fc.constantFrom(...property.enum);
  switch (property.type) {
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.integer({ min: property.minimum ?? 0, max: Math.min(property.maximum ?? 2 ** 31, 2 ** 31) });
    case "number":
      return fc.integer({
        min: (property.minimum ?? property.exclusiveMinimum ?? 0) + 1,
        max: property.maximum ?? 2 ** 31,
      });
    case "array":
      return fc.array(anyOf(property.items ?? {}), { maxLength: 3 });
    case "object":
      return property.properties
        ? objectOf(property.properties, property.required ?? [])
        : fc.dictionary(fc.constantFrom("a.b", "c.d"), fc.constantFrom("1", "2"));
    default:
      return fc.constantFrom("a", "b1", "c-2");
  }
}
