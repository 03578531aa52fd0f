import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildBindings, type Library } from "../../tools/cdktf/build";

const root = join(__dirname, "../..");

/** The example's program as users of one of the two libraries have it, in a directory of its own. */
export class CdktfProgram {
  private constructor(private readonly directory: string) {}

  static async create(library: Library): Promise<CdktfProgram> {
    await ensureBindings(library);
    const directory = mkdtempSync(join(tmpdir(), "microvm-cdktf-"));
    symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
    const text = readFileSync(join(root, "examples/cdktf/main.ts"), "utf8").replace(/\bcdktf\b/g, library);
    writeFileSync(join(directory, "main.ts"), text);
    return new CdktfProgram(directory);
  }

  /** Throws where the program's types are wrong. */
  compile(): void {
    const settings = {
      extends: join(root, "tsconfig.json"),
      compilerOptions: { rootDir: "." },
      include: ["*.ts"],
      exclude: [],
    };
    writeFileSync(join(this.directory, "tsconfig.json"), JSON.stringify(settings));
    const compiler = require.resolve("typescript/bin/tsc");
    execFileSync(process.execPath, [compiler, "-p", this.directory, "--noEmit"], {
      stdio: ["ignore", "inherit", "inherit"],
    });
  }

  /** Runs it as the library's command does, and returns the directory of what Terraform is to apply. */
  synthesize(environment: NodeJS.ProcessEnv): string {
    const env = { ...process.env, CHECKPOINT_DISABLE: "1", OUT: join(this.directory, "out"), ...environment };
    const args = ["--require", "tsx/cjs", "main.ts"];
    execFileSync(process.execPath, args, { cwd: this.directory, env, stdio: ["ignore", "inherit", "inherit"] });
    return join(this.directory, "out/stacks/machine");
  }

  close(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Bindings that are older than what they are made from are made again. */
async function ensureBindings(library: Library): Promise<void> {
  const made = join(root, "dist/sdk", library, "index.js");
  const sources = [
    "provider/generated/schemas.ts",
    "provider/engines/terraform-attributes.ts",
    "tools/cdktf/build.ts",
    "sdk/cdktf/refer.ts",
  ];
  const newest = Math.max(...sources.map((path) => statSync(join(root, path)).mtimeMs));
  if (!existsSync(made) || statSync(made).mtimeMs < newest) await buildBindings();
}
