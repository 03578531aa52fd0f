import type { Attribute, Shape } from "./terraform-attributes";

/** Attributes as Terraform's protocol describes them. */

/** How the values of an attribute are nested, in the protocol's numbers. */
const nesting = { single: 1, list: 2, map: 4 };

const markdown = 1;

/** A type of values as cty writes it in JSON. */
export type CtyType = string | ["list" | "map", CtyType];

export interface SchemaAttribute {
  name: string;
  type?: Uint8Array;
  nestedType?: { nesting: number; attributes: SchemaAttribute[] };
  description: string;
  descriptionKind: number;
  required: boolean;
  optional: boolean;
  computed: boolean;
  sensitive: boolean;
}

export interface Schema {
  version: number;
  block: { version: number; attributes: SchemaAttribute[]; description: string; descriptionKind: number };
}

/** The version that states are written in: raised where a newer one could not be read off an older by its names alone. */
export const schemaVersion = 0;

export function schemaOf(description: string, attributes: readonly Attribute[]): Schema {
  const block = { version: schemaVersion, attributes: attributes.map(emit), description, descriptionKind: markdown };
  return { version: schemaVersion, block };
}

function emit({ name, use, sensitive, description, shape }: Attribute): SchemaAttribute {
  return {
    name,
    ...typeOf(shape),
    description,
    descriptionKind: markdown,
    required: use === "required",
    optional: use === "optional" || use === "defaulted",
    computed: use === "computed" || use === "defaulted",
    sensitive,
  };
}

/** Objects are nested attributes, alone or in a list or map, so that each has its own description and rules. */
function typeOf(shape: Shape): Pick<SchemaAttribute, "type" | "nestedType"> {
  if (shape.type === "object") return nested("single", shape);
  if (shape.type !== "list" && shape.type !== "map") return plain(shape);
  return shape.element.type === "object" ? nested(shape.type, shape.element) : plain(shape);
}

function nested(how: keyof typeof nesting, { attributes }: Extract<Shape, { type: "object" }>) {
  return { nestedType: { nesting: nesting[how], attributes: attributes.map(emit) } };
}

function plain(shape: Shape) {
  return { type: Buffer.from(JSON.stringify(ctyType(shape))) };
}

function ctyType(shape: Shape): CtyType {
  if (shape.type === "object") throw new TypeError("a list of lists of objects cannot be an attribute");
  return shape.type === "list" || shape.type === "map" ? [shape.type, ctyType(shape.element)] : shape.type;
}
