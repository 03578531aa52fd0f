import { chmodSync, copyFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { compile, installedGo } from "./compile";

/** Builds the CLI and its Node language host from the modules that are pinned beside this file, into `directory`. */
export async function build(version: string, directory: string, progress: (line: string) => void): Promise<void> {
  progress(`building the Pulumi CLI ${version} with ${installedGo()}: 3 to 10 minutes the first time`);
  const programs = [
    {
      program: "pulumi",
      module: join(__dirname, "cli"),
      path: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
      stamp: `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${version}`,
    },
    {
      program: "pulumi-language-nodejs",
      module: join(__dirname, "nodejs"),
      path: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    },
  ];
  for (const program of programs) await compile(program, directory, progress);
  // The host of dynamic providers is a shell script of the npm package; it finds the program's own package when it runs.
  const shim = "pulumi-resource-pulumi-nodejs";
  copyFileSync(join(dirname(require.resolve("@pulumi/pulumi/package.json")), shim), join(directory, shim));
  chmodSync(join(directory, shim), 0o755);
}
