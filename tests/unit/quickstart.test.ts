import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const root = resolve(__dirname, "../..");
const script = join(root, "examples/quickstart/quickstart.sh");
// Packages that look older than the lock file would be installed anew, from under the tests that run beside this one.
utimesSync(join(root, "node_modules/.package-lock.json"), new Date(), new Date());

function quickstart(args: string[], env: NodeJS.ProcessEnv = {}) {
  return spawnSync("/bin/sh", [script, ...args], {
    encoding: "utf8",
    timeout: 60_000,
    env: { ...process.env, ...env },
  });
}

/** A directory whose `node` is this script; without one there is no node at all. */
function onlyNode(script: string | undefined, run: (path: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "quickstart-"));
  try {
    symlinkSync("/usr/bin/dirname", join(directory, "dirname"));
    if (script) {
      writeFileSync(join(directory, "node"), script);
      chmodSync(join(directory, "node"), 0o755);
    }
    run(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const test = suite("quickstart command");

test("without a Node.js that is new enough it says what to do", () => {
  const old = '#!/bin/sh\n[ "$1" = --version ] && echo v18.19.0\n[ "$1" = --version ]\n';
  for (const [node, found] of [
    [undefined, "found: none"],
    [old, "found: v18.19.0"],
  ] as const) {
    onlyNode(node, (path) => {
      const ran = quickstart([], { PATH: path });
      assert.is(ran.status, 1);
      assert.match(ran.stderr, "needs Node.js 20 or newer");
      assert.match(ran.stderr, found);
      assert.match(ran.stderr, "nodejs.org");
    });
  }
});

test("wrong usage is refused before anything is done", () => {
  for (const args of [["sideways"], ["up", "down"]]) {
    const ran = quickstart(args);
    assert.is(ran.status, 64, ran.stderr);
    assert.match(ran.stderr, "usage: npm run quickstart");
    assert.is(ran.stdout, "");
  }
});

test("a server that cannot be one is refused before anything is done", () => {
  for (const server of ["root@", "user@host name", "host;id", "host:port", "-oProxyCommand=id"]) {
    const ran = quickstart(["down"], { MICROVM_HOST: server });
    assert.is(ran.status, 1, server);
    assert.match(ran.stderr, `MICROVM_HOST is ${server}, which is not [user@]server[:port]`);
    assert.is(ran.stdout, "");
  }
});

test.run();
