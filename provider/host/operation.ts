import { AsyncLocalStorage } from "node:async_hooks";
import { setMaxListeners } from "node:events";
import { MicrovmError } from "../errors";

/** What an engine does with one object, from its call to its answer. */
export interface Operation {
  /** Ends it: the user cancelled, or its time is over. What has begun on the host ends where it may be left. */
  signal?: AbortSignal;
  /** Whether anything of it may have reached the host. */
  begun: boolean;
}

const operations = new AsyncLocalStorage<Operation>();

/**
 * Everything that `work` does, in whatever function, is part of the operation: that a user may change his mind is no
 * concern of each resource.
 */
export function asOperation<T>(operation: Operation, work: () => Promise<T>): Promise<T> {
  // One signal may end all that an engine does at a time.
  if (operation.signal) setMaxListeners(0, operation.signal);
  return operations.run(operation, work);
}

export function currentOperation(): Operation | undefined {
  return operations.getStore();
}

/** The error of an operation that was ended; `purpose` as a change has it, e.g. `create MicroVM web`. */
export function ended(signal: AbortSignal, purpose: string): MicrovmError {
  const late = (signal.reason as Error | undefined)?.name === "TimeoutError";
  const [verb = "change", ...subject] = purpose.split(" ");
  return new MicrovmError({
    code: late ? "timed-out" : "cancelled",
    verb,
    subject: subject.join(" "),
    cause: late ? "it took longer than the program gives it" : "it was cancelled",
    hint: "Run the same again: it goes on from what the host shows.",
    retryable: true,
  });
}

/** What comes first: the value, or the end of the operation. The work behind the value goes on. */
export async function untilEnded<T>(value: Promise<T>, purpose: string): Promise<T> {
  const { signal } = currentOperation() ?? {};
  if (!signal) return value;
  return new Promise<T>((resolve, reject) => {
    const end = () => reject(ended(signal, purpose));
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { once: true });
    value.then(resolve, reject).finally(() => signal.removeEventListener("abort", end));
  });
}
