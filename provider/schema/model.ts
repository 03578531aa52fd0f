/** Whether a change of a property takes effect on the running object, needs a restart of it, or another object. */
export type Effect = "live" | "restart" | "replace";

/** One property of a resource, as `schema/*.schema.json` declares it, with all references resolved. */
export interface Property {
  /** Absent for a reference to another resource, which has `ref` instead. */
  type?: "string" | "integer" | "number" | "boolean" | "object" | "array";
  description?: string;
  /** Name of the shape that several properties share, e.g. `Jump`. */
  shape?: string;
  /** Unit of the number, e.g. `MiB`. */
  unit?: string;
  default?: unknown;
  enum?: string[];
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  items?: Property;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  /** Of an object with named properties. */
  properties?: Record<string, Property>;
  /** Names of the properties that must be there. */
  required?: string[];
  /** Of an object with free keys: what each value is. */
  values?: Property;
  /** Of an object with free keys: what each key matches. */
  keyPattern?: string;
  /** Kind of the resource that the property refers to. */
  ref?: string;
  /** Never shown, and encrypted in the state. */
  secret?: boolean;
  /** Filled in by the SDK; not for programs. */
  internal?: boolean;
  /** The SDK fills it in where the program says nothing. */
  filled?: boolean;
  /** What changing it does. Absent: what the property around it says, and else `live`. */
  change?: Effect;
  /** Why changing it needs another object: the end of the sentence that `plan` gives. */
  why?: string;
  /** Of these properties exactly one must be there. */
  exactlyOne?: string[];
  /** Of these properties at most one may be there. */
  atMostOne?: string[];
}

/** What one resource declares. */
export interface ResourceSchema {
  kind: string;
  description: string;
  /** Whether it lives on a `Host`. */
  hosted: boolean;
  inputs: Record<string, Property>;
  /** Names of the inputs that must be there. */
  required: string[];
  outputs: Record<string, Property>;
  /** What another resource sees of it, and which part of that says that it is another one. */
  reference: { identity: string[]; properties: string[] };
}
