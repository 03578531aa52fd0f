import { parse, stringify, type TomlTable, type TomlValue } from "smol-toml";

export type { TomlTable, TomlValue } from "smol-toml";

/** Shipped files have integers of 64 bits, which is more than a number holds. Throws where it is not TOML. */
export function parseToml(text: string): TomlTable {
  return parse(text, { integersAsBigInt: "asNeeded" });
}

export function tomlText(table: TomlTable): string {
  return `${stringify(table).trimEnd()}\n`;
}

/** Neither a list nor a date. */
export function isTable(value: TomlValue | undefined): value is TomlTable {
  if (typeof value !== "object" || Array.isArray(value)) return false;
  return [null, Object.prototype].includes(Object.getPrototypeOf(value));
}
