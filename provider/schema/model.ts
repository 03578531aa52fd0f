/** What an in-place change of a property does to the running object, or that it needs another object. */
export type Effect = "live" | "restart" | "replace";

/** A property as the generated tables hold it: JSON Schema, every `$ref` resolved, and our own keywords. */
export interface PropertySchema {
  type?: "string" | "integer" | "number" | "boolean" | "array" | "object";
  description?: string;
  default?: unknown;
  enum?: readonly string[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  properties?: Readonly<Record<string, PropertySchema>>;
  required?: readonly string[];
  additionalProperties?: boolean | PropertySchema;
  propertyNames?: { pattern: string; "x-expects"?: string };
  items?: PropertySchema;
  /** What a value that matches `pattern` is, to follow "must be". */
  "x-expects"?: string;
  /** The kind of resource that the property refers to. */
  "x-ref"?: string;
  /** Name of the shape that it shares with other properties. */
  "x-shape"?: string;
  "x-secret"?: boolean;
  /** Set by the SDK, not by users. */
  "x-internal"?: boolean;
  "x-unit"?: string;
  /** An output that an update in place leaves as it is: a repair too, or updates only. */
  "x-stable"?: "always" | "updates";
  "x-change"?: Effect;
  /** Why a change needs another object: the rest of the sentence "must be replaced: …". */
  "x-why"?: string;
  "x-exactly-one"?: readonly string[];
  "x-at-most-one"?: readonly string[];
}

/** A resource as the generated tables hold it. */
export interface ResourceSchema {
  kind: string;
  description: string;
  hosted: boolean;
  inputs: Readonly<Record<string, PropertySchema>>;
  required: readonly string[];
  outputs: Readonly<Record<string, PropertySchema>>;
  /** What another resource sees of this one, and by which of it two are the same. */
  reference: { identity: readonly string[]; properties: readonly string[] };
}

/** What a program can ask for without declaring anything, as the generated tables hold it. */
export interface LookupSchema {
  name: string;
  description: string;
  inputs: Readonly<Record<string, PropertySchema>>;
  required: readonly string[];
  outputs: Readonly<Record<string, PropertySchema>>;
}
