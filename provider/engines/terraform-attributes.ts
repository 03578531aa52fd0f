import { schemas } from "../generated/schemas";
import type { Kind } from "../generated/types";
import type { PropertySchema, ResourceSchema } from "../schema/model";
import { settings } from "./configuration";
import { attributeName, inTerraformsTerms } from "./terraform-names";

/** What Terraform's attributes are made of, from the tables: its schema and its values are both read off them. */

/** An attribute, and the property of the core that it stands for. */
export interface Attribute {
  name: string;
  property: string;
  use: Use;
  sensitive: boolean;
  description: string;
  shape: Shape;
}

/** Who gives a value: the user, the user or else a default, or nobody but the provider. */
export type Use = "required" | "optional" | "defaulted" | "computed";

export type Shape =
  | { type: "string" | "number" | "bool" }
  | { type: "list" | "map"; element: Shape }
  | { type: "object"; attributes: readonly Attribute[] };

/** Whose value a property is: what users give, what the provider tells, or another resource passed whole. */
type Place = "input" | "output" | "reference";

/** How long an operation may take; none of the core's properties. */
export const timeouts: Attribute = {
  name: "timeouts",
  property: "timeouts",
  use: "optional",
  sensitive: false,
  description:
    "How long an operation may take before it is broken off, e.g. `10m` or `1h30m`. Default: single steps are bounded, the whole is not.",
  shape: {
    type: "object",
    attributes: ["create", "update", "read", "delete"].map((name) => ({
      name,
      property: name,
      use: "optional",
      sensitive: false,
      description: `For ${name}.`,
      shape: { type: "string" },
    })),
  },
};

const resources = new Map<Kind, readonly Attribute[]>();

/** The attributes of a kind's resource type. */
export function resourceAttributes(kind: Kind): readonly Attribute[] {
  const made = resources.get(kind) ?? [...attributesOf(schemas[kind]), timeouts];
  resources.set(kind, made);
  return made;
}

/** The attributes of inputs and outputs; those of a lookup too. */
export function attributesOf({
  inputs,
  required,
  outputs,
}: Pick<ResourceSchema, "inputs" | "required" | "outputs">): readonly Attribute[] {
  // Terraform tells a provider nothing of an object's address, so a name cannot be made from it.
  const needed = [...required, ...("name" in inputs ? ["name"] : [])];
  return [...attributes(inputs, needed, "input"), ...attributes(outputs, [], "output")];
}

/** The attributes of the provider's own configuration. */
export function providerAttributes(): readonly Attribute[] {
  const program: PropertySchema = {
    type: "string",
    description:
      "Names this configuration in the records that its objects have on their hosts. Default: the name of the working directory.",
  };
  return attributes({ program, ...settings }, [], "input");
}

function attributes(
  properties: Readonly<Record<string, PropertySchema>>,
  required: readonly string[],
  place: Place,
): Attribute[] {
  return Object.entries(properties).map(([property, schema]) => ({
    name: attributeName(property),
    property,
    use: useOf(schema, required.includes(property), place),
    sensitive: schema["x-secret"] ?? false,
    description: inTerraformsTerms(describe(schema, place === "input" && required.includes(property))),
    shape: shapeOf(property, schema, place),
  }));
}

function useOf(schema: PropertySchema, required: boolean, place: Place): Use {
  if (place === "output") return "computed";
  if (required) return "required";
  if (place === "reference") return "optional";
  // What an SDK fills in for its users, this provider does, but for secrets: they are nowhere to be had.
  if (schema["x-internal"] && !schema["x-secret"]) return "computed";
  return schema.default === undefined ? "optional" : "defaulted";
}

function shapeOf(name: string, schema: PropertySchema, place: Place): Shape {
  const referred = schema["x-ref"] as Kind | undefined;
  if (referred) return { type: "object", attributes: referenceAttributes(referred, place) };
  const free = schema.additionalProperties;
  switch (schema.type) {
    case "string":
      return { type: "string" };
    case "boolean":
      return { type: "bool" };
    case "integer":
    case "number":
      return { type: "number" };
    case "array":
      return { type: "list", element: shapeOf(name, schema.items ?? {}, place) };
    case "object":
      if (typeof free === "object") return { type: "map", element: shapeOf(name, free, place) };
      return { type: "object", attributes: attributes(schema.properties ?? {}, schema.required ?? [], place) };
    default:
      throw new TypeError(`the property ${name} has no type that Terraform could give`);
  }
}

/** What another resource sees of one: a resource that is passed whole is cut down to it by Terraform. */
function referenceAttributes(kind: Kind, place: Place): Attribute[] {
  const { inputs, outputs, reference } = schemas[kind];
  const seen = reference.properties.map((name) => [name, { ...inputs[name], ...outputs[name] }] as const);
  return attributes(Object.fromEntries(seen), reference.identity, place === "output" ? "output" : "reference");
}

function describe(schema: PropertySchema, required: boolean): string {
  const { default: preset, enum: choices, "x-unit": unit } = schema;
  // What is a default elsewhere is none where a value must be given.
  const description = (schema.description ?? "").replace(required ? / Default: [^.]*\./ : /^$/, "");
  const facts = [
    range(schema),
    choices && `one of ${choices.map((choice) => `\`${choice}\``).join(", ")}`,
    unit && `in ${unit}`,
    preset !== undefined && `default \`${JSON.stringify(preset)}\``,
  ].filter(Boolean);
  return facts.length ? `${description} (${facts.join("; ")})`.trim() : description;
}

function range({ minimum, maximum, exclusiveMinimum }: PropertySchema): string | undefined {
  if (exclusiveMinimum !== undefined) return `more than ${exclusiveMinimum}${maximum ? `, at most ${maximum}` : ""}`;
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  if (minimum !== undefined) return `at least ${minimum}`;
  return maximum === undefined ? undefined : `at most ${maximum}`;
}
