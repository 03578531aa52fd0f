import * as assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { test } from "uvu";
import { endedAfter } from "../../provider/engines/time-limit";

/** Waits until the signal ends, but no longer than so many milliseconds; the timer keeps the process awake. */
function ended(signal: AbortSignal, patience: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(signal.aborted), patience);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

test("it ends when its time is over, though garbage is collected meanwhile", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const signal = endedAfter(new AbortController().signal, 50.5);
  collect();
  assert.ok(await ended(signal, 5_000));
  assert.equal((signal.reason as Error).name, "TimeoutError");
});

test("it ends with the one that it is of, for that one's reason", async () => {
  const whole = new AbortController();
  const signal = endedAfter(whole.signal, 60_000);
  whole.abort(new Error("enough"));
  assert.equal((signal.reason as Error).message, "enough");
  assert.ok(endedAfter(whole.signal, 60_000).aborted);
});

test("a time that is longer than a timer can wait is long, and not over", async () => {
  assert.equal(await ended(endedAfter(new AbortController().signal, 1_500 * 3_600_000), 50), false);
});

test.run();
