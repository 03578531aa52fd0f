import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { skip } from "../skip";

const script = resolve(__dirname, "../../host-setup/kvm-probe");
const keys = [
  "virtualization",
  "evidence",
  "instructions-per-second",
  "nested",
  "device",
  "modules",
  "cpu-flag",
] as const;
type Found = Record<(typeof keys)[number], string>;

/** Runs the probe, by way of standard input because another user may not be able to read this checkout. */
function probe(args: string[] = [], uid?: number): Found {
  const ran = spawnSync("perl", ["-", ...args], {
    input: readFileSync(script),
    encoding: "utf8",
    timeout: 30_000,
    cwd: "/",
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  assert.is(ran.status, 0, ran.stderr);
  assert.is(ran.stderr, "");
  const lines = ran.stdout.trimEnd().split("\n");
  const found = Object.fromEntries(lines.map((line) => [line.split(" ", 1)[0], line.slice(line.indexOf(" ") + 1)]));
  assert.equal(Object.keys(found), [...keys], "each key once, in this order");
  assert.ok(["kvm", "kvm-slow", "none"].includes(found.virtualization ?? ""));
  assert.match(found.evidence ?? "", /^\S.*\.$/);
  assert.ok(["yes", "no", "unknown"].includes(found.nested ?? ""));
  return found as Found;
}

function has(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

const timesGuests = existsSync("/dev/kvm") && process.getuid?.() === 0 && process.arch === "x64";
const test = suite("KVM probe");

test("the guest's bytes are the instructions beside them", () => {
  if (!has("as") || !has("objcopy") || process.arch !== "x64") {
    skip("the guest's bytes are the instructions beside them", "needs binutils on x86-64");
    return;
  }
  const listing = /<<'END';\n([\s\S]*?)\nEND\n/.exec(readFileSync(script, "utf8"))?.[1]?.split("\n") ?? [];
  assert.is(listing.length, 6);
  const directory = mkdtempSync(join(tmpdir(), "kvm-probe-"));
  try {
    const source = listing.map((line) => line.slice(12)).join("\n");
    execFileSync("as", ["--64", "-o", join(directory, "guest.o"), "-"], { input: `${source}\n` });
    execFileSync("objcopy", ["-O", "binary", "-j", ".text", join(directory, "guest.o"), join(directory, "guest.bin")]);
    const assembled = readFileSync(join(directory, "guest.bin")).toString("hex");
    assert.is(
      listing
        .map((line) => line.slice(0, 12))
        .join("")
        .replace(/\s/g, ""),
      assembled,
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a KVM is called usable only if a timed guest was fast enough", () => {
  if (!timesGuests) {
    skip("a KVM is called usable only if a timed guest was fast enough", "needs /dev/kvm, root and x86-64");
    return;
  }
  const found = probe();
  const rate = Number(found["instructions-per-second"]);
  assert.is(found.device, "present");
  assert.ok(rate > 10_000, found.evidence);
  assert.is(found.virtualization, rate < 100_000_000 ? "kvm-slow" : "kvm");
  assert.match(found.evidence, /[0-9,]+ instructions in kernel mode in [0-9.]+ s, at best [0-9,.]+ million a second/);
});

test("a guest that never comes back ends at the deadline", () => {
  if (!timesGuests) {
    skip("a guest that never comes back ends at the deadline", "needs /dev/kvm, root and x86-64");
    return;
  }
  const start = performance.now();
  const found = probe(["--deadline", "1", "--loops", "999999999999999"]);
  const seconds = (performance.now() - start) / 1000;
  assert.ok(seconds > 0.9 && seconds < 3, `took ${seconds} s`);
  assert.is(found.virtualization, "kvm-slow");
  assert.match(found.evidence, /did not get through/);
});

test("without a device there is no KVM", () => {
  const found = probe(["--device", "/nonexistent/kvm"]);
  assert.is(found.virtualization, "none");
  assert.is(found.device, "absent");
  assert.is(found["instructions-per-second"], "unknown");
});

for (const impostor of ["/dev/null", "/etc/hostname", "/"]) {
  test(`${impostor} in the place of the device is no KVM`, () => {
    if (impostor === "/etc/hostname" && process.getuid?.() !== 0) {
      skip(`${impostor} in the place of the device is no KVM`, "needs root to open it for writing");
      return;
    }
    const found = probe(["--device", impostor]);
    assert.is(found.virtualization, "none");
    assert.is(found.device, "present");
    assert.match(found.evidence, impostor === "/" ? /cannot be opened/ : /is no KVM/);
  });
}

test("a user without the right to the device is told so", () => {
  if (process.getuid?.() !== 0) {
    skip("a user without the right to the device is told so", "needs root to run as another user");
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), "kvm-probe-"));
  try {
    execFileSync("mknod", ["-m", "0600", join(directory, "kvm"), "c", "10", "232"]);
    execFileSync("chmod", ["0755", directory]);
    const found = probe(["--device", join(directory, "kvm")], 65534);
    assert.is(found.virtualization, "none");
    assert.is(found.device, "no-permission");
    assert.match(found.evidence, /uid 65534/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("wrong usage is refused", () => {
  for (const args of [
    ["--deadline"],
    ["--deadline", "0"],
    ["--deadline", "99999"],
    ["--loops", "many"],
    ["--what", "1"],
    ["/dev/kvm"],
  ]) {
    const ran = spawnSync("perl", [script, ...args], { encoding: "utf8" });
    assert.is(ran.status, 64, args.join(" "));
    assert.match(ran.stderr, /^usage: /);
    assert.is(ran.stdout, "");
  }
});

test("nothing beyond perl-base is needed", () => {
  if (!has("dpkg")) {
    skip("nothing beyond perl-base is needed", "needs dpkg");
    return;
  }
  const files = execFileSync("dpkg", ["-L", "perl-base"], { encoding: "utf8" });
  const used = [...readFileSync(script, "utf8").matchAll(/^use ([A-Z]\w*)/gm)].map((match) => match[1]);
  assert.equal(used, ["Errno", "POSIX"]);
  for (const module of used) assert.match(files, new RegExp(`/${module}\\.pm$`, "m"));
});

test.run();
