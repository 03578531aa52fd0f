import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { quote } from "../ssh/quote";
import { providerName } from "./terraform-names";

/**
 * Where configurations say that the provider comes from. The host is made up: Terraform and OpenTofu look there in
 * their local directories only, and take the same address, where a short one means another registry to each.
 */
export const sourceAddress = `microvm.local/pulumi-microvm/${providerName}`;

/** Where both look by themselves. */
const usualDirectory = join(homedir(), ".terraform.d/plugins");

const architectures: Record<string, string> = { x64: "amd64", ia32: "386" };

/** What a configuration begins with. */
export function requirement(version: string): string {
  return [
    "terraform {",
    "  required_providers {",
    `    ${providerName} = {`,
    `      source  = "${sourceAddress}"`,
    `      version = "${version}"`,
    "    }",
    "  }",
    "}",
  ].join("\n");
}

/**
 * Lets Terraform and OpenTofu find the provider: writes a script that starts `program` to where they look. A newer
 * package in the same place is used at once.
 *
 * @returns the script
 */
export function install(program: string, version: string, directory = usualDirectory): string {
  if (process.platform === "win32") throw new Error("on Windows it runs in WSL only: install it there");
  const platform = `${process.platform}_${architectures[process.arch] ?? process.arch}`;
  const script = join(
    resolve(directory),
    sourceAddress,
    version,
    platform,
    `terraform-provider-${providerName}_v${version}`,
  );
  mkdirSync(dirname(script), { recursive: true });
  writeFileSync(script, starter(program), { mode: 0o755 });
  return script;
}

/** Where the Node that runs now is gone by then, another will do. */
function starter(program: string): string {
  const node = quote(process.execPath);
  return `#!/bin/sh\nnode=${node}\n[ -x "$node" ] || node=node\nexec "$node" ${quote(program)} "$@"\n`;
}

/** The version of this package. */
export function packageVersion(): string {
  for (let directory = __dirname; ; directory = dirname(directory)) {
    const candidate = join(directory, "package.json");
    if (existsSync(candidate)) return JSON.parse(readFileSync(candidate, "utf8")).version;
    if (dirname(directory) === directory) throw new Error("package.json is missing from the pulumi-microvm package");
  }
}
