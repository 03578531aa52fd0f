import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { build } from "./build";
import { download } from "./download";
import { cacheDirectory } from "./kept";
import { locked } from "./lock";
import { executable, where } from "./path";
import { older } from "./release-order";

/** The release that is downloaded or built; `cli/go.mod` pins the same. */
export const version = "3.230.0";
/** The oldest release on PATH that is taken. */
const oldest = "3.200.0";

/** What a program in TypeScript with a dynamic provider needs beside each other. */
export const programs = ["pulumi", "pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"];

/** Where a Pulumi CLI came from. */
export type Source = "path" | "download" | "built";

export interface PulumiCli {
  /** The directory to put on PATH. */
  bin: string;
  version: string;
  how: Source;
}

export interface PulumiCliOptions {
  /** Gets a line whenever there is something to tell; a build takes minutes. Default: nobody is told. */
  progress?: (line: string) => void;
  /** What is tried, in this order. Default: all. */
  from?: Source[];
  /** Keeps what was downloaded or built. Default `$XDG_CACHE_HOME/pulumi-microvm/pulumi-cli`. */
  cache?: string;
}

/**
 * Finds the Pulumi CLI and its Node language host, or gets them: from PATH, from Pulumi's own release, or built from
 * the pinned Go modules, which needs nothing but Go and its module proxy.
 *
 * @throws Error when every way failed; its message says why each did and what to do.
 */
export async function pulumiCli(options: PulumiCliOptions = {}): Promise<PulumiCli> {
  const { progress = () => {}, from = ["path", "download", "built"], cache = cacheDirectory("pulumi-cli") } = options;
  const failures: string[] = [];
  if (from.includes("path")) {
    const found = onPath();
    if (typeof found !== "string") return found;
    failures.push(found);
  }
  const kept = join(cache, version);
  const fetched = from.filter((source) => source !== "path");
  const before = inCache(kept, fetched);
  if (before) return before;
  if (fetched.length === 0) throw new Error(failures.join("; "));

  for (const failure of failures) progress(`${failure}; getting the CLI`);
  mkdirSync(cache, { recursive: true });
  return await locked(
    kept,
    () => progress("another process is getting the Pulumi CLI; waiting for it"),
    async () => {
      const meanwhile = inCache(kept, fetched);
      if (meanwhile) return meanwhile;
      for (const entry of readdirSync(cache)) {
        if (entry.startsWith(`${version}.new-`)) rmSync(join(cache, entry), { recursive: true, force: true });
      }
      for (const source of fetched) {
        const fresh = mkdtempSync(`${kept}.new-`);
        chmodSync(fresh, 0o755);
        try {
          if (source === "download") await download(version, fresh, progress);
          else await build(version, fresh, progress);
          writeFileSync(join(fresh, "source"), `${source}\n`);
          if (!inCache(fresh, [source])) throw new Error(`what was obtained does not run as Pulumi ${version}`);
          rmSync(kept, { recursive: true, force: true });
          renameSync(fresh, kept);
          progress(`Pulumi CLI ${version} is in ${kept}`);
          return { bin: kept, version, how: source };
        } catch (error) {
          failures.push(`${source}: ${error instanceof Error ? error.message : error}`);
          progress(failures.at(-1) as string);
        } finally {
          rmSync(fresh, { recursive: true, force: true });
        }
      }
      throw new Error(`unable to get the Pulumi CLI: ${failures.join("; ")}`);
    },
  );
}

/** The CLI on PATH, or why that one does not do. */
function onPath(): PulumiCli | string {
  const places = new Map(programs.map((program) => [program, where(program)]));
  const pulumi = places.get("pulumi");
  if (!pulumi) return "there is no pulumi on PATH";
  for (const [program, place] of places) if (!place) return `pulumi is on PATH, but ${program} is not`;
  const found = versionOf(pulumi);
  if (!found) return `${pulumi} does not tell its version`;
  if (older(found, oldest)) return `${pulumi} is ${found}, older than ${oldest}`;
  return { bin: dirname(pulumi), version: found, how: "path" };
}

function inCache(kept: string, from: Source[]): PulumiCli | undefined {
  if (!programs.every((program) => executable(join(kept, program))) || !existsSync(join(kept, "source")))
    return undefined;
  const how = readFileSync(join(kept, "source"), "utf8").trim() as Source;
  if (!from.includes(how) || versionOf(join(kept, "pulumi")) !== version) return undefined;
  return { bin: kept, version, how };
}

function versionOf(pulumi: string): string | undefined {
  const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  const ran = spawnSync(pulumi, ["version"], { encoding: "utf8", timeout: 30_000, env });
  return ran.status === 0 ? /^v?(\d+\.\d+\.\d+)/.exec(ran.stdout)?.[1] : undefined;
}

if (require.main === module) {
  pulumiCli({ progress: (line) => process.stderr.write(`${line}\n`) }).then(
    ({ bin }) => process.stdout.write(`${bin}\n`),
    (error: Error) => {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
    },
  );
}
