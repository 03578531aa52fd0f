import { Token } from "cdktf";

/**
 * A resource as another one refers to it, whole: `host: refer(metal)`. Terraform takes from it what the attribute holds;
 * the generated classes would ask for each part.
 */
export function refer<T>(resource: { readonly fqn: string }): T {
  // The library puts the expression in its place when it writes the configuration.
  return Token.asAny(resource.fqn) as T;
}
