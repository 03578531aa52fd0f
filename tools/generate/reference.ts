import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { typeName as terraformType } from "../../provider/engines/terraform-names";
import type { LookupSchema, PropertySchema } from "../../provider/schema/model";
import { fileOf, type LoadedResource } from "./load";

/** A reference page: what it is, what it takes, what a change does, what it gives. */
export function emitPage(resource: LoadedResource): string {
  return [
    "<!-- Generated from schema/ by `npm run generate`. Do not edit. -->",
    `# ${resource.kind}`,
    "",
    resource.description,
    "",
    ...example(resource.file),
    "## Inputs",
    "",
    "| property | type | default | a change | |",
    "|---|---|---|---|---|",
    ...rows(resource.inputs, resource.required, "", true),
    "",
    "## Outputs",
    "",
    "All inputs, with their defaults, and:",
    "",
    "| property | type | |",
    "|---|---|---|",
    ...rows(resource.outputs, [], "", false),
    "",
  ].join("\n");
}

/** A page of what a program can ask for: how, what it takes, what it tells. */
export function emitLookupPage({ name, description, inputs, required, outputs }: LookupSchema): string {
  return [
    "<!-- Generated from schema/ by `npm run generate`. Do not edit. -->",
    `# ${name}`,
    "",
    description,
    "",
    `\`await microvm.get${name}({ … })\` in TypeScript, the function \`microvm:index:get${name}\` in Pulumi's other languages, the data source \`${terraformType(name)}\` in Terraform and OpenTofu. It is asked at every preview and plan, too.`,
    "",
    "## Takes",
    "",
    "| property | type | |",
    "|---|---|---|",
    ...rows(inputs, required, "", false),
    "",
    "## Tells",
    "",
    "| property | type | |",
    "|---|---|---|",
    ...rows(outputs, [], "", false),
    "",
  ].join("\n");
}

export function emitContents(resources: LoadedResource[], lookups: LookupSchema[]): string {
  return [
    "<!-- Generated from schema/ by `npm run generate`. Do not edit. -->",
    "# Reference",
    "",
    ...resources.map(({ kind, file, description }) =>
      `- [${kind}](${file}.md): ${description.split(". ")[0]}.`.replace("..", "."),
    ),
    "",
    ...lookups.map(({ name, description }) => `[${name}](${fileOf(name)}.md): ${description.split(". ")[0]}.`),
    "",
    "[kubernetes.RuntimeClasses](kubernetes.md): a component that makes runtimes of hosts selectable in a Kubernetes cluster.",
    "",
    "[What each engine was shown to do](engines.md) with each of these, by a test.",
    "",
    "[VMM capabilities](vmm-capabilities.md): what differs between Firecracker, Cloud Hypervisor and QEMU.",
    "",
  ].join("\n");
}

/** The program in `docs/reference/examples`, which is compiled like any other. */
function example(file: string): string[] {
  const path = join(__dirname, "../../docs/reference/examples", `${file}.ts`);
  return existsSync(path) ? ["```ts", readFileSync(path, "utf8").trimEnd(), "```", ""] : [];
}

function rows(
  properties: Readonly<Record<string, PropertySchema>>,
  required: readonly string[],
  prefix: string,
  inputs: boolean,
  inherited?: string,
): string[] {
  return Object.entries(properties)
    .filter(([, property]) => !property["x-internal"])
    .flatMap(([name, property]) => {
      const path = `${prefix}${name}`;
      const effect = property["x-change"] ?? inherited ?? "live";
      const cells = [`\`${path}\`${required.includes(name) ? " (required)" : ""}`, typeName(property)];
      if (inputs)
        cells.push(
          property.default === undefined ? "" : `\`${JSON.stringify(property.default)}\``,
          effects[effect] ?? "",
        );
      cells.push(describe(property));
      const nested = property.properties
        ? rows(property.properties, property.required ?? [], `${path}.`, inputs, effect)
        : property.items?.properties
          ? rows(property.items.properties, property.items.required ?? [], `${path}[].`, inputs, effect)
          : [];
      return [`| ${cells.join(" | ")} |`, ...nested];
    });
}

const effects: Record<string, string> = { live: "in place", restart: "in place, restarts", replace: "replaces" };

function typeName(property: PropertySchema): string {
  if (property["x-ref"]) return property["x-ref"];
  if (property.enum) return property.enum.map((value) => `\`${value}\``).join(", ");
  if (property.type === "array") return `list of ${typeName(property.items ?? {})}`;
  if (property.type === "object" && !property.properties) return "map of strings";
  return property.type ?? "any";
}

function describe(property: PropertySchema): string {
  const { minimum, maximum } = property;
  const facts = [
    property["x-unit"] ? `In ${property["x-unit"]}.` : "",
    minimum !== undefined && maximum !== undefined ? `${minimum} to ${maximum}.` : "",
    property["x-secret"] ? "Secret." : "",
    property["x-exactly-one"] ? `Exactly one of ${property["x-exactly-one"].map((p) => `\`${p}\``).join(", ")}.` : "",
  ].filter(Boolean);
  return [property.description ?? "", ...facts].join(" ").trim().replaceAll("|", "\\|");
}
