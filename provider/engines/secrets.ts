import { schemas } from "../generated/schemas";
import type { Kind } from "../generated/types";
import type { PropertySchema } from "../schema/model";

/** Where among values secrets are: in all of one, or in some of an object's properties. */
export type Secrets = true | { readonly [property: string]: Secrets };

/** What the schema of a kind says is secret, in its inputs and its outputs. */
export function declaredSecrets(kind: Kind): Secrets {
  const { inputs, outputs } = schemas[kind];
  return amongProperties({ ...inputs, ...outputs }) ?? {};
}

/** What a schema says is secret among the properties of an object. */
export function amongProperties(properties: Readonly<Record<string, PropertySchema>>): Secrets | undefined {
  const found = Object.entries(properties).flatMap(([name, property]): [string, Secrets][] => {
    const secrets = property["x-secret"] ? true : inside(property);
    return secrets ? [[name, secrets]] : [];
  });
  return found.length ? Object.fromEntries(found) : undefined;
}

/** A list is secret as a whole where something in its items is: its places move. */
function inside({ properties, items }: PropertySchema): Secrets | undefined {
  if (items) return items["x-secret"] || inside(items) ? true : undefined;
  return properties && amongProperties(properties);
}

export function both(a: Secrets, b: Secrets): Secrets {
  if (a === true || b === true) return true;
  const merged: Record<string, Secrets> = { ...a };
  for (const [name, secrets] of Object.entries(b)) merged[name] = both(merged[name] ?? {}, secrets);
  return merged;
}

/** The secrets themselves, to be taken out of everything that people see. */
export function secretTexts(value: unknown, secrets: Secrets): string[] {
  if (secrets === true && typeof value === "string") return [value];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([name, item]) => {
    const its = secrets === true ? true : secrets[name];
    return its ? secretTexts(item, its) : [];
  });
}
