import * as pulumi from "@pulumi/pulumi";
import { dynamicType } from "../provider/engines/pulumi-names";
import { tokenOf } from "../provider/engines/pulumi-package";
import { providerKey } from "../provider/engines/pulumi-values";
import { stubOf } from "../provider/engines/stub";
import { schemas } from "../provider/generated/schemas";
import type { Kind } from "../provider/generated/types";
import { form, needsPlugin } from "./form";
import { credentialsKey, credentialsOf, flatten, kindKey } from "./references";

/** A resource of this package, or what is known of one: the same outputs, as a plain object. */
export type ReferenceTo<R extends pulumi.Resource, Reference> = pulumi.Input<R> | pulumi.Input<Reference>;

/** What all resources of this package have in common. Programs use its subclasses. */
export abstract class MicrovmResource extends pulumi.CustomResource {
  constructor(kind: Kind, name: string, args: object, opts: pulumi.CustomResourceOptions = {}) {
    const { inputs, outputs } = schemas[kind];
    const secrets = Object.keys(inputs).filter((key) => inputs[key]?.["x-secret"]);
    const flat = flatten(kind, args ?? {});
    // A key that is there becomes an output, whatever its value.
    const properties: pulumi.Inputs = Object.fromEntries(
      [...Object.keys(inputs), ...Object.keys(outputs)].map((key) => [key, undefined]),
    );
    // Of what exists already Pulumi is told nothing but its id.
    if (opts.id !== undefined || opts.import !== undefined) needsPlugin(`${kind} ${name}: an existing one`);
    if (opts.id === undefined) Object.assign(properties, flat, { name: flat.name ?? name, owner: ownerOf(kind, name) });
    for (const key of secrets) if (flat[key] !== undefined) properties[key] = pulumi.secret(flat[key]);
    if (schemas[kind].hosted) properties.credentials = credentialsOf((args as { host?: unknown } | undefined)?.host);
    const [type, other] = [dynamicType(kind), tokenOf(kind)];
    const dynamic = form() === "dynamic";
    // A dynamic resource is a resource of this type whose provider is in its properties, as text.
    if (dynamic) properties[providerKey] = stubOf(kind);
    super(dynamic ? type : other, name, properties, {
      ...opts,
      // A stack that is moved to the other form keeps its objects.
      aliases: [...(opts.aliases ?? []), { type: dynamic ? other : type }],
      additionalSecretOutputs: [...new Set([...(opts.additionalSecretOutputs ?? []), ...secrets])],
    });
    Object.defineProperty(this, kindKey, { value: kind });
    if (kind === "Host") Object.defineProperty(this, credentialsKey, { value: hostCredentials(flat) });
  }
}

/** Names this program in the records on a host: another program's objects are left alone. */
function ownerOf(kind: Kind, name: string): string {
  return `${organization()}/${pulumi.getProject()}/${pulumi.getStack()}::${kind}::${name}`;
}

/** Where there is none (an old CLI, tests with mocks), Pulumi throws; its own backends say `organization` then. */
function organization(): string {
  try {
    return pulumi.getOrganization();
  } catch {
    return "organization";
  }
}

function hostCredentials({ privateKey, passphrase, password }: pulumi.Inputs): pulumi.Output<unknown> | undefined {
  const given = Object.entries({ privateKey, passphrase, password }).filter(([, value]) => value !== undefined);
  return given.length ? pulumi.secret(Object.fromEntries(given)) : undefined;
}
