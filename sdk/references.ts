import * as pulumi from "@pulumi/pulumi";
import { schemas } from "../provider/generated/schemas";
import type { Kind } from "../provider/generated/types";
import type { PropertySchema } from "../provider/schema/model";
import { referenceOf } from "../provider/schema/reference";

/** Says which kind a resource object is, also across two copies of this package. */
export const kindKey = Symbol.for("pulumi-microvm.kind");
/** What a Host was given to log in with, as a secret; undefined where it was given nothing. */
export const credentialsKey = Symbol.for("pulumi-microvm.credentials");

/** Arguments with every resource in them turned into what the provider sees of it. */
export function flatten(kind: Kind, args: object): pulumi.Inputs {
  return flattenObject(schemas[kind].inputs, args as Record<string, unknown>, "");
}

function flattenObject(
  properties: Readonly<Record<string, PropertySchema>>,
  value: Record<string, unknown>,
  path: string,
): pulumi.Inputs {
  const prefix = path && `${path}.`;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, flattenValue(properties[name], item, prefix + name)]),
  );
}

// Objects and lists stay what they are, so that at preview only the parts that are unknown are.
function flattenValue(property: PropertySchema | undefined, value: unknown, path: string): unknown {
  if (!property || value === undefined || value === null) return value;
  if (pulumi.Output.isInstance(value) || value instanceof Promise) {
    return pulumi.output(value).apply((known) => pulumi.output(flattenValue(property, known, path)));
  }
  if (property["x-ref"]) return reference(property["x-ref"] as Kind, value, path);
  if (Array.isArray(value)) return value.map((item, index) => flattenValue(property.items, item, `${path}[${index}]`));
  if (property.properties && typeof value === "object") {
    return flattenObject(property.properties, value as Record<string, unknown>, path);
  }
  return value;
}

function reference(kind: Kind, value: unknown, path: string): unknown {
  if (!pulumi.Resource.isInstance(value)) return value;
  const given = (value as { [kindKey]?: Kind })[kindKey];
  if (given !== kind)
    throw new TypeError(`${path} must be a ${kind}, not ${given ? `a ${given}` : "another resource"}`);
  return referenceOf(kind, value as unknown as Record<string, unknown>);
}

/** What the host of a resource was given to log in with. */
export function credentialsOf(host: unknown): pulumi.Input<unknown> | undefined {
  if (host === undefined || host === null) return undefined;
  if (pulumi.Output.isInstance(host) || host instanceof Promise) {
    return pulumi.output(host).apply((known) => pulumi.output(credentialsOf(known)));
  }
  return (host as { [credentialsKey]?: pulumi.Output<unknown> })[credentialsKey];
}
