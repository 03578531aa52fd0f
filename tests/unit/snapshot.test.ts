import { spawnSync } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { batchScript, command, installFile, parseBatchLine } from "../../provider/host/change";
import { kit, sentScript } from "../../provider/host/kit";
import { parseRecord, recordText } from "../../provider/host/record";
import { parseSnapshot } from "../../provider/host/snapshot";
import { skip } from "../skip";

const test = suite("reading and changing a host");

if (process.platform !== "linux") skip("the reading script on this machine", "it reads Linux");
else {
  test("the reading script tells of this machine, and changes nothing", () => {
    const { stdout, status } = spawnSync("sh", ["-s"], {
      input: sentScript("observe.sh"),
      encoding: "utf8",
      maxBuffer: 1 << 26,
    });
    assert.is(status, 0);
    const snapshot = parseSnapshot(stdout);
    assert.is(snapshot?.facts.system, "Linux");
    assert.ok((snapshot?.facts.cpus ?? 0) > 0);
    assert.ok((snapshot?.facts.memoryKiB ?? 0) > 100_000);
  });
}

test("an answer that is cut short is no answer", () => {
  assert.is(parseSnapshot("facts\tc3lzdGVtCUxpbnV4AA==\n"), undefined);
});

test("units, digests, notes and addresses are told apart", () => {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const link = [
    {
      ifname: "mvt-web0",
      flags: ["UP"],
      master: "mvb-lan",
      mtu: 1500,
      addr_info: [{ family: "inet", local: "10.0.0.1", prefixlen: 24 }],
      linkinfo: { info_kind: "tun", info_slave_data: { isolated: true } },
    },
  ];
  const snapshot = parseSnapshot(
    [
      "stat\t/etc/microvm/a b\tf\t640\t0\t0\t3\t8",
      `digest\t${"a".repeat(64)}\t/etc/microvm/a b`,
      "unit\tId=microvm@web.service\tActiveState=active\tNRestarts=2\tMainPID=77",
      "run\t/run/microvm/network/lan/rules\tbridge:x 1",
      "run\t/run/microvm/network/lan/rules\tinet:x 2",
      `links\t${base64(JSON.stringify(link))}`,
      "vmm\t/run/microvm/vm/web/qmp.sock\tpaused",
      `kata\t${"b".repeat(64)}\tintact\t2`,
      `kata\t${"c".repeat(64)}\tdamaged\t0`,
      "target\t/etc/microvm/katas/kata/handlers\ta",
      "end",
      "",
    ].join("\n"),
  );
  assert.is(snapshot?.files.get("/etc/microvm/a b")?.digest, "a".repeat(64));
  assert.is(snapshot?.files.get("/etc/microvm/a b")?.mode, "0640");
  assert.is(snapshot?.units.get("microvm@web.service")?.restarts, 2);
  assert.is(snapshot?.notes.get("/run/microvm/network/lan/rules"), "bridge:x 1\ninet:x 2");
  assert.equal(snapshot?.interfaces.get("mvt-web0")?.addresses, ["10.0.0.1/24"]);
  assert.ok(snapshot?.interfaces.get("mvt-web0")?.isolated);
  assert.is(snapshot?.vmmStates.get("/run/microvm/vm/web/qmp.sock"), "paused");
  assert.equal(snapshot?.trees.get("b".repeat(64)), { intact: true, running: 2 });
  assert.equal(snapshot?.trees.get("c".repeat(64)), { intact: false, running: 0 });
  assert.is(snapshot?.links.get("/etc/microvm/katas/kata/handlers"), "a");
});

test("equal records are equal bytes, and anything else is no record", () => {
  const record = {
    v: 1 as const,
    kind: "Volume",
    name: "x",
    owner: "o",
    inputs: { b: 1, a: { d: 1, c: undefined } },
    decided: {},
  };
  assert.is(recordText(record), recordText({ ...record, inputs: { a: { d: 1 }, b: 1 } }));
  assert.equal(parseRecord(recordText(record))?.inputs, { a: { d: 1 }, b: 1 });
  assert.is(parseRecord("{}"), undefined);
  assert.is(parseRecord("not json"), undefined);
});

test("a batch is shell that dash accepts, with content that no argument holds", () => {
  const script = batchScript([
    {
      purpose: "create X a",
      prepare: [installFile("/tmp/it's", "top secret\n", "0600")],
      commit: [command("echo", "a b", "$x")],
    },
    { purpose: "create X b", wait: ["true"] },
  ]);
  assert.not.match(script, /top secret/);
  assert.match(script, /prepare_0\(\) \{/);
  assert.match(script, /wait_1\(\) \{/);
  assert.is(spawnSync("sh", ["-n"], { input: sentScript("lib.sh") + script }).status, 0);
});

test("a change that keeps what it hands back seals and keeps it, with what was known before", () => {
  const script = batchScript([
    { purpose: "create X a", prepare: ["true"], keeps: { object: "/etc/microvm/xs/a", values: { b: "it's" } } },
    { purpose: "create X b", prepare: ["true"] },
  ]);
  assert.match(script, /seal_0\(\) \{\n'?mv_seal'? .*xs\/a/);
  assert.match(script, /keep_0\(\) \{\n.*b:aXQncw==/);
  assert.not.match(script, /(seal|keep)_1/);
  assert.is(spawnSync("sh", ["-n"], { input: sentScript("lib.sh") + script }).status, 0);
});

test("lines of a batch are parsed, and noise is not", () => {
  assert.equal(parseBatchLine("result\t3\tkey\tdmFsdWU="), { type: "result", n: 3, key: "key", value: "value" });
  assert.equal(parseBatchLine("done\t0\t1\t"), { type: "done", n: 0, status: 1, stderr: "" });
  assert.is(parseBatchLine("Reading package lists..."), undefined);
});

test("every script of the kit is shell or Perl that parses", () => {
  for (const [path, content] of kit().files) {
    const text = content.toString("utf8");
    if (text.startsWith("#!/bin/sh")) assert.is(spawnSync("sh", ["-n"], { input: text }).status, 0, path);
    if (text.startsWith("#!/usr/bin/perl")) assert.is(spawnSync("perl", ["-c"], { input: text }).status, 0, path);
  }
});

test.run();
