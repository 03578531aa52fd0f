import type { Change } from "../plan";

type Properties = Record<string, unknown>;

/** The properties that make Pulumi replace an object. */
export function replacedBy(changes: readonly Change[]): string[] {
  return changedProperties(changes.filter(({ effect }) => effect === "replace"));
}

export function changedProperties(changes: readonly Change[]): string[] {
  return [...new Set(changes.map(({ property }) => property.split(/[.[]/)[0] as string))];
}

/** What Pulumi shows of a change. */
export interface Difference {
  kind: DifferenceKind | `${DifferenceKind}_REPLACE`;
  /** Whether what the program says differs from what it said before, rather than from the state. */
  inputDiff: boolean;
}

type DifferenceKind = "ADD" | "UPDATE" | "DELETE";

/** What Pulumi shows of each change, by its path. */
export function detailedDiff(
  changes: readonly Change[],
  prior: Properties,
  inputs: Properties,
): Map<string, Difference> {
  const result = new Map<string, Difference>();
  const replacing = new Set(changes.filter(({ effect }) => effect === "replace").map(({ property }) => property));
  for (const { property } of changes) {
    const kind = kindOf(valueAt(prior, property), valueAt(inputs, property));
    // What differs on the host alone is in the state, and in no input.
    const inputDiff = property !== "drift";
    result.set(property, { kind: replacing.has(property) ? `${kind}_REPLACE` : kind, inputDiff });
  }
  return result;
}

function kindOf(before: unknown, now: unknown): DifferenceKind {
  if (now === undefined) return before === undefined ? "UPDATE" : "DELETE";
  return before === undefined ? "ADD" : "UPDATE";
}

/** The value that a path such as `interfaces[0].address` leads to. */
function valueAt(properties: Properties, path: string): unknown {
  const names = path.match(/[^.[\]]+/g) ?? [];
  return names.reduce<unknown>((value, name) => (value as Properties | undefined)?.[name], properties);
}
