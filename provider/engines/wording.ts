import { MicrovmError } from "../errors";
import { redact } from "../ssh";

/** What people read of an error, without secrets. `what` is what was attempted, for errors that do not say it. */
export function wording(error: unknown, what: string, secrets: readonly string[]): string {
  const text = error instanceof Error ? error.message : String(error);
  return redact(error instanceof MicrovmError ? `${text} [${error.code}]` : `unable to ${what}: ${text}`, secrets);
}
