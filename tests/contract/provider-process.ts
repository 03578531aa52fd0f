import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { providerKey } from "../../provider/engines/pulumi-values";

type Properties = Record<string, unknown>;

const root = join(__dirname, "../..");

/**
 * Compiles the package where what is in `dist` is older than its sources: states run what is installed. Test files run
 * side by side, so one compiles and the others wait.
 */
export function buildPackage(): void {
  const lock = join(root, "dist.lock");
  const patience = Date.now() + 120_000;
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      if (Date.now() > patience) throw new Error(`another test seems to be compiling; if none is, remove ${lock}`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
  try {
    if (!isBuilt()) {
      const compiler = require.resolve("typescript/bin/tsc");
      execFileSync(process.execPath, [compiler, "-p", join(root, "tsconfig.build.json")], { stdio: "inherit" });
    }
  } finally {
    rmdirSync(lock);
  }
}

function isBuilt(): boolean {
  const built = join(root, "dist/provider/engines/runtime.js");
  const sources = ["provider", "sdk"].flatMap((directory) =>
    readdirSync(join(root, directory), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs),
  );
  return existsSync(built) && statSync(built).mtimeMs > Math.max(...sources);
}

/** The real process that Pulumi starts for dynamic resources, spoken to as the engine does. */
export class ProviderProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly client: InstanceType<typeof ResourceProviderClient>,
    private readonly errors: string[],
  ) {}

  static async start(
    config: Record<string, string> = {},
    environment: NodeJS.ProcessEnv = {},
  ): Promise<ProviderProcess> {
    buildPackage();
    const child = spawn(process.execPath, [require.resolve("@pulumi/pulumi/cmd/dynamic-provider"), "127.0.0.1:1"], {
      cwd: root,
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const errors: string[] = [];
    child.stderr?.on("data", (chunk) => errors.push(String(chunk)));
    const port = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).once("line", resolve);
      child.once("exit", (code) => reject(new Error(`the provider ended with ${code}: ${errors.join("")}`)));
    });
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    const provider = new ProviderProcess(child, client, errors);
    const request = new messages.ConfigureRequest();
    request.setArgs(Struct.fromJavaScript(config));
    await provider.call("configure", request);
    return provider;
  }

  /** What the process wrote for people to see. */
  get stderr(): string {
    return this.errors.join("");
  }

  async check(stub: string, news: Properties, olds: Properties = {}) {
    const request = new messages.CheckRequest();
    request.setOlds(struct(olds));
    request.setNews(struct({ ...news, [providerKey]: stub }));
    const response = (await this.call("check", request)) as messages.CheckResponse;
    return {
      inputs: withoutStub(response.getInputs()),
      failures: response.getFailuresList().map((failure) => failure.toObject()),
    };
  }

  async diff(stub: string, olds: Properties, news: Properties) {
    const request = new messages.DiffRequest();
    request.setId(String(olds.name));
    request.setOlds(struct({ ...olds, [providerKey]: stub }));
    request.setNews(struct({ ...news, [providerKey]: stub }));
    const response = (await this.call("diff", request)) as messages.DiffResponse;
    return {
      changes: response.getChanges() === messages.DiffResponse.DiffChanges.DIFF_SOME,
      replaces: response.getReplacesList(),
      deleteBeforeReplace: response.getDeletebeforereplace(),
    };
  }

  async create(stub: string, news: Properties) {
    const request = new messages.CreateRequest();
    request.setProperties(struct({ ...news, [providerKey]: stub }));
    const response = (await this.call("create", request)) as messages.CreateResponse;
    return { id: response.getId(), properties: withoutStub(response.getProperties()) };
  }

  async update(stub: string, olds: Properties, news: Properties) {
    const request = new messages.UpdateRequest();
    request.setId(String(olds.name));
    request.setOlds(struct({ ...olds, [providerKey]: stub }));
    request.setNews(struct({ ...news, [providerKey]: stub }));
    const response = (await this.call("update", request)) as messages.UpdateResponse;
    return { properties: withoutStub(response.getProperties()) };
  }

  async read(stub: string, olds: Properties) {
    const request = new messages.ReadRequest();
    request.setId(String(olds.name));
    request.setProperties(struct({ ...olds, [providerKey]: stub }));
    const response = (await this.call("read", request)) as messages.ReadResponse;
    return { id: response.getId(), properties: withoutStub(response.getProperties()) };
  }

  async delete(stub: string, olds: Properties): Promise<void> {
    const request = new messages.DeleteRequest();
    request.setId(String(olds.name));
    request.setProperties(struct({ ...olds, [providerKey]: stub }));
    await this.call("delete", request);
  }

  /** Ends it as the engine does, and returns how long that took, in milliseconds. */
  async end(): Promise<number> {
    this.client.close();
    const begun = Date.now();
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGINT");
    await ended;
    return Date.now() - begun;
  }

  private call(method: string, request: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const client = this.client as unknown as Record<string, (request: unknown, done: Done) => void>;
      client[method]?.(request, (error, response) => (error ? reject(error) : resolve(response)));
    });
  }
}

type Done = (error: Error | null, response: unknown) => void;

function struct(properties: Properties): Struct {
  return Struct.fromJavaScript(properties as Parameters<typeof Struct.fromJavaScript>[0]);
}

function withoutStub(properties: Struct | undefined): Properties {
  const { [providerKey]: _, ...own } = properties?.toJavaScript() ?? {};
  return own;
}
