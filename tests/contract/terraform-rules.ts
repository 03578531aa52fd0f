import type { Attribute, Shape } from "../../provider/engines/terraform-attributes";
import { isUnknown } from "../../provider/schema/unknown";

/**
 * What Terraform holds against a provider, as it checks it itself ("Provider produced invalid plan", "… inconsistent
 * result after apply"): in the core's terms, where null is undefined.
 */

type Values = Record<string, unknown>;

/** What of a plan Terraform refuses. */
export function planFaults(
  attributes: readonly Attribute[],
  prior: Values | undefined,
  config: Values,
  planned: Values,
  path = "",
): string[] {
  return attributes.flatMap(({ property, use, shape }) =>
    valueFaults(use, shape, prior?.[property], config[property], planned[property], `${path}${property}`),
  );
}

function valueFaults(
  use: string,
  shape: Shape,
  prior: unknown,
  config: unknown,
  planned: unknown,
  path: string,
): string[] {
  const computed = use === "computed" || use === "defaulted";
  if (equal(planned, config)) return [];
  if (equal(planned, prior) && prior !== undefined && config !== undefined) return [];
  if (config === undefined) return computed ? [] : [`${path} is planned without being configured`];
  if (isUnknown(config)) return isUnknown(planned) ? [] : [`${path} is planned before it is known`];
  if (planned === undefined || isUnknown(planned)) return [`${path} is configured, and planned as another value`];
  if (shape.type === "object") {
    return planFaults(shape.attributes, prior as Values | undefined, config as Values, planned as Values, `${path}.`);
  }
  if (shape.type === "list" && shape.element.type === "object") {
    const [before, given, made] = [(prior ?? []) as unknown[], config as unknown[], planned as unknown[]];
    if (given.length !== made.length) return [`${path} is planned with ${made.length} entries, not ${given.length}`];
    return made.flatMap((item, index) =>
      valueFaults("required", shape.element, before[index], given[index], item, `${path}[${index}]`),
    );
  }
  return [`${path} is configured, and planned as another value`];
}

/** What of a state Terraform refuses after an apply: whatever the plan knew must have come true, and all be known. */
export function applyFaults(planned: unknown, actual: unknown, path = ""): string[] {
  if (isUnknown(actual)) return [`${path} is not known after the apply`];
  if (isUnknown(planned)) return unknownsIn(actual, path);
  if (Array.isArray(planned) && Array.isArray(actual) && planned.length === actual.length) {
    return planned.flatMap((item, index) => applyFaults(item, actual[index], `${path}[${index}]`));
  }
  if (isObject(planned) && isObject(actual)) {
    const names = [...new Set([...Object.keys(planned), ...Object.keys(actual)])];
    return names.flatMap((name) => applyFaults(planned[name], actual[name], path ? `${path}.${name}` : name));
  }
  return equal(planned, actual)
    ? []
    : [`${path} was planned as ${JSON.stringify(planned)}, not ${JSON.stringify(actual)}`];
}

function unknownsIn(value: unknown, path: string): string[] {
  if (isUnknown(value)) return [`${path} is not known after the apply`];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => unknownsIn(item, `${path}.${name}`));
}

export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => equal(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((name) => equal(a[name], b[name]));
}

function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
