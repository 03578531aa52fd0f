import { UNKNOWN } from "../schema/unknown";
import type { Secrets } from "./secrets";

/** Pulumi's mark for a value that is not known yet. It stands for lists and objects too. */
export const unknownMark = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Key under which Pulumi keeps the serialised provider of a dynamic resource. */
export const providerKey = "__provider";

/** Output that the plugin adds to those of the core: what programs without classes of ours give to other resources. */
export const referenceKey = "reference";

/** Key and value that tell an object of Pulumi's own, and among these a secret, whose value is beside it. */
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

type Properties = Record<string, unknown>;

/** Properties as Pulumi gives them, in the core's terms: its own alone, null is absent, unknown is `UNKNOWN`, nothing wrapped. */
export function decode(properties: Properties): Properties {
  const { [providerKey]: _, [referenceKey]: __, ...own } = properties;
  return decodeValue(own) as Properties;
}

function decodeValue(value: unknown): unknown {
  if (value === unknownMark) return UNKNOWN;
  if (value === null) return undefined;
  if (Array.isArray(value)) return value.map(decodeValue);
  if (typeof value !== "object") return value;
  if (isSecret(value)) return decodeValue(value.value);
  const entries = Object.entries(value as object).map(([key, item]) => [key, decodeValue(item)] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
}

/**
 * The core's properties as Pulumi can carry them. Its protocol fails on undefined, functions and big integers with an
 * error that names nothing, and loses what was made; so nothing but JSON leaves here.
 */
export function encode(properties: Properties): Properties {
  return JSON.parse(
    JSON.stringify(properties, (_, value) => {
      if (value === UNKNOWN) return unknownMark;
      return typeof value === "bigint" ? String(value) : value;
    }),
  );
}

/** What a program has marked as secret. Of a list that holds a secret it is all of it: its places move. */
export function markedSecrets(value: unknown): Secrets | undefined {
  if (value === null || typeof value !== "object") return undefined;
  if (isSecret(value)) return true;
  const found = Object.entries(value).flatMap(([key, item]): [string, Secrets][] => {
    const secrets = markedSecrets(item);
    return secrets ? [[key, secrets]] : [];
  });
  if (!found.length) return undefined;
  return Array.isArray(value) ? true : Object.fromEntries(found);
}

/** Encoded properties with their secrets wrapped: what Pulumi encrypts, and shows to nobody. */
export function seal(properties: Properties, secrets: Secrets): Properties {
  return sealValue(properties, secrets === true ? {} : secrets) as Properties;
}

function sealValue(value: unknown, secrets: Secrets | undefined): unknown {
  if (!secrets || value === undefined) return value;
  if (secrets === true) return { [signatureKey]: secretSignature, value };
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sealValue(item, secrets[key])]));
}

function isSecret(value: object): value is { value: unknown } {
  return (value as Properties)[signatureKey] === secretSignature;
}
