import * as assert from "node:assert/strict";
import fc from "fast-check";
import { parse, stringify } from "smol-toml";
import { suite } from "uvu";
import { ConfigurationError, engineDriver, withImport, withoutImport } from "../../provider/kata/container-engines";
import type { Handler } from "../../provider/kata/handler";

const test = suite("configuration of container engines");
const containerd = engineDriver("containerd");
const main = "/etc/containerd/config.toml";
const dropIn = containerd.dropIn(main);
const kata: Handler = {
  name: "kata-clh",
  runtime: "io.containerd.kata-clh.v2",
  program: "/usr/local/bin/containerd-shim-kata-clh-v2",
  configPath: "/etc/microvm/katas/kata/handlers/kata-clh/configuration.toml",
  annotations: ["io.katacontainers.*"],
};
const gvisor: Handler = { name: "gvisor", runtime: "io.containerd.runc.v2", program: "/etc/microvm/gvisors/g/runsc" };

/** What containerd would find in the drop-in, with what the host's script puts in. */
function composed(text: string | undefined, version: string, handlers: Handler[]) {
  const configuration = containerd.configure([{ path: main, text }], dropIn, version, []);
  const { head, tail, separator, cri, images } = configuration;
  const parts = handlers.map((handler) => containerd.part(handler)).join(separator);
  const named = (images ? parts : parts.replace(/^.*@images@.*\n/gm, ""))
    .replaceAll("@cri@", cri)
    .replaceAll('"@images@"', `"${images}"`);
  return { configuration, table: parse(head + named + tail) as Record<string, never> };
}

test("what leads to the drop-in can be taken out again without a trace, whatever the file says", () => {
  const line = fc.constantFrom(
    "version = 2",
    "# a comment",
    "",
    'imports = ["/etc/other.toml"]',
    'imports = [\n  "/a.toml",\n]',
    '  imports = ["/b.toml", "/c.toml"] # both',
    "imports = [ ]",
    'imports = ["/d.toml" # the last ]\n]',
    "[plugins]",
    'oom_score = 0 # "x", ',
    '  [plugins."io.containerd.grpc.v1.cri"]',
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const text = lines.map((one) => `${one}\n`).join("");
      assert.equal(withoutImport(withImport(text, dropIn), dropIn), text);
    }),
  );
});

test("it is taken out wherever its administrator has put it", () => {
  const base = 'version = 2\nimports = ["/x.toml"]\n';
  const moved = withImport(base, dropIn).replace('["/x.toml", ', "[").replace(`"${dropIn}"`, `"${dropIn}", "/x.toml"`);
  for (const text of [`# ours\n${withImport(base, dropIn)}`, `# more\n${withImport("version = 2\n", dropIn)}`, moved]) {
    const { imports = [] } = parse(withoutImport(text, dropIn)) as { imports?: string[] };
    assert.ok(!imports.includes(dropIn), text);
  }
});

for (const [what, text, expected] of [
  ["a file without imports", 'version = 2\n[plugins]\n  a = "b"\n', [dropIn]],
  ["a file with some", 'version = 2\nimports = ["/x.toml"]\n', ["/x.toml", dropIn]],
  ["a list that is indented", 'version = 2\n  imports = ["/x.toml"]\n', ["/x.toml", dropIn]],
  ["a list with a comment", 'version = 2\nimports = ["/x.toml" # ]\n]\n', ["/x.toml", dropIn]],
  ["a list over several lines", 'imports = [\n  "/x.toml",\n]\nversion = 2\n', ["/x.toml", dropIn]],
  ["a list that is empty", "version = 2\nimports = []\n", [dropIn]],
] as const) {
  test(`leads to the drop-in from ${what}`, () => {
    const { imports, version } = parse(withImport(text, dropIn)) as { imports: string[]; version: number };
    assert.deepEqual([imports, version], [expected, 2]);
  });
}

test("a pattern that covers the drop-in is left as it is", () => {
  const text = 'version = 2\nimports = ["/etc/containerd/conf.d/*.toml"]\n';
  assert.equal(composed(text, "1.7.24", []).configuration.main, text);
  // And what else it covers is read.
  assert.deepEqual(containerd.alsoRead([{ path: main, text }], dropIn), ["/etc/containerd/conf.d/*.toml"]);
});

test("before containerd 2, what a plugin was told is said again, from the file that has the last word", () => {
  const text = 'version = 2\nimports = ["/x.toml"]\n[plugins."io.containerd.grpc.v1.cri"]\nsandbox_image = "a"\n';
  const other = '[plugins."io.containerd.grpc.v1.cri".cni]\nbin_dir = "/usr/lib/cni"\n';
  const files = [
    { path: main, text },
    { path: "/x.toml", text: other },
  ];
  const said = (version: string, read: typeof files) =>
    parse(containerd.configure(read, dropIn, version, []).head) as { plugins?: Record<string, object> };
  const cri = "io.containerd.grpc.v1.cri";
  const containerd_ = { runtimes: { runc: { runtime_type: "io.containerd.runc.v2" } } };
  const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
  assert.deepEqual(plain(said("1.6.20", files.slice(0, 1)).plugins?.[cri]), {
    sandbox_image: "a",
    containerd: containerd_,
  });
  assert.deepEqual(plain(said("1.7.24", files).plugins?.[cri]), {
    cni: { bin_dir: "/usr/lib/cni" },
    containerd: containerd_,
  });
  assert.equal(said("2.0.0", files).plugins, undefined);
});

test("runtimes are told in the format of the host's file", () => {
  for (const [text, version, plugin] of [
    ["version = 2\n", "1.6.20", "io.containerd.grpc.v1.cri"],
    ["version = 2\n", "2.1.0", "io.containerd.grpc.v1.cri"],
    ["version = 3\n", "2.1.0", "io.containerd.cri.v1.runtime"],
    [undefined, "2.1.0", "io.containerd.cri.v1.runtime"],
    [undefined, "1.7.24", "io.containerd.grpc.v1.cri"],
  ] as const) {
    const { table } = composed(text, version, [kata, gvisor]);
    assert.deepEqual(JSON.parse(JSON.stringify(table)), {
      version: text?.includes("3") || (!text && version.startsWith("2")) ? 3 : 2,
      plugins: {
        [plugin]: {
          containerd: {
            runtimes: {
              "kata-clh": {
                runtime_type: kata.runtime,
                runtime_path: kata.program,
                privileged_without_host_devices: true,
                pod_annotations: kata.annotations,
                options: { ConfigPath: kata.configPath },
              },
              gvisor: { runtime_type: gvisor.runtime, options: { BinaryName: gvisor.program } },
              ...(version.startsWith("1.") ? { runc: { runtime_type: "io.containerd.runc.v2" } } : {}),
            },
          },
        },
      },
    });
  }
});

test("a snapshotter is told where images are unpacked too, in formats that have a place for it", () => {
  const block = { ...kata, name: "kata-fc", snapshotter: "devmapper" };
  const at = (text: string, version: string) => JSON.stringify(composed(text, version, [block, gvisor]).table);
  assert.match(
    at("version = 3\n", "2.1.0"),
    /"io.containerd.cri.v1.images":\{"runtime_platforms":\{"kata-fc":\{"snapshotter":"devmapper"/,
  );
  assert.doesNotMatch(at("version = 2\n", "1.7.24"), /runtime_platforms/);
});

for (const [what, text, reason] of [
  ["the first format", '[plugins.cri]\nsandbox_image = "a"\n', /version 1/],
  ["a format to come", "version = 9\n", /not known/],
  ["what is no TOML", "version = = 2\n", /not TOML/],
] as const) {
  test(`says what is to be done about ${what}`, () => {
    assert.throws(
      () => composed(text, "1.7.24", []),
      (error: unknown) => error instanceof ConfigurationError && reason.test(error.message) && error.remedy.length > 5,
    );
  });
}

test("Docker's file keeps what its administrator says, and runtimes that are not ours", () => {
  const docker = engineDriver("docker");
  const path = "/etc/docker/daemon.json";
  const value = { "log-driver": "journald", runtimes: { theirs: { path: "/t" }, gvisor: { path: "/old" } } };
  for (const handlers of [[], [gvisor], [gvisor, kata]]) {
    const { head, separator, tail, bare } = docker.configure([{ path, text: JSON.stringify(value) }], path, "26.1", [
      "gvisor",
    ]);
    const parts = handlers.map((handler) => docker.part(handler));
    const text = handlers.length ? head + parts.join(separator) + tail : bare;
    const { runtimes, ...rest } = JSON.parse(text);
    assert.deepEqual(rest, { "log-driver": "journald" });
    assert.deepEqual(Object.keys(runtimes), ["theirs", ...handlers.map(({ name }) => name)]);
  }
});

test("CRI-O is told of both kinds of runtime", () => {
  const crio = engineDriver("cri-o");
  const table = parse(crio.part(kata) + crio.part(gvisor)) as never as {
    crio: { runtime: { runtimes: Record<string, Record<string, unknown>> } };
  };
  const { runtimes } = table.crio.runtime;
  assert.deepEqual([runtimes["kata-clh"]?.runtime_type, runtimes.gvisor?.runtime_type], ["vm", "oci"]);
  assert.equal(runtimes["kata-clh"]?.runtime_config_path, kata.configPath);
});

test("odd values in a handler are text in TOML, whatever they hold", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (program, configPath) => {
      const text = containerd.part({ ...kata, program, configPath: `/${configPath}` });
      assert.deepEqual(parse(text), parse(stringify(parse(text))));
    }),
  );
});

test.run();
