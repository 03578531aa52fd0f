import * as assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { suite } from "uvu";
import { schemas } from "../../provider/generated/schemas";
import type { Kind } from "../../provider/generated/types";
import type * as Sdk from "../../sdk";
import { exampleInputs } from "./example-inputs";
import { buildPackage } from "./provider-process";

const test = suite("resource classes");
buildPackage();
// As a program has it: the package that is built, by its name.
const microvm = require("pulumi-microvm") as typeof Sdk;

interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}
// How a secret looks on its way to the engine.
const secretMark = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const registered = new Map<string, Registered>();

pulumi.runtime.setMocks(
  {
    newResource: ({ type, name, inputs }) => {
      registered.set(name, { type, name, inputs });
      const state = {
        ...inputs,
        machineId: `id-of-${name}`,
        connection: { address: "203.0.113.10" },
        digest: `digest-of-${name}`,
      };
      return { id: name, state };
    },
    call: () => ({}),
  },
  "shop",
  "dev",
);

/** What was registered, once everything that it depends on is known. */
async function registration(
  resource: pulumi.Resource & { urn: pulumi.Output<string> },
  name: string,
): Promise<Registered> {
  await new Promise((resolve) => resource.urn.apply(resolve));
  return registered.get(name) as Registered;
}

/** Does it as a stack with this configuration would. */
async function inForm<T>(form: string, work: () => Promise<T>): Promise<T> {
  pulumi.runtime.setAllConfig({ "microvm:form": form });
  try {
    return await work();
  } finally {
    pulumi.runtime.setAllConfig({});
  }
}

async function settled<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply((value) => resolve(value as T)));
}

test("every kind has its class", () => {
  for (const kind of Object.keys(schemas) as Kind[]) assert.equal(typeof microvm[kind], "function", kind);
});

for (const [kind, inputs] of Object.entries(exampleInputs) as [Kind, Record<string, unknown>][]) {
  test(`${kind}: has its type, its name, its owner, and a small stub`, async () => {
    const { owner: _, name: __, ...args } = inputs;
    const Class = microvm[kind] as unknown as new (name: string, args: object) => Sdk.MicrovmResource;
    const { type, inputs: sent } = await registration(
      new Class(`my-${kind.toLowerCase()}`, args),
      `my-${kind.toLowerCase()}`,
    );
    assert.equal(type, `pulumi-nodejs:dynamic/microvm:${kind}`);
    assert.equal(sent.name, `my-${kind.toLowerCase()}`);
    assert.match(sent.owner as string, new RegExp(`^organization/shop/dev::${kind}::my-${kind.toLowerCase()}$`));
    assert.ok((sent.__provider as string).length < 300, `${(sent.__provider as string).length} bytes`);
    const handler = new Function("exports", "require", `${sent.__provider}; return exports.handler();`);
    const calls: unknown[] = [];
    const provider = handler({}, (path: string) => ({ dispatch: (...args: unknown[]) => calls.push([path, ...args]) }));
    provider.diff("id", { a: 1 }, { b: 2 });
    assert.deepEqual(calls, [["pulumi-microvm/runtime", kind, "diff", "id", { a: 1 }, { b: 2 }]]);
  });
}

for (const [kind, inputs] of Object.entries(exampleInputs) as [Kind, Record<string, unknown>][]) {
  test(`${kind}: in the plugin form has the plugin's type, and the same inputs without a stub`, async () => {
    const { owner: _, name: __, ...args } = inputs;
    const Class = microvm[kind] as unknown as new (name: string, args: object) => Sdk.MicrovmResource;
    const name = `both-${kind.toLowerCase()}`;
    const { inputs: dynamic } = await registration(new Class(name, args), name);
    const { type, inputs: sent } = await inForm("plugin", () => registration(new Class(name, args), name));
    assert.equal(type, `microvm:index:${kind}`);
    const { __provider, ...rest } = dynamic;
    assert.equal(typeof __provider, "string");
    assert.deepEqual(sent, rest);
  });

  test(`${kind}: one that exists is read by its id alone, in the plugin form`, async () => {
    const Class = microvm[kind] as unknown as { get(name: string, id: string): Sdk.MicrovmResource };
    assert.throws(() => Class.get("there", "root@203.0.113.10/there"), /microvm:form plugin/);
    const { type, inputs: sent } = await inForm("plugin", () =>
      registration(Class.get(`there-${kind}`, "root@203.0.113.10/there"), `there-${kind}`),
    );
    assert.equal(type, `microvm:index:${kind}`);
    assert.deepEqual(sent, {});
  });
}

test("a form that there is not is refused by name", async () => {
  await inForm("native", async () => {
    assert.throws(() => new microvm.Host("metal-13", { address: "203.0.113.10" }), /dynamic.*plugin.*"native"/);
  });
});

test("an import and a provider of one's own take the plugin form", async () => {
  const host = () => new microvm.Host("metal-14", { address: "203.0.113.10" }, { import: "root@203.0.113.10" });
  assert.throws(host, /microvm:form plugin/);
  assert.throws(() => new microvm.Provider("mine", { password: "s3cret" }), /microvm:form plugin/);
  await inForm("plugin", async () => {
    const { type, inputs } = await registration(new microvm.Provider("mine", { password: "s3cret" }), "mine");
    assert.equal(type, "pulumi:providers:microvm");
    assert.equal((inputs.password as Record<string, unknown>)[secretMark], secretSignature);
  });
});

test("a resource given to another becomes its reference", async () => {
  const host = new microvm.Host("metal-7", { address: "203.0.113.10" });
  const network = new microvm.Network("lan-7", { host, cidr: "172.30.0.0/24" });
  const kernel = new microvm.Kernel("linux-7", { host, source: { distribution: "default" } });
  const vm = new microvm.MicroVM("web-7", {
    host: pulumi.output(host),
    vmm: {
      name: "qemu",
      kind: "qemu",
      path: "/usr/bin/qemu",
      jailerPath: "",
      digest: "",
      jailerDigest: "",
      installedVersion: "7.2",
    },
    kernel,
    rootfs: Promise.resolve(new microvm.RootfsImage("debian-7", { host, source: { debian: { suite: "bookworm" } } })),
    interfaces: pulumi.output([{ network }]),
  });
  const { inputs } = await registration(vm, "web-7");
  const expected = { name: "metal-7", machineId: "id-of-metal-7", connection: { address: "203.0.113.10" } };
  assert.deepEqual(inputs.host, expected);
  assert.deepEqual((inputs.kernel as Record<string, unknown>).digest, "digest-of-linux-7");
  assert.deepEqual((inputs.rootfs as Record<string, unknown>).digest, "digest-of-debian-7");
  const [first] = inputs.interfaces as { network: Record<string, unknown> }[];
  assert.equal(first?.network.name, "lan-7");
  assert.equal(first?.network.cidr, "172.30.0.0/24");
  assert.equal(await settled(vm.name), "web-7");
});

test("a clone is given what comes from its snapshot, and what its program says of it", async () => {
  const host = new microvm.Host("metal-11", { address: "203.0.113.10" });
  const network = new microvm.Network("lan-11", { host, cidr: "172.30.0.0/24" });
  const guest = {
    machine: "q35" as const,
    accelerator: "kvm" as const,
    vcpus: 2,
    memory: 512,
    balloon: 64,
    rootDisk: { mode: "copy" as const, size: 2048 },
    interfaces: [{ mac: "02:00:00:00:00:01", address: "172.30.0.2", gateway: "172.30.0.1" }],
    volumes: [],
    sshHostKey: "",
  };
  const { vmm, kernel, rootfs } = exampleInputs.MicroVM as unknown as Sdk.SnapshotReference;
  const snapshot = { name: "warm", digest: "d", path: "/var/lib/microvm/snapshots/warm", vmm, kernel, rootfs, guest };
  const clone = microvm.MicroVM.fromSnapshot("clone-11", { host, snapshot, interfaces: [{ network }], balloon: 32 });
  const { type, inputs } = await registration(clone, "clone-11");
  assert.equal(type, "pulumi-nodejs:dynamic/microvm:MicroVM");
  assert.deepEqual(inputs.snapshot, snapshot);
  assert.deepEqual(inputs.vmm, vmm);
  assert.deepEqual(inputs.rootDisk, guest.rootDisk);
  const { machine, vcpus, memory, balloon, maxVcpus } = inputs;
  assert.deepEqual(
    { machine, vcpus, memory, balloon, maxVcpus },
    {
      machine: "q35",
      vcpus: 2,
      memory: 512,
      balloon: 32,
      maxVcpus: undefined,
    },
  );
});

test("a clone of a snapshot of which a limited run knows nothing is nothing to fail at", async () => {
  const host = new microvm.Host("metal-12", { address: "203.0.113.10" });
  const snapshot = new microvm.Snapshot("unknown-12", {
    host,
    microVM: { name: "web", ipAddress: "", unit: "microvm@web.service" },
  });
  const { inputs } = await registration(microvm.MicroVM.fromSnapshot("clone-12", { host, snapshot }), "clone-12");
  assert.equal(inputs.memory, undefined);
  assert.equal((inputs.snapshot as Record<string, unknown>).digest, "digest-of-unknown-12");
});

test("a resource of the wrong kind is refused by name", () => {
  const host = new microvm.Host("metal-8", { address: "203.0.113.10" });
  const wrong = new microvm.Network("lan-8", { host, cidr: "172.30.0.0/24" }) as unknown as Sdk.Host;
  assert.throws(() => new microvm.Vmm("qemu-8", { host: wrong, kind: "qemu" }), /host must be a Host, not a Network/);
});

test("what logs in is a secret, and goes where the host goes", async () => {
  const host = new microvm.Host("metal-9", {
    address: "203.0.113.10",
    password: "s3cret",
    privateKey: pulumi.output("key"),
  });
  assert.ok(await pulumi.isSecret(host.password as pulumi.Output<unknown>));
  assert.ok(await pulumi.isSecret(host.privateKey as pulumi.Output<unknown>));
  assert.ok(!(await pulumi.isSecret(host.address)));
  for (const given of [host, pulumi.output(host)]) {
    const name = given === host ? "qemu-9" : "qemu-9b";
    const vmm = new microvm.Vmm(name, { host: given, kind: "qemu" });
    const { inputs } = await registration(vmm, name);
    const { [secretMark]: mark, value } = inputs.credentials as Record<string, unknown>;
    assert.equal(mark, secretSignature);
    assert.deepEqual(value, { privateKey: "key", password: "s3cret" });
    assert.ok(await pulumi.isSecret((vmm as unknown as { credentials: pulumi.Output<unknown> }).credentials));
    assert.ok(!JSON.stringify(inputs.host).includes("s3cret"));
  }
});

test("without anything to log in with there is no secret in the state at all", async () => {
  const host = new microvm.Host("metal-10", { address: "203.0.113.10" });
  const { inputs } = await registration(new microvm.Vmm("qemu-10", { host, kind: "qemu" }), "qemu-10");
  assert.ok(!("credentials" in inputs));
});

test("a name that is given stays, and the owner is the resource's", async () => {
  const host = new microvm.Host("metal-11", { address: "203.0.113.10", name: "rack-3" });
  const { inputs } = await registration(host, "metal-11");
  assert.equal(inputs.name, "rack-3");
  assert.match(inputs.owner as string, /::Host::metal-11$/);
});

test.run();
