import * as assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import { unknownMark } from "../../provider/engines/pulumi-values";
import { stubOf } from "../../provider/engines/stub";
import { schemas } from "../../provider/generated/schemas";
import type { Kind } from "../../provider/generated/types";
import { exampleChanges, exampleInputs } from "./example-inputs";
import { ProviderProcess } from "./provider-process";

const test = suite("dynamic provider process");
let provider: ProviderProcess;
test.before(async () => {
  provider = await ProviderProcess.start({}, { SSH_AUTH_SOCK: "", MICROVM_TRACE: "" });
});
test.after(async () => {
  await provider.end();
});

/** The message that a rejected call carries. */
async function failure(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return (error as { details?: string; message: string }).details ?? (error as Error).message;
  }
  return assert.fail("it did not fail");
}

for (const [kind, inputs] of Object.entries(exampleInputs) as [Kind, Record<string, unknown>][]) {
  const stub = stubOf(kind);
  const { update, replace } = exampleChanges[kind];

  test(`${kind}: check accepts, fills in the defaults, and is idempotent`, async () => {
    const first = await provider.check(stub, inputs);
    assert.deepEqual(first.failures, []);
    for (const [name, { default: preset }] of Object.entries(schemas[kind].inputs)) {
      if (preset !== undefined) assert.deepEqual(first.inputs[name], preset, name);
    }
    assert.deepEqual(await provider.check(stub, first.inputs), first);
  });

  test(`${kind}: check names every bad input`, async () => {
    const { failures } = await provider.check(stub, { ...inputs, name: "a b", adopt: "yes", nonsense: 1 });
    assert.deepEqual(failures.map(({ property }) => property).sort(), ["adopt", "name", "nonsense"]);
  });

  test(`${kind}: check lets unknown values pass, whatever they stand for, and keeps them`, async () => {
    for (const name of Object.keys(schemas[kind].inputs)) {
      const checked = await provider.check(stub, { ...inputs, [name]: unknownMark });
      assert.deepEqual(checked.failures, [], name);
      assert.equal(checked.inputs[name], unknownMark, name);
    }
  });

  test(`${kind}: check takes null for absent`, async () => {
    const { failures, inputs: checked } = await provider.check(stub, { ...inputs, adopt: null });
    assert.deepEqual(failures, []);
    assert.equal(checked.adopt, false);
  });

  test(`${kind}: diff tells unchanged, update and replace apart`, async () => {
    const { inputs: state } = await provider.check(stub, inputs);
    assert.equal((await provider.diff(stub, state, inputs)).changes, false);
    const updated = await provider.diff(stub, state, { ...inputs, ...update });
    assert.deepEqual(updated, { changes: true, replaces: [], deleteBeforeReplace: false });
    if (!replace) return;
    const replaced = await provider.diff(stub, state, { ...inputs, ...replace });
    assert.deepEqual(replaced, { changes: true, replaces: Object.keys(replace), deleteBeforeReplace: true });
  });

  test(`${kind}: diff takes an unknown value for a change`, async () => {
    const { inputs: state } = await provider.check(stub, inputs);
    for (const [name, property] of Object.entries(schemas[kind].inputs)) {
      const result = await provider.diff(stub, state, { ...inputs, [name]: unknownMark });
      assert.deepEqual(result.replaces, property["x-change"] === "replace" ? [name] : [], name);
      assert.equal(result.changes, true, name);
    }
  });

  test(`${kind}: drift that a refresh found is a change`, async () => {
    const { inputs: state } = await provider.check(stub, inputs);
    const result = await provider.diff(stub, { ...state, drift: ["something is missing"] }, inputs);
    assert.deepEqual(result, { changes: true, replaces: [], deleteBeforeReplace: false });
  });

  test(`${kind}: a host that cannot be reached fails every operation, and nothing is taken for gone`, async () => {
    const { inputs: state } = await provider.check(stub, inputs);
    const calls = [
      provider.create(stub, state),
      provider.update(stub, state, state),
      provider.read(stub, state),
      provider.delete(stub, state),
    ];
    for (const message of await Promise.all(calls.map(failure))) {
      assert.match(message, /^unable to .+127\.0\.0\.1.+\[dial-failed\]$/s);
    }
  });
}

for (const file of readdirSync(join(__dirname, "released-stubs"))) {
  test(`the stub that ${file} wrote into states still works`, async () => {
    const stub = readFileSync(join(__dirname, "released-stubs", file), "utf8");
    const { inputs: state, failures } = await provider.check(stub, exampleInputs.MicroVM);
    assert.deepEqual(failures, []);
    assert.equal((await provider.diff(stub, state, state)).changes, false);
    const calls = [
      provider.create(stub, state),
      provider.update(stub, state, state),
      provider.read(stub, state),
      provider.delete(stub, state),
    ];
    for (const message of await Promise.all(calls.map(failure))) assert.match(message, /\[dial-failed\]$/);
  });
}

test("the stack's configuration is there before the first of several first calls", async () => {
  const directory = mkdtempSync(join(tmpdir(), "microvm-contract-"));
  const trace = join(directory, "trace");
  const configured = await ProviderProcess.start({ "microvm:trace": trace }, { MICROVM_TRACE: "" });
  try {
    const kinds: Kind[] = ["Vmm", "Vmm", "Volume"];
    const messages = await Promise.all(
      kinds.map((kind) => failure(configured.read(stubOf(kind), { ...exampleInputs[kind], adopt: false }))),
    );
    for (const message of messages) assert.match(message, /\[dial-failed\]$/);
    assert.match(readFileSync(trace, "utf8"), /"dial-failed"/);
  } finally {
    await configured.end();
    rmSync(directory, { recursive: true });
  }
});

test("no secret is in an error or on the screen", async () => {
  const secret = "correct horse battery staple";
  const { inputs: state } = await provider.check(stubOf("Host"), { ...exampleInputs.Host, password: secret });
  const message = await failure(provider.create(stubOf("Host"), state));
  assert.ok(!message.includes(secret));
  assert.ok(!provider.stderr.includes(secret));
});

test("the process ends at once when the engine asks it to", async () => {
  const other = await ProviderProcess.start();
  await other.check(stubOf("Vmm"), exampleInputs.Vmm);
  assert.ok((await other.end()) < 2_000);
});

test.run();
