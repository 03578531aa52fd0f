import { schemas } from "./generated/schemas";
import type { Kind } from "./generated/types";
import { withDefaults } from "./schema/defaults";
import type { Effect, PropertySchema } from "./schema/model";
import { isUnknown } from "./schema/unknown";

/** One property's change and what it does to the object. */
export interface Change {
  /** Path, e.g. `rootDisk.size`; `drift` for what differs on the host. */
  property: string;
  effect: Effect;
  /** A sentence for users. */
  reason: string;
}

/** What a run would do to an object. A replaced object is deleted first: its name on the host is its identity. */
export type Plan =
  | { action: "unchanged" }
  | { action: "update"; changes: Change[] }
  | { action: "replace"; changes: Change[]; deleteFirst: true };

type Properties = Record<string, unknown>;

/** What a resource makes of a change where that is another effect than its schema says; undefined where it is not. */
export type EffectOf = (property: string) => Effect | undefined;

/**
 * What a reference is whose name is the same and whose identity is not known yet. An engine whose previews know nothing
 * of an object that is changed takes it for the `same` one: where it is replaced, such an engine asks again. One whose
 * previews know what an update leaves as it is (`expected`) takes it for `another`.
 */
export type Unsure = "same" | "another";

/** One property's change, before it is said what follows from it. */
interface Difference {
  property: string;
  what: string;
  effect: Effect;
  why?: string;
}

/** What a change of a property means, its own or that of what is around it. */
interface Meaning {
  effect: Effect;
  unsure: Unsure;
  why?: string;
  secret?: boolean;
}

/**
 * Compares what was declared before, or was found since, with what is declared now. Pure and offline. A value that is
 * not known yet counts as changed.
 */
export function plan(
  kind: Kind,
  prior: object,
  inputs: object,
  effectOf: EffectOf = () => undefined,
  unsure: Unsure = "same",
): Plan {
  const before = withDefaults(kind, prior) as Properties;
  const now = withDefaults(kind, inputs) as Properties;
  const differences = compareObjects(schemas[kind].inputs, before, now, "", { effect: "live", unsure });
  const changes = differences.map((one) =>
    told(one.effect === "replace" ? one : { ...one, effect: effectOf(one.property) ?? one.effect }),
  );
  const drift = (before.drift ?? []) as string[];
  changes.push(
    ...drift.map((reason): Change => ({ property: "drift", effect: "live", reason: `on the host: ${reason}` })),
  );
  if (!changes.length) return { action: "unchanged" };
  if (changes.some(({ effect }) => effect === "replace")) return { action: "replace", changes, deleteFirst: true };
  return { action: "update", changes };
}

function compareObjects(
  properties: Readonly<Record<string, PropertySchema>>,
  before: Properties,
  now: Properties,
  path: string,
  meaning: Meaning,
): Difference[] {
  const names = [...new Set([...Object.keys(properties), ...Object.keys(now)])];
  return names.flatMap((name) => {
    const property = properties[name] ?? {};
    const [a, b] = [before[name] ?? property.default, now[name] ?? property.default];
    return compare(property, a, b, path ? `${path}.${name}` : name, meaning);
  });
}

function compare(property: PropertySchema, before: unknown, now: unknown, path: string, around: Meaning): Difference[] {
  const meaning: Meaning = {
    effect: property["x-change"] ?? around.effect,
    unsure: around.unsure,
    why: property["x-change"] ? property["x-why"] : around.why,
    secret: around.secret || property["x-secret"],
  };
  if (isUnknown(now)) return [difference(path, `${path} is not known yet`, meaning)];
  if (property["x-ref"]) return compareReferences(property["x-ref"] as Kind, before, now, path, meaning);
  // An absent object and one of nothing but defaults are the same.
  if (property.properties && (isObject(before) || isObject(now)) && isObject(before ?? {}) && isObject(now ?? {})) {
    return compareObjects(property.properties, (before ?? {}) as Properties, (now ?? {}) as Properties, path, meaning);
  }
  if (Array.isArray(before) && Array.isArray(now) && before.length === now.length && property.items) {
    const { items } = property;
    return now.flatMap((item, index) => compare(items, before[index], item, `${path}[${index}]`, meaning));
  }
  if (same(before, now)) return [];
  return [difference(path, describe(property, path, before, now, meaning), meaning)];
}

/** Another object is one with another identity. */
function compareReferences(kind: Kind, before: unknown, now: unknown, path: string, meaning: Meaning): Difference[] {
  const { identity, properties } = schemas[kind].reference;
  const a = (before ?? {}) as Properties;
  const b = (now ?? {}) as Properties;
  const different = (key: string) => !isUnknown(b[key]) && !same(a[key], b[key]);
  const unsure = identity.some((key) => isUnknown(b[key]));
  if (identity.some(different) || (unsure && (meaning.unsure === "another" || different("name")))) {
    return [difference(path, `${path} is another ${kind}`, meaning)];
  }
  if (unsure) return [difference(path, `${path} is changed by this run`, { ...meaning, effect: "live" })];
  // The way to a host is none of an object's properties, but the record has to know it: the object is removed by it.
  if (properties.includes("connection") && !same(a.connection, b.connection)) {
    return [difference(`${path}.connection`, `${path} is reached in another way`, { ...meaning, effect: "live" })];
  }
  return [];
}

function difference(property: string, what: string, { effect, why }: Meaning): Difference {
  return { property, what, effect, why };
}

function told({ property, what, effect, why }: Difference): Change {
  const consequence: Record<Effect, string> = {
    live: "",
    restart: ", which takes a restart",
    replace: `, so it is replaced${why ? `, because ${why}` : ""}`,
  };
  return { property, effect, reason: what + consequence[effect] };
}

/** Text may be secret in ways that only a program knows, so that none is shown that is not one of a few words. */
function describe(property: PropertySchema, path: string, before: unknown, now: unknown, { secret }: Meaning): string {
  const plain = (value: unknown) => typeof value !== "object" && (typeof value !== "string" || property.enum);
  if (secret || !plain(before) || !plain(now)) return `${path} changes`;
  return `${path} changes from ${text(before)} to ${text(now)}`;
}

function text(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

function isObject(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => same(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => same(a[key], b[key]));
}
