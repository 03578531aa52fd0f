import { chmodSync, copyFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { compile, go, installedGo } from "./compile";
import { kept } from "./kept";
import { executable, where } from "./path";

/**
 * Pulumi's hosts of languages other than TypeScript. Each is pinned at the newest release that is still a package of a
 * module that Go's proxy serves; they run with newer CLIs.
 */
const packages = {
  go: "github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go",
  python: "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
  yaml: "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
};

export type Language = keyof typeof packages;

/**
 * Finds the host of a language beside the CLI or on PATH, or builds it.
 *
 * @param cli directory of the CLI: a release of Pulumi brings the hosts along
 * @returns the directory to put on PATH
 */
export async function languageHost(
  language: Language,
  cli: string,
  progress: (line: string) => void = () => {},
): Promise<string> {
  const program = `pulumi-language-${language}`;
  if (executable(join(cli, program))) return cli;
  const found = where(program);
  if (found) return dirname(found);
  const module = join(__dirname, language);
  return await kept(program, [join(module, "go.mod"), join(module, "go.sum")], async (directory) => {
    progress(`building ${program} with ${installedGo()}`);
    await compile({ program, module, path: packages[language] }, directory, progress);
    if (language === "python") copyLauncher(module, directory);
  });
}

/** The host of Python starts programs by a script of its module, which it looks for beside itself. */
function copyLauncher(module: string, directory: string): void {
  const launcher = "pulumi-language-python-exec";
  const sources = go(module, ["list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi/sdk/v3"]);
  copyFileSync(join(sources, "python/cmd", launcher), join(directory, launcher));
  chmodSync(join(directory, launcher), 0o755);
}
