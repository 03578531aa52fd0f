import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Kind } from "../../provider/generated/types";
import { buildPackage } from "./provider-process";

type Properties = Record<string, unknown>;

const root = join(__dirname, "../..");

/** What the plugin told its engine. */
export interface Told {
  urn: string;
  message: string;
  severity: number;
  ephemeral: boolean;
}

/** How an operation is asked for. */
export interface Asked {
  preview?: boolean;
  /** Seconds. */
  timeout?: number;
}

/** The real executable, spoken to as the engine does, and an engine that it can talk to. */
export class PluginProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly client: InstanceType<typeof ResourceProviderClient>,
    private readonly engine: grpc.Server,
    /** All that it told its engine. */
    readonly told: Told[],
    private readonly written: string[],
  ) {}

  /** @param config settings of the provider; where there are none at all, it is not configured */
  static async start(
    config: Properties | undefined = {},
    environment: NodeJS.ProcessEnv = {},
    command: string[] = [join(root, "plugin/pulumi-resource-microvm")],
  ): Promise<PluginProcess> {
    buildPackage();
    const told: Told[] = [];
    const engine = new grpc.Server();
    engine.addService(EngineService as unknown as grpc.ServiceDefinition, {
      log: (call: grpc.ServerUnaryCall<LogRequest, Empty>, done: grpc.sendUnaryData<Empty>) => {
        const { urn, message, severity, ephemeral } = call.request.toObject();
        told.push({ urn, message, severity, ephemeral });
        done(null, new Empty());
      },
    });
    const enginePort = await new Promise<number>((resolve, reject) => {
      engine.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
    const child = spawn(process.execPath, [...command, `127.0.0.1:${enginePort}`], {
      cwd: root,
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const written: string[] = [];
    child.stderr?.on("data", (chunk) => written.push(String(chunk)));
    child.stdout?.on("data", (chunk) => written.push(String(chunk)));
    const port = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).once("line", resolve);
      child.once("exit", (code) => reject(new Error(`the plugin ended with ${code}: ${written.join("")}`)));
    });
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    const plugin = new PluginProcess(child, client, engine, told, written);
    await plugin.call("handshake", new messages.ProviderHandshakeRequest());
    if (config) await plugin.configure(config);
    return plugin;
  }

  /** What the process wrote to standard output and standard error. */
  get output(): string {
    return this.written.join("");
  }

  async schema(): Promise<Properties> {
    const response = (await this.call("getSchema", new messages.GetSchemaRequest())) as messages.GetSchemaResponse;
    return JSON.parse(response.getSchema());
  }

  async configure(config: Properties): Promise<{ acceptSecrets: boolean; supportsPreview: boolean }> {
    const request = new messages.ConfigureRequest();
    request.setArgs(struct(config));
    const response = (await this.call("configure", request)) as messages.ConfigureResponse;
    return { acceptSecrets: response.getAcceptsecrets(), supportsPreview: response.getSupportspreview() };
  }

  async checkConfig(config: Properties) {
    const request = new messages.CheckRequest();
    request.setUrn("urn:pulumi:dev::project::pulumi:providers:microvm::default");
    request.setNews(struct(config));
    return checked((await this.call("checkConfig", request)) as messages.CheckResponse);
  }

  async diffConfig(before: Properties, now: Properties) {
    const request = new messages.DiffRequest();
    request.setOldInputs(struct(before));
    request.setNews(struct(now));
    const response = (await this.call("diffConfig", request)) as messages.DiffResponse;
    return { changed: response.getDiffsList(), replaces: response.getReplacesList() };
  }

  async check(kind: Kind, news: Properties, olds: Properties = {}, name = nameOf(news)) {
    const request = new messages.CheckRequest();
    request.setUrn(urnOf(kind, name));
    request.setOlds(struct(olds));
    request.setNews(struct(news));
    return checked((await this.call("check", request)) as messages.CheckResponse);
  }

  async diff(kind: Kind, olds: Properties, news: Properties) {
    const request = new messages.DiffRequest();
    request.setUrn(urnOf(kind, nameOf(olds)));
    request.setId(nameOf(olds));
    request.setOlds(struct(olds));
    request.setNews(struct(news));
    const response = (await this.call("diff", request)) as messages.DiffResponse;
    const kinds = Object.entries(messages.PropertyDiff.Kind);
    return {
      changes: response.getChanges() === messages.DiffResponse.DiffChanges.DIFF_SOME,
      replaces: response.getReplacesList(),
      deleteBeforeReplace: response.getDeletebeforereplace(),
      diffs: response.getDiffsList(),
      stables: response.getStablesList(),
      detailed: Object.fromEntries(
        response
          .getDetaileddiffMap()
          .getEntryList()
          .map(([path]: [string, unknown]) => {
            const difference = response.getDetaileddiffMap().get(path) as messages.PropertyDiff;
            const [word] = kinds.find(([, number]) => number === difference.getKind()) ?? [];
            return [path, `${word}${difference.getInputdiff() ? "" : " of state"}`];
          }),
      ) as Record<string, string>,
    };
  }

  async create(kind: Kind, news: Properties, { preview = false, timeout = 0 }: Asked = {}) {
    const request = new messages.CreateRequest();
    request.setUrn(urnOf(kind, nameOf(news)));
    request.setProperties(struct(news));
    request.setPreview(preview);
    request.setTimeout(timeout);
    const response = (await this.call("create", request)) as messages.CreateResponse;
    return { id: response.getId(), properties: plain(response.getProperties()) };
  }

  async update(kind: Kind, olds: Properties, news: Properties, { preview = false, timeout = 0 }: Asked = {}) {
    const request = new messages.UpdateRequest();
    request.setUrn(urnOf(kind, nameOf(olds)));
    request.setId(nameOf(olds));
    request.setOlds(struct(olds));
    request.setNews(struct(news));
    request.setPreview(preview);
    request.setTimeout(timeout);
    const response = (await this.call("update", request)) as messages.UpdateResponse;
    return { properties: plain(response.getProperties()) };
  }

  async read(kind: Kind, olds: Properties, inputs: Properties = {}) {
    return this.reading(kind, nameOf(olds), nameOf(olds), olds, inputs);
  }

  /** As `pulumi import` reads: by an id alone. */
  async import(kind: Kind, id: string, name: string) {
    return this.reading(kind, id, name, {}, {});
  }

  private async reading(kind: Kind, id: string, name: string, olds: Properties, inputs: Properties) {
    const request = new messages.ReadRequest();
    request.setUrn(urnOf(kind, name));
    request.setId(id);
    request.setProperties(struct(olds));
    request.setInputs(struct(inputs));
    const response = (await this.call("read", request)) as messages.ReadResponse;
    return {
      id: response.getId(),
      properties: plain(response.getProperties()),
      inputs: plain(response.getInputs()),
    };
  }

  async delete(kind: Kind, olds: Properties, { timeout = 0 }: Asked = {}): Promise<void> {
    const request = new messages.DeleteRequest();
    request.setUrn(urnOf(kind, nameOf(olds)));
    request.setId(nameOf(olds));
    request.setProperties(struct(olds));
    request.setTimeout(timeout);
    await this.call("delete", request);
  }

  async invoke(token: string, args: Properties) {
    const request = new messages.InvokeRequest();
    request.setTok(token);
    request.setArgs(struct(args));
    const response = (await this.call("invoke", request)) as messages.InvokeResponse;
    return {
      result: plain(response.getReturn()),
      failures: response.getFailuresList().map((failure) => failure.toObject()),
    };
  }

  async cancel(): Promise<void> {
    await this.call("cancel", new Empty());
  }

  /** Ends it as the engine does, and returns how long that took, in milliseconds. */
  async end(): Promise<number> {
    this.client.close();
    const begun = Date.now();
    const ended = this.ended();
    this.child.kill("SIGINT");
    await ended;
    this.engine.forceShutdown();
    return Date.now() - begun;
  }

  /** Its engine goes, without a word. */
  loseEngine(): void {
    this.engine.forceShutdown();
  }

  /** Resolves with its exit status once it has ended. */
  ended(): Promise<number | null> {
    if (this.child.exitCode !== null) return Promise.resolve(this.child.exitCode);
    return new Promise((resolve) => this.child.once("exit", resolve));
  }

  /** Any call, e.g. one that it does not answer. */
  call(method: string, request: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const client = this.client as unknown as Record<string, (request: unknown, done: Done) => void>;
      client[method]?.(request, (error, response) => (error ? reject(error) : resolve(response)));
    });
  }
}

type Done = (error: grpc.ServiceError | null, response: unknown) => void;

export function urnOf(kind: Kind, name: string): string {
  return `urn:pulumi:dev::project::microvm:index:${kind}::${name}`;
}

function nameOf(properties: Properties): string {
  return String(properties.name ?? "unnamed");
}

function checked(response: messages.CheckResponse) {
  return {
    inputs: plain(response.getInputs()),
    failures: response.getFailuresList().map((failure) => failure.toObject()),
  };
}

function struct(properties: Properties): Struct {
  return Struct.fromJavaScript(properties as Parameters<typeof Struct.fromJavaScript>[0]);
}

function plain(properties: Struct | undefined): Properties {
  return (properties?.toJavaScript() ?? {}) as Properties;
}
