import type { LookupSchema } from "../../provider/schema/model";
import type { LoadedResource } from "./load";
import { header } from "./types";

/** The schemas as data, for plans, engines and messages. */
export function emitTables(resources: LoadedResource[], lookups: LookupSchema[]): string {
  const table = Object.fromEntries(resources.map(({ file: _, ...resource }) => [resource.kind, resource]));
  const asked = Object.fromEntries(lookups.map((lookup) => [lookup.name, lookup]));
  return [
    header,
    'import type { LookupSchema, ResourceSchema } from "../schema/model";',
    'import type { Kind, Lookup } from "./types";',
    "",
    `export const schemas: Readonly<Record<Kind, ResourceSchema>> = ${JSON.stringify(table, null, 2)};`,
    "",
    `export const lookupSchemas: Readonly<Record<Lookup, LookupSchema>> = ${JSON.stringify(asked, null, 2)};`,
    "",
  ].join("\n");
}
