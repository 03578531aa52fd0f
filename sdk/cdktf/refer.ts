/**
 * A resource as another one refers to it, whole: `host: refer(host)`. Terraform takes from it what the attribute holds;
 * the generated classes would ask for each part.
 */
export function refer<T>(resource: { readonly fqn: string }): T {
  // To the attribute's type it is a token, which the library puts the expression for when it writes the configuration.
  return resource.fqn as T;
}
