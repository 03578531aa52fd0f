import type { Kind } from "../generated/types";

/**
 * The provider that Pulumi keeps in the state of a resource, twice: CommonJS text whose `handler` makes it. It is
 * written here rather than taken from Pulumi's own serialisation of functions, which is ten times as long, differs
 * between compilers, and loads one to do so. The work is done by the version that is installed when it is called; so a
 * state can always be read and destroyed by a newer one.
 */
export function stubOf(kind: Kind): string {
  return [
    `exports.handler = () => Object.fromEntries(${JSON.stringify(operations)}.map((o) => [`,
    `  o, (...a) => require("pulumi-microvm/runtime").dispatch(${JSON.stringify(kind)}, o, ...a),`,
    "]));",
  ].join("\n");
}

const operations = ["configure", "check", "diff", "create", "update", "read", "delete"];
