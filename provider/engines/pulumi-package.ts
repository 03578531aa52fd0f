import { lookupSchemas, schemas } from "../generated/schemas";
import type { Kind } from "../generated/types";
import { documentation } from "../schema/documentation";
import type { LookupSchema, PropertySchema, ResourceSchema } from "../schema/model";
import { settings } from "./configuration";
import { packageFile } from "./package-file";
import { referenceKey } from "./pulumi-values";

/**
 * The schema of the Pulumi package: what `pulumi package get-schema` shows and the SDKs of other languages are
 * generated from. Made of the tables alone, so that whatever a resource has, every language has.
 */

type Properties = Readonly<Record<string, PropertySchema>>;

/** A type in a schema of Pulumi's. */
export interface TypeSpec {
  type?: string;
  $ref?: string;
  items?: TypeSpec;
  additionalProperties?: TypeSpec;
}

export interface PropertySpec extends TypeSpec {
  description?: string;
  default?: boolean | number | string;
  secret?: boolean;
  willReplaceOnChanges?: boolean;
}

export interface ObjectTypeSpec {
  type: "object";
  description?: string;
  properties: Record<string, PropertySpec>;
  required: string[];
}

export interface ResourceSpec extends Omit<ObjectTypeSpec, "type"> {
  inputProperties: Record<string, PropertySpec>;
  requiredInputs: string[];
}

export interface FunctionSpec {
  description: string;
  inputs: ObjectTypeSpec;
  outputs: ObjectTypeSpec;
}

export interface PackageSpec {
  name: string;
  displayName: string;
  version: string;
  description: string;
  keywords: string[];
  license: string;
  language: Record<string, object>;
  config: { variables: Record<string, PropertySpec> };
  provider: Omit<ResourceSpec, "properties" | "required">;
  types: Record<string, ObjectTypeSpec>;
  resources: Record<string, ResourceSpec>;
  functions: Record<string, FunctionSpec>;
}

export const packageName = "microvm";

/** Import path of the package in Go. */
export const goPackage = "pulumi-microvm/sdk/go/microvm";

/** How Pulumi names what the package has, e.g. `microvm:index:Host`. */
export function tokenOf(member: string): string {
  return `${packageName}:index:${member}`;
}

/** How Pulumi names what looks something up. */
export function lookupToken(lookup: string): string {
  return tokenOf(`get${lookup}`);
}

export function pulumiPackage(): PackageSpec {
  const { version, description, license, keywords } = packageFile();
  const types = new Types();
  const configuration = mapValues(settings, (setting) => propertyOf(setting, types, ""));
  return {
    name: packageName,
    displayName: "microVM",
    version,
    description,
    keywords,
    license,
    language: {
      go: { importBasePath: goPackage, respectSchemaVersion: true },
      // The package of the same name has classes for both of its engines; this is for whoever generates one.
      nodejs: { packageName: "pulumi-microvm-sdk", respectSchemaVersion: true },
      python: {
        packageName: "pulumi_microvm",
        pyproject: { enabled: true },
        respectSchemaVersion: true,
        // The other way, with a type for each dictionary, does not let the outputs of a resource be another's inputs.
        inputTypes: "classes",
      },
    },
    config: { variables: configuration },
    provider: {
      description: "How the hosts of a program are logged in to where it does not say so itself.",
      inputProperties: configuration,
      requiredInputs: [],
    },
    resources: Object.fromEntries(
      Object.values(schemas).map((resource) => [tokenOf(resource.kind), resourceOf(resource, types)]),
    ),
    functions: Object.fromEntries(
      Object.values(lookupSchemas).map((lookup) => [lookupToken(lookup.name), functionOf(lookup, types)]),
    ),
    types: types.declared,
  };
}

function resourceOf({ kind, description, inputs, outputs, required }: ResourceSchema, types: Types): ResourceSpec {
  const given = Object.fromEntries(Object.entries(inputs).filter(([, property]) => forPrograms(property)));
  const inputProperties = mapValues(given, (property, name) => propertyOf(property, types, typeName(kind, name)));
  return {
    description,
    inputProperties,
    requiredInputs: [...required],
    properties: {
      ...mapValues(inputProperties, ({ default: _, willReplaceOnChanges: __, ...property }) => property),
      ...mapValues(outputs, (property, name) => propertyOf(property, types, typeName(kind, name))),
      [referenceKey]: {
        $ref: types.reference(kind as Kind),
        description: `What is given to other resources that refer to this ${kind}.`,
      },
    },
    required: [...surelyThere(given, required), ...Object.keys(outputs), referenceKey],
  };
}

function functionOf({ name, description, inputs, required, outputs }: LookupSchema, types: Types): FunctionSpec {
  const object = (properties: Properties, sure: readonly string[]): ObjectTypeSpec => ({
    type: "object",
    properties: mapValues(properties, (property, key) => propertyOf(property, types, typeName(name, key))),
    required: [...sure],
  });
  return { description, inputs: object(inputs, required), outputs: object(outputs, Object.keys(outputs)) };
}

/** What programs may give. Without classes of our own, that is also what their host is logged in to with. */
function forPrograms(property: PropertySchema): boolean {
  return !property["x-internal"] || property["x-secret"] === true;
}

/** Inputs that a finished object always has: what must be given, has a default, or is made from the resource's name. */
function surelyThere(inputs: Properties, required: readonly string[]): string[] {
  return Object.keys(inputs).filter(
    (name) => name === "name" || required.includes(name) || inputs[name]?.default !== undefined,
  );
}

function propertyOf(property: PropertySchema, types: Types, name: string): PropertySpec {
  const { default: preset, enum: values } = property;
  const choice = values ? ` One of ${values.map((value) => `\`${value}\``).join(", ")}.` : "";
  const description = (documentation(property) + choice).trim();
  return {
    ...typeOf(property, types, name),
    ...(description ? { description } : {}),
    // Pulumi knows no others; the provider itself fills those in.
    ...(["boolean", "number", "string"].includes(typeof preset) ? { default: preset as string } : {}),
    ...(property["x-secret"] ? { secret: true } : {}),
    ...(property["x-change"] === "replace" ? { willReplaceOnChanges: true } : {}),
  };
}

/** @param name what an object there is called that has no name of its own */
function typeOf(property: PropertySchema, types: Types, name: string): TypeSpec {
  const { type, items, additionalProperties } = property;
  if (property["x-ref"]) return { $ref: types.reference(property["x-ref"] as Kind) };
  if (property.properties) return { $ref: types.object(property, property["x-shape"] ?? name) };
  if (items) return { type: "array", items: typeOf(items, types, singular(name)) };
  if (typeof additionalProperties === "object")
    return { type: "object", additionalProperties: typeOf(additionalProperties, types, name) };
  return { type };
}

/** The object types of the package. */
class Types {
  readonly declared: Record<string, ObjectTypeSpec> = {};

  object(property: PropertySchema, name: string): string {
    return this.declare(name, property.properties ?? {}, property.required ?? [], name, property.description);
  }

  reference(kind: Kind): string {
    const { reference, inputs, outputs, required } = schemas[kind];
    const all = { ...inputs, ...outputs };
    const seen = Object.fromEntries(reference.properties.map((name) => [name, all[name] as PropertySchema]));
    const sure = [...surelyThere(inputs, required), ...Object.keys(outputs)].filter((name) => name in seen);
    return this.declare(`${kind}Reference`, seen, sure, kind, `What other resources see of a ${kind}.`);
  }

  /** @param prefix what the names of objects in it begin with */
  private declare(
    name: string,
    properties: Properties,
    required: readonly string[],
    prefix: string,
    description?: string,
  ): string {
    const token = tokenOf(name);
    this.declared[token] ??= {
      type: "object",
      ...(description ? { description } : {}),
      properties: mapValues(properties, (property, key) => {
        const { secret: _, willReplaceOnChanges: __, ...inner } = propertyOf(property, this, typeName(prefix, key));
        return inner;
      }),
      required: [...required],
    };
    return `#/types/${token}`;
  }
}

function typeName(prefix: string, property: string): string {
  return prefix + property[0]?.toUpperCase() + property.slice(1);
}

/** What one of several is called: `interfaces` are of type `…Interface`. */
function singular(name: string): string {
  return name.replace(/(ss)es$|s$/, "$1");
}

function mapValues<A, B>(values: Readonly<Record<string, A>>, map: (value: A, key: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value, key)]));
}
