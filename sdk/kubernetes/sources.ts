import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { MicrovmError } from "../../provider/errors";
import type { GVisorState } from "../../provider/generated/types";

/** What a runtime tells a cluster of itself. */
export type RuntimeClass = GVisorState["runtimeClasses"][number];

/** A class, and who says so. */
export interface Declared {
  origin: string;
  runtimeClass: RuntimeClass;
}

/** All classes that are given, in whatever form: resources that have some, their outputs, plain ones, lists of these. */
export function collect(given: unknown, path: string): pulumi.Output<Declared[]> {
  return (pulumi.output(given) as pulumi.Output<unknown>).apply((known): pulumi.Output<Declared[]> => {
    if (Array.isArray(known)) {
      return pulumi.all(known.map((item, index) => collect(item, `${path}[${index}]`))).apply((lists) => lists.flat());
    }
    const { runtimeClasses, handler } = (known ?? {}) as Partial<RuntimeClass & { runtimeClasses: unknown }>;
    if (runtimeClasses !== undefined) {
      if (!pulumi.Resource.isInstance(known)) return collect(runtimeClasses, `${path}.runtimeClasses`);
      return pulumi
        .all([known.urn, runtimeClasses as pulumi.Input<RuntimeClass[]>])
        .apply(([urn, list]) => list.map((runtimeClass) => ({ origin: nameOf(urn), runtimeClass })));
    }
    if (pulumi.Resource.isInstance(known) || handler === undefined) {
      throw new TypeError(`${path} must be a RuntimeClass or a resource that has \`runtimeClasses\``);
    }
    return pulumi.output([{ origin: path, runtimeClass: known as RuntimeClass }]);
  });
}

/** Kind and name, as a program has them. */
function nameOf(urn: string): string {
  const [type = "", name = ""] = urn.split("::").slice(-2);
  return `${type.replace(/^.*:/, "")} ${name}`;
}

/** Each class once: hosts with the same runtime share it, and where they say different things of it, nobody is right. */
export function merge(declared: readonly Declared[]): RuntimeClass[] {
  const byName = new Map<string, Declared>();
  for (const one of declared) {
    const { name } = one.runtimeClass;
    const other = byName.get(name);
    if (!other) {
      byName.set(name, one);
      continue;
    }
    const differing = aspects.find((key) => !isDeepStrictEqual(aspect(one, key), aspect(other, key)));
    if (!differing) continue;
    const says = (by: Declared) => `${by.origin} (${JSON.stringify(aspect(by, differing))})`;
    throw new MicrovmError({
      code: "runtime-classes-differ",
      verb: "create",
      subject: `RuntimeClass ${name}`,
      cause: `${says(other)} and ${says(one)} do not agree on its ${differing}`,
      hint: "A class is one thing in a cluster: make them the same, or give one of them another handler.",
    });
  }
  return [...byName.values()].map(({ runtimeClass }) => runtimeClass);
}

const aspects = ["handler", "overhead", "nodeSelector"] as const;

function aspect({ runtimeClass }: Declared, key: (typeof aspects)[number]): unknown {
  return runtimeClass[key] ?? {};
}

/** The labels by which the classes find a node. */
export function labelsOf(node: string, classes: readonly RuntimeClass[]): Record<string, string> {
  const labels: Record<string, string> = {};
  const givers: Record<string, string> = {};
  for (const { name, nodeSelector } of classes) {
    for (const [label, value] of Object.entries(nodeSelector ?? {})) {
      if ((labels[label] ?? value) !== value) {
        throw new MicrovmError({
          code: "node-labels-differ",
          verb: "label",
          subject: `node ${node}`,
          cause: `RuntimeClass ${givers[label]} wants ${label}=${labels[label]}, and RuntimeClass ${name} ${label}=${value}`,
          hint: "A node has one value of a label: leave one of the two classes out for this node.",
        });
      }
      labels[label] = value;
      givers[label] = name;
    }
  }
  return labels;
}
