import * as pulumi from "@pulumi/pulumi";
import { formSetting } from "../provider/engines/configuration";
import { packageName } from "../provider/engines/pulumi-package";

/**
 * What serves a program's resources: a provider inside the program's own packages (`dynamic`), or the plugin
 * `pulumi-resource-microvm`.
 */
export type Form = "dynamic" | "plugin";

/** The form that a stack's configuration says, as `microvm:form`. A stack that says nothing has `dynamic`. */
export function form(): Form {
  const given = new pulumi.Config(packageName).get(formSetting) ?? "dynamic";
  if (given === "dynamic" || given === "plugin") return given;
  throw new TypeError(`${packageName}:${formSetting} must be "dynamic" or "plugin", not ${JSON.stringify(given)}`);
}

/** Refuses what only the plugin can do, with what would make it possible. */
export function needsPlugin(what: string): void {
  if (form() === "plugin") return;
  throw new TypeError(
    `${what} takes the plugin form: run \`pulumi config set ${packageName}:${formSetting} plugin\`, and let Pulumi.yaml say where the plugin is`,
  );
}
