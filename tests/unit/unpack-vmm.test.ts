import * as assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { machine, tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { suite } from "uvu";
import { skip } from "../skip";

const script = join(__dirname, "../../host-setup/unpack-vmm");
const test = suite<{ directory: string }>("what a VMM's release holds");

test.before.each((context) => {
  context.directory = mkdtempSync(join(tmpdir(), "microvm-unpack-"));
});
test.after.each(({ directory }) => rmSync(directory, { recursive: true }));

function unpack(directory: string, kind: string, file: string) {
  const { status, stdout, stderr } = spawnSync("/bin/sh", [script, kind, file, join(directory, "out")], {
    encoding: "utf8",
  });
  return { status, stdout: stdout.trim(), stderr: stderr.trim() };
}

/** A release as Firecracker publishes it: programs by their names, each a file to copy or what it holds. */
function release(directory: string, programs: Record<string, string | Buffer | { link: string }>): string {
  const top = `release-v1.16.1-${machine()}`;
  mkdirSync(join(directory, top));
  const named = (name: string) => `${name}-v1.16.1-${machine()}`;
  for (const [name, content] of Object.entries(programs)) {
    const path = join(directory, top, named(name));
    if (typeof content === "string") copyFileSync(content, path);
    else if (Buffer.isBuffer(content)) writeFileSync(path, content, { mode: 0o755 });
    else symlinkSync(named(content.link), path);
  }
  const archive = join(directory, "release.tgz");
  const { status, stderr } = spawnSync("tar", ["-C", directory, "-czf", archive, top], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return archive;
}

/** A program of every Debian host that is no VMM, and cannot run without its shared libraries. */
const program = "/bin/true";

for (const [what, kind, content, pattern] of [
  ["what is no program", "cloud-hypervisor", Buffer.from("#!/bin/sh\necho cloud-hypervisor v53.0\n"), /neither/],
  ["an empty file", "firecracker", Buffer.alloc(0), /neither/],
  ["an archive of another VMM", "cloud-hypervisor", gzipSync("x"), /cloud-hypervisor comes as a binary/],
  ["Firecracker alone", "firecracker", readFileSync(program), /needs its jailer too/],
  ["another program", "cloud-hypervisor", readFileSync(program), /it says it is '.*', and that is no cloud-hypervisor/],
  ["a program that is cut short", "cloud-hypervisor", readFileSync(program).subarray(0, 100), /does not run on this/],
] as const) {
  test(`${what} is refused`, ({ directory }) => {
    const file = join(directory, "source");
    writeFileSync(file, content);
    const { status, stdout, stderr } = unpack(directory, kind, file);
    assert.equal(status, 1);
    assert.equal(stdout, "");
    assert.match(stderr, pattern);
  });
}

test("a program that is cut short is not run as a script", ({ directory }) => {
  const file = join(directory, "source");
  const trace = join(directory, "trace");
  const head = readFileSync(program).subarray(0, 64);
  const cut = Buffer.concat([head, Buffer.from(`\ntouch ${trace}\n`)]);
  writeFileSync(file, cut);
  assert.equal(unpack(directory, "cloud-hypervisor", file).status, 1);
  assert.equal(existsSync(trace), false);
  assert.equal(unpack(directory, "firecracker", release(directory, { firecracker: program, jailer: cut })).status, 1);
  assert.equal(existsSync(trace), false);
});

for (const [what, programs, pattern] of [
  ["without Firecracker", { jailer: program }, /holds no firecracker for/],
  ["without a jailer", { firecracker: program }, /holds no jailer for/],
  // Debugging symbols lie beside the programs under names that begin alike.
  ["of debugging symbols", { "firecracker.debug": program, "jailer.debug": program }, /holds no firecracker for/],
  ["whose jailer is another program", { firecracker: program, jailer: program }, /its jailer does not run/],
  ["whose jailer is empty", { firecracker: program, jailer: Buffer.alloc(0) }, /its jailer does not run/],
  ["whose jailer is a link", { firecracker: program, jailer: { link: "firecracker" } }, /its jailer does not run/],
] as const) {
  test(`a release ${what} is refused`, ({ directory }) => {
    const { status, stderr } = unpack(directory, "firecracker", release(directory, programs));
    assert.equal(status, 1);
    assert.match(stderr, pattern);
  });
}

test("a release that is cut short is refused, wherever its end lies", ({ directory }) => {
  const file = release(directory, { firecracker: program, jailer: program });
  const whole = readFileSync(file);
  for (const part of [0.5, 0.95]) {
    writeFileSync(file, whole.subarray(0, whole.length * part));
    const { status, stderr } = unpack(directory, "firecracker", file);
    assert.equal(status, 1);
    assert.equal(stderr, "the archive is damaged or cut short");
  }
});

/** A program that says one thing, whatever it is asked; undefined where none can be built. */
function sayer(directory: string, says: string, ...options: string[]): string | undefined {
  const path = join(directory, says.replace(/\W/g, "-"));
  const { status } = spawnSync("cc", ["-x", "c", "-o", path, ...options, "-"], {
    input: `#include <stdio.h>\nint main(void) { puts(${JSON.stringify(says)}); return 0; }\n`,
  });
  return status === 0 ? path : undefined;
}

const programs = mkdtempSync(join(tmpdir(), "microvm-sayers-"));
const still = sayer(programs, "Firecracker v1.16.1", "-static");
const jailer = sayer(programs, "Jailer v1.16.1", "-static");
const shared = sayer(programs, "Firecracker v1.15.1");
const ch = sayer(programs, "cloud-hypervisor v53.0.0");
test.after(() => rmSync(programs, { recursive: true }));

if (!still || !jailer || !shared || !ch) {
  skip("programs that say they are VMMs", "there is no C compiler, or no static C library");
} else {
  test("a binary is run and tells its version", ({ directory }) => {
    const file = join(directory, "source");
    copyFileSync(ch, file);
    assert.deepEqual(unpack(directory, "cloud-hypervisor", file), { status: 0, stdout: "53.0.0", stderr: "" });
    assert.deepEqual(readFileSync(join(directory, "out/vmm")), readFileSync(ch));
  });

  // To look at it in an empty jail takes root.
  if (process.getuid?.() !== 0) {
    skip("a release of Firecracker", "needs root");
  } else {
    test("a release is unpacked to its two programs", ({ directory }) => {
      const file = release(directory, { firecracker: still, jailer, "firecracker.debug": jailer });
      assert.deepEqual(unpack(directory, "firecracker", file), { status: 0, stdout: "1.16.1", stderr: "" });
      assert.deepEqual(readFileSync(join(directory, "out/vmm")), readFileSync(still));
      assert.deepEqual(readFileSync(join(directory, "out/jailer")), readFileSync(jailer));
    });

    test("a Firecracker with shared libraries is refused", ({ directory }) => {
      const { status, stderr } = unpack(directory, "firecracker", release(directory, { firecracker: shared, jailer }));
      assert.equal(status, 1);
      assert.match(stderr, /only a statically linked Firecracker does/);
    });
  }
}

test.run();
