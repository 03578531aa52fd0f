/**
 * A value that is not known yet, as at preview. The engines put it where their own mark for unknown values was; it may
 * stand in place of any value, also of an object or a list.
 */
export const UNKNOWN: unique symbol = Symbol("unknown");

export type Unknown = typeof UNKNOWN;

/** Whether a value is unknown, or holds something that is. */
export function hasUnknown(value: unknown): boolean {
  if (value === UNKNOWN) return true;
  if (value === null || typeof value !== "object") return false;
  return Object.values(value).some(hasUnknown);
}
