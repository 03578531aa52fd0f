import { execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openTofu } from "../../tools/opentofu/install";
import { buildPackage } from "../contract/provider-process";

/** What a run of the command came to. */
export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** The exit status that is expected; any other is thrown as an error with all output. Default 0. */
  expect?: number | "any";
  /** Sends SIGINT, as a user's Ctrl-C does, so many milliseconds after a line of output is such. */
  interruptWhen?: (line: string) => boolean;
  interruptDelay?: number;
}

/** What a plan does with resources, by address, without those that it leaves alone. */
export type Actions = Record<string, string>;

/** How long one command may take, in milliseconds. */
const patience = 600_000;

/** The command-line programs that take the provider, and why one cannot be had. */
export const engines: Record<string, () => Promise<string>> = {
  terraform: async () => {
    if (spawnSync("terraform", ["version"]).status === 0) return "terraform";
    throw new Error("there is no terraform on PATH");
  },
  tofu: () => openTofu((line) => process.stderr.write(`${line}\n`)),
};

/** A configuration in a directory and with a home of its own, driven through the real command. */
export class TerraformProject {
  private constructor(
    readonly directory: string,
    private readonly program: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /** @param variables values by name, kept in a file as users keep them */
  static create(program: string, configuration: string, variables: Record<string, unknown>): TerraformProject {
    buildPackage();
    const directory = mkdtempSync(join(tmpdir(), "microvm-terraform-"));
    const inherited = Object.entries(process.env).filter(([name]) => !/^(TF_|SSH_AUTH_SOCK)/.test(name));
    const project = new TerraformProject(directory, program, {
      ...Object.fromEntries(inherited),
      HOME: directory,
      CHECKPOINT_DISABLE: "1",
      TF_IN_AUTOMATION: "1",
      TF_INPUT: "0",
    });
    cpSync(configuration, directory, { recursive: true });
    project.set(variables);
    const main = join(__dirname, "../../dist/provider/engines/terraform-main.js");
    execFileSync(process.execPath, [main, "install"], { env: project.env });
    return project;
  }

  /** Another configuration, with the same program and home; it is deleted when that one is closed. */
  beside(configuration: string): TerraformProject {
    return new TerraformProject(configuration, this.program, this.env);
  }

  /** Sets all variables. */
  set(variables: Record<string, unknown>): void {
    this.write("terraform.tfvars.json", JSON.stringify(variables));
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(join(this.directory, name)), { recursive: true });
    writeFileSync(join(this.directory, name), text);
  }

  delete(name: string): void {
    rmSync(join(this.directory, name));
  }

  apply(options: RunOptions = {}, ...args: string[]): Promise<Outcome> {
    return this.run(["apply", "-auto-approve", ...args], options);
  }

  destroy(): Promise<Outcome> {
    return this.run(["destroy", "-auto-approve"]);
  }

  /** What would be done, and the text that is shown of it. */
  async plan(): Promise<{ actions: Actions; text: string }> {
    const { stdout } = await this.run(["plan", "-out=plan"], { expect: 0 });
    const shown = JSON.parse((await this.run(["show", "-json", "plan"])).stdout) as Shown;
    const changes = (shown.resource_changes ?? []).map(({ address, change }) => [address, change.actions.join("+")]);
    return { actions: Object.fromEntries(changes.filter(([, actions]) => actions !== "no-op")), text: stdout };
  }

  /** The state's resources as its file has them, by address. */
  state(): Record<string, { status?: string; attributes: Record<string, unknown> }> {
    const file = JSON.parse(readFileSync(join(this.directory, "terraform.tfstate"), "utf8")) as StateFile;
    const all = file.resources.map(({ type, name, instances }) => [`${type}.${name}`, instances[0]]);
    return Object.fromEntries(all.filter(([, instance]) => instance));
  }

  async run(args: string[], { expect = 0, interruptWhen, interruptDelay = 0 }: RunOptions = {}): Promise<Outcome> {
    const words = args[0] === "state" ? 2 : 1;
    const child = spawn(this.program, [...args.slice(0, words), "-no-color", ...args.slice(words)], {
      cwd: this.directory,
      env: this.env,
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, so that a signal reaches it and its plugins, as from a terminal.
      detached: true,
    });
    const output = { stdout: "", stderr: "" };
    const timers = [setTimeout(() => signal(child.pid, "SIGKILL"), patience)];
    let interrupted = false;
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        output[stream] += text;
        if (interrupted || !interruptWhen || !output[stream].split("\n").some(interruptWhen)) return;
        interrupted = true;
        timers.push(setTimeout(() => signal(child.pid, "SIGINT"), interruptDelay));
      });
    }
    const code = await new Promise<number | null>((done, reject) => {
      child.once("error", reject);
      child.once("close", done);
    });
    for (const timer of timers) clearTimeout(timer);
    if (expect !== "any" && code !== expect) {
      throw new Error(`${args.join(" ")} ended with ${code}:\n${output.stdout}\n${output.stderr}`);
    }
    return { code, ...output };
  }

  close(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

interface Shown {
  resource_changes?: { address: string; change: { actions: string[] } }[];
}

interface StateFile {
  resources: {
    mode: string;
    type: string;
    name: string;
    instances: { status?: string; attributes: Record<string, unknown> }[];
  }[];
}

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid !== undefined) process.kill(-pid, name);
}
