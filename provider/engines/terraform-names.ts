import { schemas } from "../generated/schemas";
import type { PropertySchema } from "../schema/model";
import { settings } from "./configuration";

/** What things are called in Terraform: the core's names are in camel case, Terraform's in snake case. */

/** The provider's name, which every type begins with. */
export const providerName = "microvm";

/** Names that Terraform keeps for itself in a resource, and those that CDKTF's classes have members of. */
const reserved = new Set([
  "connection",
  "constructor",
  "count",
  "depends_on",
  "for_each",
  "fqn",
  "friendly_unique_id",
  "lifecycle",
  "provider",
  "provisioner",
  "to_string",
]);

/** `microVM` as `micro_vm`, `ipAddress` as `ip_address`, `GVisor` as `g_visor`. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase();
}

/** The type of a resource or data source of a kind. */
export function typeName(kind: string): string {
  return `${providerName}_${snakeCase(kind)}`;
}

/**
 * The attribute that a property is. What is reserved is renamed at every depth, also where Terraform would allow it:
 * an object that is passed whole to another resource must have the names that are expected there.
 */
export function attributeName(property: string): string {
  const name = snakeCase(property);
  return reserved.has(name) ? `${name}_details` : name;
}

/** Sentences of the core with its properties called as they are here. */
export function inTerraformsTerms(text: string): string {
  return text.replace(/\b[a-z]+[0-9]*(?:[A-Z][A-Za-z0-9]*)+\b/g, (word) =>
    known().has(word) ? attributeName(word) : word,
  );
}

let names: Set<string> | undefined;

function known(): Set<string> {
  if (names) return names;
  const found = new Set(Object.keys(settings));
  const walk = (properties: Readonly<Record<string, PropertySchema>>) => {
    for (const [name, property] of Object.entries(properties)) {
      found.add(name);
      const free = property.additionalProperties;
      for (const around of [property, property.items ?? {}, typeof free === "object" ? free : {}]) {
        if (around.properties) walk(around.properties);
      }
    }
  };
  for (const { inputs, outputs } of Object.values(schemas)) walk({ ...inputs, ...outputs });
  names = found;
  return names;
}
