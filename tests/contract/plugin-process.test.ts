import * as assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as grpc from "@grpc/grpc-js";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { suite } from "uvu";
import { unknownMark } from "../../provider/engines/pulumi-values";
import { lookupSchemas, schemas } from "../../provider/generated/schemas";
import type { Kind } from "../../provider/generated/types";
import { registry } from "../../provider/registry";
import { exampleChanges, exampleInputs, unreachable } from "./example-inputs";
import { PluginProcess, urnOf } from "./plugin-process";

type Properties = Record<string, unknown>;

const test = suite("plugin process");
let plugin: PluginProcess;
test.before(async () => {
  plugin = await PluginProcess.start({}, { SSH_AUTH_SOCK: "", MICROVM_TRACE: "" });
});
test.after(async () => {
  await plugin.end();
});

/** The message that a rejected call carries. */
async function failure(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return (error as grpc.ServiceError).details ?? (error as Error).message;
  }
  return assert.fail("it did not fail");
}

// How a secret looks on the wire.
const secret = (value: unknown) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  value,
});

/** A state as if the host had answered: every output is there. */
function stateOf(kind: Kind, inputs: Properties): Properties {
  const outputs = Object.keys(schemas[kind].outputs).map((name) => [name, `the ${name}`]);
  return { ...Object.fromEntries(outputs), ...inputs, drift: [] };
}

for (const [kind, inputs] of Object.entries(exampleInputs) as [Kind, Properties][]) {
  const { update, replace } = exampleChanges[kind];
  const { outputs } = schemas[kind];
  const stays = (name: string) => outputs[name]?.["x-stable"];

  test(`${kind}: check accepts, fills in the defaults, and is idempotent`, async () => {
    const first = await plugin.check(kind, inputs);
    assert.deepEqual(first.failures, []);
    for (const [name, { default: preset }] of Object.entries(schemas[kind].inputs)) {
      if (preset !== undefined) assert.deepEqual(first.inputs[name], preset, name);
    }
    assert.deepEqual(await plugin.check(kind, first.inputs), first);
  });

  test(`${kind}: check gives a name and an owner where the program does not`, async () => {
    const { name: _, owner: __, ...rest } = inputs;
    const { failures, inputs: checked } = await plugin.check(kind, rest, {}, "from-its-urn");
    assert.deepEqual(failures, []);
    assert.equal(checked.name, "from-its-urn");
    assert.equal(checked.owner, `organization/project/dev::${kind}::from-its-urn`);
    const again = await plugin.check(kind, rest, { owner: "acme/project/dev::it" }, "from-its-urn");
    assert.equal(again.inputs.owner, "acme/project/dev::it");
  });

  test(`${kind}: check names every bad input`, async () => {
    const { failures } = await plugin.check(kind, { ...inputs, name: "a b", adopt: "yes", nonsense: 1 });
    assert.deepEqual(failures.map(({ property }) => property).sort(), ["adopt", "name", "nonsense"]);
  });

  test(`${kind}: check lets unknown values pass, whatever they stand for, and keeps them`, async () => {
    for (const name of Object.keys(schemas[kind].inputs)) {
      const checked = await plugin.check(kind, { ...inputs, [name]: unknownMark }, {}, "some");
      assert.deepEqual(checked.failures, [], name);
      const wrapped = schemas[kind].inputs[name]?.["x-secret"];
      assert.deepEqual(checked.inputs[name], wrapped ? secret(unknownMark) : unknownMark, name);
    }
  });

  test(`${kind}: check takes null for absent`, async () => {
    const { failures, inputs: checked } = await plugin.check(kind, { ...inputs, adopt: null });
    assert.deepEqual(failures, []);
    assert.equal(checked.adopt, false);
  });

  test(`${kind}: diff tells unchanged, update and replace apart, and which properties`, async () => {
    const { inputs: checked } = await plugin.check(kind, inputs);
    const state = stateOf(kind, checked);
    const same = await plugin.diff(kind, state, checked);
    assert.deepEqual([same.changes, same.detailed, same.replaces], [false, {}, []]);
    for (const name of Object.keys(outputs)) assert.equal(same.stables.includes(name), stays(name) === "always", name);
    const updated = await plugin.diff(kind, state, { ...checked, ...update });
    assert.equal(updated.changes, true);
    assert.deepEqual(updated.replaces, []);
    assert.deepEqual(updated.diffs, Object.keys(update));
    for (const [path, what] of Object.entries(updated.detailed)) {
      assert.ok(path.startsWith(updated.diffs[0] as string), path);
      assert.match(what, /^(ADD|UPDATE|DELETE)$/);
    }
    if (!replace) return;
    const replaced = await plugin.diff(kind, state, { ...checked, ...replace });
    assert.deepEqual(replaced.replaces, Object.keys(replace));
    assert.equal(replaced.deleteBeforeReplace, true);
    assert.ok(Object.values(replaced.detailed).some((what) => what.endsWith("_REPLACE")));
    const urn = urnOf(kind, String(checked.name));
    const reasons = plugin.told.filter((told) => told.urn === urn && /so it is replaced/.test(told.message));
    assert.ok(reasons.length > 0, "the reason is told on the resource's row");
  });

  test(`${kind}: diff takes an unknown value for a change`, async () => {
    const { inputs: checked } = await plugin.check(kind, inputs);
    const state = stateOf(kind, checked);
    for (const [name, property] of Object.entries(schemas[kind].inputs)) {
      const result = await plugin.diff(kind, state, { ...checked, [name]: unknownMark });
      assert.deepEqual(result.replaces, property["x-change"] === "replace" ? [name] : [], name);
      assert.equal(result.changes, true, name);
      const kindOfChange = checked[name] === undefined ? "ADD" : "UPDATE";
      assert.deepEqual(result.detailed, { [name]: result.replaces.length ? `${kindOfChange}_REPLACE` : kindOfChange });
    }
  });

  test(`${kind}: a reference whose identity is not known yet is another object`, async () => {
    const { inputs: checked } = await plugin.check(kind, inputs);
    for (const [name, property] of Object.entries(schemas[kind].inputs)) {
      const other = property["x-ref"] as Kind | undefined;
      if (!other || checked[name] === undefined) continue;
      const unsure = Object.fromEntries(schemas[other].reference.identity.map((key) => [key, unknownMark]));
      const changed = { ...checked, [name]: { ...(checked[name] as Properties), ...unsure } };
      const { replaces, changes } = await plugin.diff(kind, stateOf(kind, checked), changed);
      assert.deepEqual([changes, replaces], [true, property["x-change"] === "replace" ? [name] : []], name);
    }
  });

  test(`${kind}: drift that a refresh found is a change of the state`, async () => {
    const { inputs: checked } = await plugin.check(kind, inputs);
    const drifted = { ...stateOf(kind, checked), drift: ["something is missing", "something else too"] };
    const { changes, replaces, detailed } = await plugin.diff(kind, drifted, checked);
    assert.deepEqual([changes, replaces, detailed], [true, [], { drift: "DELETE of state" }]);
  });

  test(`${kind}: a preview knows what is declared, and of the rest only what stays`, async () => {
    const { inputs: checked } = await plugin.check(kind, inputs);
    const { id, properties: created } = await plugin.create(kind, checked, { preview: true });
    assert.equal(id, "");
    const state = stateOf(kind, checked);
    const changed = { ...checked, ...update };
    const { properties: updated } = await plugin.update(kind, state, changed, { preview: true });
    const drifted = { ...state, drift: ["it is not as it was"] };
    const { properties: repaired } = await plugin.update(kind, drifted, checked, { preview: true });
    const kept: string[] = registry[kind].keeps?.(state, changed) ?? [];
    for (const name of Object.keys(outputs).filter((output) => !(output in checked) && output !== "drift")) {
      const by = kept.includes(name) ? "always" : stays(name);
      assert.equal(created[name], unknownMark, name);
      assert.equal(updated[name], by ? state[name] : unknownMark, name);
      assert.equal(repaired[name], by === "always" ? state[name] : unknownMark, name);
    }
    for (const [name, value] of Object.entries(checked)) assert.deepEqual(created[name], value, name);
    assert.deepEqual(created.drift, []);
  });

  test(`${kind}: a host that cannot be reached fails every operation, and nothing is taken for gone`, async () => {
    const { inputs: state } = await plugin.check(kind, inputs);
    const calls = [
      plugin.create(kind, state),
      plugin.update(kind, state, state),
      plugin.read(kind, state),
      plugin.delete(kind, state),
    ];
    for (const message of await Promise.all(calls.map(failure))) {
      assert.match(message, /^unable to .+127\.0\.0\.1.+\[dial-failed\]$/s);
    }
  });

  test(`${kind}: an import needs an id that says where it is`, async () => {
    for (const id of ["", "a b/c d", "//", "root@127.0.0.1:99999999/x"]) {
      const message = await failure(plugin.import(kind, id, "some"));
      assert.match(message, new RegExp(`^unable to .*${kind}.*\\[[a-z-]+\\]$`, "s"), JSON.stringify(id));
    }
    const place = `root@127.0.0.1:${unreachable.port}`;
    const message = await failure(plugin.import(kind, kind === "Host" ? place : `${place}/some`, "some"));
    assert.match(message, /^unable to .+127\.0\.0\.1.+\[[a-z-]+\]$/s);
  });

  test(`${kind}: what is secret is wrapped wherever it leaves, and is in no message`, async () => {
    const declared = Object.entries(schemas[kind].inputs).filter(([, property]) => property["x-secret"]);
    const value = "correct horse battery staple";
    const given = Object.fromEntries(
      declared.map(([name, { type }]) => [
        name,
        type !== "object" ? value : name === "credentials" ? { password: value } : { SOME_WORD: value },
      ]),
    );
    const { inputs: checked, failures } = await plugin.check(kind, { ...inputs, ...given });
    assert.deepEqual(failures, []);
    const { properties: created } = await plugin.create(kind, checked, { preview: true });
    for (const name of Object.keys(given)) {
      assert.deepEqual(checked[name], secret(given[name]), name);
      assert.deepEqual(created[name], secret(given[name]), name);
    }
    assert.deepEqual((await plugin.diff(kind, stateOf(kind, checked), checked)).detailed, {});
    const messages = [
      await failure(plugin.create(kind, checked)),
      await failure(plugin.delete(kind, checked)),
      ...plugin.told.map(({ message }) => message),
      plugin.output,
    ];
    for (const message of messages) assert.ok(!message.includes(value), message);
  });
}

test("what a program has marked as secret stays one, at its own place", async () => {
  const hidden = { ...exampleInputs.Host, user: secret("s3cret-user"), deadlines: { dial: secret(7) } };
  const { inputs, failures } = await plugin.check("Host", hidden);
  assert.deepEqual(failures, []);
  assert.deepEqual(inputs.user, secret("s3cret-user"));
  assert.deepEqual((inputs.deadlines as Properties).dial, secret(7));
  assert.ok(!(await failure(plugin.create("Host", inputs))).includes("s3cret-user"));
});

test("a resource or function that it does not have is refused by its name", async () => {
  const request = new messages.CheckRequest();
  request.setUrn("urn:pulumi:dev::project::microvm:index:Toaster::kitchen");
  assert.match(await failure(plugin.call("check", request)), /microvm:index:Toaster/);
  assert.match(await failure(plugin.invoke("microvm:index:getToaster", {})), /microvm:index:getToaster/);
});

test("a lookup names every bad argument, and fails where the host cannot be asked", async () => {
  for (const lookup of Object.keys(lookupSchemas)) {
    const token = `microvm:index:get${lookup}`;
    const { failures } = await plugin.invoke(token, { ...unreachable, port: "x", nonsense: 1 });
    assert.deepEqual(failures.map(({ property }) => property).sort(), ["nonsense", "port"]);
    const message = await failure(plugin.invoke(token, { ...unreachable, password: secret("s3cret-word") }));
    assert.match(message, /^unable to .+127\.0\.0\.1.+\[dial-failed\]$/s);
    assert.ok(!message.includes("s3cret-word"));
  }
});

test("a resource with parents is known by its own type", async () => {
  const request = new messages.CheckRequest();
  request.setUrn("urn:pulumi:dev::project::my:own:Component$microvm:index:Host$microvm:index:Volume::a::b");
  const { Struct } = require("google-protobuf/google/protobuf/struct_pb");
  const { owner: _, ...inputs } = exampleInputs.Volume;
  request.setNews(Struct.fromJavaScript(inputs));
  const response = (await plugin.call("check", request)) as messages.CheckResponse;
  assert.equal(response.getInputs()?.toJavaScript().owner, "organization/project/dev::Volume::a::b");
});

test("the schema of the package has every kind, with the version of the package", async () => {
  const schema = await plugin.schema();
  assert.equal(schema.name, "microvm");
  assert.equal(schema.version, require("../../package.json").version);
  for (const kind of Object.keys(schemas)) assert.ok(`microvm:index:${kind}` in (schema.resources as Properties), kind);
});

test("what it does not offer is not implemented, rather than wrong", async () => {
  for (const [method, request] of [
    ["parameterize", new messages.ParameterizeRequest()],
    ["construct", new messages.ConstructRequest()],
    ["call", new messages.CallRequest()],
    ["getMapping", new messages.GetMappingRequest()],
  ] as const) {
    const error = (await plugin.call(method, request).catch((thrown) => thrown)) as grpc.ServiceError;
    assert.equal(error.code, 12, method);
  }
});

test("settings are checked, and a change of them replaces nothing", async () => {
  const good = { privateKeyFile: "/k", password: secret("s3cret"), form: "plugin", version: "0.1.0" };
  assert.deepEqual(await plugin.checkConfig(good), { inputs: good, failures: [] });
  const { failures } = await plugin.checkConfig({ privatKeyFile: "/k" });
  assert.deepEqual(failures, [
    { property: "privatKeyFile", reason: "is no setting of microvm; did you mean `privateKeyFile`?" },
  ]);
  const changed = await plugin.diffConfig(
    { agent: "/a", password: secret("b") },
    { agent: "/c", password: secret("b") },
  );
  assert.deepEqual(changed, { changed: ["agent"], replaces: [] });
  // A stack comes from the dynamic form with none.
  assert.deepEqual(await plugin.diffConfig({}, {}), { changed: [], replaces: [] });
});

test("its settings are in force, and what of them is secret is in no message", async () => {
  const directory = mkdtempSync(join(tmpdir(), "microvm-contract-"));
  const trace = join(directory, "trace");
  const configured = await PluginProcess.start(undefined, { MICROVM_TRACE: "", SSH_AUTH_SOCK: "" });
  try {
    const settings = { trace: secret(trace), password: secret("127.0.0.1") };
    assert.deepEqual(await configured.configure(settings), { acceptSecrets: true, supportsPreview: true });
    const message = await failure(configured.read("Vmm", exampleInputs.Vmm));
    assert.match(message, /\[secret\].*\[dial-failed\]$/s);
    assert.match(readFileSync(trace, "utf8"), /"dial-failed"/);
  } finally {
    await configured.end();
    rmSync(directory, { recursive: true });
  }
});

/** A host that takes connections and never says a word. */
async function withSilentHost<T>(work: (inputs: Properties) => Promise<T>): Promise<T> {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  try {
    const host = exampleInputs.Volume.host as Properties;
    return await work({ ...exampleInputs.Volume, host: { ...host, connection: { ...unreachable, port } } });
  } finally {
    server.close();
  }
}

test("cancel ends what is under way, and what comes after it", async () => {
  const other = await PluginProcess.start({}, { SSH_AUTH_SOCK: "" });
  await withSilentHost(async (inputs) => {
    const { inputs: state } = await other.check("Volume", inputs);
    const running = [
      failure(other.create("Volume", state)),
      failure(other.read("Volume", state)),
      failure(other.delete("Volume", state)),
    ];
    await new Promise((resolve) => setTimeout(resolve, 300));
    const began = Date.now();
    await other.cancel();
    for (const message of await Promise.all(running)) assert.match(message, /\[cancelled\]$/);
    assert.match(await failure(other.read("Volume", state)), /\[cancelled\]$/);
    assert.ok(Date.now() - began < 1_500, `${Date.now() - began} ms`);
    assert.ok((await other.end()) < 3_000);
  });
});

test("an operation ends when its time is up", async () => {
  await withSilentHost(async (inputs) => {
    const { inputs: state } = await plugin.check("Volume", inputs);
    const began = Date.now();
    await failure(plugin.create("Volume", state, { timeout: 0.5 }));
    assert.ok(Date.now() - began < 3_000, `${Date.now() - began} ms`);
  });
});

test("the process ends at once when the engine asks it to, also while it waits for a host", async () => {
  const other = await PluginProcess.start();
  await withSilentHost(async (inputs) => {
    const { inputs: state } = await other.check("Volume", inputs);
    void other.read("Volume", state).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.ok((await other.end()) < 4_000);
  });
});

test("the process ends when its engine is gone", async () => {
  const other = await PluginProcess.start();
  await other.check("Vmm", exampleInputs.Vmm);
  other.loseEngine();
  const late = new Promise<string>((resolve) => setTimeout(() => resolve("still there"), 10_000).unref());
  assert.equal(await Promise.race([other.ended(), late]), 0);
});

test("the executable starts by a link too, as package managers lay them", async () => {
  const directory = mkdtempSync(join(tmpdir(), "microvm-contract-"));
  try {
    const link = join(directory, "pulumi-resource-microvm");
    symlinkSync(join(__dirname, "../../plugin/pulumi-resource-microvm"), link);
    const other = await PluginProcess.start({}, {}, [link]);
    assert.ok((await other.end()) < 4_000);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("nothing but the port is on standard output", () => {
  assert.match(plugin.output, /^\d+\n$/);
});

test.run();
