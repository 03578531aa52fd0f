import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import { type Attribute, providerAttributes, resourceAttributes } from "../../provider/engines/terraform-attributes";
import { makeCertificate } from "../../provider/engines/terraform-certificate";
import type { Diagnostic } from "../../provider/engines/terraform-diagnostics";
import { attributeName, typeName } from "../../provider/engines/terraform-names";
import type { AttributePath } from "../../provider/engines/terraform-paths";
import { controllerService, providerService } from "../../provider/engines/terraform-protocol";
import { type DynamicValue, decode, encode, nothing } from "../../provider/engines/terraform-values";
import type { Kind } from "../../provider/generated/types";
import type { EngineDriver, Planned, State } from "./engine-driver";
import { buildPackage } from "./provider-process";
import { applyFaults, equal, planFaults } from "./terraform-rules";

export const executable = join(__dirname, "../../dist/provider/engines/terraform-main.js");

/** What Terraform passes to every provider that it starts. */
export const cookie = { TF_PLUGIN_MAGIC_COOKIE: "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2" };

/** Any answer of the provider. */
interface Answer {
  diagnostics?: Diagnostic[];
  newState?: DynamicValue;
  plannedState?: DynamicValue;
  upgradedState?: DynamicValue;
  state?: DynamicValue;
  requiresReplace?: AttributePath[];
  importedResources?: { typeName: string; state: DynamicValue }[];
  [field: string]: unknown;
}

/** What Terraform shows as an error. */
export class TerraformError extends Error {
  constructor(
    readonly diagnostics: Diagnostic[],
    readonly state: State | undefined,
  ) {
    super(diagnostics.map(({ summary, detail }) => `${summary}: ${detail}`).join("\n"));
  }
}

/** The real provider, started, greeted and spoken to as Terraform does it; what Terraform refuses, it refuses. */
export class TerraformProcess implements EngineDriver {
  /** What was shown as a warning since the start. */
  readonly warnings: Diagnostic[] = [];

  private constructor(
    private readonly child: ChildProcess,
    private readonly provider: grpc.Client,
    private readonly controller: grpc.Client,
    private readonly errors: string[],
  ) {}

  static async start(config: Record<string, string> = {}, env: NodeJS.ProcessEnv = {}): Promise<TerraformProcess> {
    buildPackage();
    const ours = makeCertificate();
    const errors: string[] = [];
    const child = spawn(process.execPath, [executable], {
      env: {
        ...process.env,
        ...cookie,
        PLUGIN_PROTOCOL_VERSIONS: "5,6",
        PLUGIN_CLIENT_CERT: ours.certificate,
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => errors.push(text));
    const greeting = await new Promise<string>((resolve, reject) => {
      createInterface(child.stdout).once("line", resolve);
      child.once("exit", (code) => reject(new Error(`the provider ended with ${code}: ${errors.join("")}`)));
    });
    const [core, protocol, network, address = "", kind, certificate = ""] = greeting.split("|");
    if ([core, protocol, network, kind].join() !== "1,6,tcp,grpc") throw new Error(`it said ${greeting}`);
    const base64 = Buffer.from(certificate, "base64").toString("base64");
    const theirs = `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`;
    const credentials = grpc.credentials.createSsl(
      Buffer.from(theirs),
      Buffer.from(ours.privateKey),
      Buffer.from(ours.certificate),
    );
    const options = { "grpc.ssl_target_name_override": "localhost", "grpc.default_authority": "localhost" };
    const [Provider, Controller] = [providerService, controllerService].map((definition) =>
      grpc.makeClientConstructor(definition, ""),
    ) as [grpc.ServiceClientConstructor, grpc.ServiceClientConstructor];
    const provider = new Provider(address, credentials, options);
    const started = new TerraformProcess(child, provider, new Controller(address, credentials, options), errors);
    try {
      await started.call("GetProviderSchema", {});
      await started.configure(config);
      return started;
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    }
  }

  /** What the process wrote for people to see. */
  get stderr(): string {
    return this.errors.join("");
  }

  async configure(config: Record<string, string>): Promise<void> {
    await this.call("ConfigureProvider", { terraformVersion: "1.11.4", config: encode(providerAttributes(), config) });
  }

  /** What is wrong with a configuration. */
  async validate(kind: Kind, inputs: State): Promise<Diagnostic[]> {
    const attributes = resourceAttributes(kind);
    const config = encode(attributes, configured(attributes, inputs));
    const { diagnostics = [] } = await this.call("ValidateResourceConfig", { typeName: typeName(kind), config });
    return diagnostics;
  }

  async plan(kind: Kind, inputs: State, prior?: State): Promise<Planned & { replacedBy: AttributePath[] }> {
    const attributes = resourceAttributes(kind);
    const config = configured(attributes, inputs);
    const answer = await this.checked(kind, "PlanResourceChange", {
      typeName: typeName(kind),
      priorState: prior ? encode(attributes, prior) : nothing,
      proposedNewState: encode(attributes, config),
      config: encode(attributes, config),
    });
    const state = decode(attributes, answer.plannedState) ?? {};
    const faults = planFaults(attributes, prior, config, state);
    if (faults.length) throw new Error(`Terraform refuses the plan: ${faults.join("; ")}`);
    if (!prior) return { action: "create", state, replacedBy: [] };
    const replacedBy = (answer.requiresReplace ?? []).filter((path) => !equal(at(path, prior), at(path, state)));
    if (replacedBy.length) return { ...(await this.plan(kind, inputs)), action: "replace", replacedBy };
    return { action: equal(prior, state) ? "unchanged" : "update", state, replacedBy };
  }

  async create(kind: Kind, inputs: State): Promise<State> {
    const { state } = await this.plan(kind, inputs);
    return this.apply(kind, undefined, state, inputs);
  }

  async update(kind: Kind, prior: State, inputs: State): Promise<State> {
    const { state } = await this.plan(kind, inputs, prior);
    return this.apply(kind, prior, state, inputs);
  }

  async read(kind: Kind, state: State): Promise<State | undefined> {
    const attributes = resourceAttributes(kind);
    const currentState = encode(attributes, state);
    const answer = await this.checked(kind, "ReadResource", { typeName: typeName(kind), currentState });
    return decode(attributes, answer.newState);
  }

  async import(kind: Kind, id: string): Promise<State> {
    const answer = await this.checked(kind, "ImportResourceState", { typeName: typeName(kind), id });
    const [imported] = answer.importedResources ?? [];
    const found = decode(resourceAttributes(kind), imported?.state);
    const state = found && (await this.read(kind, found));
    if (!state) throw new Error(`${id} was imported as nothing`);
    return state;
  }

  async delete(kind: Kind, state: State): Promise<void> {
    const attributes = resourceAttributes(kind);
    await this.checked(kind, "ApplyResourceChange", {
      typeName: typeName(kind),
      priorState: encode(attributes, state),
      plannedState: nothing,
      config: nothing,
    });
  }

  /** A state as a file holds it, in today's terms. */
  async upgrade(kind: Kind, json: string): Promise<State | undefined> {
    const rawState = { json: Buffer.from(json) };
    const answer = await this.checked(kind, "UpgradeResourceState", { typeName: typeName(kind), version: 0, rawState });
    return decode(resourceAttributes(kind), answer.upgradedState);
  }

  async stop(): Promise<void> {
    await this.call("StopProvider", {});
  }

  async end(): Promise<number> {
    const begun = Date.now();
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    await invoke(this.controller, "Shutdown", {});
    await ended;
    this.provider.close();
    this.controller.close();
    return Date.now() - begun;
  }

  /** Sends the process a signal. */
  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  call(procedure: string, request: object): Promise<Answer> {
    return invoke(this.provider, procedure, request);
  }

  private async apply(kind: Kind, prior: State | undefined, planned: State, inputs: State): Promise<State> {
    const attributes = resourceAttributes(kind);
    const answer = await this.checked(kind, "ApplyResourceChange", {
      typeName: typeName(kind),
      priorState: prior ? encode(attributes, prior) : nothing,
      plannedState: encode(attributes, planned),
      config: encode(attributes, configured(attributes, inputs)),
    });
    const state = decode(attributes, answer.newState) ?? {};
    const faults = applyFaults(planned, state);
    if (faults.length) throw new Error(`Terraform refuses the result: ${faults.join("; ")}`);
    return state;
  }

  private async checked(kind: Kind, procedure: string, request: object): Promise<Answer> {
    const answer = await this.call(procedure, request);
    const { diagnostics = [] } = answer;
    const failed = diagnostics.filter(({ severity }) => severity === 1);
    if (failed.length) throw new TerraformError(failed, decode(resourceAttributes(kind), answer.newState));
    this.warnings.push(...diagnostics);
    return answer;
  }
}

/** What of the properties a user may write. */
function configured(attributes: readonly Attribute[], inputs: State): State {
  const given = attributes.filter(({ use, property }) => use !== "computed" && inputs[property] !== undefined);
  return Object.fromEntries(given.map(({ property }) => [property, inputs[property]]));
}

/** The value of the attribute that a path leads into: enough to tell whether something differs. */
function at({ steps }: AttributePath, state: State): unknown {
  const [found] = Object.entries(state).filter(([property]) => attributeName(property) === steps[0]?.attributeName);
  return found?.[1];
}

function invoke(client: grpc.Client, procedure: string, request: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const procedures = client as unknown as Record<string, (request: object, done: Done) => void>;
    procedures[procedure]?.call(client, request, (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

type Done = (error: Error | null, answer: Answer) => void;
