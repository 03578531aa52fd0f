import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const test = suite("the test runner");
const root = join(__dirname, "../..");

/** Runs the runner on files of its own. */
function run(
  files: Record<string, string>,
  env: NodeJS.ProcessEnv = {},
): { status: number | null; stdout: string; last: string } {
  const directory = mkdtempSync(join(tmpdir(), "microvm-runner-"));
  try {
    mkdirSync(join(directory, "ssh"));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, "ssh", `${name}.test.ts`), text);
    const { status, stdout } = spawnSync(
      process.execPath,
      [require.resolve("tsx/cli"), join(root, "tests/run.ts"), "ssh"],
      {
        encoding: "utf8",
        env: { ...process.env, MICROVM_TESTS_ROOT: directory, ...env },
      },
    );
    return { status, stdout, last: stdout.trimEnd().split("\n").at(-1) ?? "" };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
const uvu = `const { test } = require(${JSON.stringify(require.resolve("uvu"))});\n`;

test("counts what passed, failed and was skipped, and ends with that line", () => {
  const { status, last, stdout } = run({
    good: `${uvu}test("a", () => {}); test("b", () => {}); test.run();`,
    bad: `${uvu}test("a", () => { throw new Error("this is why"); }); test.run();`,
    skipped: 'console.log("# skip the thing: no root");',
  });
  assert.is(last, "2 passed, 1 failed, 1 skipped");
  assert.is(status, 1);
  assert.match(stdout, /this is why/);
  assert.match(stdout, /skipped the thing: no root/);
});

test("all good is status 0", () => {
  const { status, last } = run({ good: `${uvu}test("a", () => {}); test.run();` });
  assert.is(last, "1 passed, 0 failed");
  assert.is(status, 0);
});

for (const [what, text] of [
  ["a file that crashes", 'throw new Error("boom");'],
  ["a file without a test", "export {};"],
  ["a file that ends before its tests do", `${uvu}test("a", () => new Promise(() => {})); test.run();`],
  [
    "an error that uvu cannot print",
    `${uvu}test("a", () => { throw Object.assign(new Error("x"), { details: {} }); }); test.run();`,
  ],
] as const) {
  test(`${what} has failed`, () => {
    const { status, last } = run({ file: text });
    assert.is(status, 1);
    assert.match(last, /^0 passed, [1-9]\d* failed$/);
  });
}

test("a file that does not end is ended", () => {
  // Long enough for its test to have run, on a busy machine too.
  const { last, stdout } = run(
    { hangs: `${uvu}setInterval(() => {}, 1000); test("a", () => {}); test.run();` },
    { MICROVM_TEST_TIMEOUT: "8" },
  );
  assert.match(stdout, /took longer than 8 s/);
  assert.is(last, "1 passed, 1 failed");
});

test.run();
