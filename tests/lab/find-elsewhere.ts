import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Kind } from "../../provider/generated/types";
import { find, useAccess } from "../../provider/lifecycle";
import { closeAll } from "../../provider/ssh";
import type { RoundTrip } from "../../provider/ssh/trace";
import { inFlight } from "./in-flight";

/** Finds objects in a process of its own, which knows nothing but their ids and a key to log in with. */

export type Wanted = [kind: Kind, id: string];

export interface FoundElsewhere {
  /** In the order of what was asked for. */
  states: (Record<string, unknown> | undefined)[];
  trips: RoundTrip[];
}

export async function findElsewhere(wanted: Wanted[], privateKeyFile: string): Promise<FoundElsewhere> {
  const directory = mkdtempSync(join(tmpdir(), "microvm-find-"));
  const trace = join(directory, "trace");
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [require.resolve("tsx/cli"), __filename, JSON.stringify(wanted), privateKeyFile],
      { env: { ...process.env, MICROVM_TRACE: trace }, maxBuffer: 1 << 26 },
    );
    const trips = existsSync(trace) ? readFileSync(trace, "utf8").split("\n").filter(Boolean) : [];
    const states = (JSON.parse(stdout) as (Record<string, unknown> | null)[]).map((state) => state ?? undefined);
    return { states, trips: trips.map((line) => JSON.parse(line) as RoundTrip) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function main([wanted = "[]", privateKeyFile]: string[]): Promise<void> {
  useAccess({ privateKeyFile });
  const ids = JSON.parse(wanted) as Wanted[];
  const states = await inFlight(ids, ids.length, ([kind, id]) => find(kind, id));
  await closeAll();
  process.stdout.write(JSON.stringify(states.map((state) => state ?? null)));
}

if (require.main === module) void main(process.argv.slice(2));
