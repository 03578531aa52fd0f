import { MicrovmError } from "../errors";
import type { Snapshot } from "../host/snapshot";

/** Refuses to take runtimes away under containers of ours: they need them until they end, and at each start. */
export function requireUnused(snapshot: Snapshot, kind: string, name: string, programs: string[]): void {
  const users = [...snapshot.records.values()]
    .filter((record) => record.kind === "Container" && programs.includes(record.decided.program as string))
    .map((record) => record.name);
  if (!users.length) return;
  throw new MicrovmError({
    code: "runtime-in-use",
    verb: "delete",
    subject: `${kind} ${name}`,
    cause: `containers run under it: ${users.join(", ")}`,
    hint: "Delete them first, or give them another handler.",
  });
}
