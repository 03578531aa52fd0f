import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CodeMaker } from "codemaker";
import { providerName } from "../../provider/engines/terraform-names";
import { providersSchema } from "./schema";

/**
 * Builds the bindings for CDKTF, and for its successor CDK Terrain, into `dist/sdk/`. They are forty thousand lines that
 * say nothing the schemas do not say, so they are made with the package rather than kept with the sources.
 */

const root = join(__dirname, "../..");

/** By the library that the bindings are for, which gives the package's export its name too. */
export const libraries = ["cdktf", "cdktn"] as const;

export type Library = (typeof libraries)[number];

export async function buildBindings(out = join(root, "dist/sdk")): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), "microvm-cdktf-"));
  try {
    await generate(scratch);
    symlinkSync(join(root, "node_modules"), join(scratch, "node_modules"));
    const sources = join(scratch, "providers", providerName);
    for (const library of libraries) {
      const directory = join(scratch, library);
      adapt(sources, directory, library);
      compile(directory, join(out, library));
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function generate(directory: string): Promise<void> {
  // Loading the generator asks the terraform on PATH for its version, and tells its makers where that fails.
  process.env.CHECKPOINT_DISABLE = "1";
  const { TerraformProviderGenerator } = await import(
    "@cdktf/provider-generator/lib/get/generator/provider-generator.js"
  );
  const code = new CodeMaker();
  const schema = providersSchema() as unknown as ConstructorParameters<typeof TerraformProviderGenerator>[1];
  new TerraformProviderGenerator(code, schema).generateAll();
  await code.save(directory);
}

/** Both libraries have the same interface: what is generated differs in the library's name alone. */
function adapt(from: string, to: string, library: string): void {
  const modules = readdirSync(from, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  const classes: string[] = [];
  const copy = (source: string, target: string) => {
    const text = readFileSync(source, "utf8");
    writeFileSync(target, text.replace(/\bcdktf\b/g, library));
    return text;
  };
  for (const module of modules) {
    mkdirSync(join(to, module), { recursive: true });
    const text = copy(join(from, module, "index.ts"), join(to, module, "index.ts"));
    const [, name] = /^export class (\w+) extends cdktf\.Terraform(?:Resource|DataSource|Provider) /m.exec(text) ?? [];
    if (!name) throw new Error(`the generator made no class in ${module}`);
    classes.push(`export { ${name}, type ${name}Config } from "./${module}/index.js";`);
  }
  copy(join(root, "sdk/cdktf/refer.ts"), join(to, "refer.ts"));
  writeFileSync(join(to, "index.ts"), [...classes, 'export { refer } from "./refer.js";', ""].join("\n"));
}

function compile(directory: string, out: string): void {
  const config = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      outDir: out,
      rootDir: ".",
      sourceMap: false,
      noUnusedLocals: false,
      noUnusedParameters: false,
      noImplicitOverride: false,
    },
    include: ["**/*.ts"],
  };
  writeFileSync(join(directory, "tsconfig.json"), JSON.stringify(config));
  rmSync(out, { recursive: true, force: true });
  execFileSync(process.execPath, [require.resolve("typescript/bin/tsc"), "-p", directory], { stdio: "inherit" });
}

if (require.main === module) void buildBindings();
