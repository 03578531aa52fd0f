import type { Property } from "../../provider/schema/model";

/** Unit and range of a property in words, e.g. `in MiB, 64 to 4194304`; empty where there is nothing to say. */
export function range(property: Property): string {
  const { unit, minimum, exclusiveMinimum, maximum, minLength, maxLength, minItems, maxItems } = property;
  const bounds = [
    exclusiveMinimum === undefined ? "" : `more than ${exclusiveMinimum}`,
    between(minimum, maximum),
    counted(between(minLength && minLength > 1 ? minLength : undefined, maxLength), "characters"),
    counted(between(minItems, maxItems), "entries"),
  ];
  return [unit ? `in ${unit}` : "", ...bounds].filter(Boolean).join(", ");
}

function between(low: number | undefined, high: number | undefined): string {
  if (low !== undefined && high !== undefined) return `${low} to ${high}`;
  if (low !== undefined) return `at least ${low}`;
  return high === undefined ? "" : `at most ${high}`;
}

function counted(bounds: string, what: string): string {
  return bounds && `${bounds} ${what}`;
}

/** What the documentation of a property says: its description, unit, range and default. */
export function sentences(property: Property): string[] {
  const bounds = range(property);
  return [
    property.description ?? "",
    bounds && `${bounds.charAt(0).toUpperCase()}${bounds.slice(1)}.`,
    property.default === undefined ? "" : `Default: \`${JSON.stringify(property.default)}\`.`,
  ].filter(Boolean);
}

/** A documentation comment, wrapped at 120 columns. Empty where there is nothing to say. */
export function comment(text: string, indent = ""): string {
  if (!text) return "";
  const safe = text.replaceAll("*/", "*\\/");
  if (indent.length + safe.length + 7 <= 120) return `${indent}/** ${safe} */\n`;
  const lines: string[] = [];
  let line = "";
  for (const word of safe.split(" ")) {
    if (line && indent.length + 3 + line.length + 1 + word.length > 120) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  lines.push(line);
  return `${indent}/**\n${lines.map((text) => `${indent} * ${text}\n`).join("")}${indent} */\n`;
}

export const generatedNotice =
  "// Generated from schema/*.schema.json by `npm run generate`: change those instead.\n\n";
