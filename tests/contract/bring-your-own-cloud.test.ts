import * as assert from "node:assert/strict";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { suite } from "uvu";
import type { Kind } from "../../provider/generated/types";
import { check } from "../../provider/lifecycle";
import { UNKNOWN } from "../../provider/schema/unknown";
import { buildPackage } from "./provider-process";

/** The program that lets a cloud make its host, with the cloud replaced by what its provider would answer. */
const test = suite("bring your own cloud");
buildPackage();
const program = join(__dirname, "../../examples/bring-your-own-cloud/index.ts");

type Registered = Map<string, Record<string, unknown>>;

const privateKey = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbg==\n-----END OPENSSH PRIVATE KEY-----\n";
const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPublic\n";
/** What the providers of the cloud and of keys compute. */
const computed: Record<string, object> = {
  "tls:index/privateKey:PrivateKey": { privateKeyOpenssh: privateKey, publicKeyOpenssh: publicKey },
  "vultr:index/bareMetalServer:BareMetalServer": { mainIp: "203.0.113.10" },
};

/** Runs the program; a preview knows nothing of what the cloud has not made yet. */
async function run(preview: boolean): Promise<Registered> {
  const registered: Registered = new Map();
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        registered.set(`${type} ${name}`, inputs);
        return { id: preview ? undefined : `${name}-id`, state: { ...inputs, ...(preview ? {} : computed[type]) } };
      },
      call: () => ({ id: "2136" }),
    },
    "byoc",
    "dev",
    preview,
  );
  delete require.cache[require.resolve(program)];
  require(program);
  await pulumi.runtime.disconnect();
  return registered;
}

const secretMark = "4dabf18193072939515e22adb298388d";

/** What was registered of a resource, in the core's terms, and which of it is secret. */
function inputsOf(registered: Registered, kind: Kind, name: string) {
  const key = [...registered.keys()].find((one) => one.endsWith(`:${kind} ${name}`));
  const { __provider: _, ...inputs } = registered.get(key ?? "") as Record<string, unknown>;
  const secret: string[] = [];
  const plain = (value: unknown, path: string): unknown => {
    if (pulumi.isUnknown(value)) return UNKNOWN;
    if (Array.isArray(value)) return value.map((item, index) => plain(item, `${path}[${index}]`));
    if (value === null || typeof value !== "object") return value;
    if (secretMark in value) {
      secret.push(path);
      return plain((value as { value?: unknown }).value, path);
    }
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item, name)]));
  };
  return { inputs: plain(inputs, "") as Record<string, unknown>, secret };
}

test("the cloud's address and the key that was made for the machine reach the host, the key as a secret", async () => {
  const registered = await run(false);
  assert.deepEqual(registered.get("vultr:index/sSHKey:SSHKey key"), { sshKey: publicKey });
  assert.deepEqual(registered.get("vultr:index/bareMetalServer:BareMetalServer metal")?.sshKeyIds, ["key-id"]);
  const { inputs, secret } = inputsOf(registered, "Host", "metal");
  assert.equal(inputs.address, "203.0.113.10");
  assert.equal(inputs.privateKey, privateKey);
  assert.deepEqual(secret, ["privateKey"]);
  assert.deepEqual((await check("Host", inputs)).problems, []);
  assert.deepEqual(inputsOf(registered, "MicroVM", "web").inputs.credentials, { privateKey });
});

test("the host waits for a machine that still installs itself", async () => {
  const { inputs } = await check("Host", inputsOf(await run(false), "Host", "metal").inputs);
  assert.ok((inputs.deadlines as { boot: number }).boot >= 600);
});

test("a preview, which knows no address and no key, is accepted", async () => {
  const registered = await run(true);
  const { inputs } = inputsOf(registered, "Host", "metal");
  assert.equal(inputs.address, UNKNOWN);
  assert.equal(inputs.privateKey, UNKNOWN);
  for (const [kind, name] of [
    ["Host", "metal"],
    ["Vmm", "qemu"],
    ["Kernel", "linux"],
    ["RootfsImage", "debian"],
    ["Network", "lan"],
    ["MicroVM", "web"],
  ] as [Kind, string][])
    assert.deepEqual((await check(kind, inputsOf(registered, kind, name).inputs)).problems, [], kind);
});

test.run();
