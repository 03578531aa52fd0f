import { spawn, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { older } from "./release-order";

/** The oldest Go that can fetch by itself the Go that the pinned modules need. */
const oldestGo = "1.21.0";
/** At most one line in so many milliseconds. */
const tellEvery = 5_000;

/** Builds the CLI and its Node language host from the modules that are pinned beside this file, into `directory`. */
export async function build(version: string, directory: string, progress: (line: string) => void): Promise<void> {
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
  progress(`building the Pulumi CLI ${version} with ${go.stdout.trim()}: 3 to 10 minutes the first time`);
  const stamp = `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${version}`;
  await compile("pulumi", "cli", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", stamp, directory, progress);
  await compile(
    "pulumi-language-nodejs",
    "nodejs",
    "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    "",
    directory,
    progress,
  );
  // The host of dynamic providers is a shell script of the npm package; it finds the program's own package when it runs.
  const shim = "pulumi-resource-pulumi-nodejs";
  copyFileSync(join(dirname(require.resolve("@pulumi/pulumi/package.json")), shim), join(directory, shim));
  chmodSync(join(directory, shim), 0o755);
}

async function compile(
  program: string,
  module: string,
  path: string,
  stamp: string,
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
    cwd: join(__dirname, module),
    env: { ...process.env, GOTOOLCHAIN: process.env.GOTOOLCHAIN ?? "auto", GOWORK: "off", CGO_ENABLED: "0" },
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
