import { lookupSchemas, schemas } from "../generated/schemas";
import type { Kind, Lookup } from "../generated/types";
import { lookupToken, packageName, tokenOf } from "./pulumi-package";

/** Type of a dynamic resource: one of this type has its provider in its properties, as text. */
export function dynamicType(kind: Kind): string {
  return `pulumi-nodejs:dynamic/${packageName}:${kind}`;
}

/** Which resource of which program a URN names: `urn:pulumi:STACK::PROJECT::TYPE::NAME`. */
export function parseUrn(urn: string): { stack: string; project: string; kind: Kind; name: string } {
  const [stack = "", project = "", types = "", ...name] = urn.replace(/^urn:pulumi:/, "").split("::");
  // The types of its parents come before its own. A name may hold what separates the others.
  const type = types.replace(/^.*\$/, "");
  const kind = type.replace(/^.*:/, "") as Kind;
  if (!(kind in schemas) || type !== tokenOf(kind)) throw new TypeError(`there is no resource ${type} here`);
  return { stack, project, kind, name: name.join("::") };
}

/** What a function looks up. */
export function lookupOf(token: string): Lookup {
  const found = (Object.keys(lookupSchemas) as Lookup[]).find((lookup) => lookupToken(lookup) === token);
  if (!found) throw new TypeError(`there is no function ${token} here`);
  return found;
}
