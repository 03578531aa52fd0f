import { join } from "node:path";
import { emitTypes } from "./emit-types";
import { loadDeclarations } from "./load";

/** Every generated file with its content, by its path in the project. */
export function generate(root: string): Record<string, string> {
  const declarations = loadDeclarations(join(root, "schema"));
  return { "provider/generated/types.ts": emitTypes(declarations) };
}
