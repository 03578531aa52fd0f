import type { HostFacts, HostFactsInputs } from "../generated/types";
import type { HostSession } from "../host/session";
import type { Asked } from "../resource";
import { describe } from "./host";
import { probeValues } from "./host-requirements";

/** What a machine is, whether it is a Host of any program or not. */
export const hostFacts: Asked<HostFactsInputs, HostFacts> = async (session, inputs) => {
  const [snapshot, probe] = await Promise.all([session.snapshot(), probed(session)]);
  const { identity } = await session.connection();
  const { connection: _, ...facts } = describe(snapshot, identity, inputs);
  const objects = [...snapshot.records.values()].map(({ kind, name, owner }) => ({ kind, name, owner }));
  return {
    ...facts,
    virtualization: (probe.virtualization as HostFacts["virtualization"]) ?? "none",
    virtualizationEvidence: probe.evidence ?? "the probe gave no answer",
    nested: (probe.nested as HostFacts["nested"]) ?? "unknown",
    objects: objects.sort((a, b) => compare(a.kind, b.kind) || compare(a.name, b.name)),
  };
};

/** The timed guest, from the text of the probe: nothing need be installed. */
async function probed(session: HostSession): Promise<Record<string, string | undefined>> {
  return probeValues(await session.ask("kvm-probe", "probe the KVM"));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
