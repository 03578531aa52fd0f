/**
 * The one error type of the provider. Its message reads
 * `unable to <verb> <resource> <name>: <cause>. <what to do>`, and `code` is stable: programs and tests match on it.
 */
export interface MicrovmErrorDetails {
  /** Stable, kebab-case, e.g. `host-key-changed`. */
  code: string;
  /** What was being done, e.g. `connect to`, `create`. */
  verb: string;
  /** What it was done to: a resource kind and name (`MicroVM web`) or a host (`host metal-1`). */
  subject: string;
  /** Why it failed, without a full stop. */
  cause: string;
  /** What the user can do about it, one sentence with a full stop. */
  hint?: string;
  /** The last lines of the remote standard error, already redacted. */
  remote?: string;
  /** Whether running the same operation again can succeed without a change by the user. */
  retryable?: boolean;
}

export class MicrovmError extends Error {
  readonly code: string;
  readonly parts: MicrovmErrorDetails;

  constructor(details: MicrovmErrorDetails, options?: ErrorOptions) {
    super(messageOf(details), options);
    this.name = "MicrovmError";
    this.code = details.code;
    this.parts = details;
  }
}

function messageOf(details: MicrovmErrorDetails): string {
  const { verb, subject, cause, hint, remote } = details;
  const sentence = `unable to ${verb} ${subject}: ${cause.replace(/[.\s]+$/, "")}.`;
  const advice = hint ? ` ${hint}` : "";
  const tail = remote?.trim() ? `\nThe host said:\n${remote.trim().replace(/^/gm, "  | ")}` : "";
  return sentence + advice + tail;
}
