import { appendFileSync } from "node:fs";

/** One remote round trip, as `MICROVM_TRACE=FILE` records it, a line of JSON each. Holds no secret and no script. */
export interface RoundTrip {
  host: string;
  kind: "connect" | "exec" | "upload" | "forward";
  purpose: string;
  millis: number;
  bytesOut: number;
  bytesIn: number;
  /** Exit status, or the code of the error that ended it. */
  code: number | string | null;
}

export function trace(trip: RoundTrip): void {
  const file = process.env.MICROVM_TRACE;
  if (!file) return;
  const line = { time: new Date().toISOString(), ...trip, millis: Math.round(trip.millis * 10) / 10 };
  appendFileSync(file, `${JSON.stringify(line)}\n`, { mode: 0o600 });
}
