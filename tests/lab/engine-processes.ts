import { DynamicDriver } from "../contract/dynamic-driver";
import { PluginDriver } from "../contract/plugin-driver";
import { TerraformProcess } from "../contract/terraform-process";
import type { Engine } from "./engine-table";

/** The engines, each by the real process that its command starts. */
export const engines: readonly Engine[] = [
  {
    name: "Pulumi, dynamic form",
    letter: "D",
    imports: false,
    start: () => DynamicDriver.start(),
    added: (kind, name) => ({ owner: `organization/dynamic/dev::${kind}::${name}` }),
  },
  { name: "Pulumi, plugin form", letter: "P", imports: true, start: () => PluginDriver.start() },
  {
    name: "the provider for Terraform and OpenTofu",
    letter: "T",
    imports: true,
    start: () => TerraformProcess.start(),
  },
];
