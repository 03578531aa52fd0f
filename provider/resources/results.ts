import { MicrovmError } from "../errors";
import type { Recorded } from "../resource";

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
