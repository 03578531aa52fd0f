import { join } from "node:path";
import { compile, installedGo } from "../pulumi-cli/compile";
import { kept } from "../pulumi-cli/kept";
import { where } from "../pulumi-cli/path";

/** The release that is built; `go.mod` pins the same. */
export const version = "1.12.6";

const tofu = {
  program: "tofu",
  module: __dirname,
  path: "github.com/opentofu/opentofu/cmd/tofu",
  // A release says that it is one.
  stamp: "-X github.com/opentofu/opentofu/version.dev=no",
};

/**
 * OpenTofu's command: from PATH, or built from the pinned Go modules, which needs nothing but Go and its module proxy.
 *
 * @returns the program's path
 */
export async function openTofu(progress: (line: string) => void = () => {}): Promise<string> {
  const found = where(tofu.program);
  if (found) return found;
  const pins = ["go.mod", "go.sum"].map((name) => join(__dirname, name));
  const directory = await kept(
    "opentofu",
    pins,
    async (fresh) => {
      progress(`building OpenTofu ${version} with ${installedGo()}: 2 to 10 minutes the first time`);
      await compile(tofu, fresh, progress);
    },
    () => progress("another process is building OpenTofu; waiting for it"),
  );
  return join(directory, tofu.program);
}

if (require.main === module) {
  openTofu((line) => process.stderr.write(`${line}\n`)).then(
    (program) => process.stdout.write(`${program}\n`),
    (error: Error) => {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
    },
  );
}
