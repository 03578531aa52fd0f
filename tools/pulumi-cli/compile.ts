import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { older } from "./release-order";

/** The oldest Go that can fetch by itself the Go that the pinned modules need. */
const oldestGo = "1.21.0";
/** At most one line in so many milliseconds. */
const tellEvery = 5_000;

/** Pinned modules are built as they are written down, and alike everywhere, so that builds share Go's cache. */
export const goEnvironment = {
  GOTOOLCHAIN: process.env.GOTOOLCHAIN ?? "auto",
  GOWORK: "off",
  CGO_ENABLED: "0",
};

/**
 * The Go that is installed.
 *
 * @throws Error that says what to do where there is none that will do
 */
export function installedGo(): string {
  const go = spawnSync("go", ["env", "GOVERSION"], { encoding: "utf8" });
  if (go.error || go.status !== 0) {
    throw new Error(
      `Go is not installed. Install Go ${oldestGo} or newer (https://go.dev/dl/), or put the Pulumi CLI on PATH`,
    );
  }
  const found = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(go.stdout);
  if (found && older(`${found[1]}.${found[2]}.${found[3] ?? 0}`, oldestGo)) {
    throw new Error(
      `Go is ${found[0]}, older than ${oldestGo}. Install a newer one (https://go.dev/dl/), or put the Pulumi CLI on PATH`,
    );
  }
  return go.stdout.trim();
}

/** A program of a Go module. */
export interface GoProgram {
  /** File name of what is built. */
  program: string;
  /** Directory of the `go.mod` that pins everything. */
  module: string;
  /** Import path of the package. */
  path: string;
  /** Linker flags beside those that leave out debugging information. */
  stamp?: string;
}

/** Runs the go command in a module. */
export function go(module: string, args: string[]): string {
  const ran = spawnSync("go", args, { cwd: module, encoding: "utf8", env: { ...process.env, ...goEnvironment } });
  if (ran.status !== 0) throw new Error(`go ${args.join(" ")} failed: ${ran.stderr || ran.error?.message}`);
  return ran.stdout.trim();
}

/** Builds a program into `directory`. */
export async function compile(
  { program, module, path, stamp = "" }: GoProgram,
  directory: string,
  progress: (line: string) => void,
): Promise<void> {
  const args = [
    "build",
    "-v",
    "-mod=readonly",
    "-trimpath",
    "-ldflags",
    `-s -w ${stamp}`.trim(),
    "-o",
    join(directory, program),
    path,
  ];
  const go = spawn("go", args, {
    cwd: module,
    env: { ...process.env, ...goEnvironment },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const began = Date.now();
  let [fetched, compiled] = [0, 0];
  const tell = () => {
    const seconds = Math.round((Date.now() - began) / 1000);
    progress(`${program}: ${fetched} modules fetched, ${compiled} packages compiled, ${seconds} s`);
  };
  const timer = setInterval(tell, tellEvery);
  const tail: string[] = [];
  createInterface(go.stderr).on("line", (line) => {
    if (line.startsWith("go: downloading ")) fetched++;
    else if (/^[\w./~-]+$/.test(line)) compiled++;
    else tail.push(line);
  });
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      go.once("error", reject);
      go.once("close", resolve);
    });
    if (status !== 0)
      throw new Error(`go build of ${program} failed: ${tail.slice(-10).join("\n") || `status ${status}`}`);
    tell();
  } finally {
    clearInterval(timer);
  }
}
