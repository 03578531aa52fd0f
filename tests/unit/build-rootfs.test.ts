import * as assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import { skip } from "../skip";

const script = join(__dirname, "../../host-setup/guest/build-rootfs");
const test = suite<{ directory: string }>("an image from a directory");
const environment = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

test.before.each((context) => {
  context.directory = mkdtempSync(join(tmpdir(), "microvm-rootfs-"));
});
test.after.each(({ directory }) => rmSync(directory, { recursive: true }));

function build(directory: string, tree: string, ...more: string[]) {
  const out = join(directory, `${tree}.img`);
  const { status, stderr } = spawnSync(
    "/bin/sh",
    [script, "--from-dir", join(directory, tree), "--format", "ext4", "--out", out, ...more],
    { encoding: "utf8", env: environment },
  );
  return { status, stderr: stderr.trim(), out };
}

function plant(directory: string, tree: string): void {
  const at = (...parts: string[]) => join(directory, tree, ...parts);
  mkdirSync(at("bin"), { recursive: true });
  writeFileSync(at("bin/program"), "#!/bin/sh\n");
  chmodSync(at("bin/program"), 0o4755);
  symlinkSync("/etc/passwd", at("link"));
  for (const path of [at("bin/program"), at("bin"), at()]) utimesSync(path, 1, 1);
}

if (spawnSync("mkfs.ext4", ["-V"], { env: environment }).status !== 0) {
  skip("an image from a directory", "there is no mkfs.ext4");
} else {
  test("has what is there, which stays there, and no more than it", ({ directory }) => {
    plant(directory, "tree");
    const { status, stderr, out } = build(directory, "tree");
    assert.equal(status, 0, stderr);
    const ask = (request: string) =>
      spawnSync("debugfs", ["-R", request, out], { encoding: "utf8", env: environment }).stdout;
    assert.equal(ask("cat /bin/program"), "#!/bin/sh\n");
    assert.match(ask("stat /bin/program"), /Mode: +04755/);
    assert.match(ask("stat /link"), /Fast link dest: "\/etc\/passwd"/);
    assert.ok(existsSync(join(directory, "tree/bin/program")));
    assert.ok(!existsSync(join(directory, "tree.img.new")));
  });

  test("has the same bytes for the same content", ({ directory }) => {
    plant(directory, "one");
    plant(directory, "two");
    const [one, two] = ["one", "two"].map((tree) => readFileSync(build(directory, tree).out));
    assert.ok(one?.equals(two as Buffer));
  });
}

test("is refused where there is nothing, or more than the bound", ({ directory }) => {
  assert.match(build(directory, "missing").stderr, /there is no directory/);
  mkdirSync(join(directory, "empty"));
  assert.match(build(directory, "empty").stderr, /there is nothing in it/);
  plant(directory, "tree");
  assert.match(build(directory, "tree", "--max-mib", "20").stderr, /more than 20/);
});

test.run();
