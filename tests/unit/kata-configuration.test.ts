import * as assert from "node:assert/strict";
import fc from "fast-check";
import { suite } from "uvu";
import type { KernelReference, VmmReference } from "../../provider/generated/types";
import { ConfigurationError, dropIn } from "../../provider/kata/configuration";
import type { Handler } from "../../provider/kata/layout";
import { parseToml, type TomlTable, tomlText } from "../../provider/kata/toml";

const test = suite("a handler's drop-in");
const tree = "/var/lib/microvm/kata/1234";
const shipped = `
[hypervisor.clh]
path = "/opt/kata/bin/cloud-hypervisor"
kernel = "/opt/kata/share/kata-containers/vmlinux.container"
image = "/opt/kata/share/kata-containers/kata-containers.img"
firmware = ""
valid_hypervisor_paths = ["/opt/kata/bin/cloud-hypervisor"]
virtio_fs_daemon = "/opt/kata/libexec/virtiofsd"
valid_virtio_fs_daemon_paths = ["/usr/libexec/virtiofsd", "/opt/kata/libexec/virtiofsd"]
enable_annotations = ["enable_iommu"]
kernel_params = "quiet"
kernel_verity_params = "root_hash=1"
default_vcpus = 1
default_memory = 2048
enable_debug = false
[agent.kata]
enable_debug = false
[agent.kata.mem_agent]
compact_force_times = 9223372036854775807
[runtime]
enable_debug = false
guest_hook = "/opt/kata/share/hooks"
`;
const monitor = {
  name: "ch",
  kind: "cloud-hypervisor",
  path: "/var/lib/microvm/store/c",
  jailerPath: "",
} as unknown as VmmReference;

function write(handler: Partial<Handler> = {}, text = shipped, absent: string[] = []) {
  const result = dropIn(text, {
    handler: { name: "kata-clh", vmm: "clh", ...handler },
    tree,
    owner: "KataRuntime kata",
    locate: (path) => (absent.includes(path) ? undefined : `${tree}/opt/kata/${path}`),
  });
  const document = parseToml(result.text) as { hypervisor: Record<string, TomlTable> } & TomlTable;
  return { ...result, document, table: Object.values(document.hypervisor)[0] as TomlTable };
}

test("moves every path of the release, arrays as a whole, and nothing else", () => {
  const { document, hypervisorPath, missing, needs } = write();
  assert.deepEqual(JSON.parse(JSON.stringify(document)), {
    hypervisor: {
      clh: {
        path: `${tree}/opt/kata/bin/cloud-hypervisor`,
        kernel: `${tree}/opt/kata/share/kata-containers/vmlinux.container`,
        image: `${tree}/opt/kata/share/kata-containers/kata-containers.img`,
        valid_hypervisor_paths: [`${tree}/opt/kata/bin/cloud-hypervisor`],
        virtio_fs_daemon: `${tree}/opt/kata/libexec/virtiofsd`,
        valid_virtio_fs_daemon_paths: ["/usr/libexec/virtiofsd", `${tree}/opt/kata/libexec/virtiofsd`],
      },
    },
    runtime: { guest_hook: `${tree}/opt/kata/share/hooks` },
  });
  assert.equal(hypervisorPath, `${tree}/opt/kata/bin/cloud-hypervisor`);
  assert.deepEqual([missing, needs], [[], []]);
});

const cases: [string, Partial<Handler>, Partial<Record<string, unknown>>][] = [
  ["memory and processors", { defaultMemory: 512, defaultVcpus: 3 }, { default_memory: 512, default_vcpus: 3 }],
  ["kernel arguments after those that are shipped", { kernelParams: ["a", "b=c"] }, { kernel_params: "quiet a b=c" }],
  ["annotations in the place of those that are shipped", { annotations: [] }, { enable_annotations: [] }],
  ["debugging", { debug: true }, { enable_debug: true }],
  [
    "an initial RAM disk, without the image and its digest",
    { initrd: "shipped" },
    {
      initrd: `${tree}/opt/kata/share/kata-containers/kata-containers-initrd.img`,
      image: "",
      kernel_verity_params: "",
    },
  ],
  ["an image of the host", { image: "/srv/guest.img" }, { image: "/srv/guest.img", kernel_verity_params: "" }],
  ["a kernel of the host", { kernelPath: "/srv/vmlinux" }, { kernel: "/srv/vmlinux" }],
  [
    "a kernel of ours, uncompressed",
    { kernel: { path: "/store/k", vmlinuxPath: "/store/v" } as KernelReference },
    { kernel: "/store/v" },
  ],
  [
    "a VMM of ours, and no other",
    { monitor },
    { path: "/var/lib/microvm/store/c", valid_hypervisor_paths: ["/var/lib/microvm/store/c"] },
  ],
];
for (const [what, handler, expected] of cases) {
  test(`carries ${what}`, () => {
    const { table } = write(handler);
    for (const [key, value] of Object.entries(expected)) assert.deepEqual(table[key], value, key);
  });
}

test("debugging is of the runtime and the agent too, where the shipped file knows it", () => {
  const { document } = write({ debug: true });
  assert.deepEqual(JSON.parse(JSON.stringify(document.runtime)), {
    guest_hook: `${tree}/opt/kata/share/hooks`,
    enable_debug: true,
  });
  assert.equal((document.agent as { kata: TomlTable }).kata.enable_debug, true);
  const bare = write({ debug: true }, '[hypervisor.clh]\nimage = "/opt/kata/i"\n');
  assert.equal(bare.document.runtime, undefined);
});

test("the table is the one that the shipped file has", () => {
  const fc = write(
    { vmm: "fc" },
    '[hypervisor.firecracker]\npath = "/opt/kata/bin/firecracker"\nimage = "/opt/kata/i"\n',
  );
  assert.deepEqual(Object.keys(fc.document.hypervisor), ["firecracker"]);
});

test("a VMM of ours brings its jailer, where the shipped file has one", () => {
  const text =
    '[hypervisor.firecracker]\npath = "/opt/kata/f"\njailer_path = "/opt/kata/j"\nvalid_jailer_paths = ["/opt/kata/j"]\nimage = "/opt/kata/i"\n';
  const { table } = write({ vmm: "fc", monitor: { ...monitor, path: "/f", jailerPath: "/j" } }, text);
  assert.equal(table.jailer_path, "/j");
  assert.deepEqual(table.valid_jailer_paths, ["/j"]);
  assert.deepEqual(table.valid_hypervisor_paths, undefined);
});

test("files that have to be there and are in no archive are named", () => {
  assert.deepEqual(write({}, shipped, ["libexec/virtiofsd"]).missing, ["/opt/kata/libexec/virtiofsd"]);
  // What is not used need not be there.
  assert.deepEqual(write({ monitor }, shipped, ["bin/cloud-hypervisor"]).missing, []);
});

test("files of the host are named too, so that they can be looked for", () => {
  assert.deepEqual(write({ monitor, kernelPath: "/srv/k", image: "/srv/i" }).needs, [
    "/var/lib/microvm/store/c",
    "/srv/k",
    "/srv/i",
  ]);
});

for (const text of [
  "[hypervisor.clh",
  "",
  "[hypervisor]\n",
  "[hypervisor.a]\n[hypervisor.b]\n",
  'hypervisor = "x"\n',
]) {
  test(`${JSON.stringify(text)} is no configuration`, () => assert.throws(() => write({}, text), ConfigurationError));
}

test("whatever a path or an argument holds, what is written parses back, and has one of image and initrd", () => {
  const text = fc.string({ unit: "binary", maxLength: 40 });
  const path = text.map((value) => `/${value}`);
  const handler = fc.record(
    {
      kernelPath: path,
      image: path,
      initrd: path,
      kernelParams: fc.array(text, { maxLength: 3 }),
      annotations: fc.array(text, { maxLength: 3 }),
      defaultMemory: fc.integer({ min: 256, max: 4194304 }),
      debug: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(handler, (given) => {
      const { table } = write(given);
      if (given.kernelPath !== undefined) assert.equal(table.kernel, given.kernelPath);
      if (given.annotations) assert.deepEqual(table.enable_annotations, given.annotations);
      if (given.kernelParams?.length)
        assert.equal(table.kernel_params, ["quiet", ...given.kernelParams].filter(Boolean).join(" "));
      assert.equal(Boolean(table.image) && Boolean(table.initrd), false);
      assert.ok(table.image || table.initrd);
    }),
  );
});

test("TOML of any text, number and list parses back", () => {
  const value = fc.oneof(fc.string({ unit: "binary" }), fc.integer(), fc.boolean(), fc.array(fc.string()));
  const table = fc.dictionary(
    fc.string({ minLength: 1 }).filter((key) => key !== "__proto__"),
    value,
  );
  fc.assert(
    fc.property(table, (given) =>
      assert.deepEqual(
        JSON.parse(JSON.stringify(parseToml(tomlText({ a: given })).a ?? {})),
        JSON.parse(JSON.stringify(given)),
      ),
    ),
  );
});

test.run();
