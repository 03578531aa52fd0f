import { isDeepStrictEqual } from "node:util";
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

/** The inputs without what is as it would be by default, in nested objects too: the shortest that say the same. */
export function withoutDefaults<T extends object>(kind: Kind | Lookup, inputs: T): Partial<T> {
  return strip(inputsOf(kind), inputs as Record<string, unknown>) as Partial<T>;
}

function strip(properties: Readonly<Record<string, PropertySchema>>, value: Record<string, unknown>): object {
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const short = stripValue(properties[key], item);
    if (short !== undefined && !isDeepStrictEqual(item, properties[key]?.default)) result[key] = short;
  }
  return result;
}

/** An absent object and one of nothing but defaults are the same; in a list each has its place. */
function stripValue(property: PropertySchema | undefined, value: unknown, listed = false): unknown {
  if (isUnknown(value) || !property || property["x-ref"]) return value;
  if (Array.isArray(value)) return value.map((item) => stripValue(property.items, item, true));
  if (property.properties && value !== null && typeof value === "object") {
    const short = strip(property.properties, value as Record<string, unknown>);
    return Object.keys(short).length || listed ? short : undefined;
  }
  return value;
}
