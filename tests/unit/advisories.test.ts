import * as assert from "node:assert/strict";
import fc from "fast-check";
import { suite } from "uvu";
import { check } from "../../provider/lifecycle";
import type { VmmKind } from "../../provider/vmm";
import { advisories, advisoriesOf, compareVersions } from "../../provider/vmm/advisories";
import { exampleInputs } from "../contract/example-inputs";

const test = suite("releases with published flaws");
const ids = (kind: VmmKind, version: string) => advisoriesOf(kind, version).map(({ id }) => id);

for (const [kind, version, expected] of [
  ["firecracker", "1.12.1", ["CVE-2026-1386"]],
  ["firecracker", "1.13.0", ["CVE-2026-5747", "CVE-2026-1386"]],
  ["firecracker", "1.13.2", ["CVE-2026-5747"]],
  ["firecracker", "1.14.0", ["CVE-2026-5747", "CVE-2026-1386"]],
  ["firecracker", "1.14.1", ["CVE-2026-5747"]],
  ["firecracker", "1.14.3", ["CVE-2026-5747"]],
  ["firecracker", "1.14.4", []],
  ["firecracker", "1.15.0", ["CVE-2026-5747"]],
  ["firecracker", "1.15.1", []],
  ["firecracker", "1.16.1", []],
  ["cloud-hypervisor", "33.0", ["CVE-2026-45782"]],
  ["cloud-hypervisor", "34.0", ["CVE-2026-27211", "CVE-2026-45782"]],
  ["cloud-hypervisor", "50.1", ["CVE-2026-45782"]],
  ["cloud-hypervisor", "51.1", ["CVE-2026-45782"]],
  // Its program says three numbers where its tag has two.
  ["cloud-hypervisor", "51.1.0", ["CVE-2026-45782"]],
  ["cloud-hypervisor", "51.2", []],
  ["cloud-hypervisor", "52.0", []],
  ["cloud-hypervisor", "53.0.0", []],
  ["qemu", "1.0", []],
] as const) {
  test(`${kind} ${version}: ${expected.join(", ") || "none"}`, () => assert.deepEqual(ids(kind, version), expected));
}

test("every range begins before it ends, does not meet another of its advisory, and ends with a release that is mended", () => {
  for (const { kind, id, affected } of advisories) {
    affected.forEach(([from, fixedIn], index) => {
      assert.ok(compareVersions(from, fixedIn) < 0, id);
      const next = affected[index + 1];
      if (next) assert.ok(compareVersions(fixedIn, next[0]) < 0, id);
      assert.ok(ids(kind, from).includes(id), `${id} ${from}`);
      assert.ok(!ids(kind, fixedIn).includes(id), `${id} ${fixedIn}`);
    });
  }
});

test("versions are compared by number, and a part that is missing is 0", () => {
  assert.ok(compareVersions("1.9", "1.10") < 0);
  assert.equal(compareVersions("53.0", "53"), 0);
  const version = fc.array(fc.nat(100), { minLength: 1, maxLength: 4 }).map((parts) => parts.join("."));
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      assert.equal(Math.sign(compareVersions(a, b)), 0 - Math.sign(compareVersions(b, a)));
      assert.equal(compareVersions(a, `${a}.0`), 0);
      if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) assert.ok(compareVersions(a, c) <= 0);
    }),
  );
});

test("a program that names such a release is refused at preview, unless it insists", async () => {
  const { host, owner } = exampleInputs.Vmm;
  const problems = async (more: object) => (await check("Vmm", { name: "fc", owner, host, ...more })).problems;
  const old = { kind: "firecracker", version: "1.15.0" };
  const [problem, ...others] = await problems(old);
  assert.equal(problem?.property, "version");
  assert.match(problem?.reason ?? "", /CVE-2026-5747.*allowVulnerable/);
  assert.deepEqual(others, []);
  assert.deepEqual(await problems({ ...old, allowVulnerable: true }), []);
  assert.deepEqual(await problems({ ...old, version: "1.15.1" }), []);
});

test.run();
