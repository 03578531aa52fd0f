import * as assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { suite } from "uvu";
import { check, diff } from "../../provider/lifecycle";
import { imageArchitecture, pullLines, readWorkload } from "../../provider/resources/container-image";
import { UNKNOWN } from "../../provider/schema/unknown";
import { exampleInputs } from "../contract/example-inputs";
import { containerImage } from "../lab/container-image";

const test = suite<{ directory: string }>("what a container image says of itself");

test.before.each((context) => {
  context.directory = mkdtempSync(join(tmpdir(), "microvm-container-"));
});
test.after.each(({ directory }) => rmSync(directory, { recursive: true }));

const workload = (config: object, more: object = {}) => readWorkload(JSON.stringify({ config, ...more }));

/** What a real shell makes of it: the words that busybox gets. */
function words(directory: string, script: string): string[] {
  const shown = join(directory, "show");
  writeFileSync(shown, "#!/bin/sh\nprintf '%s\\0' \"$@\"\n");
  chmodSync(shown, 0o755);
  writeFileSync(join(directory, "workload"), script);
  const { status, stdout, stderr } = spawnSync(
    "/bin/sh",
    ["-euc", 'bb=$1/show home=/home/me hostname=guest; . "$1/workload"; workload "$@"', "sh", directory],
    { encoding: "utf8" },
  );
  assert.equal(status, 0, stderr);
  return stdout.split("\0").slice(0, -1);
}

test("a shell gets every argument and variable as the image has it", ({ directory }) => {
  const text = fc.stringMatching(/^[^\0]*$/u).filter((value) => Buffer.from(value).toString() === value);
  const variable = fc
    .tuple(fc.stringMatching(/^[A-Za-z_][A-Za-z_.-]*$/), text)
    .map(([name, value]) => `${name}=${value}`);
  fc.assert(
    fc.property(fc.array(text, { minLength: 2 }), fc.array(variable), ([program = "", ...rest], env) => {
      const { script = "" } = workload({
        Entrypoint: [program],
        Cmd: rest,
        Env: ["PATH=/p", "HOME=/h", "HOSTNAME=n", ...env],
      });
      const got = words(directory, script);
      assert.deepEqual(got.slice(0, 2), ["env", "-i"]);
      const at = got.length - rest.length - 1;
      assert.deepEqual(got.slice(2, at - 2), ["PATH=/p", "HOME=/h", "HOSTNAME=n", ...env]);
      assert.equal(got[at - 1], "setsid");
      assert.deepEqual(got.slice(at), [program, ...rest]);
    }),
    {
      numRuns: 60,
      examples: [
        [
          ["a b", "", "it's", "$HOME `x` \\\n", "-n"],
          ["A=1\n2", "B='"],
        ],
      ],
    },
  );
});

test("a program gets a path, a home and a host name where the image sets none", ({ directory }) => {
  const { script = "" } = workload({ Cmd: ["/x"], Env: ["nonsense", "=x"] });
  assert.deepEqual(words(directory, script).slice(0, -3), [
    "env",
    "-i",
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/home/me",
    "HOSTNAME=guest",
  ]);
  assert.match(script, /^directory=\/$/m);
  assert.match(script, /^user=''$/m);
});

for (const [given, told] of [
  [undefined, "TERM"],
  ["SIGQUIT", "QUIT"],
  ["INT", "INT"],
  ["9", "9"],
  ["SIGRTMIN+3", "37"],
  ["SIGRTMAX-1", "63"],
] as const) {
  test(`the signal ${given ?? "that is not named"} is sent as ${told}`, () => {
    assert.match(workload({ Cmd: ["/x"], StopSignal: given }).script ?? "", new RegExp(`^stop_signal=${told}$`, "m"));
  });
}

test("an image that names no program, or an init, keeps its own", () => {
  assert.equal(workload({}).script, undefined);
  assert.equal(readWorkload("{}").script, undefined);
  assert.equal(workload({ Cmd: ["/sbin/init"] }).script, undefined);
  assert.equal(workload({ Entrypoint: ["/lib/systemd/systemd"] }).script, undefined);
  assert.ok(workload({ Cmd: ["/sbin/init", "--debug"] }).script);
});

test("its time is told in seconds, and is 0 where it says none", () => {
  assert.equal(workload({}, { created: "2020-01-02T03:04:05.9Z" }).created, 1577934245);
  for (const created of [undefined, "yesterday", "0001-01-01T00:00:00Z", 7n.toString()])
    assert.ok(workload({}, { created }).created >= 0);
});

for (const [text, pattern] of [
  ["", /is no JSON/],
  ["[]", /is no object/],
  ['{"config": 1}', /`config` that is no object/],
  ['{"config": {"Cmd": "x"}}', /`Cmd` that is no list/],
  ['{"config": {"Cmd": ["x"], "Env": [1]}}', /`Env` that is no text/],
  ['{"config": {"Cmd": ["a\\u0000b"]}}', /a NUL character in `Cmd`/],
  ['{"config": {"Cmd": ["x"], "StopSignal": "SIGNONE"}}', /`StopSignal` "SIGNONE", which is none/],
  ['{"config": {"Cmd": ["x"], "StopSignal": "65"}}', /`StopSignal` "65"/],
  ['{"config": {"Cmd": ["x"], "StopSignal": "$(reboot)"}}', /`StopSignal` "\$\(reboot\)", which is none/],
] as const) {
  test(`a configuration ${text || "of nothing"} is refused`, () => {
    assert.throws(() => readWorkload(text), pattern);
  });
}

test("architectures go by the names that images give them", () => {
  assert.deepEqual(["x86_64", "aarch64", "riscv64"].map(imageArchitecture), ["amd64", "arm64", "riscv64"]);
});

const example = exampleInputs.RootfsImage;
const digest = `sha256:${"a".repeat(64)}`;
const other = `sha256:${"b".repeat(64)}`;
const problems = async (oci: unknown) => (await check("RootfsImage", { ...example, source: { oci } })).problems;

test("a container image has exactly one origin, and its name is one", async () => {
  for (const reference of [
    "nginx",
    "docker.io/library/nginx:1.27",
    "127.0.0.1:5000/a/b:x",
    `ghcr.io/a/b@${digest}`,
    `nginx:1.27@${digest}`,
    UNKNOWN,
  ])
    assert.deepEqual(await problems({ reference }), []);
  assert.deepEqual(await problems(UNKNOWN), []);
  for (const reference of ["-x", "docker://nginx", "Nginx", "a b", "nginx:", "nginx@sha256:12", "nginx;reboot", ""])
    assert.match(
      (await problems({ reference }))[0]?.reason ?? "",
      /an image's name such as|must not be empty/,
      reference,
    );
  assert.match((await problems({}))[0]?.reason ?? "", /needs exactly one of `reference`, `archive`/);
  assert.match((await problems({ reference: "a", archive: "b" }))[0]?.reason ?? "", /not `reference` and `archive`/);
  assert.match((await problems({ reference: "a", digest: "1" }))[0]?.reason ?? "", /`sha256:` and 64/);
  assert.match((await problems({ reference: `a@${digest}`, digest: other }))[0]?.reason ?? "", /must be sha256:aaa/);
});

test("an archive's content is part of what is declared", async () => {
  const source = { oci: { archive: containerImage({ entrypoint: ["/x"] }).path } };
  const { inputs } = await check("RootfsImage", { ...example, source });
  assert.match(String(inputs.sourceDigest), /^[0-9a-f]{64}$/);
  const prior = { ...inputs, drift: [] };
  assert.equal(diff("RootfsImage", prior, inputs).action, "unchanged");
  assert.equal(diff("RootfsImage", prior, { ...inputs, sourceDigest: "other" }).action, "replace");
  assert.match((await problems({ archive: "/nowhere.tar" }))[0]?.reason ?? "", /does not exist/);
});

test("what was pinned is asked for by its digest", () => {
  const line = (oci: object, pinned?: string) => {
    const inputs = { ...example, source: { oci } } as unknown as Parameters<typeof pullLines>[0];
    return pullLines(inputs, "/w", "x86_64", pinned).join("\n");
  };
  assert.match(line({ reference: "r:5000/a:1" }), /--reference r:5000\/a:1 (?!.*--digest)/);
  assert.match(
    line({ reference: "r:5000/a:1" }, digest),
    new RegExp(`--reference r:5000/a@${digest} .*--digest ${digest}`),
  );
  assert.match(line({ reference: "r:5000/a" }, digest), new RegExp(`--reference r:5000/a@${digest} `));
  assert.match(line({ reference: `a:1@${digest}` }), new RegExp(`--reference a@${digest} `));
  assert.match(line({ reference: "a:1", digest: other }), new RegExp(`--reference a:1 .*--digest ${other}`));
  assert.match(line({ reference: "a", tls: false }), /--plain yes/);
});

test.run();
