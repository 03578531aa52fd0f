import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { goPackage, pulumiPackage } from "../../provider/engines/pulumi-package";
import { compile, installedGo } from "../pulumi-cli/compile";
import { kept } from "../pulumi-cli/kept";

/** Languages that an SDK is generated for; YAML needs none. */
export const languages = ["go", "nodejs", "python"] as const;

export type SdkLanguage = (typeof languages)[number];

/**
 * Writes the SDK of a language, made of the package schema by Pulumi's own generators. These check the schema against
 * Pulumi's metaschema first.
 */
export async function writeSdk(
  language: SdkLanguage,
  directory: string,
  progress: (line: string) => void = () => {},
): Promise<void> {
  const generator = join(await builtGenerator(progress), program);
  const scratch = mkdtempSync(join(tmpdir(), "microvm-schema-"));
  try {
    const schema = join(scratch, "schema.json");
    writeFileSync(schema, JSON.stringify(pulumiPackage()));
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    execFileSync(generator, [schema, language, directory], { stdio: ["ignore", "inherit", "pipe"] });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  if (language === "go") writeGoModule(directory);
}

const program = "pulumi-codegen";

function builtGenerator(progress: (line: string) => void): Promise<string> {
  const files = ["main.go", "go.mod", "go.sum"].map((name) => join(__dirname, name));
  return kept(program, files, async (directory) => {
    progress(`building ${program} with ${installedGo()}`);
    await compile({ program, module: __dirname, path: "." }, directory, progress);
  });
}

/** The generator leaves the module to whoever publishes it. It gets the versions that the generator itself is built with. */
function writeGoModule(directory: string): void {
  const pinned = readFileSync(join(__dirname, "go.mod"), "utf8");
  writeFileSync(
    join(directory, "go.mod"),
    pinned.replace(/^module .*/m, `module ${dirname(goPackage)}`).replace(/.*pulumi\/pkg\/v3 .*\n/, ""),
  );
  copyFileSync(join(__dirname, "go.sum"), join(directory, "go.sum"));
}

if (require.main === module) {
  const progress = (line: string) => process.stderr.write(`${line}\n`);
  const root = join(__dirname, "../../dist/sdks");
  (async () => {
    for (const language of languages) {
      await writeSdk(language, join(root, language), progress);
      progress(`wrote ${join("dist/sdks", language)}`);
    }
  })().catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  });
}
