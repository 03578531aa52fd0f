import { schemas } from "../generated/schemas";
import type { Kind } from "../generated/types";

/** What other resources see of an object, given its properties. */
export function referenceOf<T>(kind: Kind, properties: Readonly<Record<string, T>>): Record<string, T | undefined> {
  return Object.fromEntries(schemas[kind].reference.properties.map((name) => [name, properties[name]]));
}
