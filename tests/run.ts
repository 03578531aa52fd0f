import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { testTraces } from "./left-behind";

/**
 * Runs the tests, tier by tier, each file in a process of its own, and ends with a line `N passed, N failed`
 * (`, N skipped`). What cannot run here is skipped with its reason, never passed.
 *   npm test                     everything
 *   npm test -- unit ssh         these tiers
 *   npm test -- --grep volume    files whose path holds the word
 *   npm test -- --list           what would run
 */

const root = join(__dirname, "..");
const tiers = ["static", "unit", "ssh", "contract", "lab", "e2e"];
/** Files of these tiers take turns with others of their tier: they mostly wait, but share the machine badly. */
const alone = ["lab", "e2e"];
/** Milliseconds. */
const fileTimeout = Number(process.env.MICROVM_TEST_TIMEOUT ?? 900) * 1000;

interface Task {
  tier: string;
  name: string;
  command: string[];
  /** Whether it counts as one test by its exit status alone. */
  single: boolean;
}

interface Outcome {
  passed: number;
  failed: number;
  skipped: { name: string; reason: string }[];
  /** Why the file failed as a whole. */
  trouble?: string;
  output: string;
  millis: number;
}

const tsx = [process.execPath, require.resolve("tsx/cli")];
const tool = (name: string) => join(root, "node_modules", ".bin", name);

const statics: Task[] = [
  ["build", [tool("tsc"), "-p", "tsconfig.build.json"]],
  ["types of everything", [tool("tsc"), "-p", "tsconfig.json", "--noEmit"]],
  ["format, lint and import directions", [tool("biome"), "check", "--error-on-warnings", "."]],
].map(([name, command]) => ({ tier: "static", name: name as string, command: command as string[], single: true }));

function tasksOf(tier: string): Task[] {
  if (tier === "static") return statics;
  const directory = join(process.env.MICROVM_TESTS_ROOT ?? __dirname, tier);
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".test.ts"))
    .sort()
    .map((path) => ({
      tier,
      name: relative(root, join(directory, path)),
      command: [...tsx, join(directory, path)],
      single: false,
    }));
}

const running = new Set<ChildProcess>();

function execute(task: Task): Promise<Outcome> {
  const began = Date.now();
  return new Promise((resolve) => {
    const child = spawn(task.command[0] as string, task.command.slice(1), {
      cwd: root,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, FORCE_COLOR: "0" },
    });
    running.add(child);
    let output = "";
    const take = (chunk: Buffer) => {
      output += chunk.toString("utf8");
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      killGroup(child, "SIGTERM");
      setTimeout(() => killGroup(child, "SIGKILL"), 20_000).unref();
    }, fileTimeout);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ ...judge(task, output, code, signal, late), output, millis: Date.now() - began });
    });
  });
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid) process.kill(-child.pid, signal);
  } catch {
    // It has ended.
  }
}

/** What a file's output and end say. */
export function judge(
  task: Pick<Task, "single">,
  output: string,
  code: number | null,
  signal: NodeJS.Signals | null,
  late: boolean,
): Pick<Outcome, "passed" | "failed" | "skipped" | "trouble"> {
  if (task.single) return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: [] };
  const sum = (word: string) =>
    [...output.matchAll(new RegExp(`^ {2}${word}: +(\\d+)$`, "gm"))].reduce((n, m) => n + Number(m[1]), 0);
  const total = sum("Total");
  const passed = sum("Passed");
  const skipped = [...output.matchAll(/^# skip (.+?): (.+)$/gm)].map((m) => ({
    name: m[1] as string,
    reason: m[2] as string,
  }));
  for (let n = sum("Skipped"); n > 0; n--) skipped.push({ name: "a test", reason: "marked as skipped" });
  // uvu counts a test whose error it cannot print as neither; whatever did not pass has failed.
  const failed = total - passed;
  const result = { passed, failed, skipped };
  if (late) return { ...result, failed: failed + 1, trouble: `took longer than ${fileTimeout / 1000} s` };
  if (signal) return { ...result, failed: failed + 1, trouble: `was ended by ${signal}` };
  if (code !== 0 && failed === 0) return { ...result, failed: 1, trouble: `ended with status ${code}` };
  if (total === 0 && skipped.length === 0) return { ...result, failed: failed + 1, trouble: "ran no test" };
  return result;
}

/**
 * What end-to-end tests need of other people's tools is built while other tests run, at the lowest priority. Whatever
 * goes wrong there goes wrong again in the test that needs it, and is told by that.
 */
function buildTools(): void {
  const command = ["nice", "-n", "19", ...tsx, join(root, "tools/build-all.ts")];
  const child = spawn(command[0] as string, command.slice(1), { cwd: root, detached: true, stdio: "ignore" });
  running.add(child);
  child.on("error", () => running.delete(child));
  child.on("close", () => running.delete(child));
}

/** What tests leave is looked for where they can leave something. */
function tracesHere(): string[] {
  return process.platform === "linux" ? testTraces() : [];
}

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  const at = args.indexOf("--grep");
  const word = at >= 0 ? args.splice(at, 2)[1] : undefined;
  const list = args.includes("--list");
  const wanted = args.filter((arg) => !arg.startsWith("--"));
  const strange = wanted.filter((tier) => !tiers.includes(tier));
  if (strange.length) {
    process.stderr.write(`There is no tier ${strange.join(", ")}; there are ${tiers.join(", ")}.\n`);
    return 2;
  }
  const tasks = tiers
    .filter((tier) => !wanted.length || wanted.includes(tier))
    .flatMap(tasksOf)
    .filter((task) => !word || task.name.includes(word));
  if (list) {
    for (const task of tasks) process.stdout.write(`${task.tier}: ${task.name}\n`);
    return 0;
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      for (const child of running) killGroup(child, "SIGTERM");
      process.exit(1);
    });
  }
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const report = (task: Task, outcome: Outcome) => {
    counts.passed += outcome.passed;
    counts.failed += outcome.failed;
    counts.skipped += outcome.skipped.length;
    const verdict = outcome.failed ? "FAILED" : outcome.passed ? "ok" : "skipped";
    process.stdout.write(
      `${verdict.padEnd(8)}${task.tier.padEnd(9)}${task.name} (${outcome.passed} passed, ${(outcome.millis / 1000).toFixed(1)} s)\n`,
    );
    for (const { name, reason } of outcome.skipped) process.stdout.write(`        skipped ${name}: ${reason}\n`);
    if (outcome.failed) {
      if (outcome.trouble) process.stdout.write(`        ${outcome.trouble}\n`);
      process.stdout.write(`${outcome.output.trimEnd().replace(/^/gm, "    | ")}\n`);
    }
  };
  if (tasks.some(({ tier }) => tier === "e2e")) buildTools();
  const before = new Set(tracesHere());
  const together = tasks.filter((task) => !alone.includes(task.tier));
  const inTurn = tasks.filter((task) => alone.includes(task.tier));
  // The build comes first: contract and e2e tests use what it makes.
  for (const task of together.filter(({ name }) => name === "build")) report(task, await execute(task));
  const rest = together.filter(({ name }) => name !== "build");
  await Promise.all(
    [0, 1].map(async () => {
      for (let task = rest.shift(); task; task = rest.shift()) report(task, await execute(task));
    }),
  );
  await Promise.all(
    alone.map(async (tier) => {
      for (const task of inTurn.filter((one) => one.tier === tier)) report(task, await execute(task));
    }),
  );
  for (const child of running) killGroup(child, "SIGTERM");
  if (inTurn.length) {
    const began = Date.now();
    const left = tracesHere().filter((line) => !before.has(line));
    const output = left.map((line) => `left behind: ${line}`).join("\n");
    const verdict = { passed: left.length ? 0 : 1, failed: left.length ? 1 : 0, skipped: [] };
    report(
      { tier: "last", name: "nothing is left behind", command: [], single: true },
      { ...verdict, output, millis: Date.now() - began },
    );
  }
  const skipped = counts.skipped ? `, ${counts.skipped} skipped` : "";
  process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed${skipped}\n`);
  return counts.failed ? 1 : 0;
}

if (require.main === module) {
  main().then((code) => {
    process.exitCode = code;
  });
}
