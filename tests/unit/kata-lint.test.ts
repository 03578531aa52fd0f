import * as assert from "node:assert/strict";
import fc from "fast-check";
import { suite } from "uvu";
import { checkPassed, saidBy, verdict } from "../../provider/kata/verification";
import { check } from "../../provider/lifecycle";
import { UNKNOWN } from "../../provider/schema/unknown";
import { exampleInputs } from "../contract/example-inputs";

const test = suite("what is wrong with a KataRuntime");
const sha256 = "0".repeat(64);
const vmm = (kind: string, installedVersion: string) => ({
  name: "ours",
  kind,
  path: "/p",
  jailerPath: "/j",
  digest: "d",
  jailerDigest: "e",
  installedVersion,
});
const kernel = {
  name: "k",
  digest: "k",
  path: "/k",
  vmlinuxDigest: "",
  vmlinuxPath: "",
  vmlinuxReason: "only x86_64 has one",
  initramfsDigest: "",
  initramfsPath: "",
  format: "bzImage",
};
const ch = vmm("cloud-hypervisor", "53.0.0");

async function problems(handler: object, more: object = {}) {
  const handlers = [{ name: "kata-x", ...handler }];
  const { problems } = await check("KataRuntime", { ...exampleInputs.KataRuntime, handlers, ...more });
  return problems.map(({ property, reason }) => `${property} ${reason}`);
}

const right: [string, object, object?][] = [
  ["QEMU", { vmm: "qemu" }],
  ["a newer Cloud Hypervisor of ours", { vmm: "clh", monitor: ch }],
  ["Kata's own, where a program insists", { vmm: "clh" }, { allowVulnerable: true }],
  [
    "an archive of somebody else's, whose VMM is asked later",
    { vmm: "clh" },
    { source: { url: "https://x/y", sha256 } },
  ],
  ["Firecracker with block devices", { vmm: "fc", monitor: vmm("firecracker", "1.16.1"), snapshotter: "devmapper" }],
  ["dragonball", { vmm: "dragonball", runtime: "rust" }],
  ["annotations by their names", { vmm: "qemu", annotations: ["default_memory", "kernel_params"] }],
  ["a VMM that is not known yet", { vmm: "clh", monitor: UNKNOWN }],
  ["a version of it that is not known yet", { vmm: "clh", monitor: { ...ch, installedVersion: UNKNOWN } }],
  ["a digest that is not known yet", { vmm: "qemu" }, { source: { sha256: UNKNOWN } }],
];
for (const [what, handler, more] of right) {
  test(`nothing with ${what}`, async () => assert.deepEqual(await problems(handler, more), []));
}

const wrong: [string, object, RegExp, object?][] = [
  [
    "Kata's own Cloud Hypervisor",
    { vmm: "clh" },
    /^handlers\[0\]\.monitor Kata 3\.32\.0's own cloud-hypervisor 51\.1 has CVE-2026-45782 .*`monitor`.*allowVulnerable/,
  ],
  [
    "Kata's own Firecracker",
    { vmm: "fc", snapshotter: "devmapper" },
    /monitor Kata 3\.32\.0's own firecracker 1\.12\.1 has CVE-2026-1386/,
  ],
  [
    "an old one of ours",
    { vmm: "clh", monitor: vmm("cloud-hypervisor", "50.0") },
    /monitor its cloud-hypervisor 50\.0 has CVE-2026-27211/,
  ],
  [
    "a VMM of another kind",
    { vmm: "clh", monitor: vmm("firecracker", "1.16.1") },
    /monitor must be a Vmm of kind cloud-hypervisor for clh, not firecracker/,
  ],
  ["a VMM for dragonball", { vmm: "dragonball", monitor: ch }, /monitor is not for dragonball/],
  ["dragonball under Go", { vmm: "dragonball", runtime: "go" }, /runtime must be `rust`/],
  ["image and initrd", { vmm: "qemu", image: "shipped", initrd: "/i" }, /initrd excludes `image`/],
  ["two kernels", { vmm: "qemu", kernel, kernelPath: "/k" }, /kernelPath excludes `kernel`/],
  [
    "too many processors for Firecracker",
    { vmm: "fc", monitor: vmm("firecracker", "1.16.1"), snapshotter: "devmapper", defaultVcpus: 33 },
    /defaultVcpus must be 1 to 32 for fc, not 33/,
  ],
  [
    "a kernel that Firecracker cannot boot",
    { vmm: "fc", monitor: vmm("firecracker", "1.16.1"), snapshotter: "devmapper", kernel },
    /kernel has no uncompressed form.*only x86_64 has one/,
  ],
  [
    "Firecracker without a snapshotter",
    { vmm: "fc", monitor: vmm("firecracker", "1.16.1") },
    /snapshotter is required for fc: .*block devices.*"devmapper"/,
  ],
  [
    "Firecracker with files",
    { vmm: "fc", monitor: vmm("firecracker", "1.16.1"), snapshotter: "overlayfs" },
    /snapshotter cannot be overlayfs for fc/,
  ],
  [
    "a mistyped annotation",
    { vmm: "qemu", annotations: ["default_vcpu"] },
    /annotations\[0\] "default_vcpu" is no annotation.*did you mean default_vcpus\?/,
  ],
  [
    "an annotation by its whole name",
    { vmm: "qemu", annotations: ["io.katacontainers.config.hypervisor.image"] },
    /did you mean image\?/,
  ],
  ["an annotation that is anything", { vmm: "qemu", annotations: [".*"] }, /is no annotation/],
  [
    "memory that no guest starts with",
    { vmm: "qemu", defaultMemory: 10 },
    /defaultMemory must be 256 to 4194304 MiB, not 10/,
  ],
  ["no processors", { vmm: "qemu", defaultVcpus: -1 }, /defaultVcpus must be 1 to 240, not -1/],
  ["a name that no engine can look for", { vmm: "qemu", name: "kata_x" }, /name must be `kata` or/],
  [
    "no digest",
    { vmm: "qemu" },
    /^source\.sha256 is required: Kata publishes no digests.*kata-static 3\.32\.0/,
    { source: {} },
  ],
  [
    "no digest of the Go runtime",
    { vmm: "qemu", runtime: "go" },
    /^goSource\.sha256 is required: .*kata-go-static 4\.1\.0 \(handler kata-x/,
    { version: "4.1.0" },
  ],
  [
    "no digest of what Firecracker is in",
    { vmm: "fc", runtime: "rust", snapshotter: "devmapper" },
    /^goSource\.sha256 .*or give a `monitor`/,
    { version: "4.1.0", allowVulnerable: true },
  ],
  ["a version that is none", { vmm: "qemu" }, /^version must be a release of Kata 3 or 4/, { version: "2.5.0" }],
];
for (const [what, handler, pattern, more] of wrong) {
  test(`${what} is refused, and nothing else`, async () => {
    const found = await problems(handler, more);
    assert.equal(found.length, 1, found.join("\n"));
    assert.match(found[0] as string, pattern);
  });
}

test("handlers have names of their own, and there is at least one", async () => {
  const twice = [
    { name: "kata-x", vmm: "qemu" },
    { name: "kata-x", vmm: "dragonball" },
  ];
  assert.match((await problems({}, { handlers: twice })).join(), /handlers\[1\]\.name kata-x is another handler's too/);
  assert.match((await problems({}, { handlers: [] })).join(), /handlers names none/);
});

test("what is not known yet is not judged", async () => {
  for (const property of ["version", "handlers", "source"]) {
    assert.deepEqual(await problems({ vmm: "qemu" }, { [property]: UNKNOWN }), [], property);
  }
  assert.deepEqual(await problems({}, { handlers: [UNKNOWN] }), []);
  for (const property of ["name", "vmm", "snapshotter", "image", "annotations", "kernel", "defaultVcpus"]) {
    assert.deepEqual(await problems({ vmm: "qemu", [property]: UNKNOWN }), [], property);
  }
});

const verified = {
  runtime: "go",
  configuration: "accepted",
  check: "passed",
  virtualization: "kvm",
  evidence: "",
} as const;
for (const [what, more, pattern] of [
  ["all", {}, new RegExp(`^${checkPassed}$`)],
  [
    "no KVM",
    { virtualization: "none", evidence: "there is no /dev/kvm" },
    /^the host has no KVM that guests can use: there is no \/dev\/kvm$/,
  ],
  [
    "a failed check",
    { check: 'time="t" level=error msg="not capable" error="no kvm"' },
    /^Kata's check of the host failed: not capable: no kvm$/,
  ],
  [
    "nothing that reads it",
    { runtime: "rust", configuration: "", check: "" },
    /^the release holds no program that reads a configuration of the Rust runtime/,
  ],
  [
    "no vsock",
    { configuration: "host system doesn't support vsock" },
    /^the configuration could not be read to its end.*vsock$/,
  ],
] as const) {
  test(`the verdict on ${what}`, () => assert.match(verdict({ ...verified, ...more }), pattern));
}

test("what a program said is told, whatever its form", () => {
  assert.equal(saidBy("ERROR: plain\n"), "ERROR: plain");
  assert.equal(saidBy('level=error msg="it said \\"no\\""'), 'it said "no"');
  fc.assert(fc.property(fc.string(), (line) => typeof saidBy(line) === "string"));
});

test.run();
