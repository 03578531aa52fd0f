import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { forgetSnapshots } from "../../provider/host/session";
import { closeAll } from "../../provider/ssh";
import type { RoundTrip } from "../../provider/ssh/trace";

export interface Traced<T> {
  value: T;
  trips: RoundTrip[];
  /** The trace file as it was written. */
  text: string;
}

/** Does the work and returns the round trips that it took, as a user sees them with MICROVM_TRACE. */
export async function roundTripsOf<T>(work: () => Promise<T>): Promise<Traced<T>> {
  const directory = mkdtempSync(join(tmpdir(), "microvm-trace-"));
  const file = join(directory, "trace");
  const before = process.env.MICROVM_TRACE;
  process.env.MICROVM_TRACE = file;
  try {
    const value = await work();
    // A change is done before its command has ended, and a command is traced when it ends.
    await closeAll();
    await setImmediate();
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    const trips = text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as RoundTrip);
    return { value, trips, text };
  } finally {
    if (before === undefined) delete process.env.MICROVM_TRACE;
    else process.env.MICROVM_TRACE = before;
    rmSync(directory, { recursive: true, force: true });
  }
}

/** As in a process that has just begun: no connection, and nothing known of any host. */
export async function startCold(): Promise<void> {
  await closeAll();
  forgetSnapshots();
}

/** How many of a kind there are, e.g. `1 connect, 2 exec`. */
export function countByKind(trips: readonly RoundTrip[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of trips) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(", ") || "none";
}
