import type { MicrovmError } from "../provider/errors";

/** What a call is refused with; a call that is not refused fails the test. */
export async function failure(call: Promise<unknown>): Promise<MicrovmError> {
  try {
    await call;
  } catch (error) {
    return error as MicrovmError;
  }
  throw new Error("it should have failed");
}
