import * as assert from "node:assert/strict";
import { test } from "uvu";
import { schemas } from "../../provider/generated/schemas";
import type { Kind } from "../../provider/generated/types";
import { UNKNOWN } from "../../provider/schema/unknown";
import { validate } from "../../provider/schema/validate";

const host = { name: "metal-1", machineId: "m1", connection: { address: "203.0.113.10" } };
const network = { name: "lan", cidr: "172.30.0.0/24", bridge: "mv-lan" };
const valid: Record<Kind, Record<string, unknown>> = {
  Host: {
    name: "metal-1",
    address: "203.0.113.10",
    user: "root",
    sysctls: { "vm.swappiness": "1" },
    packages: ["curl"],
  },
  Vmm: { name: "qemu", host, kind: "qemu" },
  Kernel: { name: "linux", host, source: { distribution: "default" } },
  RootfsImage: { name: "debian", host, source: { debian: { suite: "bookworm", packages: ["openssh-server"] } } },
  Network: { name: "lan", host, cidr: "172.30.0.0/24" },
  Volume: { name: "data", host, size: 64 },
  MicroVM: {
    name: "web",
    host,
    vmm: { name: "qemu", kind: "qemu", path: "/usr/bin/qemu-system-x86_64" },
    kernel: { name: "linux", digest: "k", initramfsDigest: "i" },
    rootfs: { name: "debian", digest: "r" },
    interfaces: [{ network, address: "172.30.0.5" }],
    ready: { tcp: 22 },
  },
  Snapshot: { name: "warm", host, microVM: { name: "web" } },
  GVisor: { name: "gvisor", host },
  Container: {
    name: "web",
    host,
    engine: { name: "containerd", kind: "containerd" },
    image: { reference: "docker.io/library/nginx:1.27" },
    handler: "runc",
  },
  ContainerEngine: { name: "containerd", host, kind: "containerd" },
  KataRuntime: { name: "kata", host, version: "4.1.0", handlers: [{ name: "kata-clh", vmm: "clh" }] },
};

const table: [Kind, string, object, string, string][] = [
  ["MicroVM", "wrong type", { memory: "much" }, "memory", 'must be a whole number, not "much"'],
  ["MicroVM", "out of range", { memory: 3 }, "memory", "must be 64 to 4194304 MiB, not 3"],
  ["MicroVM", "not one of a list", { machine: "pc" }, "machine", 'must be one of "microvm", "q35", not "pc"'],
  ["MicroVM", "mistyped property", { memroy: 64 }, "memroy", "is not a property here; did you mean `memory`?"],
  [
    "MicroVM",
    "shell metacharacters",
    { name: "a;reboot" },
    "name",
    'must be lower-case letters, digits and inner hyphens, such as `web-1`, not "a;reboot"',
  ],
  ["MicroVM", "long name", { name: "a".repeat(300) }, "name", "must have at most 40 characters, not 300"],
  [
    "MicroVM",
    "nested in a list",
    { interfaces: [{ network }, { network, address: "foo" }] },
    "interfaces[1].address",
    'must be an IPv4 address such as `172.30.0.5`, not "foo"',
  ],
  [
    "MicroVM",
    "nested and mistyped",
    { interfaces: [{ network, adress: "172.30.0.5" }] },
    "interfaces[0].adress",
    "is not a property here; did you mean `address`?",
  ],
  [
    "MicroVM",
    "two ways to be ready",
    { ready: { tcp: 22, ssh: true } },
    "ready",
    "takes at most one of `tcp`, `ssh`, `serial`, not `tcp` and `ssh`",
  ],
  ["MicroVM", "text for a resource", { vmm: "qemu" }, "vmm", 'must be a Vmm, not "qemu"'],
  ["MicroVM", "another object", { vmm: { name: "qemu", path: "/q" } }, "vmm", "must be a Vmm; this has no `kind`"],
  ["Kernel", "no source", { source: {} }, "source", "needs exactly one of `file`, `url`, `distribution`"],
  [
    "Kernel",
    "two sources",
    { source: { file: "a", distribution: "default" } },
    "source",
    "needs exactly one of `file`, `url`, `distribution`, not `file` and `distribution`",
  ],
  [
    "Host",
    "entry given twice",
    { packages: ["curl", "curl"] },
    "packages",
    "entries 1 and 0 are the same; give each once",
  ],
  [
    "Host",
    "a key that is none",
    { sysctls: { swappiness: "1" } },
    'sysctls["swappiness"]',
    "the key must be a kernel parameter such as `vm.swappiness`",
  ],
  ["Host", "a value of a key", { sysctls: { "vm.swappiness": 1 } }, 'sysctls["vm.swappiness"]', "must be text, not 1"],
  [
    "Host",
    "no time at all",
    { deadlines: { dial: 0 } },
    "deadlines.dial",
    "must be more than 0 and at most 3600 s, not 0",
  ],
  [
    "Network",
    "not a network",
    { cidr: "172.30.0.0" },
    "cidr",
    'must be an IPv4 network of /8 to /30, such as `172.30.0.0/24`, not "172.30.0.0"',
  ],
];

for (const [kind, inputs] of Object.entries(valid) as [Kind, Record<string, unknown>][]) {
  test(`${kind}: right inputs have no problem`, () => assert.deepEqual(validate(kind, inputs), []));

  test(`${kind}: all that is missing is named at once`, () => {
    const named = validate(kind, {}).map(({ property }) => property);
    assert.deepEqual(named.sort(), [...schemas[kind].required].sort());
  });

  test(`${kind}: unknown values are not judged, wherever they stand`, () => {
    for (const name of Object.keys(schemas[kind].inputs)) {
      assert.deepEqual(validate(kind, { ...inputs, [name]: UNKNOWN }), [], name);
    }
    for (const holed of holes(inputs)) assert.deepEqual(validate(kind, holed as Record<string, unknown>), []);
  });
}

for (const [kind, name, more, property, reason] of table) {
  test(`${kind}: ${name}`, () => {
    assert.deepEqual(validate(kind, { ...valid[kind], ...more }), [{ property, reason }]);
  });
}

test("all problems are told at once", () => {
  const problems = validate("MicroVM", {
    ...valid.MicroVM,
    vcpus: 0,
    memory: 1,
    machine: "pc",
    files: [{ path: "x" }],
  });
  assert.deepEqual(problems.map(({ property }) => property).sort(), [
    "files[0].content",
    "files[0].path",
    "machine",
    "memory",
    "vcpus",
  ]);
});

test("what is wrong beside something unknown is still told", () => {
  const problems = validate("MicroVM", {
    ...valid.MicroVM,
    memory: 1,
    interfaces: [UNKNOWN, { network: UNKNOWN, mac: "x" }],
  });
  assert.deepEqual(problems.map(({ property }) => property).sort(), ["interfaces[1].mac", "memory"]);
});

test("an unknown value may be one too many or the missing one", () => {
  const source = (given: object) => validate("Kernel", { ...valid.Kernel, source: given });
  assert.deepEqual(source({ file: "a", url: UNKNOWN }), []);
  assert.deepEqual(source({ url: UNKNOWN }), []);
  assert.equal(source({ file: "a", distribution: "default", url: UNKNOWN }).length, 1);
});

test("a secret is not repeated", () => {
  const secret = { s3cret: "s3cret" };
  const problems = validate("Host", { ...valid.Host, privateKey: secret, password: secret });
  assert.deepEqual(problems.map(({ property }) => property).sort(), ["password", "privateKey"]);
  assert.ok(!JSON.stringify(problems).includes("s3cret"));
  const credentials = validate("Vmm", { ...valid.Vmm, credentials: { password: secret } });
  assert.equal(credentials.length, 1);
  assert.ok(!JSON.stringify(credentials).includes("s3cret"));
});

/** The value with each of its parts unknown in turn. */
function holes(value: unknown): unknown[] {
  if (value === null || typeof value !== "object") return [];
  const replaced = (key: string, item: unknown) =>
    Array.isArray(value) ? value.map((old, index) => (String(index) === key ? item : old)) : { ...value, [key]: item };
  return Object.entries(value).flatMap(([key, item]) => [
    replaced(key, UNKNOWN),
    ...holes(item).map((holed) => replaced(key, holed)),
  ]);
}

test.run();
