import type { ErrorObject } from "ajv";
import type { Kind, Lookup } from "../generated/types";
import validators from "../generated/validators";
import { inputsOf } from "./inputs";
import type { PropertySchema } from "./model";
import { nearest } from "./nearest";
import { isUnknown } from "./unknown";

export { withDefaults } from "./defaults";

/** Something wrong with one input. */
export interface Problem {
  /** Path of the property, e.g. `interfaces[0].address`. */
  property: string;
  /** What is wrong and what would be right. */
  reason: string;
}

/** All that is wrong with the inputs of a resource or lookup, one problem a property. What is not known yet is not judged. */
export function validate(kind: Kind | Lookup, inputs: Record<string, unknown>): Problem[] {
  const check = validators[kind];
  if (!check) throw new TypeError(`there is no validator for ${kind}`);
  const problems = new Map<string, Problem>();
  const add = (problem: Problem) => {
    if (!problems.has(problem.property)) problems.set(problem.property, problem);
  };
  for (const error of check(inputs) ? [] : (check.errors ?? [])) {
    const path = error.instancePath.split("/").slice(1).map(unescapePointer);
    // What a key of a free map must match is told by the error that names the key.
    if (reachesUnknown(inputs, path) || error.propertyName !== undefined) continue;
    if (error.keyword === "uniqueItems" && hasUnknownItem(error)) continue;
    add(describe(kind, path, error));
  }
  for (const [name, property] of Object.entries(inputsOf(kind))) {
    countProblems(property, inputs[name], name).forEach(add);
  }
  return [...problems.values()];
}

function unescapePointer(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}

function reachesUnknown(value: unknown, path: string[]): boolean {
  let current = value;
  for (const part of path) {
    if (isUnknown(current)) return true;
    current = (current as Record<string, unknown> | undefined)?.[part];
  }
  return isUnknown(current);
}

function hasUnknownItem({ data, params }: ErrorObject): boolean {
  const items = data as unknown[];
  return isUnknown(items[params.i]) || isUnknown(items[params.j]);
}

function describe(kind: Kind | Lookup, path: string[], error: ErrorObject): Problem {
  const { params, data, keyword } = error;
  const { property: schema, secret } = propertyAt(kind, path);
  const property = pathText(path);
  const not = secret ? "" : `, not ${show(data)}`;
  const must = (what: string): Problem => ({ property, reason: `must be ${what}${not}` });
  switch (keyword) {
    case "required": {
      const kindOf = schema?.["x-ref"];
      if (kindOf) return { property, reason: `must be a ${kindOf}; this has no \`${params.missingProperty}\`` };
      const missing = propertyAt(kind, [...path, params.missingProperty]).property;
      return { property: pathText([...path, params.missingProperty]), reason: `is missing: ${firstSentence(missing)}` };
    }
    case "additionalProperties": {
      const known = Object.entries(path.length ? (schema?.properties ?? {}) : inputsOf(kind))
        .filter(([, item]) => !item["x-internal"])
        .map(([name]) => name);
      const near = nearest(params.additionalProperty, known);
      const advice = near ? `did you mean \`${near}\`?` : `known are ${known.map((name) => `\`${name}\``).join(", ")}`;
      return { property: pathText([...path, params.additionalProperty]), reason: `is not a property here; ${advice}` };
    }
    case "type":
      return must(schema?.["x-ref"] ? `a ${schema["x-ref"]}` : (types[params.type as string] ?? params.type));
    case "enum":
      return must(`one of ${(params.allowedValues as string[]).map((value) => JSON.stringify(value)).join(", ")}`);
    case "pattern":
      return must(schema?.["x-expects"] ?? `something that matches ${params.pattern}`);
    case "minimum":
    case "maximum":
    case "exclusiveMinimum":
      return must(range(schema ?? {}));
    case "maxLength":
      return { property, reason: `must have at most ${params.limit} characters, not ${String(data).length}` };
    case "minLength":
      return { property, reason: data === "" ? "must not be empty" : `must have at least ${params.limit} characters` };
    case "maxItems":
      return { property, reason: `must have at most ${params.limit} entries, not ${(data as unknown[]).length}` };
    case "uniqueItems":
      return { property, reason: `entries ${params.j} and ${params.i} are the same; give each once` };
    case "propertyNames":
      return {
        property: `${property}[${JSON.stringify(params.propertyName)}]`,
        reason: `the key must be ${schema?.propertyNames?.["x-expects"] ?? "another"}`,
      };
    default:
      return { property, reason: error.message ?? `breaks the rule \`${keyword}\`` };
  }
}

const types: Record<string, string> = {
  integer: "a whole number",
  number: "a number",
  string: "text",
  boolean: "true or false",
  array: "a list",
  object: "an object",
};

function pathText(path: string[]): string {
  return path.reduce((text, part) => {
    if (/^\d+$/.test(part)) return `${text}[${part}]`;
    if (!/^[A-Za-z_]\w*$/.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text ? `${text}.${part}` : part;
  }, "");
}

/** The schema of what a path leads to, and whether it or something around it is secret. */
function propertyAt(kind: Kind | Lookup, path: string[]): { property: PropertySchema | undefined; secret: boolean } {
  let property: PropertySchema | undefined = { type: "object", properties: inputsOf(kind) };
  let secret = false;
  for (const part of path) {
    const free: boolean | PropertySchema | undefined = property?.additionalProperties;
    property = property?.items ?? property?.properties?.[part] ?? (typeof free === "object" ? free : undefined);
    secret ||= property?.["x-secret"] === true;
  }
  return { property, secret };
}

function range({ minimum, maximum, exclusiveMinimum, "x-unit": unit }: PropertySchema): string {
  const low = exclusiveMinimum === undefined ? minimum : `more than ${exclusiveMinimum}`;
  const bounds = exclusiveMinimum === undefined ? [low, maximum].join(" to ") : `${low} and at most ${maximum}`;
  return unit ? `${bounds} ${unit}` : bounds;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 60)}… (${text.length} characters)` : text;
}

function firstSentence(property: PropertySchema | undefined): string {
  return (property?.description ?? "see the reference").split(/\. (?=[A-Z])/)[0]?.replace(/\.$/, "") ?? "";
}

/** The rules that count properties: exactly one of these, at most one of those. */
function countProblems(property: PropertySchema, value: unknown, path: string): Problem[] {
  if (value === null || typeof value !== "object") return [];
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => countProblems(property.items ?? {}, item, `${path}[${index}]`));
  }
  const values = value as Record<string, unknown>;
  const problems: Problem[] = [];
  const exactly = property["x-exactly-one"] ?? [];
  const most = property["x-at-most-one"] ?? [];
  // An unknown value may turn out to be none.
  const present = (names: readonly string[]) => names.filter((name) => values[name] !== undefined);
  const sure = (names: readonly string[]) => present(names).filter((name) => !isUnknown(values[name]));
  const both = (names: string[]) => names.map((name) => `\`${name}\``).join(" and ");
  if (exactly.length && (sure(exactly).length > 1 || present(exactly).length === 0)) {
    const given = sure(exactly);
    const names = exactly.map((name) => `\`${name}\``).join(", ");
    problems.push({
      property: path,
      reason: `needs exactly one of ${names}${given.length ? `, not ${both(given)}` : ""}`,
    });
  }
  if (sure(most).length > 1) {
    const names = most.map((name) => `\`${name}\``).join(", ");
    problems.push({ property: path, reason: `takes at most one of ${names}, not ${both(sure(most))}` });
  }
  for (const [name, nested] of Object.entries(property.properties ?? {})) {
    problems.push(...countProblems(nested, values[name], `${path}.${name}`));
  }
  return problems;
}
