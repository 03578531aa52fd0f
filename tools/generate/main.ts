import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { generate } from "./generate";

const root = join(__dirname, "..", "..");
const checking = process.argv.includes("--check");
const stale: string[] = [];

for (const [file, content] of Object.entries(generate(root))) {
  const path = join(root, file);
  if (existsSync(path) && readFileSync(path, "utf8") === content) continue;
  stale.push(file);
  if (checking) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

if (checking && stale.length > 0) {
  console.error(`Stale, run \`npm run generate\`:\n${stale.map((file) => `  ${file}`).join("\n")}`);
  process.exitCode = 1;
} else {
  console.log(stale.length === 0 ? "Everything is up to date." : `Wrote ${stale.join(", ")}.`);
}
