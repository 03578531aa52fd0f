import {
  type Attribute,
  attributesOf,
  providerAttributes,
  resourceAttributes,
} from "../../provider/engines/terraform-attributes";
import { sourceAddress } from "../../provider/engines/terraform-install";
import { typeName } from "../../provider/engines/terraform-names";
import { type SchemaAttribute, schemaOf } from "../../provider/engines/terraform-schema";
import { lookupSchemas, schemas } from "../../provider/generated/schemas";
import type { Kind } from "../../provider/generated/types";

const nesting: Record<number, string> = { 1: "single", 2: "list", 4: "map" };

/** The provider's schema as `terraform providers schema -json` writes it, made without one that runs. */
export function providersSchema() {
  const resources = (Object.keys(schemas) as Kind[]).map((kind) => [
    typeName(kind),
    schema(schemas[kind].description, resourceAttributes(kind)),
  ]);
  const dataSources = Object.values(lookupSchemas).map((lookup) => [
    typeName(lookup.name),
    schema(lookup.description, attributesOf(lookup)),
  ]);
  return {
    format_version: "1.0",
    provider_schemas: {
      [sourceAddress]: {
        provider: schema("", providerAttributes()),
        resource_schemas: Object.fromEntries(resources),
        data_source_schemas: Object.fromEntries(dataSources),
      },
    },
  };
}

function schema(description: string, attributes: readonly Attribute[]) {
  const { version, block } = schemaOf(description, attributes);
  return {
    version,
    block: {
      attributes: attributesJson(block.attributes),
      block_types: {},
      description,
      description_kind: "markdown",
    },
  };
}

function attributesJson(attributes: readonly SchemaAttribute[]): object {
  return Object.fromEntries(attributes.map((attribute) => [attribute.name, attributeJson(attribute)]));
}

function attributeJson({ type, nestedType, description, required, optional, computed, sensitive }: SchemaAttribute) {
  return {
    ...(type ? { type: JSON.parse(Buffer.from(type).toString()) } : {}),
    ...(nestedType
      ? {
          nested_type: {
            attributes: attributesJson(nestedType.attributes),
            nesting_mode: nesting[nestedType.nesting],
          },
        }
      : {}),
    description,
    description_kind: "markdown",
    ...(required ? { required } : {}),
    ...(optional ? { optional } : {}),
    ...(computed ? { computed } : {}),
    ...(sensitive ? { sensitive } : {}),
  };
}
