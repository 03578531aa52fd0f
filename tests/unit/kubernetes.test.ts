import * as assert from "node:assert/strict";
import { Provider } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { RuntimeClass as RuntimeClassModel } from "kubernetes-models/node.k8s.io/v1";
import { Node as NodeModel } from "kubernetes-models/v1";
import { suite } from "uvu";
import { check } from "../../provider/lifecycle";
import { UNKNOWN } from "../../provider/schema/unknown";
import { kubernetes } from "../../sdk";
import { collect, labelsOf } from "../../sdk/kubernetes/sources";

const { RuntimeClasses } = kubernetes;

interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
  provider?: string;
}

let registered: Registered[] = [];
const said: string[] = [];

// What fails in a program fails in everything that is made of it, and Pulumi ends the program with it. Here it is looked
// for where it comes from.
const failures: string[] = [];
process.on("unhandledRejection", (error) => failures.push(String(error)));

/** Stands for a resource of a host that this run creates: its classes are known after it, as `KataRuntime`'s are. */
class Runtime extends pulumi.CustomResource {
  declare readonly runtimeClasses: pulumi.Output<kubernetes.RuntimeClass[]>;

  constructor(name: string, runtimeClasses: kubernetes.RuntimeClass[]) {
    super("pulumi-nodejs:dynamic/microvm:KataRuntime", name, { declared: runtimeClasses, runtimeClasses: undefined });
  }
}

async function world(preview: boolean): Promise<void> {
  registered = [];
  said.length = 0;
  failures.length = 0;
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, provider }) => {
        registered.push({ type, name, inputs, provider });
        const { declared, ...state } = inputs;
        return { id: name, state: preview || !declared ? state : { ...state, runtimeClasses: declared } };
      },
      call: () => ({}),
    },
    "shop",
    "dev",
    preview,
  );
}

/** What was registered, once all that is known has been awaited. */
async function made(...outputs: pulumi.Output<unknown>[]): Promise<Registered[]> {
  await Promise.all(outputs.map(settled));
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  return registered;
}

/** By name, since they are registered in no order. */
const ofKind = (kind: string) =>
  registered.filter(({ type }) => type.endsWith(`:${kind}`)).sort((a, b) => a.name.localeCompare(b.name));

/** The manifests of a kind, each valid by the schema of Kubernetes' own API. */
function manifests(kind: "RuntimeClass" | "NodePatch"): Record<string, unknown>[] {
  return ofKind(kind).map(({ inputs }) => {
    validated(inputs);
    return inputs;
  });
}

function validated(manifest: Record<string, unknown>): void {
  const Schema = (manifest.kind === "RuntimeClass" ? RuntimeClassModel : NodeModel) as unknown as new (
    json: object,
  ) => { validate(): void };
  new Schema(manifest).validate();
}

const gvisor = { name: "gvisor", handler: "gvisor", nodeSelector: { "microvm.dev/gvisor": "true" } };
const clh = {
  name: "kata-clh",
  handler: "kata-clh",
  overhead: { memory: "130Mi", cpu: "250m" },
  nodeSelector: { "microvm.dev/kata-clh": "true" },
};

const test = suite("kubernetes.RuntimeClasses");
test.before.each(() => world(false));

test("creates a class for each handler, as the API of Kubernetes takes it", async () => {
  const classes = new RuntimeClasses("sandboxes", { runtimeClasses: [gvisor, clh], labels: { team: "platform" } });
  await made(classes.names);
  assert.deepEqual(manifests("RuntimeClass"), [
    {
      apiVersion: "node.k8s.io/v1",
      kind: "RuntimeClass",
      metadata: { name: "gvisor", labels: { team: "platform" } },
      handler: "gvisor",
      scheduling: { nodeSelector: { "microvm.dev/gvisor": "true" } },
    },
    {
      apiVersion: "node.k8s.io/v1",
      kind: "RuntimeClass",
      metadata: { name: "kata-clh", labels: { team: "platform" } },
      handler: "kata-clh",
      overhead: { podFixed: { memory: "130Mi", cpu: "250m" } },
      scheduling: { nodeSelector: { "microvm.dev/kata-clh": "true" } },
    },
  ]);
  assert.deepEqual(
    ofKind("RuntimeClass").map(({ name }) => name),
    ["sandboxes-gvisor", "sandboxes-kata-clh"],
  );
});

test("the schema of the API is one that refuses what is wrong", () => {
  const manifest = { apiVersion: "node.k8s.io/v1", kind: "RuntimeClass", metadata: { name: "a" }, handler: "a" };
  validated(manifest);
  for (const wrong of [
    { handler: undefined },
    { overhead: { podFixed: { memory: "much" } } },
    { scheduling: { nodeSelector: { kata: true } } },
  ]) {
    assert.throws(() => validated({ ...manifest, ...wrong }), /handler|quantity|string/);
  }
  assert.throws(() => validated({ apiVersion: "v1", kind: "Node", metadata: { labels: { a: 1 } } }), /must be string/);
});

test("takes resources, their outputs and plain classes, and what hosts say alike only once", async () => {
  const [one, two] = [new Runtime("kata-1", [clh]), new Runtime("kata-2", [{ ...clh }])];
  const classes = new RuntimeClasses("mixed", {
    runtimeClasses: [one, two.runtimeClasses, gvisor, pulumi.output([gvisor]), Promise.resolve(one)],
  });
  await made(classes.names);
  assert.deepEqual(
    manifests("RuntimeClass").map(({ handler }) => handler),
    ["gvisor", "kata-clh"],
  );
  assert.deepEqual(await settled(classes.names), ["kata-clh", "gvisor"]);
  const single = new RuntimeClasses("single", { runtimeClasses: new Runtime("kata-3", [clh]) });
  assert.deepEqual(await settled(single.names), ["kata-clh"]);
});

test("what hosts say differently is an error that names both", async () => {
  const heavier = new Runtime("kata-2", [{ ...clh, overhead: { memory: "320Mi", cpu: "250m" } }]);
  const classes = new RuntimeClasses("conflict", { runtimeClasses: [new Runtime("kata-1", [clh]), heavier] });
  await assert.rejects(
    settled(classes.names),
    /unable to create RuntimeClass kata-clh: KataRuntime kata-1 \(.*"130Mi".*\) and KataRuntime kata-2 \(.*"320Mi".*\) do not agree on its overhead/,
  );
  assert.deepEqual(ofKind("RuntimeClass"), []);
  const plain = new RuntimeClasses("plain", { runtimeClasses: [gvisor, { name: "gvisor", handler: "runsc" }] });
  await assert.rejects(
    settled(plain.names),
    /runtimeClasses\[0\] \("gvisor"\) and runtimeClasses\[1\] \("runsc"\) do not agree on its handler/,
  );
});

test("something that has no classes is refused", async () => {
  const wrong = [{ name: "gvisor" }] as unknown as kubernetes.RuntimeClass[];
  await assert.rejects(
    settled(new RuntimeClasses("wrong", { runtimeClasses: wrong }).names),
    /runtimeClasses\[0\] must be a RuntimeClass or a resource that has/,
  );
});

test("labels the nodes of a list for every class, however their names come", async () => {
  const nodes = ["worker-1", pulumi.output("worker-2")];
  const classes = new RuntimeClasses("listed", { runtimeClasses: [gvisor, clh], nodes });
  await made(classes.names);
  const labels = { "microvm.dev/gvisor": "true", "microvm.dev/kata-clh": "true" };
  assert.deepEqual(manifests("NodePatch"), [
    { apiVersion: "v1", kind: "Node", metadata: { name: "worker-1", labels } },
    { apiVersion: "v1", kind: "Node", metadata: { name: "worker-2", labels } },
  ]);
  new RuntimeClasses("output", { runtimeClasses: gvisor, nodes: pulumi.output(["worker-3"]) });
  await made();
  assert.deepEqual(manifests("NodePatch")[2]?.metadata, { name: "worker-3", labels: { "microvm.dev/gvisor": "true" } });
});

test("labels each node for what it has, where that is said, and creates all of it", async () => {
  const classes = new RuntimeClasses("per-node", {
    nodes: { "worker-1": [gvisor, new Runtime("kata-1", [clh])], "worker-2": gvisor },
  });
  await made(classes.names);
  assert.deepEqual(
    manifests("NodePatch").map(({ metadata }) => metadata),
    [
      { name: "worker-1", labels: { "microvm.dev/gvisor": "true", "microvm.dev/kata-clh": "true" } },
      { name: "worker-2", labels: { "microvm.dev/gvisor": "true" } },
    ],
  );
  assert.deepEqual(await settled(classes.names), ["gvisor", "kata-clh"]);
});

test("two classes that want different values of a node's label are an error", () => {
  const other = { name: "kata-fc", handler: "kata-fc", nodeSelector: { "microvm.dev/gvisor": "no" } };
  assert.throws(
    () => labelsOf("worker-1", [gvisor, other]),
    /unable to label node worker-1: RuntimeClass gvisor wants microvm.dev\/gvisor=true, and RuntimeClass kata-fc microvm.dev\/gvisor=no/,
  );
});

test("only the classes that are named, and none that no host has", async () => {
  const two = [gvisor, clh];
  const classes = new RuntimeClasses("some", { runtimeClasses: two, names: ["kata-clh"], nodes: ["worker-1"] });
  await made(classes.names);
  assert.deepEqual(
    manifests("RuntimeClass").map(({ handler }) => handler),
    ["kata-clh"],
  );
  assert.deepEqual(manifests("NodePatch")[0]?.metadata, {
    name: "worker-1",
    labels: { "microvm.dev/kata-clh": "true" },
  });
  new RuntimeClasses("none", { runtimeClasses: two, names: ["kata-fc"] });
  await made();
  assert.match(failures.join("\n"), /unable to use RuntimeClass kata-fc: the hosts have only gvisor, kata-clh/);
});

test("gives the name of a class once it is there, and depends on it", async () => {
  const classes = new RuntimeClasses("named", { runtimeClasses: [gvisor] });
  const name = classes.runtimeClassName("gvisor");
  assert.equal(await settled(name), "gvisor");
  assert.match((await dependencies(name)).join(), /RuntimeClass::named-gvisor/);
  await assert.rejects(
    settled(classes.runtimeClassName("kata")),
    /unable to use RuntimeClass kata: the hosts have only/,
  );
});

test("a class depends on the runtimes that it is of, and so goes before them", async () => {
  const runtimes = [new Runtime("kata-1", [clh]), new Runtime("kata-2", [clh])];
  assert.match((await dependencies(collect(runtimes, "runtimeClasses"))).join(), /::kata-1,.*::kata-2$/);
});

test("all of it goes to the cluster of the component's provider", async () => {
  const provider = new Provider("staging", { context: "staging" });
  const classes = new RuntimeClasses("there", { runtimeClasses: [gvisor], nodes: ["worker-1"] }, { provider });
  await made(classes.names);
  for (const kind of ["RuntimeClass", "NodePatch"]) {
    assert.match(ofKind(kind)[0]?.provider ?? "", /^urn:pulumi:dev::shop::.*pulumi:providers:kubernetes::staging::/);
  }
});

/** What Pulumi would make or remove in order with a resource that is given this. */
async function dependencies(output: pulumi.Output<unknown>): Promise<string[]> {
  await settled(output);
  const all = await (output as unknown as { allResources(): Promise<Set<pulumi.Resource>> }).allResources();
  return (await Promise.all([...all].map(({ urn }) => settled(urn)))).sort();
}

async function settled<T>(output: pulumi.Output<T>): Promise<T> {
  return (output as unknown as { promise(): Promise<T> }).promise();
}

test.run();

const previews = suite("kubernetes.RuntimeClasses at preview");
const info = pulumi.log.info;
previews.before.each(async () => {
  await world(true);
  (pulumi.log as { info: unknown }).info = async (message: string) => said.push(message);
});
previews.after(() => {
  (pulumi.log as { info: unknown }).info = info;
});

previews("classes that are not known yet are not shown, and that is said", async () => {
  const classes = new RuntimeClasses("later", { runtimeClasses: [gvisor, new Runtime("kata-1", [clh])] });
  await made(classes.names);
  assert.deepEqual(ofKind("RuntimeClass"), []);
  assert.equal(said.length, 1);
  assert.match(said[0] ?? "", /known after the runtimes are set up: this preview leaves them out\. Give `names`/);
});

previews(
  "those that are named are shown, with what is not known yet left open; nodes with their names too",
  async () => {
    const names = ["kata-clh"];
    const classes = new RuntimeClasses("named", {
      runtimeClasses: new Runtime("kata-1", [clh]),
      names,
      nodes: ["worker-1"],
    });
    await made(classes.names);
    assert.deepEqual(ofKind("RuntimeClass")[0]?.inputs.metadata, { name: "kata-clh" });
    assert.equal(ofKind("NodePatch")[0]?.name, "named-worker-1");
    assert.deepEqual(said, []);
  },
);

previews("those that are known are shown", async () => {
  await made(new RuntimeClasses("known", { runtimeClasses: [gvisor], nodes: ["worker-1"] }).names);
  assert.equal(manifests("RuntimeClass").length, 1);
  assert.equal(manifests("NodePatch").length, 1);
  assert.deepEqual(said, []);
});

previews.run();

const outputs = suite("runtimeClasses of GVisor");
const host = { name: "metal-1", machineId: "m1", connection: { address: "203.0.113.10" } };

outputs("follow from the handler, before anything is done", async () => {
  for (const [given, handler] of [
    [{}, "gvisor"],
    [{ handler: "gvisor-kvm" }, "gvisor-kvm"],
  ] as const) {
    const { inputs, problems } = await check("GVisor", { name: "g", host, ...given });
    assert.deepEqual(problems, []);
    assert.deepEqual(inputs.runtimeClasses, [
      { name: handler, handler, nodeSelector: { [`microvm.dev/${handler}`]: "true" } },
    ]);
  }
});

outputs("are not known before the handler is", async () => {
  const { inputs } = await check("GVisor", { name: "g", host, handler: UNKNOWN });
  assert.equal(inputs.runtimeClasses, undefined);
});

outputs.run();
