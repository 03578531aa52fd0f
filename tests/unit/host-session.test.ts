import * as assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "uvu";
import { asOperation } from "../../provider/host/operation";
import { HostSession } from "../../provider/host/session";
import type { Connection, ExecOptions } from "../../provider/ssh";
import { failure } from "../failure";

type Answer = (options: ExecOptions) => Promise<void>;

/** A session on a host whose answers a test gives. */
function sessionOn(answer: Answer): HostSession {
  const exec = async (options: ExecOptions) => {
    await answer(options);
    return { code: 0, stdout: "", stderr: "", truncated: false, millis: 0 };
  };
  return new HostSession(
    "h",
    { name: "h", connection: { address: "h" } },
    async () => ({ exec }) as unknown as Connection,
  );
}

const change = { purpose: "create Thing web", build: ["make it"] };
const begun = "begun\t/run/microvm/.change-1";
const done = "done\t0\t0\t";

test("what is over holds nothing of the signal that could have ended it", async () => {
  const { signal } = new AbortController();
  const session = sessionOn(async ({ onStdoutLine }) => {
    onStdoutLine?.(begun);
    onStdoutLine?.(done);
  });
  for (let n = 0; n < 12; n++) await asOperation({ signal, begun: false }, () => session.apply(change));
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("a change is ended beside all that runs, and says that it had begun", async () => {
  const cancel = new AbortController();
  const operation = { signal: cancel.signal, begun: false };
  const asked: ExecOptions[] = [];
  let end = () => {};
  const session = sessionOn(async (options) => {
    asked.push(options);
    if (options.urgent) return end();
    options.onStdoutLine?.(begun);
    await new Promise<void>((resolve) => {
      end = () => {
        options.onStdoutLine?.(`failure\t0\tended\t${Buffer.from("begun").toString("base64")}`);
        options.onStdoutLine?.("done\t0\t143\t");
        resolve();
      };
      setImmediate(() => cancel.abort());
    });
  });
  const error = await failure(asOperation(operation, () => session.apply(change)));
  assert.equal(error.code, "cancelled");
  assert.equal(operation.begun, true);
  assert.deepEqual(
    asked.map(({ purpose, urgent }) => [purpose, urgent]),
    [
      ["create Thing web", undefined],
      ["end create Thing web", true],
    ],
  );
});

test("a change that had not begun yet is as if it had never been asked for", async () => {
  const cancel = new AbortController();
  const operation = { signal: cancel.signal, begun: false };
  const session = sessionOn(async ({ urgent, onStdoutLine }) => {
    if (urgent) return;
    cancel.abort();
    onStdoutLine?.(begun);
    onStdoutLine?.(`failure\t0\tended\t${Buffer.from("unbegun").toString("base64")}`);
    onStdoutLine?.("done\t0\t1\t");
  });
  const error = await failure(asOperation(operation, () => session.apply(change)));
  assert.equal(error.code, "cancelled");
  assert.equal(operation.begun, false);
});

test.run();
