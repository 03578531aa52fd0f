import * as assert from "node:assert/strict";
import { suite } from "uvu";
import type { Kind } from "../../provider/generated/types";
import { recordPath } from "../../provider/host/record";
import type { HostSession } from "../../provider/host/session";
import { parseSnapshot, type Snapshot } from "../../provider/host/snapshot";
import { registry } from "../../provider/registry";
import { exampleInputs } from "./example-inputs";

const test = suite("what a run that was cut off has left");
for (const kind of (Object.keys(registry) as Kind[]).filter((one) => one !== "Host")) {
  // Of such an object nothing is known but what was declared; the host has its record.
  const inputs = exampleInputs[kind];
  const name = inputs.name as string;
  const snapshot = parseSnapshot("end\n") as Snapshot;
  snapshot.records.set(recordPath(kind, name), {
    v: 1,
    kind,
    name,
    owner: inputs.owner as string,
    inputs: { ...inputs },
    decided: { addresses: [], macs: [] },
  });
  const place = recordPath(kind, name).replace(/\/record\.json$/, "");
  snapshot.files.set(place, { type: "directory", mode: "0755", owner: "0", group: "0", size: 0, allocated: 0 });
  const host = { name: "metal-1", snapshot: async () => snapshot, apply: async () => ({}) } as unknown as HostSession;

  test(`${kind}: refresh reads it`, async () => {
    const seen = await registry[kind].observe(host, { ...inputs, drift: [] });
    assert.ok(seen === undefined || Array.isArray(seen.drift));
  });

  test(`${kind}: destroy takes it away`, async () => {
    await registry[kind].remove(host, { ...inputs, drift: [] });
  });
}

test.run();
