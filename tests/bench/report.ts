import { isMet, type Measurement } from "./measurement";

/** A table of what was measured, the targets, and whether they were met. */
export function table(measurements: readonly Measurement[]): string {
  const rows = [
    ["number", "value", "target", "met", "from"],
    ...measurements.map((measurement) => [
      measurement.key,
      String(measurement.value),
      target(measurement),
      target(measurement) && (isMet(measurement) ? "yes" : "NO"),
      measurement.detail,
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  return `${rows.map((row) => line(row).trimEnd()).join("\n")}\n`;
}

function target({ atMost, atLeast }: Measurement): string {
  if (atMost !== undefined) return `<= ${atMost}`;
  return atLeast === undefined ? "" : `>= ${atLeast}`;
}

/** The numbers by their keys, as a program reads them. */
export function json(measurements: readonly Measurement[]): string {
  return `${JSON.stringify(Object.fromEntries(measurements.map(({ key, value }) => [key, value])), null, 2)}\n`;
}
