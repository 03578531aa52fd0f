#!/usr/bin/env node
import { closeAll } from "../ssh";
import { TerraformProvider } from "./terraform";
import { install, packageVersion, requirement } from "./terraform-install";
import { log, serve, startedByTerraform } from "./terraform-plugin";
import { providerService } from "./terraform-protocol";

/** The executable `terraform-provider-microvm`: Terraform starts it, and users once, to install it. */

const usage = [
  "This is a provider for Terraform and OpenTofu, which start it themselves.",
  "",
  "  terraform-provider-microvm install [DIRECTORY]",
  "",
  "lets them find it: in ~/.terraform.d/plugins, or in another directory that is a mirror of yours.",
  "",
].join("\n");

async function main([command, directory]: string[]): Promise<void> {
  if (startedByTerraform()) return provide();
  if (command !== "install") {
    process.stderr.write(usage);
    process.exitCode = 1;
    return;
  }
  const version = packageVersion();
  const script = install(__filename, version, directory);
  process.stdout.write(`Installed ${script}\n\nA configuration begins with\n\n${requirement(version)}\n`);
}

async function provide(): Promise<void> {
  const provider = new TerraformProvider();
  const end = async () => {
    await provider.end();
    await closeAll();
  };
  await serve({ definition: providerService, implementation: provider.service(), end });
}

main(process.argv.slice(2)).catch((error: Error) => {
  log(error.stack ?? error.message, "error");
  process.exitCode = 1;
});
