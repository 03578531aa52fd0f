import { isDeepStrictEqual } from "node:util";
import { MicrovmError } from "../errors";
import type { Kind } from "../generated/types";
import { objectDirectory, recordPath } from "../host/record";
import type { Snapshot } from "../host/snapshot";
import type { Recorded } from "../resource";
import { recordedInputs } from "./recorded-inputs";

/** What the change that made an object handed back. Throws where its host has nothing of it: nothing is guessed. */
export function resultsOf({ record, results }: Recorded): Record<string, string> {
  if (results) return results;
  throw new MicrovmError({
    code: "import-incomplete",
    verb: "import",
    subject: `${record.kind} ${record.inputs.name ?? record.name}`,
    cause:
      "its host does not tell all of it: the last run did not finish it, or it was made by a version of the provider that left nothing for imports",
    hint: `Finish or change it once with the program that it belongs to (${record.owner}), then import it; or declare it with adopt: true instead.`,
  });
}

/**
 * The same of an object that is declared as it was made, and whose files in the store are what they were (`digests` are
 * the names of their digests among the results): whose it is, and how its host is reached, is no reason to make it anew.
 */
export function standingResults(
  { records, results, stored }: Snapshot,
  kind: Kind,
  inputs: object & { name?: string },
  digests: readonly string[],
): Record<string, string> | undefined {
  const name = inputs.name as string;
  const record = records.get(recordPath(kind, name));
  const found = results.get(objectDirectory(kind, name));
  if (!record || !found) return undefined;
  // As the record holds it: without what is absent.
  const declared = (given: object) => JSON.parse(JSON.stringify({ ...given, host: undefined }));
  if (!isDeepStrictEqual(declared(recordedInputs(inputs)), declared(record.inputs))) return undefined;
  const intact = digests.every((key) => !found[key] || stored.get(found[key]) === found[key]);
  return intact ? found : undefined;
}
