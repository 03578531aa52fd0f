import * as assert from "node:assert/strict";
import { suite } from "uvu";
import type { Facts } from "../../provider/host/snapshot";
import { askedFor, findings, hardeningDrift } from "../../provider/resources/host-hardening";

const test = suite("a host's hardening");
const hard = { smtActive: false, ksmRuns: false, swaps: [], vulnerabilities: [] } as unknown as Facts;
const soft = {
  smtActive: true,
  ksmRuns: true,
  swaps: ["/dev/sda2", "/swap"],
  vulnerabilities: ["mds"],
} as unknown as Facts;

test("everything that falls short is told, asked for or not", () => {
  assert.deepEqual(findings(hard), []);
  const found = findings(soft).join("\n");
  for (const word of ["SMT", "KSM", "/dev/sda2, /swap", "mds"]) assert.ok(found.includes(word), found);
});

test("drift is what was asked for and is not so", () => {
  assert.deepEqual(askedFor({}), []);
  assert.deepEqual(askedFor({ hardening: { swap: "off", smt: "off" } }), ["smt", "swap"]);
  assert.deepEqual(hardeningDrift(soft, {}), []);
  assert.deepEqual(hardeningDrift(hard, { hardening: { smt: "off", ksm: "off", swap: "off" } }), []);
  const drift = hardeningDrift(soft, { hardening: { ksm: "off" } });
  assert.equal(drift.length, 1);
  assert.match(drift[0] ?? "", /KSM/);
});

test.run();
