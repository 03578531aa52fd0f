import type { Kind, Lookup } from "../generated/types";
import { inputsOf } from "./inputs";
import type { PropertySchema } from "./model";
import { isUnknown } from "./unknown";

/** The inputs with what is absent set to its default, in nested objects that are there too. Idempotent. */
export function withDefaults<T extends object>(kind: Kind | Lookup, inputs: T): T {
  return fill(inputsOf(kind), inputs as Record<string, unknown>) as T;
}

function fill(properties: Readonly<Record<string, PropertySchema>>, value: Record<string, unknown>): object {
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) result[key] = fillValue(properties[key], item);
  }
  for (const [key, { default: preset }] of Object.entries(properties)) {
    if (result[key] === undefined && preset !== undefined) result[key] = structuredClone(preset);
  }
  return result;
}

function fillValue(property: PropertySchema | undefined, value: unknown): unknown {
  if (isUnknown(value) || !property) return value;
  if (Array.isArray(value)) return value.map((item) => fillValue(property.items, item));
  if (property.properties && value !== null && typeof value === "object") {
    return fill(property.properties, value as Record<string, unknown>);
  }
  return value;
}
