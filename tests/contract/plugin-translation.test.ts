import * as assert from "node:assert/strict";
import type * as grpc from "@grpc/grpc-js";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { test } from "uvu";
import { type Core, Plugin } from "../../provider/engines/plugin";
import { unknownMark } from "../../provider/engines/pulumi-values";
import { MicrovmError } from "../../provider/errors";
import type { Kind } from "../../provider/generated/types";
import type { Plan } from "../../provider/plan";
import { UnfinishedError } from "../../provider/resource";
import { UNKNOWN } from "../../provider/schema/unknown";
import { exampleInputs } from "./example-inputs";
import { keptBy } from "./init-failed";
import { urnOf } from "./plugin-process";

type Properties = Record<string, unknown>;

const refuse = (): never => assert.fail("not to be called");
const core = (more: Partial<Core>): Core => ({
  check: refuse,
  diff: refuse,
  expected: refuse,
  converge: refuse,
  read: refuse,
  find: refuse,
  remove: refuse,
  checkLookup: refuse,
  lookUp: refuse,
  useAccess: refuse,
  ...more,
});

/** A plugin on such a core, and what it tells its engine. */
function pluginOn(more: Partial<Core>) {
  const told: [urn: string, message: string, manner: string][] = [];
  const plugin = new Plugin(async (...sentence) => void told.push(sentence), core(more));
  return { plugin, told };
}

const secret = (value: unknown) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  value,
});

function struct(properties: Properties): Struct {
  return Struct.fromJavaScript(properties as Parameters<typeof Struct.fromJavaScript>[0]);
}

function createRequest(kind: Kind, properties: Properties, preview = false): messages.CreateRequest {
  const request = new messages.CreateRequest();
  request.setUrn(urnOf(kind, String(properties.name)));
  request.setProperties(struct(properties));
  request.setPreview(preview);
  return request;
}

function updateRequest(kind: Kind, olds: Properties, news: Properties): messages.UpdateRequest {
  const request = new messages.UpdateRequest();
  request.setUrn(urnOf(kind, String(olds.name)));
  request.setOlds(struct(olds));
  request.setNews(struct(news));
  return request;
}

function readRequest(kind: Kind, id: string, properties: Properties, inputs: Properties = {}): messages.ReadRequest {
  const request = new messages.ReadRequest();
  request.setUrn(urnOf(kind, "web"));
  request.setId(id);
  request.setProperties(struct(properties));
  request.setInputs(struct(inputs));
  return request;
}

async function caught(work: Promise<unknown>): Promise<grpc.ServiceError> {
  try {
    await work;
  } catch (error) {
    return error as grpc.ServiceError;
  }
  return assert.fail("it did not fail");
}

const plain = (properties: Struct | undefined) => properties?.toJavaScript() ?? {};

test("an object that was made and is not as declared is kept, with its secrets wrapped", async () => {
  const error = new UnfinishedError(
    { code: "not-ready", verb: "create", subject: "MicroVM web", cause: "it never said s3cret-word" },
    { name: "web", unit: "microvm@web.service", drift: ["it was not ready"] },
  );
  const { plugin } = pluginOn({ converge: () => Promise.reject(error) });
  const given = { name: "web", hostname: secret("s3cret-word"), credentials: secret({ password: "p4ssword" }) };
  for (const call of [
    plugin.create(createRequest("MicroVM", given)),
    plugin.update(updateRequest("MicroVM", { name: "web" }, given)),
  ]) {
    const failed = await caught(call);
    const message = "unable to create MicroVM web: it never said [secret]. [not-ready]";
    assert.equal(failed.details, message);
    const kept = keptBy(failed);
    assert.deepEqual(kept?.reasons, [message]);
    assert.equal(kept?.id, "web");
    assert.deepEqual(kept?.inputs, given);
    const { reference, ...properties } = kept?.properties ?? {};
    assert.deepEqual(properties, { ...given, unit: "microvm@web.service", drift: ["it was not ready"] });
    assert.equal((reference as Properties).unit, "microvm@web.service");
  }
});

test("what failed before anything was made keeps nothing", async () => {
  const refused = new MicrovmError({ code: "disk-full", verb: "create", subject: "Volume data", cause: "it is full" });
  const { plugin } = pluginOn({ converge: () => Promise.reject(refused) });
  const error = await caught(plugin.create(createRequest("Volume", { name: "data" })));
  assert.equal(error.details, "unable to create Volume data: it is full. [disk-full]");
  assert.equal(keptBy(error), undefined);
  const fault = pluginOn({ converge: () => Promise.reject(new TypeError("no such p4ssword")) });
  const given = { name: "data", credentials: { password: "p4ssword" } };
  const ours = await caught(fault.plugin.create(createRequest("Volume", given)));
  assert.equal(ours.details, "unable to create Volume data: no such [secret]");
});

test("the core sees plain values of its own, and nothing of Pulumi's", async () => {
  const seen: unknown[] = [];
  const { plugin } = pluginOn({
    converge: async (_kind, inputs, prior) => {
      seen.push(prior, inputs);
      return inputs;
    },
  });
  const olds = { name: "lan", nat: false, __provider: "stub", reference: { name: "lan" }, mtu: null };
  await plugin.update(updateRequest("Network", olds, { name: "lan", dns: secret(["192.0.2.1"]) }));
  assert.deepEqual(seen, [
    { name: "lan", nat: false },
    { name: "lan", dns: ["192.0.2.1"] },
  ]);
});

test("a preview's unknown values are Pulumi's, also in the reference that others take", async () => {
  const { plugin } = pluginOn({ expected: (_kind, inputs) => ({ ...inputs, path: UNKNOWN, drift: [] }) });
  const response = await plugin.create(createRequest("Volume", { name: "data" }, true));
  assert.equal(response.getId(), "");
  const { path, reference } = plain(response.getProperties());
  assert.equal(path, unknownMark);
  assert.deepEqual(reference, { name: "data", path: unknownMark });
});

test("progress passes on the resource's row, without secrets", async () => {
  const { plugin, told } = pluginOn({
    useAccess: () => {},
    converge: async (_kind, inputs, _prior, progress) => {
      progress("waiting for p4ssword and configured-word");
      return inputs;
    },
  });
  const request = new messages.ConfigureRequest();
  request.setArgs(struct({ password: secret("configured-word") }));
  await plugin.configure(request);
  await plugin.create(createRequest("Volume", { name: "data", credentials: { password: "p4ssword" } }));
  assert.deepEqual(told, [[urnOf("Volume", "data"), "waiting for [secret] and [secret]", "passing"]]);
});

test("what interrupts an object, and what a refresh found, is said once", async () => {
  const plan: Plan = {
    action: "update",
    changes: [
      { property: "memory", effect: "restart", reason: "memory changes, which takes a restart" },
      { property: "adopt", effect: "live", reason: "adopt changes" },
    ],
  };
  const state = { name: "web", drift: ["it is not running"] };
  const { plugin, told } = pluginOn({ diff: () => plan, read: async () => state });
  const request = new messages.DiffRequest();
  request.setUrn(urnOf("MicroVM", "web"));
  request.setOlds(struct({ name: "web", memory: 128 }));
  request.setNews(struct({ name: "web", memory: 256 }));
  await plugin.diff(request);
  await plugin.diff(request);
  await plugin.read(readRequest("MicroVM", "web", { name: "web" }));
  assert.deepEqual(
    told.map(([, ...sentence]) => sentence),
    [
      ["memory changes, which takes a restart", "lasting"],
      ["drift: it is not running", "lasting"],
    ],
  );
});

test("an object that is gone is an empty answer", async () => {
  const { plugin } = pluginOn({ read: async () => undefined, find: async () => undefined });
  for (const properties of [{ name: "web" }, {}]) {
    const response = await plugin.read(readRequest("MicroVM", "web", properties));
    assert.deepEqual([response.getId(), response.getProperties()], ["", undefined]);
  }
});

test("a refresh leaves the inputs alone, and what is secret one", async () => {
  const { plugin } = pluginOn({ read: async (_kind, state) => ({ ...state, bridge: "mv-lan", drift: [] }) });
  const inputs = { name: "lan", domain: secret("example.org") };
  const response = await plugin.read(readRequest("Network", "lan", { ...inputs, nat: true }, inputs));
  assert.deepEqual(plain(response.getInputs()), inputs);
  const { reference, ...properties } = plain(response.getProperties());
  assert.deepEqual(properties, { ...inputs, nat: true, bridge: "mv-lan", drift: [] });
  assert.equal((reference as Properties).bridge, "mv-lan");
});

test("a state that the dynamic form wrote stays one, until something of it changes", async () => {
  const { plugin } = pluginOn({ read: async (_kind, state) => state, converge: async (_kind, inputs) => inputs });
  const olds = { name: "lan", nat: true, __provider: "stub" };
  const refreshed = await plugin.read(readRequest("Network", "lan", olds));
  assert.deepEqual(plain(refreshed.getProperties()), olds);
  const updated = await plugin.update(updateRequest("Network", olds, { name: "lan", nat: false }));
  const { reference: _, ...properties } = plain(updated.getProperties());
  assert.deepEqual(properties, { name: "lan", nat: false });
});

test("an import tells a program what it would have to declare, and no more", async () => {
  const { host, size } = exampleInputs.Volume;
  const owner = "organization/project/dev::Volume::web";
  const state = { host, size, name: "web", owner, filesystem: "ext4", adopt: false, onDelete: "delete", path: "/p" };
  const { plugin, told } = pluginOn({ find: async () => ({ ...state, credentials: { password: "p" }, drift: [] }) });
  const response = await plugin.read(readRequest("Volume", "root@192.0.2.1/web", {}));
  assert.equal(response.getId(), "root@192.0.2.1/web");
  assert.deepEqual(plain(response.getInputs()), { host, size, onDelete: "delete" });
  const { reference: _, credentials, ...properties } = plain(response.getProperties());
  assert.deepEqual(properties, { ...state, drift: [] });
  assert.deepEqual(credentials, secret({ password: "p" }));
  assert.deepEqual(told, []);
});

test("an import asks for what is this program's, whatever its resource is called", async () => {
  const owners: unknown[] = [];
  const find = async (_kind: unknown, _id: string, { owner }: { owner?: string } = {}) => {
    owners.push(owner);
    return { name: "other", owner: "organization/project/dev::Volume::other" };
  };
  const { plugin } = pluginOn({ find });
  const response = await plugin.read(readRequest("Volume", "root@192.0.2.1/other", {}));
  assert.deepEqual(plain(response.getInputs()), { name: "other" });
  assert.deepEqual(owners, ["organization/project/dev::Volume::web"]);
});

test("what a program marks as secret is so in the reference as well", async () => {
  const { plugin } = pluginOn({ converge: async (_kind, inputs) => ({ ...inputs, path: "/p" }) });
  const response = await plugin.create(createRequest("Volume", { name: "web", filesystem: secret("ext4") }));
  const { reference, filesystem } = plain(response.getProperties()) as { reference: object; filesystem: unknown };
  assert.deepEqual(filesystem, secret("ext4"));
  assert.deepEqual(reference, { name: "web", path: "/p", filesystem: secret("ext4") });
});

test("every operation can be cancelled, and has the time that it is given", async () => {
  const signals: (AbortSignal | undefined)[] = [];
  const { plugin } = pluginOn({
    converge: async (_kind, inputs, _prior, _progress, signal) => {
      signals.push(signal);
      return inputs;
    },
    read: async (_kind, state, signal) => {
      signals.push(signal);
      return state;
    },
    find: async (_kind, _id, { signal } = {}) => {
      signals.push(signal);
      return { name: "web" };
    },
    remove: async (_kind, _state, signal) => void signals.push(signal),
    checkLookup: (_name, inputs) => ({ inputs, problems: [] }),
    lookUp: async (_name, _inputs, signal) => {
      signals.push(signal);
      return {};
    },
  });
  const timed = createRequest("Network", { name: "lan" });
  timed.setTimeout(3600);
  await plugin.create(timed);
  await plugin.update(updateRequest("Network", { name: "lan" }, { name: "lan" }));
  await plugin.read(readRequest("Network", "lan", { name: "lan" }));
  await plugin.read(readRequest("Network", "root@192.0.2.1/lan", {}));
  const gone = new messages.DeleteRequest();
  gone.setUrn(urnOf("Network", "lan"));
  await plugin.delete(gone);
  const asked = new messages.InvokeRequest();
  asked.setTok("microvm:index:getHostFacts");
  await plugin.invoke(asked);
  assert.deepEqual(
    signals.map((signal) => signal?.aborted),
    Array(6).fill(false),
  );
  await plugin.cancel();
  assert.deepEqual(
    signals.map((signal) => signal?.aborted),
    Array(6).fill(true),
  );
  timed.setTimeout(0.01);
  const { plugin: hasty } = pluginOn({
    converge: (_kind, _inputs, _prior, _progress, signal) =>
      new Promise((_, reject) => {
        const late = setTimeout(() => reject(new Error("nobody has ended it")), 5_000);
        signal?.addEventListener("abort", () => {
          clearTimeout(late);
          reject(signal.reason);
        });
      }),
  });
  assert.match((await caught(hasty.create(timed))).details, /took longer/);
});

test.run();
