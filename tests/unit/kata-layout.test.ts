import * as assert from "node:assert/strict";
import { suite } from "uvu";
import {
  archivesOf,
  configurationPaths,
  engineHandlers,
  heedsEnvironment,
  overhead,
  releaseUrl,
  runtimeOf,
  shippedVersion,
} from "../../provider/kata/layout";

const test = suite("where Kata keeps what");
const downloads = "https://github.com/kata-containers/kata-containers/releases/download";

for (const [archive, version, architecture, expected] of [
  ["static", "3.20.0", "x86_64", "3.20.0/kata-static-3.20.0-amd64.tar.xz"],
  ["static", "3.9.0", "aarch64", "3.9.0/kata-static-3.9.0-arm64.tar.xz"],
  ["static", "3.21.0", "x86_64", "3.21.0/kata-static-3.21.0-amd64.tar.zst"],
  ["static", "4.1.0", "x86_64", "4.1.0/kata-static-4.1.0-amd64.tar.zst"],
  ["go", "4.1.0", "aarch64", "4.1.0/kata-go-static-4.1.0-arm64.tar.zst"],
] as const) {
  test(`the ${archive} archive of ${version} for ${architecture}`, () =>
    assert.equal(releaseUrl(archive, version, architecture), `${downloads}/${expected}`));
}

test("an architecture that has no release has no address", () =>
  assert.equal(releaseUrl("static", "4.1.0", "riscv64"), undefined));

for (const [version, vmm, runtime, monitor, runs, archives] of [
  ["3.32.0", "clh", undefined, false, "go", ["static"]],
  ["3.32.0", "qemu", "rust", false, "rust", ["static"]],
  ["3.32.0", "dragonball", undefined, false, "rust", ["static"]],
  ["4.0.0", "clh", undefined, false, "rust", ["static"]],
  ["4.0.0", "fc", undefined, false, "go", ["static"]],
  ["4.1.0", "qemu", undefined, false, "rust", ["static"]],
  ["4.1.0", "qemu", "go", false, "go", ["go"]],
  ["4.1.0", "fc", undefined, false, "go", ["go"]],
  // The Rust runtime is in one archive, and Firecracker in the other.
  ["4.1.0", "fc", "rust", false, "rust", ["static", "go"]],
  ["4.1.0", "fc", "rust", true, "rust", ["static"]],
] as const) {
  test(`${vmm}${runtime ? ` under ${runtime}` : ""} of ${version}${monitor ? " with a VMM of ours" : ""}`, () => {
    const handler = { vmm, runtime, monitor: monitor ? ({} as never) : undefined };
    assert.equal(runtimeOf(handler, version), runs);
    assert.deepEqual(archivesOf(handler, version), archives);
  });
}

for (const [vmm, version, expected] of [
  ["clh", "3.0.0", "26.0"],
  ["clh", "3.15.0", "41.0"],
  ["clh", "3.32.0", "51.1"],
  ["clh", "4.1.0", "51.1"],
  ["fc", "3.19.1", "1.8.0"],
  ["fc", "3.20.0", "1.12.1"],
  // QEMU is not judged, and what comes later is not known.
  ["qemu", "4.1.0", undefined],
  ["dragonball", "4.1.0", undefined],
  ["clh", "4.2.0", undefined],
] as const) {
  test(`the ${vmm} of ${version} is ${expected ?? "not known"}`, () =>
    assert.equal(shippedVersion(vmm, version), expected));
}

for (const [vmm, version, memory] of [
  ["clh", "4.1.0", "130Mi"],
  ["fc", "3.20.0", "130Mi"],
  ["dragonball", "4.0.0", "130Mi"],
  ["qemu", "3.32.0", "160Mi"],
  ["qemu", "4.0.0", "320Mi"],
] as const) {
  test(`${vmm} of ${version} costs a pod ${memory}`, () =>
    assert.deepEqual(overhead(vmm, version), { memory, cpu: "250m" }));
}

test("configurations are looked for under all the names that they have had", () => {
  assert.deepEqual(configurationPaths("fc", "go"), ["opt/kata/share/defaults/kata-containers/configuration-fc.toml"]);
  const names = configurationPaths("clh", "rust").map((path) => path.replace(/.*kata-containers\//, ""));
  assert.deepEqual(names, [
    "runtime-rs/configuration-clh-runtime-rs.toml",
    "runtime-rs/configuration-cloud-hypervisor.toml",
    "configuration-clh-runtime-rs.toml",
    "configuration-cloud-hypervisor.toml",
  ]);
});

test("from 4.0 on shims refuse a configuration from the environment", () => {
  assert.equal(heedsEnvironment("3.32.0"), true);
  assert.equal(heedsEnvironment("4.0.0"), false);
});

test("what an engine is told of a handler does not change with the release", () =>
  assert.deepEqual(engineHandlers("kata", [{ name: "kata-fc", snapshotter: "devmapper" }, { name: "kata-clh" }]), [
    {
      name: "kata-fc",
      runtime: "io.containerd.kata-fc.v2",
      program: "/usr/local/bin/containerd-shim-kata-fc-v2",
      configPath: "/etc/microvm/katas/kata/handlers/kata-fc/configuration.toml",
      annotations: ["io.katacontainers.*"],
      snapshotter: "devmapper",
    },
    {
      name: "kata-clh",
      runtime: "io.containerd.kata-clh.v2",
      program: "/usr/local/bin/containerd-shim-kata-clh-v2",
      configPath: "/etc/microvm/katas/kata/handlers/kata-clh/configuration.toml",
      annotations: ["io.katacontainers.*"],
    },
  ]));

test.run();
