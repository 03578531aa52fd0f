import * as assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { suite } from "uvu";
import { skip } from "../skip";

const script = join(__dirname, "../../host-setup/guest/extract-vmlinux");
const test = suite<{ directory: string }>("the uncompressed kernel in a bzImage");

test.before.each((context) => {
  context.directory = mkdtempSync(join(tmpdir(), "microvm-vmlinux-"));
});
test.after.each(({ directory }) => rmSync(directory, { recursive: true }));

/** Enough of an ELF file for x86-64 to be taken for one. */
const elf = Buffer.alloc(4096, "kernel ");
elf.write("\x7fELF\x02\x01\x01", 0, "latin1");
elf.writeUInt16LE(62, 18);

/** A bzImage around a payload, as the boot protocol says: two sectors of set-up code, then 100 bytes, then the payload. */
function bzImage(payload: Buffer, more: { version?: number; length?: number } = {}): Buffer {
  const head = Buffer.alloc(3 * 512 + 100);
  head.writeUInt8(2, 0x1f1);
  head.write("HdrS", 0x202, "latin1");
  head.writeUInt16LE(more.version ?? 0x20f, 0x206);
  head.writeUInt32LE(100, 0x248);
  head.writeUInt32LE(more.length ?? payload.length, 0x24c);
  return Buffer.concat([head, payload]);
}

/** The kernel's build appends the size where the format does not hold it itself. */
function sized(packed: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(elf.length);
  return Buffer.concat([packed, size]);
}

function pack(command: string[], content: Buffer): Buffer | undefined {
  const { status, stdout } = spawnSync(command[0] as string, command.slice(1), { input: content });
  return status === 0 ? stdout : undefined;
}

function extract(directory: string, kernel: Buffer) {
  writeFileSync(join(directory, "kernel"), kernel);
  const { status, stderr } = spawnSync("/bin/sh", [script, join(directory, "kernel"), join(directory, "out")], {
    encoding: "utf8",
  });
  const out = join(directory, "out");
  return { status, stderr: stderr.trim(), out: existsSync(out) ? readFileSync(out) : undefined };
}

for (const [name, packed] of [
  ["gzip", gzipSync(elf)],
  ["xz", pack(["xz", "-c"], elf)],
  ["zstd", pack(["zstd", "-q", "-c"], elf)],
  ["lz4", pack(["lz4", "-l", "-q", "-c"], elf)],
] as const) {
  if (!packed) {
    skip(`a kernel compressed with ${name}`, `there is no ${name} here`);
    continue;
  }
  test(`one compressed with ${name} is found`, ({ directory }) => {
    const { status, out, stderr } = extract(directory, bzImage(name === "gzip" ? packed : sized(packed)));
    assert.equal(status, 0, stderr);
    assert.deepEqual(out, elf);
  });

  test(`one compressed with ${name} and damaged is an error, and leaves nothing`, ({ directory }) => {
    const { status, out, stderr } = extract(directory, bzImage(packed.subarray(0, packed.length / 2)));
    assert.equal(status, 2);
    assert.match(stderr, /damaged|cut short/);
    assert.equal(out, undefined);
    assert.deepEqual(readdirSync(directory), ["kernel"]);
  });
}

test("that a host has no program to unpack it is the host's failure, and leaves nothing", ({ directory }) => {
  const kernel = join(directory, "kernel");
  writeFileSync(kernel, bzImage(gzipSync(elf)));
  const path = join(directory, "bin");
  mkdirSync(path);
  for (const tool of ["od", "tr", "stat", "rm"]) {
    symlinkSync(spawnSync("which", [tool], { encoding: "utf8" }).stdout.trim(), join(path, tool));
  }
  const { status, stderr } = spawnSync("/bin/sh", [script, kernel, join(directory, "out")], {
    encoding: "utf8",
    env: { PATH: path },
  });
  assert.equal(status, 1);
  assert.equal(stderr, "there is no gzip to unpack it\n");
  assert.deepEqual(readdirSync(directory), ["bin", "kernel"]);
});

test("an ELF file is taken as it is", ({ directory }) => {
  assert.deepEqual(extract(directory, elf).out, elf);
});

for (const [what, kernel, pattern] of [
  ["what is no kernel", Buffer.alloc(2048), /neither a bzImage nor an ELF file/],
  ["a kernel of an old protocol", bzImage(gzipSync(elf), { version: 0x207 }), /older than 2\.08/],
  ["a kernel that is cut short", bzImage(gzipSync(elf), { length: 1 << 20 }), /cut short/],
  [
    "bzip2",
    bzImage(Buffer.from("425a6839314159265359000000000000000000000000", "hex")),
    /bzip2, which is not supported/,
  ],
  ["an unknown format", bzImage(Buffer.alloc(64, 1)), /not known/],
  ["a payload that is no kernel", bzImage(gzipSync(Buffer.from("something else"))), /no ELF file/],
] as const) {
  test(`${what} is refused with the reason`, ({ directory }) => {
    const { status, out, stderr } = extract(directory, kernel);
    assert.equal(status, 2);
    assert.match(stderr, pattern);
    assert.equal(out, undefined);
  });
}

test.run();
