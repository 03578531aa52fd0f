import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { closeAll } from "../../provider/ssh";
import { Lab } from "../lab/lab";
import { create1 } from "./create1";
import { create20 } from "./create20";
import { engineComparison } from "./engines";
import type { Measurement } from "./measurement";
import { refresh100 } from "./refresh100";
import { json, table } from "./report";
import { restore } from "./restore";
import { prepareSite, type Site } from "./site";
import { upload1GiB } from "./upload1gib";
import { vmms } from "./vmms";

const usage = `npm run bench [-- OPTION…]      measures on a lab host of its own; docs/benchmarks.md says what
  --only NAME    one of them
  --json FILE    writes the numbers too
`;

/** By the first part of the keys of what they measure. */
const benchmarks: Record<string, (site: Site) => Promise<Measurement[]>> = {
  refresh100,
  create1,
  create20,
  upload1GiB,
  vmms,
  restore,
  engines: engineComparison,
};

const progress = (text: string) => process.stderr.write(`${text}\n`);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { only: { type: "string" }, json: { type: "string" }, help: { type: "boolean" } },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const { only } = values;
  if (only !== undefined && !benchmarks[only]) {
    progress(`There is no benchmark ${only}; there are ${Object.keys(benchmarks).join(", ")}.`);
    return 2;
  }
  const id = `b${process.pid % 1_000_000}`;
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= closeAll().then(() => Lab.find(id)?.close());
    return closing;
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      progress(`${signal}: cleaning up`);
      void close().finally(() => process.exit(1));
    });
  }
  try {
    const lab = await Lab.open(id, progress);
    const site = await prepareSite(lab, progress);
    const measurements: Measurement[] = [];
    for (const [name, benchmark] of Object.entries(benchmarks)) {
      if (only !== undefined && only !== name) continue;
      progress(`${name}:`);
      measurements.push(...(await benchmark({ ...site, progress: (text) => progress(`  ${text}`) })));
    }
    process.stdout.write(table(measurements));
    if (values.json) writeFileSync(values.json, json(measurements));
    return 0;
  } catch (error) {
    // What is cut off by the end of its lab has nothing to tell.
    if (closing) return 1;
    throw error;
  } finally {
    await close();
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    progress(error.stack ?? String(error));
    process.exitCode = 1;
  },
);
