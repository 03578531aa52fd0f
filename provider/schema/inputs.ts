import { lookupSchemas, schemas } from "../generated/schemas";
import type { Kind, Lookup } from "../generated/types";
import type { PropertySchema } from "./model";

/** What a resource, or a lookup, takes. */
export function inputsOf(subject: Kind | Lookup): Readonly<Record<string, PropertySchema>> {
  return subject in schemas ? schemas[subject as Kind].inputs : lookupSchemas[subject as Lookup].inputs;
}
