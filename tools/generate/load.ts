import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LookupSchema, PropertySchema, ResourceSchema } from "../../provider/schema/model";

const directory = join(__dirname, "../../schema");

interface SchemaFile {
  $id: string;
  title: string;
  description: string;
  required: string[];
  properties: Record<string, PropertySchema>;
  "x-hosted"?: boolean;
  "x-outputs": Record<string, PropertySchema>;
  "x-reference": ResourceSchema["reference"];
}

export interface LoadedResource extends ResourceSchema {
  /** Name of the schema file, e.g. `micro-vm`. */
  file: string;
}

interface LookupFile {
  title: string;
  description: string;
  of: string;
  inputs: string[];
  required: string[];
  outputs: string[];
  properties: Record<string, PropertySchema>;
}

/** What the file of a kind or a lookup is called, e.g. `micro-vm`. */
export function fileOf(name: string): string {
  return name.replace(/([a-z])([A-Z])|([A-Z])([A-Z][a-z])/g, "$1$3-$2$4").toLowerCase();
}

export function schemaFiles(): string[] {
  return readdirSync(directory).filter((name) => name.endsWith(".schema.json"));
}

export function lookupFiles(): string[] {
  return readdirSync(join(directory, "lookups")).map((name) => `lookups/${name}`);
}

export function readSchema(name: string): unknown {
  return JSON.parse(readFileSync(join(directory, name), "utf8"));
}

/** Every resource, with its references resolved and what is common to all of them added, in order of dependence. */
export function loadResources(): LoadedResource[] {
  const order = [
    "host",
    "vmm",
    "kernel",
    "rootfs-image",
    "network",
    "volume",
    "micro-vm",
    "snapshot",
    "container-engine",
    "g-visor",
    "kata-runtime",
    "container",
  ];
  const { $defs } = readSchema("definitions.schema.json") as { $defs: Record<string, PropertySchema> };
  const resolve = (property: PropertySchema & { $ref?: string }): PropertySchema => {
    const { $ref, ...own } = property;
    const shape = $ref?.replace(/^.*\//, "");
    const base = shape ? resolve($defs[shape] as PropertySchema) : {};
    const merged: PropertySchema = { ...base, ...own };
    if (shape && base.properties) merged["x-shape"] = shape;
    if (merged.properties) merged.properties = mapValues(merged.properties, resolve);
    if (merged.items) merged.items = resolve(merged.items);
    if (typeof merged.additionalProperties === "object")
      merged.additionalProperties = resolve(merged.additionalProperties);
    return merged;
  };
  return schemaFiles()
    .filter((name) => !["meta.schema.json", "definitions.schema.json"].includes(name))
    .map((name) => {
      const file = readSchema(name) as SchemaFile;
      const hosted = file["x-hosted"] ?? false;
      return {
        file: file.$id,
        kind: file.title,
        description: file.description,
        hosted,
        inputs: mapValues(
          { ...(hosted ? hostedInputs : {}), ...file.properties, ...(hosted ? hostedInternals : {}), ...internals },
          resolve,
        ),
        required: file.required,
        outputs: mapValues({ ...file["x-outputs"], ...commonOutputs }, resolve),
        reference: file["x-reference"],
      };
    })
    .sort((a, b) => order.indexOf(a.file) - order.indexOf(b.file));
}

/** What programs can ask for: some inputs of a resource, and of its outputs what can be told without making it. */
export function loadLookups(resources: LoadedResource[]): LookupSchema[] {
  return lookupFiles().map((name) => {
    const file = readSchema(name) as LookupFile;
    const { inputs, outputs } = resources.find((resource) => resource.file === file.of) as LoadedResource;
    const some = (all: Readonly<Record<string, PropertySchema>>, names: string[]) =>
      Object.fromEntries(names.map((one) => [one, all[one] as PropertySchema]));
    return {
      name: file.title,
      description: file.description,
      inputs: some(inputs, file.inputs),
      required: file.required,
      outputs: { ...some(outputs, file.outputs), ...file.properties },
    };
  });
}

const hostedInputs: Record<string, PropertySchema> = {
  host: {
    "x-ref": "Host",
    description: "The host that it lives on.",
    "x-change": "replace",
    "x-why": "it lives on its host",
  },
  name: {
    $ref: "#/$defs/Name",
    description: "Name on the host, unique there per kind. Default: the resource's name.",
    "x-change": "replace",
    "x-why": "its name is its identity on the host",
  } as PropertySchema,
  adopt: {
    type: "boolean",
    description: "Take over an object of this name that another program made.",
    default: false,
  },
};

const hostedInternals: Record<string, PropertySchema> = {
  credentials: {
    $ref: "#/$defs/Credentials",
    description: "What the host was given to log in with.",
    "x-internal": true,
    "x-secret": true,
  } as PropertySchema,
};

const internals: Record<string, PropertySchema> = {
  owner: { type: "string", description: "The program and resource that it belongs to.", "x-internal": true },
};

const commonOutputs: Record<string, PropertySchema> = {
  drift: {
    type: "array",
    description: "What on the host differs from what was declared, a sentence each. The next `up` repairs it.",
    items: { type: "string" },
  },
};

export function mapValues<A, B>(values: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value)]));
}
