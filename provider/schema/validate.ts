import type { ErrorObject } from "ajv";
import { schemas } from "../generated/schemas";
import type { Kind } from "../generated/types";
import validators from "../generated/validators";
import type { PropertySchema } from "./model";
import { isUnknown } from "./unknown";

/** Something wrong with one input. */
export interface Problem {
  /** Path of the property, e.g. `interfaces[0].address`. */
  property: string;
  /** What is wrong and what would be right. */
  reason: string;
}

/** All that is wrong with a resource's inputs. What is not known yet is not judged. */
export function validate(kind: Kind, inputs: Record<string, unknown>): Problem[] {
  const check = validators[kind];
  if (!check) throw new TypeError(`there is no validator for ${kind}`);
  const problems = check(inputs) ? [] : explain(kind, inputs, check.errors ?? []);
  for (const [name, property] of Object.entries(schemas[kind].inputs)) {
    problems.push(...countOf(property, inputs[name], name));
  }
  return problems;
}

/** The inputs with what is absent set to its default, in nested objects that are there too. */
export function withDefaults<T extends object>(kind: Kind, inputs: T): T {
  return fill(schemas[kind].inputs, inputs) as T;
}

function fill(properties: Readonly<Record<string, PropertySchema>>, value: object): object {
  const result: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) result[key] = fillValue(properties[key], item);
  }
  for (const [key, property] of Object.entries(properties)) {
    if (result[key] === undefined && property.default !== undefined) result[key] = property.default;
  }
  return result;
}

function fillValue(property: PropertySchema | undefined, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => fillValue(property?.items, item));
  if (property?.properties && isObject(value)) return fill(property.properties, value);
  return value;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function explain(kind: Kind, inputs: object, errors: ErrorObject[]): Problem[] {
  const problems = new Map<string, Problem>();
  for (const error of errors) {
    const path = error.instancePath.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
    if (reachesUnknown(inputs, path)) continue;
    const problem = describe(kind, path, error);
    // One sentence a property says enough.
    if (!problems.has(problem.property)) problems.set(problem.property, problem);
  }
  return [...problems.values()];
}

function reachesUnknown(value: unknown, path: string[]): boolean {
  let current: unknown = value;
  for (const part of path) {
    if (isUnknown(current)) return true;
    current = (current as Record<string, unknown> | undefined)?.[part];
  }
  return isUnknown(current);
}

function describe(kind: Kind, path: string[], error: ErrorObject): Problem {
  const property = pathText(path);
  const { params, data } = error;
  const schema = propertyAt(schemas[kind].inputs, path);
  const shown = schema?.["x-secret"] ? "what was given" : show(data);
  const at = (name: string, reason: string) => ({ property: property ? `${property}.${name}` : name, reason });
  switch (error.keyword) {
    case "required":
      return at(params.missingProperty, `is required: ${sentence(propertyAt(schemas[kind].inputs, [...path, params.missingProperty]))}`);
    case "additionalProperties": {
      const known = Object.entries(path.length ? (schema?.properties ?? {}) : schemas[kind].inputs)
        .filter(([, item]) => !item["x-internal"])
        .map(([name]) => name);
      const near = nearest(params.additionalProperty, known);
      return at(params.additionalProperty, `is not a property here; ${near ? `did you mean "${near}"?` : `there are ${known.join(", ")}`}`);
    }
    case "type":
      return { property, reason: `must be ${article(params.type)}, not ${shown}` };
    case "enum":
      return { property, reason: `must be one of ${(params.allowedValues as string[]).map((v) => `"${v}"`).join(", ")}, not ${shown}` };
    case "pattern":
      return { property, reason: `${shown} is not right here: ${sentence(schema)}` };
    case "minimum":
    case "maximum":
    case "exclusiveMinimum": {
      const unit = schema?.["x-unit"] ? ` ${schema["x-unit"]}` : "";
      const range =
        schema?.minimum !== undefined && schema.maximum !== undefined
          ? `${schema.minimum} to ${schema.maximum}${unit}`
          : `${params.comparison} ${params.limit}${unit}`;
      return { property, reason: `must be ${range}, not ${shown}` };
    }
    case "maxLength":
      return { property, reason: `must have at most ${params.limit} characters, and has ${String(data).length}` };
    case "minLength":
      return { property, reason: "must not be empty" };
    case "maxItems":
      return { property, reason: `must have at most ${params.limit} items` };
    case "uniqueItems":
      return { property, reason: `items ${params.j} and ${params.i} are the same` };
    case "propertyNames":
      return { property, reason: `"${params.propertyName}" is not a valid name here` };
    default:
      return { property, reason: error.message ?? "is not valid" };
  }
}

function pathText(path: string[]): string {
  return path.reduce((text, part) => (/^\d+$/.test(part) ? `${text}[${part}]` : text ? `${text}.${part}` : part), "");
}

function propertyAt(properties: Readonly<Record<string, PropertySchema>>, path: string[]): PropertySchema | undefined {
  const [first, ...rest] = path;
  let current = properties[first ?? ""];
  for (const part of rest) {
    current = /^\d+$/.test(part) && current?.items ? current.items : current?.properties?.[part];
  }
  return current;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 60)}… (${text.length} characters)` : text;
}

function article(type: string): string {
  return { integer: "a whole number", number: "a number", string: "text", boolean: "true or false", array: "a list", object: "an object" }[type] ?? type;
}

function sentence(property: PropertySchema | undefined): string {
  return (property?.description ?? "see the reference").split(/\. (?=[A-Z])/)[0]?.replace(/\.$/, "") ?? "";
}

function nearest(word: string, known: string[]): string | undefined {
  const ranked = known.map((name) => ({ name, distance: distance(word.toLowerCase(), name.toLowerCase()) }));
  ranked.sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance <= Math.max(2, word.length / 3) ? best.name : undefined;
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

/** The rules that count properties: exactly one of these, at most one of those. */
function countOf(property: PropertySchema, value: unknown, path: string): Problem[] {
  if (isUnknown(value) || !isObject(value)) return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => countOf(property.items ?? {}, item, `${path}[${index}]`));
  const given = (names: readonly string[]) => names.filter((name) => (value as Record<string, unknown>)[name] !== undefined);
  const problems: Problem[] = [];
  const exactly = property["x-exactly-one"];
  if (exactly && given(exactly).length !== 1) {
    const has = given(exactly);
    problems.push({ property: path, reason: `needs exactly one of ${exactly.join(", ")}${has.length ? `, not ${has.join(" and ")}` : ""}` });
  }
  const most = property["x-at-most-one"];
  if (most && given(most).length > 1) {
    problems.push({ property: path, reason: `takes at most one of ${most.join(", ")}, not ${given(most).join(" and ")}` });
  }
  for (const [name, nested] of Object.entries(property.properties ?? {})) {
    problems.push(...countOf(nested, (value as Record<string, unknown>)[name], `${path}.${name}`));
  }
  return problems;
}
