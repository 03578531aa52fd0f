import * as assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as ts from "typescript";
import { test } from "uvu";
import { lookupSchemas, schemas } from "../../provider/generated/schemas";

const directory = join(__dirname, "../../provider/engines");
const names = [...Object.keys(schemas), ...Object.keys(lookupSchemas)];
const files = readdirSync(directory).filter((name) => name.endsWith(".ts"));

/** The words of a program, without its comments. */
function code(path: string): string[] {
  const scanner = ts.createScanner(
    ts.ScriptTarget.Latest,
    true,
    ts.LanguageVariant.Standard,
    readFileSync(path, "utf8"),
  );
  const words: string[] = [];
  while (scanner.scan() !== ts.SyntaxKind.EndOfFileToken) words.push(scanner.getTokenText());
  return words;
}

/** `MicroVM` as other languages write it. */
function spellings(name: string): string[] {
  const words = name.replace(/([a-z])([A-Z])|([A-Z])([A-Z][a-z])/g, "$1$3_$2$4").toLowerCase();
  const several = words.includes("_") ? [words, words.replaceAll("_", "-")] : [];
  return [name, `microvm_${words}`, `microvm-${words}`, ...several];
}

for (const file of files) {
  test(`${file} translates, and names no resource`, () => {
    const text = code(join(directory, file)).join(" ");
    for (const spelling of names.flatMap(spellings)) {
      assert.doesNotMatch(text, new RegExp(`(?<![A-Za-z0-9_-])${spelling}(?![A-Za-z0-9_-])`), spelling);
    }
  });
}

test("every way to write a resource's name would be seen", () => {
  assert.deepEqual(spellings("MicroVM"), ["MicroVM", "microvm_micro_vm", "microvm-micro_vm", "micro_vm", "micro-vm"]);
  assert.ok(files.length > 4);
});

test.run();
