import { type ChildProcess, spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { pulumiCli } from "../../tools/pulumi-cli/install";

/** How many resources an operation changed, by what was done; the stack itself counts as one. */
export type Changes = Partial<Record<"create" | "update" | "same" | "delete" | "replace" | "import", number>>;

/** One event of the engine, as Pulumi's event log has it. */
export type EngineEvent = Record<string, unknown> & {
  diagnosticEvent?: { urn?: string; message: string; severity: "debug" | "info" | "info#err" | "warning" | "error" };
  summaryEvent?: { resourceChanges: Record<string, number>; durationSeconds: number };
  resourcePreEvent?: {
    metadata: { op: string; urn: string; detailedDiff?: Record<string, unknown>; diffs?: string[] };
  };
};

/** What came of one run of the CLI. */
export interface Outcome {
  /** Exit status; null where a signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
  milliseconds: number;
  events: EngineEvent[];
  /** Counts of the summary without what is zero; empty where the run did not come that far. */
  changes: Changes;
  /** What the program and the providers said at severity warning or error. */
  complaints: string[];
}

export interface RunOptions {
  /** Further arguments. */
  args?: string[];
  env?: NodeJS.ProcessEnv;
  /** Standard input; default: none. */
  input?: string;
  /** Which end is expected; another one is thrown as an error with all output. Default `success`. */
  expect?: "success" | "failure" | "any";
  /** Kills the CLI and all it started, in milliseconds. Default 20 minutes. */
  timeout?: number;
  /** Kills the CLI and all it started with SIGKILL after so many milliseconds: an end to test, not a failure. */
  killAfter?: number;
  /** Kills likewise when a line of output, of the CLI or of a provider, is such. */
  killWhen?: (line: string) => boolean;
  /** Milliseconds from that line to the kill: into the middle of what it announces. Default 0. */
  killDelay?: number;
  /** Sends SIGINT to the CLI, as a user's Ctrl-C does. */
  signal?: AbortSignal;
}

const defaultTimeout = 1_200_000;

/** Where a program brings no Pulumi.yaml: tsx needs no compilation before and is as fast as plain JavaScript. */
const defaultProject = (name: string) =>
  `name: ${name}\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n    nodeargs: --require tsx/cjs\n`;

/**
 * A copy of a Pulumi program with one stack, a home and a file backend of its own in a temporary directory, driven
 * through the real CLI.
 */
export class PulumiProject {
  private constructor(
    /** Holds everything. */
    readonly directory: string,
    readonly stack: string,
    readonly env: NodeJS.ProcessEnv,
  ) {}

  /**
   * @param program directory of the program; node_modules and stack configuration in it are not copied
   * @param files further files by name, e.g. `index.ts`; a program may consist of these alone
   * @param stack default `test`
   * @param env for the CLI and the program, besides this process's own without its PULUMI_ variables
   */
  static async create(options: {
    program?: string;
    files?: Record<string, string>;
    stack?: string;
    env?: NodeJS.ProcessEnv;
  }): Promise<PulumiProject> {
    const { program, files = {}, stack = "test" } = options;
    const { bin } = await pulumiCli({ progress: (line) => process.stderr.write(`${line}\n`) });
    const directory = mkdtempSync(join(tmpdir(), "microvm-pulumi-"));
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("PULUMI_"));
    const project = new PulumiProject(directory, stack, {
      ...Object.fromEntries(inherited),
      PATH: `${bin}${delimiter}${process.env.PATH}`,
      PULUMI_HOME: join(directory, "home"),
      PULUMI_BACKEND_URL: `file://${join(directory, "backend")}`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DEBUG_COMMANDS: "true", // without it there is no --event-log
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      ...options.env,
    });
    try {
      mkdirSync(join(directory, "backend"));
      mkdirSync(project.program);
      if (program) {
        const left = (path: string) => !/^(node_modules|Pulumi\..+\.yaml)$/.test(basename(path));
        cpSync(program, project.program, { recursive: true, filter: left });
      }
      for (const [name, text] of Object.entries(files)) project.write(name, text);
      if (!existsSync(join(project.program, "Pulumi.yaml"))) project.write("Pulumi.yaml", defaultProject("test"));
      if (!existsSync(join(project.program, "package.json"))) {
        project.write("package.json", JSON.stringify({ name: "test", private: true, main: "index.ts" }));
      }
      symlinkSync(modulesFor(program ?? __dirname), join(project.program, "node_modules"));
      await project.run(["stack", "init", stack]);
    } catch (error) {
      project.close();
      throw error;
    }
    return project;
  }

  /** The copy of the program. */
  get program(): string {
    return join(this.directory, "program");
  }

  /** Writes a file of the program: the next step of a test. */
  write(name: string, text: string): void {
    mkdirSync(dirname(join(this.program, name)), { recursive: true });
    writeFileSync(join(this.program, name), text);
  }

  read(name: string): string {
    return readFileSync(join(this.program, name), "utf8");
  }

  preview(options?: RunOptions): Promise<Outcome> {
    return this.#operation("preview", [], options);
  }

  up(options?: RunOptions): Promise<Outcome> {
    return this.#operation("up", ["--yes", "--skip-preview"], options);
  }

  refresh(options?: RunOptions): Promise<Outcome> {
    return this.#operation("refresh", ["--yes", "--skip-preview"], options);
  }

  destroy(options?: RunOptions): Promise<Outcome> {
    return this.#operation("destroy", ["--yes", "--skip-preview"], options);
  }

  /**
   * Takes back the lock that a killed run left on the stack, as its user would. Pulumi's file backend replaces a
   * checkpoint in one step, but not the attributes beside it: torn ones are put back from those of the backup.
   */
  async unlock(): Promise<void> {
    const stacks = join(this.directory, "backend/.pulumi/stacks");
    for (const entry of readdirSync(stacks, { recursive: true, encoding: "utf8" })) {
      if (basename(entry) !== `${this.stack}.json.attrs` || statSync(join(stacks, entry)).size > 0) continue;
      cpSync(join(stacks, entry.replace(/attrs$/, "bak.attrs")), join(stacks, entry));
    }
    await this.run(["cancel", "--yes", this.stack]);
  }

  /** Sets a value of the stack's configuration; a secret never shows in a list of processes. */
  async config(key: string, value: string, options: { secret?: boolean } = {}): Promise<void> {
    await this.run(["config", "set", key, options.secret ? "--secret" : "--plaintext"], { input: value });
  }

  /** The stack's state as the CLI exports it, secrets encrypted. */
  async exportStack(): Promise<{ version: number; deployment: { resources?: Record<string, unknown>[] } }> {
    return JSON.parse((await this.run(["stack", "export"])).stdout);
  }

  async outputs(options: { secrets?: boolean } = {}): Promise<Record<string, unknown>> {
    const secrets = options.secrets ? ["--show-secrets"] : [];
    return JSON.parse((await this.run(["stack", "output", "--json", ...secrets])).stdout);
  }

  /** Runs any command of the CLI in the program's directory. */
  async run(args: string[], options: RunOptions = {}): Promise<Outcome> {
    const all = [...args, ...(options.args ?? [])];
    const began = performance.now();
    const child = spawn("pulumi", ["--non-interactive", "--color", "never", ...all], {
      cwd: this.program,
      env: { ...this.env, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    child.stdin.on("error", () => {}); // It may end without reading.
    child.stdin.end(options.input ?? "");
    const timers: NodeJS.Timeout[] = [];
    let [late, killed] = [false, false];
    const kill = () => {
      killed = true;
      this.#killAll(child);
    };
    timers.push(
      setTimeout(() => {
        late = true;
        kill();
      }, options.timeout ?? defaultTimeout),
    );
    if (options.killAfter !== undefined) timers.push(setTimeout(kill, options.killAfter));
    const interrupt = () => child.kill("SIGINT");
    options.signal?.addEventListener("abort", interrupt);
    const output = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        output[stream] += text;
      });
      createInterface(child[stream]).on("line", (line) => {
        if (!killed && options.killWhen?.(line)) timers.push(setTimeout(kill, options.killDelay ?? 0));
      });
    }
    try {
      const code = await new Promise<number | null>((done, reject) => {
        child.once("error", reject);
        child.once("close", done);
      });
      const outcome = { code, ...output, milliseconds: performance.now() - began, ...emptyLog };
      const { expect = "success" } = options;
      const intended = killed && !late;
      if (late || (!intended && expect !== "any" && (code === 0) !== (expect === "success"))) {
        const end = late ? "took too long" : `ended with status ${code}`;
        throw new Error(`pulumi ${all.join(" ")} ${end}:\n${output.stdout}\n${output.stderr}`);
      }
      return outcome;
    } finally {
      for (const timer of timers) clearTimeout(timer);
      options.signal?.removeEventListener("abort", interrupt);
    }
  }

  async #operation(name: string, args: string[], options: RunOptions = {}): Promise<Outcome> {
    const log = join(mkdtempSync(join(this.directory, "log-")), "events");
    const outcome = await this.run([name, "--stack", this.stack, "--event-log", log, ...args], options);
    return { ...outcome, ...readLog(log) };
  }

  /** The CLI's plugins are in process groups of their own: they are known by their environment. */
  #killAll(child?: ChildProcess): void {
    child?.kill("SIGKILL");
    const mark = `\0PULUMI_HOME=${this.env.PULUMI_HOME}\0`;
    for (const pid of readdirSync("/proc")) {
      if (!/^\d+$/.test(pid)) continue;
      try {
        const environment = `\0${readFileSync(`/proc/${pid}/environ`, "latin1")}`;
        if (environment.includes(mark)) process.kill(Number(pid), "SIGKILL");
      } catch {
        // It has ended, or is another user's.
      }
    }
  }

  /** Ends what is still running and deletes everything, the stack's state with it: destroy before. */
  close(): void {
    this.#killAll();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

const emptyLog: Pick<Outcome, "events" | "changes" | "complaints"> = { events: [], changes: {}, complaints: [] };

function readLog(path: string): Pick<Outcome, "events" | "changes" | "complaints"> {
  if (!existsSync(path)) return emptyLog;
  // The last line of a killed run may be cut off.
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  const events = lines.map((line) => JSON.parse(line) as EngineEvent);
  const summary = events.findLast((event) => event.summaryEvent)?.summaryEvent?.resourceChanges ?? {};
  return {
    events,
    changes: Object.fromEntries(Object.entries(summary).filter(([, count]) => count > 0)),
    complaints: events.flatMap(({ diagnosticEvent: said }) =>
      said && ["warning", "error"].includes(said.severity) ? [said.message.trim()] : [],
    ),
  };
}

/** The directory of installed packages that a program there would use. */
function modulesFor(directory: string): string {
  for (let place = resolve(directory); ; place = dirname(place)) {
    const candidate = join(place, "node_modules");
    if (existsSync(join(candidate, "@pulumi", "pulumi"))) return candidate;
    if (dirname(place) === place) throw new Error(`@pulumi/pulumi is not installed for ${directory}: run npm install`);
  }
}
