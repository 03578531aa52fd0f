import { Encoder, ExtensionCodec, decode as unpack } from "@msgpack/msgpack";
import { isUnknown, UNKNOWN } from "../schema/unknown";
import type { Attribute, Shape } from "./terraform-attributes";

/** Values as Terraform carries them: MessagePack in which an object has all its attributes, and null is absent. */

type Properties = Record<string, unknown>;

/** A value in one of the two forms that the protocol has. */
export interface DynamicValue {
  msgpack?: Uint8Array;
  json?: Uint8Array;
}

const extensions = new ExtensionCodec();
extensions.register({
  type: 0,
  encode: (value) => (isUnknown(value) ? new Uint8Array(1) : null),
  decode: () => UNKNOWN,
});
// An unknown value of which something is known, e.g. that it is not null. What, is of no use here.
extensions.register({ type: 12, encode: () => null, decode: () => UNKNOWN });

/** The value that stands for no object at all. */
export const nothing: DynamicValue = { msgpack: Uint8Array.of(0xc0) };

/** An object of the core as Terraform takes it; properties that are no attributes are left out. */
export function encode(attributes: readonly Attribute[], properties: Properties): DynamicValue {
  return { msgpack: new Encoder({ extensionCodec: extensions }).encode(encodeObject(attributes, properties)) };
}

/** An object of Terraform in the core's terms; undefined where there is none. */
export function decode(attributes: readonly Attribute[], value: DynamicValue | undefined): Properties | undefined {
  const { msgpack, json } = value ?? {};
  if (msgpack?.length) {
    return decodeObject(attributes, unpack(msgpack, { extensionCodec: extensions })) as Properties | undefined;
  }
  return json?.length ? decodeJson(attributes, json) : undefined;
}

/** An object as a state file holds it, maybe written by another version: what does not fit is left out. */
export function decodeJson(attributes: readonly Attribute[], json: Uint8Array): Properties | undefined {
  return decodeObject(attributes, JSON.parse(Buffer.from(json).toString("utf8"))) as Properties | undefined;
}

function encodeObject(attributes: readonly Attribute[], properties: Properties): Properties {
  return Object.fromEntries(
    attributes.map(({ name, property, shape }) => [name, encodeValue(shape, properties[property])]),
  );
}

function encodeValue(shape: Shape, value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (isUnknown(value)) return UNKNOWN;
  switch (shape.type) {
    case "object":
      return encodeObject(shape.attributes, value as Properties);
    case "list":
      return (value as unknown[]).map((item) => encodeValue(shape.element, item));
    case "map":
      return mapEntries(value as Properties, (item) => encodeValue(shape.element, item));
    default:
      return value;
  }
}

function decodeObject(attributes: readonly Attribute[], value: unknown): unknown {
  if (isUnknown(value)) return UNKNOWN;
  if (!isObject(value)) return undefined;
  const entries = attributes.map(({ name, property, shape }) => [property, decodeValue(shape, value[name])] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
}

function decodeValue(shape: Shape, value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (isUnknown(value)) return UNKNOWN;
  switch (shape.type) {
    case "object":
      return decodeObject(shape.attributes, value);
    case "list":
      return Array.isArray(value) ? value.map((item) => decodeValue(shape.element, item)) : undefined;
    case "map":
      return isObject(value) ? mapEntries(value, (item) => decodeValue(shape.element, item)) : undefined;
    case "number":
      return decodeNumber(value);
    case "bool":
      return typeof value === "boolean" ? value : undefined;
    case "string":
      return typeof value === "string" ? value : undefined;
  }
}

/** Terraform's numbers have no bounds: those that fit into no machine number come as decimal text. */
function decodeNumber(value: unknown): number | undefined {
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof number === "number" && !Number.isNaN(number) ? number : undefined;
}

function mapEntries(value: Properties, map: (item: unknown) => unknown): Properties {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, map(item)]));
}

function isObject(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
