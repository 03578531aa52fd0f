import * as assert from "node:assert/strict";
import { test } from "uvu";
import { accessFrom } from "../../provider/engines/configuration";
import { type Core, DynamicProvider } from "../../provider/engines/dynamic";
import { decode, encode, unknownMark } from "../../provider/engines/pulumi-values";
import { MicrovmError } from "../../provider/errors";
import type { Plan } from "../../provider/plan";
import { UnfinishedError } from "../../provider/resource";
import { UNKNOWN } from "../../provider/schema/unknown";

type Properties = Record<string, unknown>;

const refuse = (): never => assert.fail("not to be called");
const core = (more: Partial<Core>): Core => ({
  check: refuse,
  diff: refuse,
  converge: refuse,
  read: refuse,
  remove: refuse,
  useAccess: refuse,
  ...more,
});
const stubbed = { name: "web", __provider: "the stub", credentials: { password: "s3cret-word" } };

async function caught(
  work: Promise<unknown>,
): Promise<Error & { id?: string; properties?: Properties; reasons?: string[] }> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  return assert.fail("it did not fail");
}

/** The lines that were written to stderr meanwhile. */
async function stderrOf(work: () => Promise<unknown>): Promise<string[]> {
  const written: string[] = [];
  const { write } = process.stderr;
  process.stderr.write = ((text: string) => written.push(text) > 0) as typeof write;
  try {
    await work();
  } finally {
    process.stderr.write = write;
  }
  return written;
}

test("what is made but not ready keeps its id, its state and its stub", async () => {
  const unfinished = new UnfinishedError(
    { code: "not-ready", verb: "start", subject: "MicroVM web", cause: "it was not ready within 120 s", hint: "Look." },
    { name: "web", unit: "microvm@web.service", ipAddress: undefined, drift: ["it was not ready"] },
  );
  const provider = new DynamicProvider("MicroVM", core({ converge: () => Promise.reject(unfinished) }));
  for (const call of [provider.create(stubbed), provider.update("web", stubbed, stubbed)]) {
    const error = await caught(call);
    assert.equal(error.id, "web");
    assert.deepEqual(error.properties, { ...stubbed, unit: "microvm@web.service", drift: ["it was not ready"] });
    assert.deepEqual(error.reasons, ["unable to start MicroVM web: it was not ready within 120 s. Look. [not-ready]"]);
  }
});

test("any other failure of a creation leaves nothing in the state", async () => {
  const failed = new MicrovmError({ code: "disk-full", verb: "create", subject: "Volume data", cause: "no space" });
  const error = await caught(
    new DynamicProvider("Volume", core({ converge: () => Promise.reject(failed) })).create(stubbed),
  );
  assert.equal(error.id, undefined);
  assert.equal(error.message, "unable to create Volume data: no space. [disk-full]");
  // Pulumi prints these two beside the message.
  assert.equal(`${error}: ${error.stack}`, "create Volume web: disk-full");
});

test("a fault of ours keeps its stack, without secrets", async () => {
  const fault = new TypeError("cannot read s3cret-word of undefined");
  const provider = new DynamicProvider("MicroVM", core({ read: () => Promise.reject(fault) }));
  const error = await caught(provider.read("web", stubbed));
  assert.equal(error.message, "unable to read MicroVM web: cannot read [secret] of undefined");
  assert.match(error.stack ?? "", /dynamic-translation\.test/);
  assert.ok(!error.stack?.includes("s3cret-word"));
});

test("gone is an empty id; what is there echoes what was declared", async () => {
  const gone = new DynamicProvider("Vmm", core({ read: async () => undefined }));
  assert.deepEqual(await gone.read("web", stubbed), { id: "", props: {} });
  const there = new DynamicProvider(
    "Vmm",
    core({ read: async (_, state) => ({ ...state, drift: [], path: undefined }) }),
  );
  assert.deepEqual(await there.read("web", stubbed), {
    id: "web",
    props: { name: "web", credentials: { password: "s3cret-word" }, drift: [] },
  });
});

test("every input is echoed into the outputs of create and update", async () => {
  const provider = new DynamicProvider("Network", core({ converge: async () => ({ bridge: "mv-lan" }) }));
  const outs = { name: "web", credentials: { password: "s3cret-word" }, bridge: "mv-lan" };
  assert.deepEqual(await provider.create(stubbed), { id: "web", outs });
  assert.deepEqual(await provider.update("web", stubbed, stubbed), { outs });
});

test("update hands the prior state on, delete the state", async () => {
  const seen: unknown[] = [];
  const provider = new DynamicProvider(
    "Network",
    core({
      converge: async (_, inputs, prior) => {
        seen.push(inputs, prior);
        return inputs;
      },
      remove: async (_, state) => {
        seen.push(state);
      },
    }),
  );
  await provider.update(
    "lan",
    { name: "lan", nat: true, __provider: "s" },
    { name: "lan", nat: false, __provider: "s" },
  );
  await provider.delete("lan", { name: "lan", __provider: "s" });
  assert.deepEqual(seen, [{ name: "lan", nat: false }, { name: "lan", nat: true }, { name: "lan" }]);
});

test("a plan becomes what the wire can carry", async () => {
  const result = async (plan: Plan) => {
    let answer: unknown;
    await stderrOf(async () => {
      answer = await new DynamicProvider("MicroVM", core({ diff: () => plan })).diff("web", { __provider: "s" }, {});
    });
    return answer;
  };
  assert.deepEqual(await result({ action: "unchanged" }), { changes: false });
  const live = { property: "memory", effect: "live" as const, reason: "" };
  assert.deepEqual(await result({ action: "update", changes: [live] }), { changes: true });
  const replaced = ["rootDisk.mode", "rootDisk.size", "interfaces[0].mac"].map((property) => ({
    property,
    effect: "replace" as const,
    reason: "",
  }));
  assert.deepEqual(await result({ action: "replace", changes: [live, ...replaced], deleteFirst: true }), {
    changes: true,
    replaces: ["rootDisk", "interfaces"],
    deleteBeforeReplace: true,
  });
});

test("what the plugin has made becomes this form's by an update that asks no host", async () => {
  const provider = new DynamicProvider("MicroVM", core({ diff: () => ({ action: "unchanged" }) }));
  const olds = { name: "web", memory: 128, reference: { name: "web" }, pid: 7 };
  const news = { name: "web", memory: 128, __provider: "s" };
  assert.deepEqual(await provider.diff("web", olds, news), { changes: true });
  assert.deepEqual(await provider.update("web", olds, news), { outs: { name: "web", memory: 128, pid: 7 } });
  // What it lacks beside that is made good on the host, as ever.
  const changes = [{ property: "memory", effect: "live" as const, reason: "" }];
  const other = new DynamicProvider(
    "MicroVM",
    core({ diff: () => ({ action: "update", changes }), converge: async (_, inputs) => ({ ...inputs, pid: 8 }) }),
  );
  assert.deepEqual(await other.update("web", olds, news), { outs: { name: "web", memory: 128, pid: 8 } });
});

test("progress goes to stderr, a line each, named and without secrets", async () => {
  const provider = new DynamicProvider(
    "MicroVM",
    core({
      useAccess: () => {},
      converge: async (_, inputs, _prior, progress) => {
        progress("waiting for s3cret-word and configured-word");
        return inputs;
      },
    }),
  );
  await provider.configure({ config: new Map([["microvm:password", "configured-word"]]) });
  const written = await stderrOf(() => provider.create(stubbed));
  assert.deepEqual(written, ["MicroVM web: waiting for [secret] and [secret]\n"]);
});

test("what a refresh found, and what will interrupt the object, is said once", async () => {
  const plan: Plan = {
    action: "update",
    changes: [
      { property: "memory", effect: "restart", reason: "memory changes, which takes a restart" },
      { property: "adopt", effect: "live", reason: "adopt changes" },
    ],
  };
  const state = { name: "web", drift: ["it is not running"] };
  const provider = new DynamicProvider("MicroVM", core({ diff: () => plan, read: async () => state }));
  const written = await stderrOf(async () => {
    await provider.read("web", stubbed);
    await provider.diff("web", stubbed, stubbed);
    await provider.diff("web", stubbed, stubbed);
  });
  assert.deepEqual(written, [
    "MicroVM web: drift: it is not running\n",
    "MicroVM web: memory changes, which takes a restart\n",
  ]);
});

test("configuration is in force before anything is awaited", () => {
  const seen: unknown[] = [];
  const provider = new DynamicProvider("Host", core({ useAccess: (access) => void seen.push(access) }));
  void provider.configure({ config: { get: (key) => (key === "microvm:agent" ? "/run/agent" : undefined) } });
  assert.equal((seen[0] as { agent?: string }).agent, "/run/agent");
});

test("the stack's configuration comes before the environment", () => {
  const environment = { MICROVM_PRIVATE_KEY_FILE: "/env/key", MICROVM_PASSWORD: "from-env", MICROVM_TRACE: "" };
  const config = new Map([
    ["microvm:privateKeyFile", "/stack/key"],
    ["microvm:trace", "/tmp/trace"],
  ]);
  assert.deepEqual(accessFrom(config, environment), {
    credentials: { password: "from-env" },
    privateKeyFile: "/stack/key",
  });
  assert.equal(environment.MICROVM_TRACE, "/tmp/trace");
});

test("unknown values survive the way in and out, null and undefined do not", () => {
  const given = { a: unknownMark, b: { c: [unknownMark, null, 1] }, d: null, __provider: "s" };
  assert.deepEqual(decode(given), { a: UNKNOWN, b: { c: [UNKNOWN, undefined, 1] } });
  assert.deepEqual(encode({ a: UNKNOWN, b: [UNKNOWN], c: undefined, d: { e: undefined } }), {
    a: unknownMark,
    b: [unknownMark],
    d: {},
  });
});

test("nothing leaves that Pulumi's protocol would fail on", () => {
  const { Struct } = require("google-protobuf/google/protobuf/struct_pb");
  const strange = {
    a: undefined,
    b: () => 1,
    c: 12n,
    d: new Date(0),
    e: Buffer.from("x"),
    f: [undefined],
    g: Number.NaN,
  };
  Struct.fromJavaScript(encode(strange));
});

test.run();
