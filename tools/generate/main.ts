import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { emitCapabilities } from "./capabilities";
import { fileOf, loadLookups, loadResources } from "./load";
import { emitContents, emitLookupPage, emitPage } from "./reference";
import { emitClass, emitIndex } from "./sdk";
import { emitTables } from "./tables";
import { emitTypes } from "./types";
import { emitValidators, emitValidatorTypes } from "./validators";

const root = join(__dirname, "../..");

/** By path from the root: the text of every generated file. */
export function generated(): Map<string, string> {
  const resources = loadResources();
  const lookups = loadLookups(resources);
  return new Map([
    ["provider/generated/types.ts", emitTypes(resources, lookups)],
    ["provider/generated/schemas.ts", emitTables(resources, lookups)],
    ["provider/generated/validators.js", emitValidators(resources, lookups)],
    ["provider/generated/validators.d.ts", emitValidatorTypes()],
    ["sdk/generated/index.ts", emitIndex(resources)],
    ...resources.map((resource): [string, string] => [`sdk/generated/${resource.file}.ts`, emitClass(resource)]),
    ["docs/reference/README.md", emitContents(resources, lookups)],
    ["docs/reference/vmm-capabilities.md", emitCapabilities()],
    ...resources.map((resource): [string, string] => [`docs/reference/${resource.file}.md`, emitPage(resource)]),
    ...lookups.map((lookup): [string, string] => [`docs/reference/${fileOf(lookup.name)}.md`, emitLookupPage(lookup)]),
  ]);
}

/** Generated files that do not hold what the schemas say. */
export function stale(): string[] {
  return [...generated()].filter(([path, text]) => text !== current(path)).map(([path]) => path);
}

function current(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch {
    return undefined;
  }
}

if (require.main === module) {
  if (process.argv.includes("--check")) {
    const paths = stale();
    for (const path of paths) process.stdout.write(`stale: ${path} (npm run generate)\n`);
    process.exitCode = paths.length ? 1 : 0;
  } else {
    for (const [path, text] of generated()) {
      if (text === current(path)) continue;
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
      process.stdout.write(`wrote ${path}\n`);
    }
  }
}
