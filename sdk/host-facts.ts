import * as pulumi from "@pulumi/pulumi";
import { accessFrom } from "../provider/engines/configuration";
import type { HostFacts, HostFactsInputs } from "../provider/generated/types";

/**
 * What a machine is and what of this provider's is on it: asked over SSH by the program itself, at preview too, without
 * declaring or changing anything. It logs in as resources do: with what is given, else with the stack's configuration
 * (`microvm:privateKeyFile` and so on), the environment, an agent. Rejects where the machine cannot be asked, and with
 * all that is wrong with the arguments.
 */
export async function getHostFacts(args: HostFactsInputs): Promise<HostFacts> {
  // A program that asks for nothing need not load what reaches hosts.
  const core = await import("../provider/lifecycle.js");
  const { inputs, problems } = core.checkLookup("HostFacts", { ...args });
  if (problems.length) {
    throw new TypeError(`getHostFacts: ${problems.map(({ property, reason }) => `${property} ${reason}`).join("; ")}`);
  }
  core.useAccess(accessFrom({ get: configured }));
  return (await core.lookUp("HostFacts", inputs)) as unknown as HostFacts;
}

/** `microvm:privateKeyFile` of the stack's configuration. */
function configured(key: string): string | undefined {
  const [namespace, name = ""] = key.split(":");
  return new pulumi.Config(namespace).get(name);
}
