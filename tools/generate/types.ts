import { documentation as documentationOf } from "../../provider/schema/documentation";
import type { LookupSchema, PropertySchema } from "../../provider/schema/model";
import type { LoadedResource } from "./load";

/** The core's types: inputs, state and reference of every resource. */
export function emitTypes(resources: LoadedResource[], lookups: LookupSchema[]): string {
  const kinds = resources.map(({ kind }) => JSON.stringify(kind)).join(" | ");
  const parts = resources.flatMap((resource) => [
    `/** ${resource.description} */`,
    `export interface ${resource.kind}Inputs ${objectType(resource.inputs, new Set(resource.required), 0)}`,
    "",
    "/** The inputs and what the provider computed. */",
    `export interface ${resource.kind}State extends ${resource.kind}Inputs ${objectType(resource.outputs, new Set(Object.keys(resource.outputs)), 0)}`,
    "",
    "/** What other resources see of it. */",
    `export interface ${resource.kind}Reference ${objectType(referenceProperties(resource), surelyReferred(resource), 0)}`,
    "",
  ]);
  const asked = lookups.flatMap(({ name, description, inputs, required, outputs }) => [
    `/** How it is asked for: ${description} */`,
    `export interface ${name}Inputs ${objectType(inputs, new Set(required), 0)}`,
    "",
    `/** ${description} */`,
    `export interface ${name} ${objectType(outputs, new Set(Object.keys(outputs)), 0)}`,
    "",
  ]);
  const host = resources.find(({ kind }) => kind === "Host") as LoadedResource;
  const credentials = resources.find(({ kind }) => kind === "Vmm")?.inputs.credentials as PropertySchema;
  return [
    header,
    `export type Kind = ${kinds};`,
    "",
    "/** What programs can ask for without declaring anything. */",
    `export type Lookup = ${lookups.map(({ name }) => JSON.stringify(name)).join(" | ")};`,
    "",
    "/** How a host is reached; holds no secret. */",
    `export interface Connection ${objectType(host.outputs.connection?.properties ?? {}, new Set(["address"]), 0)}`,
    "",
    "/** Secrets to log in with. */",
    `export interface Credentials ${objectType(credentials.properties ?? {}, new Set(), 0)}`,
    "",
    ...parts,
    ...asked,
  ].join("\n");
}

export const header = "// Generated from schema/ by `npm run generate`. Do not edit.\n";

/** What a reference always holds: what is computed, must be given, or has a default. */
function surelyReferred({ reference, inputs, outputs, required }: LoadedResource): Set<string> {
  const settled = (key: string) => key === "name" || required.includes(key) || inputs[key]?.default !== undefined;
  return new Set(reference.properties.filter((key) => outputs[key] !== undefined || settled(key)));
}

export function referenceProperties(resource: LoadedResource): Record<string, PropertySchema> {
  return Object.fromEntries(
    resource.reference.properties.map((key) => [
      key,
      (resource.outputs[key] ?? resource.inputs[key]) as PropertySchema,
    ]),
  );
}

export function objectType(
  properties: Readonly<Record<string, PropertySchema>>,
  required: ReadonlySet<string>,
  depth: number,
  wrap: (type: string, property: PropertySchema) => string = (type) => type,
): string {
  const pad = "  ".repeat(depth + 1);
  const lines = Object.entries(properties).flatMap(([name, property]) => {
    const doc = documentation(property);
    return [
      ...(doc ? [`${pad}/** ${doc} */`] : []),
      `${pad}${name}${required.has(name) ? "" : "?"}: ${wrap(typeOf(property, depth + 1, wrap), property)};`,
    ];
  });
  return lines.length ? `{\n${lines.join("\n")}\n${"  ".repeat(depth)}}` : "{}";
}

export function typeOf(
  property: PropertySchema,
  depth: number,
  wrap: (type: string, property: PropertySchema) => string,
): string {
  if (property["x-ref"]) return `${property["x-ref"]}Reference`;
  if (property.enum) return property.enum.map((value) => JSON.stringify(value)).join(" | ");
  const mapped = (value: PropertySchema) => wrap(typeOf(value, depth, wrap), value);
  switch (property.type) {
    case "integer":
    case "number":
      return "number";
    case "array": {
      const item = mapped(property.items ?? {});
      return /^[A-Za-z]+$/.test(item) ? `${item}[]` : `Array<${item}>`;
    }
    case "object":
      if (property.properties) return objectType(property.properties, new Set(property.required ?? []), depth, wrap);
      return `Record<string, ${mapped(property.additionalProperties as PropertySchema)}>`;
    default:
      return property.type ?? "unknown";
  }
}

/** What is said of a property, as the text of a comment. */
export function documentation(property: PropertySchema): string {
  return documentationOf(property).replaceAll("*/", "*\\/");
}
