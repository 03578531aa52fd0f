import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Property, ResourceSchema } from "../../provider/schema/model";

type Json = Record<string, unknown>;

/** What `schema/` declares, resolved: all that the emitters read. */
export interface Declarations {
  /** In the order of their file names, `Host` first. */
  resources: (ResourceSchema & { file: string; example?: string })[];
  /** Object shapes that several resources share. */
  shapes: Record<string, Property>;
}

/** Every schema file with its parsed content. */
export function schemaFiles(directory: string): { file: string; schema: Json }[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith(".schema.json") && file !== "meta.schema.json")
    .sort()
    .map((file) => ({ file, schema: JSON.parse(readFileSync(join(directory, file), "utf8")) as Json }));
}

export function loadDeclarations(directory: string): Declarations {
  const files = schemaFiles(directory);
  const definitions = files.find(({ file }) => file === "definitions.schema.json")?.schema.$defs as Record<
    string,
    Json
  >;
  const resolver = new Resolver(definitions);
  const resources = files
    .filter(({ schema }) => schema.type === "object")
    .map(({ file, schema }) => ({ ...resourceOf(schema, resolver), file: file.replace(".schema.json", "") }))
    .sort((a, b) => Number(a.hosted) - Number(b.hosted) || a.file.localeCompare(b.file));
  const shapes = Object.entries(definitions).filter(([, definition]) => definition.type === "object");
  return {
    resources,
    shapes: Object.fromEntries(shapes.map(([name, definition]) => [name, resolver.property(definition)])),
  };
}

class Resolver {
  constructor(private readonly definitions: Record<string, Json>) {}

  /** A schema of a property with its references replaced by what they name; what stands beside one goes first. */
  property(schema: Json): Property {
    const { $ref, ...own } = schema;
    if (typeof $ref !== "string") return this.plain(own);
    const name = $ref.replace(/^(definitions)?#\/\$defs\//, "");
    const definition = this.definitions[name];
    if (!definition) throw new Error(`schema/definitions.schema.json has no ${name}, which ${$ref} names`);
    const resolved = this.plain({ ...definition, ...own });
    return definition.type === "object" ? { shape: name, ...resolved } : resolved;
  }

  properties(schemas: unknown): Record<string, Property> {
    return Object.fromEntries(
      Object.entries((schemas ?? {}) as Record<string, Json>).map(([name, schema]) => [name, this.property(schema)]),
    );
  }

  private plain(schema: Json): Property {
    const { properties, required, items, propertyNames, additionalProperties, ...rest } = schema;
    const property: Json = {};
    for (const [keyword, value] of Object.entries(rest)) property[renamed[keyword] ?? keyword] = value;
    if (properties) property.properties = this.properties(properties);
    if (required) property.required = required;
    if (items) property.items = this.property(items as Json);
    if (propertyNames) property.keyPattern = (propertyNames as Json).pattern;
    if (typeof additionalProperties === "object") property.values = this.property(additionalProperties as Json);
    return property as Property;
  }
}

const renamed: Record<string, string> = {
  "x-unit": "unit",
  "x-ref": "ref",
  "x-secret": "secret",
  "x-internal": "internal",
  "x-change": "change",
  "x-why": "why",
  "x-exactly-one": "exactlyOne",
  "x-at-most-one": "atMostOne",
};

function resourceOf(schema: Json, resolver: Resolver): ResourceSchema & { example?: string } {
  const hosted = schema["x-hosted"] === true;
  const declared = resolver.properties(schema.properties);
  const added = resolver.properties(hosted ? hostedInputs : ownerInput);
  const first = hosted ? { host: added.host as Property, name: added.name as Property } : {};
  const inputs: Record<string, Property> = { ...first, ...declared };
  inputs.name = { ...(inputs.name as Property), filled: true };
  if (hosted) inputs.adopt = added.adopt as Property;
  if (hosted) inputs.credentials = added.credentials as Property;
  inputs.owner = added.owner as Property;
  return {
    kind: schema.title as string,
    description: schema.description as string,
    hosted,
    inputs,
    required: [...new Set(["name", ...(schema.required as string[]), "owner"])],
    outputs: { ...resolver.properties(schema["x-outputs"]), drift: resolver.property(driftOutput) },
    reference: schema["x-reference"] as ResourceSchema["reference"],
    ...(typeof schema["x-example"] === "string" && { example: schema["x-example"] }),
  };
}

const ownerInput: Record<string, Json> = {
  owner: {
    type: "string",
    description: "Which program and resource the object belongs to, as its record on the host says.",
    minLength: 1,
    maxLength: 1024,
    "x-internal": true,
  },
};

const hostedInputs: Record<string, Json> = {
  host: {
    "x-ref": "Host",
    description: "The host that it lives on.",
    "x-change": "replace",
    "x-why": "the object lives on its host",
  },
  name: {
    $ref: "definitions#/$defs/Name",
    description: "Its name on the host, unique there among its kind. Default: the resource's name.",
    "x-change": "replace",
    "x-why": "its name is its identity on the host",
  },
  adopt: {
    type: "boolean",
    description: "Take over an existing object of this name that another program or hand made.",
    default: false,
  },
  credentials: {
    $ref: "definitions#/$defs/Credentials",
    description: "Secrets to log in to the host with, from the host's own inputs.",
    "x-secret": true,
    "x-internal": true,
  },
  ...ownerInput,
};

const driftOutput: Json = {
  type: "array",
  items: { type: "string" },
  description:
    "What on the host differs from what was declared, one sentence each; the next `up` repairs it. Empty when all is as declared.",
};
