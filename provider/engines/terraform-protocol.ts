import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { Root, type Type } from "protobufjs/light";

/**
 * What is spoken with Terraform and OpenTofu: the messages of version 6 of their plugin protocol that this provider
 * takes part in, and the end of a plugin's life, from go-plugin. What is left out is skipped where it arrives.
 */

type Fields = Record<string, { id: number; type: string; rule?: "repeated"; keyType?: "string" }>;

const one = (id: number, type: string) => ({ id, type });
const many = (id: number, type: string) => ({ id, type, rule: "repeated" as const });
const byName = (id: number, type: string) => ({ id, type, keyType: "string" as const });

const text = (id: number) => one(id, "string");
const value = (id: number) => one(id, "DynamicValue");
const bytes = (id: number) => one(id, "bytes");
const diagnostics = (id: number) => many(id, "Diagnostic");

const messages: Record<string, Fields> = {
  DynamicValue: { msgpack: bytes(1), json: bytes(2) },
  Diagnostic: { severity: one(1, "int32"), summary: text(2), detail: text(3), attribute: one(4, "AttributePath") },
  AttributePath: { steps: many(1, "Step") },
  Step: { attributeName: text(1), elementKeyString: text(2), elementKeyInt: one(3, "int64") },
  RawState: { json: bytes(1) },
  Schema: { version: one(1, "int64"), block: one(2, "Block") },
  Block: {
    version: one(1, "int64"),
    attributes: many(2, "Attribute"),
    description: text(4),
    descriptionKind: one(5, "int32"),
  },
  Attribute: {
    name: text(1),
    type: bytes(2),
    description: text(3),
    required: one(4, "bool"),
    optional: one(5, "bool"),
    computed: one(6, "bool"),
    sensitive: one(7, "bool"),
    descriptionKind: one(8, "int32"),
    nestedType: one(10, "NestedObject"),
  },
  NestedObject: { attributes: many(1, "Attribute"), nesting: one(3, "int32") },
  ServerCapabilities: { planDestroy: one(1, "bool"), getProviderSchemaOptional: one(2, "bool") },
  ImportedResource: { typeName: text(1), state: value(2) },
  TypeName: { typeName: text(1) },
  Nothing: {},
};

/** Requests and answers of the provider's procedures, by name. */
const procedures: Record<string, { request: Fields; response: Fields }> = {
  GetMetadata: {
    request: {},
    response: {
      serverCapabilities: one(1, "ServerCapabilities"),
      diagnostics: diagnostics(2),
      dataSources: many(3, "TypeName"),
      resources: many(4, "TypeName"),
    },
  },
  GetProviderSchema: {
    request: {},
    response: {
      provider: one(1, "Schema"),
      resourceSchemas: byName(2, "Schema"),
      dataSourceSchemas: byName(3, "Schema"),
      diagnostics: diagnostics(4),
      serverCapabilities: one(6, "ServerCapabilities"),
    },
  },
  ValidateProviderConfig: { request: { config: value(1) }, response: { diagnostics: diagnostics(2) } },
  ValidateResourceConfig: {
    request: { typeName: text(1), config: value(2) },
    response: { diagnostics: diagnostics(1) },
  },
  ValidateDataResourceConfig: {
    request: { typeName: text(1), config: value(2) },
    response: { diagnostics: diagnostics(1) },
  },
  UpgradeResourceState: {
    request: { typeName: text(1), version: one(2, "int64"), rawState: one(3, "RawState") },
    response: { upgradedState: value(1), diagnostics: diagnostics(2) },
  },
  ConfigureProvider: {
    request: { terraformVersion: text(1), config: value(2) },
    response: { diagnostics: diagnostics(1) },
  },
  ReadResource: {
    request: { typeName: text(1), currentState: value(2) },
    response: { newState: value(1), diagnostics: diagnostics(2) },
  },
  PlanResourceChange: {
    request: { typeName: text(1), priorState: value(2), proposedNewState: value(3), config: value(4) },
    response: {
      plannedState: value(1),
      requiresReplace: many(2, "AttributePath"),
      diagnostics: diagnostics(4),
    },
  },
  ApplyResourceChange: {
    request: { typeName: text(1), priorState: value(2), plannedState: value(3), config: value(4) },
    response: { newState: value(1), diagnostics: diagnostics(3) },
  },
  ImportResourceState: {
    request: { typeName: text(1), id: text(2) },
    response: { importedResources: many(1, "ImportedResource"), diagnostics: diagnostics(2) },
  },
  ReadDataSource: {
    request: { typeName: text(1), config: value(2) },
    response: { state: value(1), diagnostics: diagnostics(2) },
  },
  StopProvider: { request: {}, response: { error: text(1) } },
};

const root = Root.fromJSON({ nested: Object.fromEntries(types().map(([name, fields]) => [name, { fields }])) });

function types(): [string, Fields][] {
  const own = Object.entries(procedures).flatMap(([name, { request, response }]): [string, Fields][] => [
    [`${name}Request`, request],
    [`${name}Response`, response],
  ]);
  return [...Object.entries(messages), ...own];
}

/** The procedures of the provider. */
export const providerService: ServiceDefinition = Object.fromEntries(
  Object.keys(procedures).map((name) => [
    name,
    method(`/tfplugin6.Provider/${name}`, `${name}Request`, `${name}Response`),
  ]),
);

/** Asks the plugin to end. A plugin without it is killed, after two seconds of waiting. */
export const controllerService: ServiceDefinition = {
  Shutdown: method("/plugin.GRPCController/Shutdown", "Nothing", "Nothing"),
};

function method(path: string, request: string, response: string): MethodDefinition<object, object> {
  const [asked, answered] = [root.lookupType(request), root.lookupType(response)];
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: serialize(asked),
    requestDeserialize: deserialize(asked),
    responseSerialize: serialize(answered),
    responseDeserialize: deserialize(answered),
  };
}

function serialize(type: Type) {
  return (message: object) => Buffer.from(type.encode(type.fromObject(message)).finish());
}

function deserialize(type: Type) {
  return (buffer: Buffer) => type.toObject(type.decode(buffer), { longs: Number });
}
