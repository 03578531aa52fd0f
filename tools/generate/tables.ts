import type { LoadedResource } from "./load";
import { header } from "./types";

/** The schemas as data, for plans, engines and messages. */
export function emitTables(resources: LoadedResource[]): string {
  const table = Object.fromEntries(resources.map(({ file: _, ...resource }) => [resource.kind, resource]));
  return [
    header,
    'import type { ResourceSchema } from "../schema/model";',
    'import type { Kind } from "./types";',
    "",
    `export const schemas: Readonly<Record<Kind, ResourceSchema>> = ${JSON.stringify(table, null, 2)};`,
    "",
  ].join("\n");
}
