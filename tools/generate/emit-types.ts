import type { Property, ResourceSchema } from "../../provider/schema/model";
import { comment, generatedNotice, sentences } from "./document";
import type { Declarations } from "./load";
import { allKinds, ownShapes, shapeName, singular } from "./names";

/** `provider/generated/types.ts`: what the core knows of each resource's inputs, state and references. */
export function emitTypes(declarations: Declarations): string {
  const { resources, shapes } = declarations;
  const kinds = allKinds(declarations);
  return [
    generatedNotice,
    comment("The resources that there are."),
    `export type Kind = ${kinds.map((kind) => JSON.stringify(kind)).join(" | ")};\n`,
    `\n/** Every kind, \`Host\` first. */\nexport const kinds: readonly Kind[] = [${kinds.map((k) => JSON.stringify(k)).join(", ")}];\n`,
    ...Object.entries(shapes).map(([name, shape]) => `\n${emitShape(name, shape)}`),
    ...resources.map((resource) => `\n${emitResource(resource)}`),
    emitByKind(kinds),
  ].join("");
}

function emitResource(resource: ResourceSchema): string {
  const { kind, description, inputs, required, outputs, reference } = resource;
  const settled = Object.keys(inputs).filter((name) => !required.includes(name) && inputs[name]?.default !== undefined);
  const defaults = Object.fromEntries(settled.map((name) => [name, inputs[name] as Property]));
  const referred = Object.fromEntries(
    reference.properties.map((name) => {
      const property = outputs[name] ?? inputs[name];
      if (!property) throw new Error(`x-reference of ${kind} names ${name}, which it does not have`);
      return [name, property];
    }),
  );
  const sure = reference.properties.filter(
    (name) => outputs[name] || required.includes(name) || inputs[name]?.default !== undefined,
  );
  const shapes = [...ownShapes(kind, inputs), ...ownShapes(kind, outputs)];
  return [
    ...shapes.map(({ name, property }) => `${emitShape(name, property)}\n`),
    comment(`Inputs of a \`${kind}\`. ${description}`),
    `export interface ${kind}Inputs {\n${emitProperties(kind, inputs, required)}}\n\n`,
    comment(`State of a \`${kind}\`: its inputs with their defaults, and what is computed.`),
    `export interface ${kind}State extends ${kind}Inputs {\n`,
    emitProperties(kind, defaults, settled),
    emitProperties(kind, outputs, Object.keys(outputs)),
    "}\n\n",
    comment(`What another resource sees of a \`${kind}\`.`),
    `export interface ${kind}Reference {\n${emitProperties(kind, referred, sure)}}\n`,
  ].join("");
}

function emitShape(name: string, shape: Property): string {
  return `${comment(shape.description ?? "")}export interface ${name} {\n${emitProperties(name, shape.properties ?? {}, shape.required ?? [])}}\n`;
}

function emitProperties(owner: string, properties: Record<string, Property>, required: string[]): string {
  return Object.entries(properties)
    .map(([name, property]) => {
      const mark = required.includes(name) ? "" : "?";
      return `${comment(sentences(property).join(" "), "  ")}  ${name}${mark}: ${typeOf(owner, name, property)};\n`;
    })
    .join("");
}

function typeOf(owner: string, name: string, property: Property): string {
  if (property.ref) return `${property.ref}Reference`;
  if (property.enum) return property.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (property.items) {
    const item = typeOf(owner, singular(name), property.items);
    return item.includes("|") ? `(${item})[]` : `${item}[]`;
  }
  if (property.values) return `Record<string, ${typeOf(owner, singular(name), property.values)}>`;
  if (property.properties) return shapeName(owner, name, property);
  return property.type === "integer" ? "number" : (property.type ?? "unknown");
}

function emitByKind(kinds: string[]): string {
  const map = (what: string, suffix: string) =>
    `\n/** ${what} of each kind. */\nexport interface ${suffix}ByKind {\n${kinds.map((kind) => `  ${kind}: ${kind}${suffix};\n`).join("")}}\n`;
  return map("Inputs", "Inputs") + map("State", "State") + map("Reference", "Reference");
}
