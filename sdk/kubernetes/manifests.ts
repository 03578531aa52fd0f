import type { types } from "@pulumi/kubernetes";
import type { RuntimeClass } from "./sources";

/** What the cluster's API takes, without `metadata`. */
export function runtimeClassManifest({ handler, overhead, nodeSelector }: RuntimeClass) {
  return {
    handler,
    overhead: overhead && { podFixed: { ...overhead } },
    scheduling: nodeSelector && { nodeSelector },
  } satisfies types.input.node.v1.RuntimeClass;
}
