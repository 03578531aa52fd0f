import Ajv2020 from "ajv/dist/2020";
import standaloneCode from "ajv/dist/standalone";
import type { LookupSchema, PropertySchema } from "../../provider/schema/model";
import { type LoadedResource, mapValues } from "./load";

/** Validators of the inputs of every resource and lookup as a CommonJS module, so that nothing is compiled at run time. */
export function emitValidators(resources: LoadedResource[], lookups: LookupSchema[]): string {
  const subjects = [...resources.map((resource) => ({ ...resource, name: resource.kind })), ...lookups];
  const schemas = subjects.map(({ name, inputs, required }) => ({
    $id: name,
    type: "object",
    additionalProperties: false,
    properties: mapValues(inputs, (property) => plain(property, resources)),
    required: [...required],
  }));
  const ajv = new Ajv2020({ schemas, allErrors: true, strict: false, verbose: true, code: { source: true } });
  const code = standaloneCode(ajv, Object.fromEntries(subjects.map(({ name }) => [name, name])));
  return `// Generated from schema/ by \`npm run generate\`. Do not edit.\n${code}\n`;
}

export function emitValidatorTypes(): string {
  return [
    "// Generated from schema/ by `npm run generate`. Do not edit.",
    'import type { ValidateFunction } from "ajv";',
    "declare const validators: Record<string, ValidateFunction>;",
    "export = validators;",
    "",
  ].join("\n");
}

/** The standard part of a property: what ajv checks. */
function plain(property: PropertySchema, resources: LoadedResource[]): object {
  const referred = resources.find(({ kind }) => kind === property["x-ref"]);
  if (referred) return { type: "object", required: referred.reference.identity };
  const inner = (nested: PropertySchema) => plain(nested, resources);
  const standard = Object.fromEntries(
    Object.entries(property).filter(([key]) => !key.startsWith("x-") && !["description", "default"].includes(key)),
  ) as PropertySchema;
  return {
    ...standard,
    ...(property.propertyNames ? { propertyNames: { pattern: property.propertyNames.pattern } } : {}),
    ...(property.properties ? { properties: mapValues(property.properties, inner) } : {}),
    ...(property.items ? { items: inner(property.items) } : {}),
    ...(typeof property.additionalProperties === "object"
      ? { additionalProperties: inner(property.additionalProperties) }
      : {}),
  };
}
