import * as assert from "node:assert/strict";
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import { attributesOf, resourceAttributes } from "../../provider/engines/terraform-attributes";
import { attributeName, typeName } from "../../provider/engines/terraform-names";
import { encode } from "../../provider/engines/terraform-values";
import { lookupSchemas, schemas } from "../../provider/generated/schemas";
import type { Kind } from "../../provider/generated/types";
import type { LookupSchema } from "../../provider/schema/model";
import { isUnknown, UNKNOWN } from "../../provider/schema/unknown";
import type { State } from "./engine-driver";
import { exampleChanges, exampleInputs } from "./example-inputs";
import { cookie, executable, type TerraformError, TerraformProcess } from "./terraform-process";

const test = suite("Terraform provider process");
const quiet = { SSH_AUTH_SOCK: "", MICROVM_TRACE: "" };
let provider: TerraformProcess;
test.before(async () => {
  provider = await TerraformProcess.start({ program: "fleet" }, quiet);
});
test.after(async () => {
  await provider?.end();
});

/** The error that a call ends with. */
async function failure(call: Promise<unknown>): Promise<TerraformError> {
  try {
    await call;
  } catch (error) {
    return error as TerraformError;
  }
  return assert.fail("it did not fail");
}

/** A state as a create would have left it: what the plan says, and something for what only the host knows. */
async function stateOf(kind: Kind, inputs: State): Promise<State> {
  const { state } = await provider.plan(kind, inputs);
  const told = Object.entries(schemas[kind].outputs).map(([name, { type }]) => {
    const made = { string: `some ${name}`, integer: 1, number: 1, boolean: true, array: [], object: {} };
    return [name, isUnknown(state[name]) ? made[type ?? "object"] : state[name]];
  });
  return { ...state, ...Object.fromEntries(told) };
}

for (const [kind, inputs] of Object.entries(exampleInputs) as [Kind, State][]) {
  const { update, replace } = exampleChanges[kind];

  test(`${kind}: what is right is accepted, and planned with its defaults and its owner`, async () => {
    assert.deepEqual(await provider.validate(kind, inputs), []);
    const { action, state } = await provider.plan(kind, inputs);
    assert.equal(action, "create");
    for (const [name, { default: preset }] of Object.entries(schemas[kind].inputs)) {
      if (preset !== undefined) assert.deepEqual(state[name], inputs[name] ?? preset, name);
    }
    assert.equal(state.owner, `terraform/fleet/default::${kind}::${inputs.name}`);
    assert.deepEqual(state.drift, []);
  });

  test(`${kind}: everything that is wrong is told at once, at its attribute`, async () => {
    const wrong = { ...inputs, name: "a b", timeouts: { create: "soon" } };
    const found = await provider.validate(kind, wrong);
    assert.deepEqual(found.map(({ attribute }) => attribute?.steps.map((step) => step.attributeName)).sort(), [
      ["name"],
      ["timeouts", "create"],
    ]);
  });

  test(`${kind}: what is not known yet is let pass, and planned as not known`, async () => {
    for (const { property, use } of resourceAttributes(kind)) {
      if (use === "computed" || property === "timeouts") continue;
      const open = { ...inputs, [property]: UNKNOWN };
      assert.deepEqual(await provider.validate(kind, open), [], property);
      assert.equal((await provider.plan(kind, open)).state[property], UNKNOWN, property);
    }
  });

  test(`${kind}: a second plan changes nothing, an update and a replacement are told apart`, async () => {
    const state = await stateOf(kind, inputs);
    assert.deepEqual(await provider.plan(kind, inputs, state), { action: "unchanged", state, replacedBy: [] });
    assert.equal((await provider.plan(kind, { ...inputs, ...update }, state)).action, "update");
    if (!replace) return;
    const replaced = await provider.plan(kind, { ...inputs, ...replace }, state);
    assert.equal(replaced.action, "replace");
    assert.deepEqual(
      [...new Set(replaced.replacedBy.map(({ steps }) => steps[0]?.attributeName))],
      Object.keys(replace).map(attributeName),
    );
  });

  test(`${kind}: an update says what it leaves as it is`, async () => {
    const state = await stateOf(kind, inputs);
    const planned = (await provider.plan(kind, { ...inputs, ...update }, state)).state;
    for (const [name, output] of Object.entries(schemas[kind].outputs)) {
      if (output["x-stable"]) assert.deepEqual(planned[name], state[name], name);
    }
    assert.equal(planned.owner, state.owner);
  });

  test(`${kind}: drift that a refresh found is planned away`, async () => {
    const state = await stateOf(kind, inputs);
    const { action, state: planned } = await provider.plan(kind, inputs, { ...state, drift: ["something is missing"] });
    assert.equal(action, "update");
    assert.deepEqual(planned.drift, []);
  });

  test(`${kind}: what a state of another version has more is dropped, and what it lacks is no change`, async () => {
    const state = await stateOf(kind, inputs);
    const json = Object.entries(state).map(([property, value]) => [attributeName(property), nested(value)]);
    const lacking = json.filter(([name]) => name !== "adopt" && name !== "timeouts");
    const upgraded = await provider.upgrade(kind, JSON.stringify({ ...Object.fromEntries(lacking), gone: [1] }));
    assert.deepEqual(upgraded, Object.fromEntries(Object.entries(state).filter(([name]) => name !== "adopt")));
    assert.equal((await provider.plan(kind, inputs, upgraded)).action, "unchanged");
  });

  test(`${kind}: a host that cannot be reached fails every operation, and nothing is taken for gone`, async () => {
    const state = await stateOf(kind, inputs);
    const calls = [
      provider.create(kind, inputs),
      provider.update(kind, state, { ...inputs, ...update }),
      provider.read(kind, state),
      provider.delete(kind, state),
    ];
    const [created, updated, read, deleted] = await Promise.all(calls.map(failure));
    for (const error of [created, updated, read, deleted]) {
      assert.match(String(error?.message), /^unable to .+127\.0\.0\.1.+\[dial-failed\]$/s);
    }
    assert.equal(created?.state, undefined);
    assert.deepEqual(updated?.state, state);
    assert.deepEqual(deleted?.state, state);
  });
}

/** A value as a state file holds it. */
function nested(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(nested);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [attributeName(name), nested(item)]));
}

test("an error deep in a list is told at its element", async () => {
  const inputs = { ...exampleInputs.MicroVM, kernelArgs: ["quiet", "two words"], ready: { tcp: 0, ssh: true } };
  const found = await provider.validate("MicroVM", inputs);
  const steps = found.map(({ attribute }) => attribute?.steps);
  assert.deepEqual(steps, [
    [{ attributeName: "kernel_args" }, { elementKeyInt: 1 }],
    [{ attributeName: "ready" }, { attributeName: "tcp" }],
    [{ attributeName: "ready" }],
  ]);
});

test("what restarts a running object is told in the plan", async () => {
  const state = await stateOf("MicroVM", exampleInputs.MicroVM);
  await provider.plan("MicroVM", { ...exampleInputs.MicroVM, memory: 512 }, state);
  const { summary, detail } = provider.warnings.at(-1) ?? {};
  assert.equal(summary, "Restarts what is running");
  assert.equal(detail, "MicroVM web: memory changes from 256 to 512, which takes a restart.");
});

test("an object of unknown identity is another one", async () => {
  const state = await stateOf("MicroVM", exampleInputs.MicroVM);
  const rootfs = { ...(exampleInputs.MicroVM.rootfs as State), digest: UNKNOWN };
  const { action, replacedBy } = await provider.plan("MicroVM", { ...exampleInputs.MicroVM, rootfs }, state);
  assert.equal(action, "replace");
  assert.deepEqual(replacedBy, [{ steps: [{ attributeName: "rootfs" }] }]);
});

test("an empty object in the place of none asks no host", async () => {
  const state = await stateOf("MicroVM", exampleInputs.MicroVM);
  const changed = await provider.update("MicroVM", state, { ...exampleInputs.MicroVM, rootDisk: {} });
  assert.deepEqual(changed, { ...state, rootDisk: { mode: "overlay" } });
});

test("an import says what is wrong with its id, and when its host cannot be asked", async () => {
  for (const kind of Object.keys(exampleInputs) as Kind[]) {
    const malformed = kind === "Host" ? "a b" : "127.0.0.1:1";
    assert.match((await failure(provider.import(kind, malformed))).message, /^unable to import .+\[id-malformed\]$/s);
    const id = kind === "Host" ? "root@127.0.0.1:1" : "root@127.0.0.1:1/data";
    assert.match((await failure(provider.import(kind, id))).message, /127\.0\.0\.1.+\[dial-failed\]$/s);
  }
});

test("a data source is checked, and fails where its host cannot be asked", async () => {
  const [lookup] = Object.values(lookupSchemas);
  const attributes = attributesOf(lookup as LookupSchema);
  const request = (inputs: State) => ({ typeName: typeName(lookup?.name ?? ""), config: encode(attributes, inputs) });
  const unreachable = { address: "127.0.0.1", port: 1, user: "root", sshConfig: "none" };
  assert.deepEqual(await provider.call("ValidateDataResourceConfig", request(unreachable)), {});
  const { diagnostics = [] } = await provider.call("ValidateDataResourceConfig", request({ ...unreachable, port: 0 }));
  assert.deepEqual(diagnostics[0]?.attribute?.steps, [{ attributeName: "port" }]);
  const read = await provider.call("ReadDataSource", request(unreachable));
  assert.match(read.diagnostics?.[0]?.detail ?? "", /\[dial-failed\]$/);
  assert.equal(read.state, undefined);
});

test("everything that is served is listed", async () => {
  const metadata = await provider.call("GetMetadata", {});
  const schema = (await provider.call("GetProviderSchema", {})) as Record<string, object>;
  const names = (list: unknown) => (list as { typeName: string }[]).map(({ typeName: name }) => name);
  assert.deepEqual(names(metadata.resources), Object.keys(schema.resourceSchemas ?? {}));
  assert.deepEqual(names(metadata.dataSources), Object.keys(schema.dataSourceSchemas ?? {}));
});

for (const file of readdirSync(join(__dirname, "released-states"))) {
  test(`the states that ${file} holds still work`, async () => {
    const states = JSON.parse(readFileSync(join(__dirname, "released-states", file), "utf8"));
    assert.deepEqual(Object.keys(states), Object.keys(exampleInputs));
    for (const [kind, state] of Object.entries(states) as [Kind, object][]) {
      const upgraded = await provider.upgrade(kind, JSON.stringify(state));
      const { action } = await provider.plan(kind, exampleInputs[kind], upgraded);
      assert.equal(action, "unchanged", kind);
      assert.match((await failure(provider.delete(kind, upgraded ?? {}))).message, /\[dial-failed\]$/);
    }
  });
}

test("no secret is in an error or in the log", async () => {
  const secret = "correct horse battery staple";
  const other = await TerraformProcess.start({ password: `${secret} too` }, { ...quiet, TF_LOG: "trace" });
  try {
    const inputs = { ...exampleInputs.Host, password: secret };
    const error = await failure(other.create("Host", inputs));
    assert.match(error.message, /\[dial-failed\]$/);
    const found = await other.validate("Host", { ...inputs, passphrase: 1 });
    assert.ok(![error.message, JSON.stringify(found), other.stderr].join().includes(secret));
  } finally {
    await other.end();
  }
});

test("the provider's configuration is used, and what of it is not known is left out", async () => {
  const directory = mkdtempSync(join(tmpdir(), "microvm-contract-"));
  const trace = join(directory, "trace");
  const other = await TerraformProcess.start({ trace }, quiet);
  try {
    await failure(other.read("Vmm", await stateOf("Vmm", exampleInputs.Vmm)));
    assert.match(readFileSync(trace, "utf8"), /"dial-failed"/);
  } finally {
    await other.end();
    rmSync(directory, { recursive: true });
  }
});

test("Ctrl-C in the terminal leaves it to Terraform what is ended", async () => {
  const other = await TerraformProcess.start({}, quiet);
  other.kill("SIGINT");
  assert.deepEqual(await other.validate("Volume", exampleInputs.Volume), []);
  await other.stop();
  const error = await failure(other.create("Volume", exampleInputs.Volume));
  assert.match(error.message, /\[cancelled\]$/);
  assert.ok((await other.end()) < 1_500);
});

test("an operation that takes longer than it is given is ended", async () => {
  const silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = silent.address() as AddressInfo;
    const inputs = { ...exampleInputs.Host, port, timeouts: { create: "500ms" } };
    const begun = Date.now();
    assert.match((await failure(provider.create("Host", inputs))).message, /\[timed-out\]$/);
    assert.ok(Date.now() - begun < 5_000);
  } finally {
    silent.close();
  }
});

test("it ends with the process that started it", async () => {
  const script = `
    const child = require("node:child_process").spawn(process.execPath, [${JSON.stringify(executable)}], { stdio: ["ignore", "pipe", "inherit"] });
    child.stdout.once("data", () => { console.log(child.pid); process.exit(); });`;
  const { makeCertificate } = require("../../provider/engines/terraform-certificate");
  const env = {
    ...process.env,
    ...cookie,
    PLUGIN_PROTOCOL_VERSIONS: "6",
    PLUGIN_CLIENT_CERT: makeCertificate().certificate,
  };
  const { stdout } = spawnSync(process.execPath, ["-e", script], { encoding: "utf8", env });
  const pid = Number(stdout);
  for (const patience = Date.now() + 10_000; alive(pid); ) {
    assert.ok(Date.now() < patience, "it lives on");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
});

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function byHand(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [executable, ...args], { encoding: "utf8" });
}

test("by hand it says what it is, and installs itself for both", () => {
  const { status, stdout, stderr } = byHand();
  assert.deepEqual([status, stdout], [1, ""]);
  assert.match(stderr, /provider for Terraform and OpenTofu.+terraform-provider-microvm install/s);
  const directory = mkdtempSync(join(tmpdir(), "microvm-contract-"));
  try {
    const installed = byHand("install", directory);
    assert.equal(installed.status, 0);
    assert.match(installed.stdout, /source {2}= "microvm\.local\/pulumi-microvm\/microvm"/);
    const [script = ""] = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((path) =>
      /^microvm\.local\/pulumi-microvm\/microvm\/\d+\.\d+\.\d+\/[a-z]+_[a-z0-9]+\/terraform-provider-microvm_v[\d.]+$/.test(
        path,
      ),
    );
    const started = spawnSync(join(directory, script), { encoding: "utf8" });
    assert.deepEqual([started.status, started.stderr], [1, stderr]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test.run();
