import * as assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { RuntimeClass as RuntimeClassModel } from "kubernetes-models/node.k8s.io/v1";
import { Node as NodeModel, Pod as PodModel } from "kubernetes-models/v1";
import { suite } from "uvu";
import { check } from "../../provider/lifecycle";
import { buildPackage } from "./provider-process";

const root = join(__dirname, "../..");
buildPackage();

const without = suite("without @pulumi/kubernetes");
let program: string;

/** A program that has the package as it is published, what that depends on, and not the optional peer. */
without.before(() => {
  program = mkdtempSync(join(tmpdir(), "microvm-no-peer-"));
  const modules = join(program, "node_modules");
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  for (const name of ["package.json", "dist"]) {
    cpSync(join(root, name), join(modules, "pulumi-microvm", name), { recursive: true });
  }
});
without.after(() => rmSync(program, { recursive: true, force: true }));

without("the package loads, and only a RuntimeClasses says what to install", () => {
  const text = `
    const microvm = require("pulumi-microvm");
    if (typeof microvm.Host !== "function") throw new Error("no Host");
    try {
      new microvm.kubernetes.RuntimeClasses("sandboxes", { runtimeClasses: [] });
    } catch (error) {
      console.log(error.code + ": " + error.message);
    }`;
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", text], { cwd: program, encoding: "utf8" });
  assert.equal(stderr, "");
  assert.equal(
    stdout,
    "package-not-installed: unable to create RuntimeClasses sandboxes: the package @pulumi/kubernetes is not installed in this program. Run `npm install @pulumi/kubernetes@4`.\n",
  );
});

without("its types need it no more than its code does", () => {
  const types = readdirSync(join(root, "dist/sdk"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.startsWith("kubernetes") && path.endsWith(".d.ts"))
    // Not exported from the package.
    .filter((path) => !/(manifests|peer)\.d\.ts$/.test(path));
  assert.ok(types.length > 1);
  for (const path of types) {
    const text = readFileSync(join(root, "dist/sdk", path), "utf8");
    assert.doesNotMatch(text, /(from|import\() ?"@pulumi\/kubernetes|"\.\/(manifests|peer)"/, path);
  }
});

without.run();

const example = suite("the kubernetes-runtime-classes program");
const registered: { type: string; name: string; inputs: Record<string, unknown> }[] = [];

example("joins hosts, runtimes, classes, labels of nodes and a pod", async () => {
  await pulumi.runtime.setMocks(
    {
      newResource: async ({ type, name, inputs }) => {
        registered.push({ type, name, inputs });
        const kind = type.match(/^pulumi-nodejs:dynamic\/microvm:(\w+)$/)?.[1];
        if (!kind) return { id: name, state: inputs };
        const { __provider: _, ...own } = inputs;
        // What the provider's check makes of it; and as if a host had answered.
        const reached = { machineId: "m", connection: { address: "203.0.113.11" }, version: "1.7.24", dropIn: "/d" };
        const checked = await check(kind as "GVisor", own);
        assert.deepEqual(checked.problems, [], `${kind} ${name}`);
        return { id: name, state: { ...checked.inputs, ...reached } };
      },
      call: () => ({}),
    },
    "kubernetes-runtime-classes",
    "dev",
  );
  const nodes = { "worker-1": { address: "203.0.113.11" }, "worker-2": { address: "203.0.113.12", user: "admin" } };
  pulumi.runtime.setAllConfig({ "kubernetes-runtime-classes:nodes": JSON.stringify(nodes) });
  const { runtimeClasses } = require("../../examples/kubernetes-runtime-classes") as {
    runtimeClasses: pulumi.Output<string[]>;
  };
  const names = await new Promise<string[]>((resolve) => runtimeClasses.apply(resolve));
  assert.deepEqual(names, ["gvisor"]);
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));

  const of = (kind: string) =>
    registered
      .filter(({ type }) => type.endsWith(`:${kind}`))
      .sort((a, b) => a.name.localeCompare(b.name))
      .map(({ inputs }) => inputs as Record<string, Record<string, never>>);
  assert.equal(of("GVisor").length, 2);
  const [gvisor] = of("RuntimeClass");
  assert.deepEqual(gvisor?.scheduling, { nodeSelector: { "microvm.dev/gvisor": "true" } });
  new RuntimeClassModel(gvisor as never).validate();
  assert.equal(of("RuntimeClass").length, 1);
  assert.deepEqual(
    of("NodePatch").map(({ metadata }) => metadata),
    ["worker-1", "worker-2"].map((name) => ({ name, labels: { "microvm.dev/gvisor": "true" } })),
  );
  for (const patch of of("NodePatch")) new NodeModel(patch as never).validate();
  const [pod] = of("Pod");
  assert.equal(pod?.spec?.runtimeClassName, "gvisor");
  new PodModel(pod as never).validate();
});

example.run();
