import { UNKNOWN } from "../schema/unknown";

/** Pulumi's mark for a value that is not known yet. It stands for lists and objects too. */
export const unknownMark = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Key under which Pulumi keeps the serialised provider of a dynamic resource. */
export const providerKey = "__provider";

/** Properties as Pulumi gives them, in the core's terms: no provider, null is absent, unknown is `UNKNOWN`. */
export function decode(properties: Record<string, unknown>): Record<string, unknown> {
  const { [providerKey]: _, ...own } = properties;
  return decodeValue(own) as Record<string, unknown>;
}

function decodeValue(value: unknown): unknown {
  if (value === unknownMark) return UNKNOWN;
  if (value === null) return undefined;
  if (Array.isArray(value)) return value.map(decodeValue);
  if (typeof value !== "object") return value;
  const entries = Object.entries(value as object).map(([key, item]) => [key, decodeValue(item)] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
}

/**
 * The core's properties as Pulumi can carry them. Its protocol fails on undefined, functions and big integers with an
 * error that names nothing, and loses what was made; so nothing but JSON leaves here.
 */
export function encode(properties: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(
    JSON.stringify(properties, (_, value) => {
      if (value === UNKNOWN) return unknownMark;
      return typeof value === "bigint" ? String(value) : value;
    }),
  );
}
