import type { PropertySchema } from "../../provider/schema/model";
import { fileOf, type LoadedResource } from "./load";
import { documentation, header, objectType } from "./types";

/** The class that users import, with its arguments. */
export function emitClass(resource: LoadedResource): string {
  const { kind } = resource;
  const given = Object.fromEntries(Object.entries(resource.inputs).filter(([, property]) => !property["x-internal"]));
  const shown = { ...given, ...resource.outputs };
  const references = referencesIn(given);
  const classes = references.filter((name) => name !== kind);
  const required = new Set([...resource.required, ...Object.keys(resource.outputs)]);
  const properties = Object.entries(shown).flatMap(([name, property]) => {
    const type =
      objectType({ value: property }, new Set(["value"]), 1).match(/ value: ([\s\S]*);\n {2}\}$/)?.[1] ?? "unknown";
    const optional = required.has(name) || property.default !== undefined || name === "name" ? "" : " | undefined";
    return [`  /** ${documentation(property)} */`, `  declare readonly ${name}: pulumi.Output<${type}${optional}>;`];
  });
  const types = referencesIn(shown).map((name) => `${name}Reference`);
  return [
    header,
    'import type * as pulumi from "@pulumi/pulumi";',
    ...(types.length ? [`import type { ${types.join(", ")} } from "../../provider/generated/types";`] : []),
    `import { MicrovmResource${references.length ? ", type ReferenceTo" : ""} } from "../resource";`,
    ...classes.map((name) => `import type { ${name} } from "./${fileOf(name)}";`),
    "",
    `export interface ${kind}Args ${argumentsType(given, new Set(resource.required))}`,
    "",
    `/** ${resource.description} */`,
    `export class ${kind} extends MicrovmResource {`,
    ...properties,
    "",
    `  constructor(name: string, args: ${kind}Args, opts?: pulumi.CustomResourceOptions) {`,
    `    super(${JSON.stringify(kind)}, name, args, opts);`,
    "  }",
    "",
    "  /** One that exists, by its id: read, and left as it is. In the plugin form only. */",
    `  static get(name: string, id: pulumi.Input<pulumi.ID>, opts?: pulumi.CustomResourceOptions): ${kind} {`,
    `    return new ${kind}(name, undefined as unknown as ${kind}Args, { ...opts, id });`,
    "  }",
    "}",
    "",
  ].join("\n");
}

/** Kinds that properties refer to. */
function referencesIn(properties: Record<string, PropertySchema>): string[] {
  const found = JSON.stringify(properties).match(/"x-ref":"[A-Za-z]+"/g) ?? [];
  return [...new Set(found)].map((text) => text.slice(9, -1));
}

export function emitIndex(resources: LoadedResource[]): string {
  const references = resources.map(({ kind }) => `  ${kind}Reference,`);
  return [
    header,
    "export type {",
    ...references,
    '} from "../../provider/generated/types";',
    ...resources.map(({ file, kind }) => `export { ${kind}, type ${kind}Args } from "./${file}";`),
    "",
  ].join("\n");
}

function argumentsType(properties: Record<string, PropertySchema>, required: ReadonlySet<string>): string {
  return objectType(properties, required, 0, (type, property) =>
    property["x-ref"] ? `ReferenceTo<${property["x-ref"]}, ${type}>` : `pulumi.Input<${type}>`,
  );
}
