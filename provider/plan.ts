import { schemas } from "./generated/schemas";
import type { Kind } from "./generated/types";
import type { Effect, PropertySchema } from "./schema/model";
import { isUnknown } from "./schema/unknown";
import { withDefaults } from "./schema/validate";

/** One property's change and what it does to the object. */
export interface Change {
  /** Path, e.g. `rootDisk.size`. */
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

/** Compares what was declared before, or was found since, with what is declared now. Pure and offline. */
export function plan(kind: Kind, prior: object, inputs: object): Plan {
  const before = withDefaults(kind, prior) as Record<string, unknown>;
  const now = withDefaults(kind, inputs) as Record<string, unknown>;
  const changes = Object.entries(schemas[kind].inputs)
    // How to log in and whether to adopt say nothing of the object.
    .filter(([name]) => name !== "credentials" && name !== "adopt")
    .flatMap(([name, property]) => compare(property, before[name], now[name], name, property["x-change"] ?? "live"));
  const drift = (before.drift ?? []) as string[];
  changes.push(...drift.map((reason): Change => ({ property: "drift", effect: "live", reason: `on the host: ${reason}` })));
  if (!changes.length) return { action: "unchanged" };
  if (changes.some(({ effect }) => effect === "replace")) return { action: "replace", changes, deleteFirst: true };
  return { action: "update", changes };
}

function compare(property: PropertySchema, before: unknown, now: unknown, path: string, inherited: Effect): Change[] {
  const effect = property["x-change"] ?? inherited;
  if (isUnknown(now)) return [{ property: path, effect, reason: `${path} is not known yet` }];
  const reference = property["x-ref"];
  if (reference) return compareReferences(reference, before, now, path, effect, property["x-why"]);
  if (isPlainObject(before) && isPlainObject(now) && property.properties) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
    return names.flatMap((name) =>
      compare(property.properties?.[name] ?? {}, before[name], now[name], `${path}.${name}`, effect),
    );
  }
  if (Array.isArray(before) && Array.isArray(now) && before.length === now.length && property.items) {
    const items = property.items;
    return now.flatMap((item, index) => compare(items, before[index], item, `${path}[${index}]`, effect));
  }
  if (same(before, now)) return [];
  // An absent object and an empty one, or one of nothing but defaults, are the same.
  if (property.properties && (before === undefined || now === undefined)) {
    const nested = Object.entries(property.properties).flatMap(([name, item]) =>
      compare(
        item,
        (before as Record<string, unknown> | undefined)?.[name] ?? item.default,
        (now as Record<string, unknown> | undefined)?.[name] ?? item.default,
        `${path}.${name}`,
        effect,
      ),
    );
    return nested;
  }
  return [{ property: path, effect, reason: reasonFor(property, before, now, path, effect) }];
}

function compareReferences(kind: string, before: unknown, now: unknown, path: string, effect: Effect, why?: string): Change[] {
  const { identity } = schemas[kind as Kind].reference;
  const a = (before ?? {}) as Record<string, unknown>;
  const b = (now ?? {}) as Record<string, unknown>;
  const unknown = identity.some((key) => isUnknown(b[key]));
  if (!unknown && identity.every((key) => same(a[key], b[key]))) return [];
  const reason = unknown ? `${path} is not known yet` : `${path} is another ${kind}`;
  return [{ property: path, effect, reason: effect === "replace" && why ? `${reason}, and ${why}` : reason }];
}

function reasonFor(property: PropertySchema, before: unknown, now: unknown, path: string, effect: Effect): string {
  const secret = property["x-secret"] || property["x-internal"];
  const change = secret || isObject(before) || isObject(now) ? "changes" : `changes from ${text(before)} to ${text(now)}`;
  const why = effect === "replace" && property["x-why"] ? `, and ${property["x-why"]}` : "";
  return `${path} ${change}${why}`;
}

function text(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return isObject(value) && !Array.isArray(value);
}

function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isObject(a) || !isObject(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a).filter(([, value]) => value !== undefined);
  const right = Object.entries(b).filter(([, value]) => value !== undefined);
  return left.length === right.length && left.every(([key, value]) => same(value, (b as Record<string, unknown>)[key]));
}
