import type { Kind } from "../generated/types";

/** What Pulumi serialises into the state, twice a resource: as small as can be, and the work is the installed version's. */
export interface Stub {
  configure(request: unknown): Promise<void>;
  // biome-ignore lint/suspicious/noExplicitAny: Pulumi's own type of a provider is as wide.
  check(olds: any, news: any): Promise<any>;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  diff(id: string, olds: any, news: any): Promise<any>;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  create(news: any): Promise<any>;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  update(id: string, olds: any, news: any): Promise<any>;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  read(id: string, olds: any): Promise<any>;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  delete(id: string, olds: any): Promise<void>;
}

const stubs = new Map<Kind, Stub>();

/** The stub of a kind: one object each, because Pulumi serialises once an object. */
export function stubOf(kind: Kind): Stub {
  let stub = stubs.get(kind);
  if (!stub) {
    // Pulumi copies these functions as text: `require` has to stand inside each, and nothing else be captured.
    stub = {
      configure: (r) => require("pulumi-microvm/runtime").dispatch(kind, "configure", r),
      check: (o, n) => require("pulumi-microvm/runtime").dispatch(kind, "check", o, n),
      diff: (i, o, n) => require("pulumi-microvm/runtime").dispatch(kind, "diff", i, o, n),
      create: (n) => require("pulumi-microvm/runtime").dispatch(kind, "create", n),
      update: (i, o, n) => require("pulumi-microvm/runtime").dispatch(kind, "update", i, o, n),
      read: (i, o) => require("pulumi-microvm/runtime").dispatch(kind, "read", i, o),
      delete: (i, o) => require("pulumi-microvm/runtime").dispatch(kind, "delete", i, o),
    };
    stubs.set(kind, stub);
  }
  return stub;
}
