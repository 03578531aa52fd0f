/** Stands for a value that an engine does not know yet, while it previews. */
export const UNKNOWN: unique symbol = Symbol.for("pulumi-microvm.unknown");

export function isUnknown(value: unknown): value is typeof UNKNOWN {
  return value === UNKNOWN;
}
