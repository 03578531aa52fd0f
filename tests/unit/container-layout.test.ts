import * as assert from "node:assert/strict";
import { suite } from "uvu";
import type { ContainerInputs } from "../../provider/generated/types";
import { parseSnapshot, type Snapshot } from "../../provider/host/snapshot";
import type { Handler } from "../../provider/kata/handler";
import { check, diff } from "../../provider/lifecycle";
import { chooseRuntime } from "../../provider/resources/container";
import { containerId, containerLayout, networkMember } from "../../provider/resources/container-layout";
import { exampleInputs } from "../contract/example-inputs";

const test = suite("what a container is on its host");
const network = {
  name: "lan",
  cidr: "172.30.0.0/24",
  bridge: "mvb-lan",
  gatewayAddress: "172.30.0.1",
  prefixLength: 24,
  mtu: 1500,
  traffic: "isolated",
};
const inputs = (more: object = {}) =>
  ({ ...exampleInputs.Container, ...more }) as unknown as ContainerInputs & { name: string };
const decided = { addresses: ["172.30.0.9"], imageDigest: `sha256:${"a".repeat(64)}`, program: "" };
const made = (more: object = {}, handler?: Handler) => containerLayout(inputs(more), decided, handler);
const file = (name: string, more: object = {}, handler?: Handler) =>
  made(more, handler).files.find(({ path }) => path.endsWith(`/${name}`))?.content ?? "";
const argv = (more: object = {}, handler?: Handler) => file("argv", more, handler).split("\0").slice(0, -1);
const kata: Handler = {
  name: "kata-clh",
  runtime: "io.containerd.kata-clh.v2",
  program: "/shim",
  configPath: "/c.toml",
  snapshotter: "devmapper",
};

test("arguments come to the engine as they are, whatever they hold", () => {
  const words = ["sh", "-c", 'a\nb "$c"', ""];
  assert.deepEqual(argv({ command: words }).slice(-4), words);
});

test("a runtime is told as what it is", () => {
  const has = (words: string[], ...expected: string[]) => words.join(" ").includes(expected.join(" "));
  assert.ok(has(argv(), "--seccomp"));
  const wrapper: Handler = { name: "gvisor", runtime: "io.containerd.runc.v2", program: "/runsc" };
  assert.ok(has(argv({}, wrapper), "--runc-binary", "/runsc") && !has(argv({}, wrapper), "--seccomp"));
  assert.ok(has(argv({}, kata), "--runtime", kata.runtime, "--runtime-config-path", "/c.toml"));
  assert.ok(has(argv({}, kata), "--snapshotter", "devmapper"));
});

test("the environment is in a file of its own, and in no argument", () => {
  const environment = { TOKEN: "s3cr3t", EMPTY: "", ODD: "a=b c'\"" };
  assert.equal(file("environment", { environment }), "TOKEN=s3cr3t\nEMPTY=\nODD=a=b c'\"\n");
  assert.ok(!argv({ environment }).some((word) => word.includes("s3cr3t")));
});

test("another start is needed for what it is started with, and not for its ports, its policy or its time to end", () => {
  const { runDigest } = made({ interfaces: [{ network }] });
  const same = (more: object) => made({ interfaces: [{ network }], ...more }).runDigest === runDigest;
  assert.ok(same({ ports: [{ host: 80, container: 80 }] }) && same({ restart: "always" }) && same({ stopTimeout: 1 }));
  assert.ok(!same({ command: ["x"] }) && !same({ environment: { A: "b" } }) && !same({ interfaces: [] }));
});

test("a plan says the same of what takes a restart", () => {
  const prior = { ...inputs({ interfaces: [{ network }] }), drift: [] };
  const effects = (more: object) => {
    const plan = diff("Container", prior, { ...prior, ...more });
    return plan.action === "update" ? plan.changes.map(({ effect }) => effect) : [plan.action];
  };
  assert.deepEqual(effects({ ports: [{ host: 80, container: 80 }] }), ["live"]);
  assert.deepEqual(effects({ command: ["x"] }), ["restart"]);
  assert.deepEqual(effects({ engine: { name: "other", kind: "containerd" } }), ["replace"]);
});

test("no container's name is the beginning of another's, nor a microVM's", () => {
  assert.ok(!containerId("webapp").startsWith(containerId("web")));
  assert.equal(networkMember("web"), "c_web");
});

test("ports lead to the first interface, for each protocol", () => {
  const ports = [
    { host: 80, container: 8080 },
    { host: 53, container: 53, protocol: "udp", address: "203.0.113.10" },
  ];
  const rules = file("ports.nft", { interfaces: [{ network }], ports });
  assert.match(rules, /fib daddr type local ip daddr != 127\.0\.0\.0\/8 tcp dport 80 dnat to 172\.30\.0\.9:8080/);
  assert.match(rules, /ip daddr 203\.0\.113\.10 udp dport 53 dnat to 172\.30\.0\.9:53/);
});

test("a handler that it is not given is refused with those that its engine has, and the one that was meant", async () => {
  const engine = { ...inputs().engine, handlers: ["kata-clh", "kata-qemu"] };
  const given = inputs({ engine, handler: "kata-cly" });
  const expected = /there is runc; its engine has kata-clh, kata-qemu too, .*; did you mean kata-clh\?/;
  const { problems } = await check("Container", { ...given });
  assert.match(problems[0]?.reason ?? "", expected);
  // Where it is only known on the host what the container is given, the host is what tells.
  const parts = engine.handlers.map(
    (name) => `content\t/etc/microvm/engines/containerd/handlers/KataRuntime-kata.${name}\t`,
  );
  const snapshot = parseSnapshot([...parts, "end", ""].join("\n")) as Snapshot;
  assert.throws(() => chooseRuntime(snapshot, { ...given, engine: { ...engine, handlers: [] } }), expected);
  const { problems: others } = await check("Container", { ...given, handler: "kata-clh" });
  assert.match(others[0]?.reason ?? "", /its engine has kata-clh, .*`kata` or `gvisor`[^;]*$/);
});

for (const [what, more, property, reason] of [
  ["neither a handler nor an isolation", { handler: undefined }, "isolation", /say how it is isolated/],
  ["both", { isolation: "strongest" }, "isolation", /when no `handler`/],
  ["a handler that it is not given", { handler: "kata" }, "handler", /there is runc/],
  ["gVisor's isolation without it", { handler: undefined, isolation: "gvisor" }, "gvisor", /needed/],
  ["a virtual machine's isolation without Kata", { handler: undefined, isolation: "vm" }, "kata", /needed/],
  ["nothing to choose from", { handler: undefined, isolation: "strongest" }, "isolation", /nothing to choose from/],
  ["another engine", { engine: { name: "d", kind: "docker" } }, "engine", /containerd/],
  [
    "two digests",
    { image: { reference: `a/b@sha256:${"1".repeat(64)}`, digest: `sha256:${"2".repeat(64)}` } },
    "image.digest",
    /another/,
  ],
  ["a comma in a mount", { mounts: [{ source: "/a,b", target: "/c" }] }, "mounts[0].source", /comma/],
  ["ports without an interface", { ports: [{ host: 1, container: 1 }] }, "ports", /interface/],
  [
    "a port twice",
    {
      interfaces: [{ network }],
      ports: [
        { host: 8001, container: 1 },
        { host: 8001, container: 2 },
      ],
    },
    "ports[1].host",
    /twice/,
  ],
  [
    "the way that the host is logged in by",
    { interfaces: [{ network }], ports: [{ host: 1, container: 1 }] },
    "ports[0].host",
    /logged in/,
  ],
  [
    "a port of the loopback",
    { interfaces: [{ network }], ports: [{ host: 8001, container: 1, address: "127.0.0.1" }] },
    "ports[0].address",
    /loopback/,
  ],
  ["what is no name", { image: { reference: "docker://nginx" } }, "image.reference", /image's name/],
] as [string, object, string, RegExp][]) {
  test(`preview refuses ${what}`, async () => {
    const { problems } = await check("Container", { ...inputs(more) });
    assert.equal(problems[0]?.property, property, JSON.stringify(problems));
    assert.match(problems[0]?.reason ?? "", reason);
  });
}

test.run();
