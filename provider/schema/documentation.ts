import type { PropertySchema } from "./model";

/** One sentence or more: what a property is, then unit, range and default. */
export function documentation(property: PropertySchema): string {
  const { minimum, maximum, maxLength } = property;
  const range =
    minimum !== undefined && maximum !== undefined
      ? `${minimum} to ${maximum}`
      : maxLength !== undefined
        ? `at most ${maxLength} characters`
        : "";
  const facts = [
    property["x-unit"] ? `in ${property["x-unit"]}` : "",
    range,
    property.default !== undefined ? `default ${JSON.stringify(property.default)}` : "",
  ].filter(Boolean);
  const tail = facts.length ? ` (${facts.join("; ")})` : "";
  return `${(property.description ?? "").trim()}${tail}`.trim();
}
