import { isDeepStrictEqual } from "node:util";
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import { lookupSchemas, schemas } from "../generated/schemas";
import type { Kind, Lookup } from "../generated/types";
import * as lifecycle from "../lifecycle";
import type { Plan } from "../plan";
import { UnfinishedError } from "../resource";
import { inputsOf } from "../schema/inputs";
import { isUnknown, UNKNOWN } from "../schema/unknown";
import type { Problem } from "../schema/validate";
import { redact } from "../ssh";
import { accessFrom } from "./configuration";
import { amongProperties, secretTexts } from "./secrets";
import { type Attribute, attributesOf, providerAttributes, resourceAttributes, timeouts } from "./terraform-attributes";
import { type Diagnostic, errorDiagnostic, failure, problemDiagnostics, warning } from "./terraform-diagnostics";
import { milliseconds } from "./terraform-durations";
import { inTerraformsTerms, typeName } from "./terraform-names";
import { type AttributePath, attributePath } from "./terraform-paths";
import { log } from "./terraform-plugin";
import { currentProgram, ownerOf, type Program } from "./terraform-program";
import { providerService } from "./terraform-protocol";
import { schemaOf } from "./terraform-schema";
import { type DynamicValue, decode, decodeJson, encode, nothing } from "./terraform-values";
import { endedAfter } from "./time-limit";

/** The provider for Terraform and OpenTofu: translates between what they send and what the core understands, and no more. */

type Properties = Record<string, unknown>;

/** What the core does for an engine; tests give another. */
export type Core = Pick<
  typeof lifecycle,
  "check" | "diff" | "expected" | "converge" | "read" | "remove" | "find" | "checkLookup" | "lookUp" | "useAccess"
>;

type Verb = "create" | "update" | "read" | "delete";

interface OfType {
  typeName: string;
}

/** A resource's values: what the core knows of, and what only Terraform does. */
interface Split {
  own: Properties;
  times: Properties | undefined;
}

const capabilities = { planDestroy: false, getProviderSchemaOptional: true };

/** The procedures of the protocol, with what Terraform passes to each and expects back. */
export class TerraformProvider {
  private readonly kinds = byTypeName(Object.keys(schemas) as Kind[]);
  private readonly lookups = byTypeName(Object.keys(lookupSchemas) as Lookup[]);
  private readonly stopping = new AbortController();
  private readonly running = new Set<Promise<unknown>>();
  private program: Program = currentProgram();
  /** Whether it is still to be said that nobody has named the program. */
  private nameless = true;
  private configured: string[] = [];

  constructor(private readonly core: Core = lifecycle) {}

  async getMetadata() {
    return {
      serverCapabilities: capabilities,
      resources: [...this.kinds.keys()].map((name) => ({ typeName: name })),
      dataSources: [...this.lookups.keys()].map((name) => ({ typeName: name })),
    };
  }

  async getProviderSchema() {
    const described = "Hosts for virtual-machine isolation, and what runs on them, over SSH.";
    const resources = [...this.kinds].map(([name, kind]) => [
      name,
      schemaOf(inTerraformsTerms(schemas[kind].description), resourceAttributes(kind)),
    ]);
    const dataSources = [...this.lookups].map(([name, lookup]) => [
      name,
      schemaOf(inTerraformsTerms(lookupSchemas[lookup].description), attributesOf(lookupSchemas[lookup])),
    ]);
    return {
      provider: schemaOf(described, providerAttributes()),
      resourceSchemas: Object.fromEntries(resources),
      dataSourceSchemas: Object.fromEntries(dataSources),
      serverCapabilities: capabilities,
    };
  }

  async validateProviderConfig() {
    return {};
  }

  async configureProvider({ config }: { config?: DynamicValue }) {
    const given = decode(providerAttributes(), config) ?? {};
    // What is made by the same run is not known while it is planned, and needed only where a host is reached.
    const known = (key: string) => (typeof given[key] === "string" ? given[key] : undefined);
    const access = accessFrom({ get: (key) => known(key.replace(/^.*:/, "")) });
    this.configured = Object.values(access.credentials ?? {});
    this.core.useAccess(access);
    this.program = currentProgram(known("program"));
    this.nameless = known("program") === undefined;
    return {};
  }

  async validateResourceConfig({ typeName, config }: OfType & { config?: DynamicValue }) {
    const { kind, attributes } = this.type(typeName);
    const { own, times } = split(decode(attributes, config));
    return this.translated("check", kind, own, async () => {
      const { problems } = await this.core.check(kind, own);
      return { diagnostics: problemDiagnostics(attributes, [...problems, ...badTimes(times)]) };
    });
  }

  /** A state that any version has written: what is the same still goes by its name, and what is not is asked again. */
  async upgradeResourceState({ typeName, rawState }: OfType & { rawState?: { json?: Uint8Array } }) {
    const { attributes } = this.type(typeName);
    const state = rawState?.json?.length ? decodeJson(attributes, rawState.json) : undefined;
    return { upgradedState: state ? encode(attributes, state) : nothing };
  }

  async readResource({ typeName, currentState }: OfType & { currentState?: DynamicValue }) {
    const { kind, attributes } = this.type(typeName);
    const { own, times } = split(decode(attributes, currentState));
    return this.translated("read", kind, own, async () => {
      const found = await this.core.read(kind, own, this.signal("read", times));
      if (!found) return { newState: nothing };
      const drift = ((found.drift ?? []) as string[]).map((sentence) => this.shown(sentence, kind, own));
      return {
        newState: encode(attributes, { ...own, ...found, timeouts: times }),
        diagnostics: drift.length ? [warning("Not as declared", `${objectText(kind, own)}: ${drift.join("; ")}.`)] : [],
      };
    });
  }

  async planResourceChange(request: PlanRequest) {
    const { kind, attributes } = this.type(request.typeName);
    const proposed = decode(attributes, request.proposedNewState);
    if (!proposed) return { plannedState: nothing };
    const before = decode(attributes, request.priorState);
    const prior = before && split(before).own;
    const { own: declared, times } = split(decode(attributes, request.config));
    return this.translated("plan", kind, declared, async () => {
      const owner = prior?.owner ?? this.ownerOf(kind, declared.name);
      const { inputs, problems } = await this.core.check(kind, { ...declared, owner });
      if (problems.length) return { diagnostics: problemDiagnostics(attributes, problems) };
      const plan = prior && this.core.diff(kind, prior, inputs, { unsure: "another" });
      const expected = this.core.expected(kind, inputs, prior, plan ?? { action: "create" });
      const state = plan?.action === "unchanged" ? allowed(attributes, expected, inputs, declared) : expected;
      const planned = { ...openInputs(attributes, declared), ...state, timeouts: times };
      return {
        plannedState: encode(attributes, planned),
        requiresReplace: plan ? replacedBy(attributes, plan) : [],
        diagnostics: plan ? interruptions(kind, declared, plan) : this.namesake(),
      };
    });
  }

  async applyResourceChange({ typeName, priorState, plannedState }: ApplyRequest) {
    const { kind, attributes } = this.type(typeName);
    const before = decode(attributes, priorState);
    const after = decode(attributes, plannedState);
    if (!after) return this.delete(kind, attributes, split(before));
    const { own: planned, times } = split(after);
    const prior = before && split(before).own;
    const verb = prior ? "update" : "create";
    const inputs = lifecycle.inputsOf(kind, planned);
    return this.translated(
      verb,
      kind,
      inputs,
      async () => {
        // What only Terraform tells apart, such as an absent object and an empty one, is nothing to ask a host for.
        if (prior && this.core.diff(kind, prior, inputs).action === "unchanged") return { newState: plannedState };
        const progress = (message: string) => log(`${objectText(kind, inputs)}: ${this.shown(message, kind, inputs)}`);
        const state = await this.core.converge(kind, inputs, prior, progress, this.signal(verb, times));
        const newState = encode(attributes, { ...inputs, ...state, timeouts: times });
        return { newState, diagnostics: surprises(kind, planned, decode(attributes, newState) ?? {}) };
      },
      (error) => {
        const left = error instanceof UnfinishedError ? { ...inputs, ...error.state, timeouts: times } : before;
        return { newState: left ? encode(attributes, left) : nothing };
      },
      // Terraform replaces what a create has not finished, and there is no way to tell it otherwise.
      prior ? "" : untaint(kind),
    );
  }

  async importResourceState({ typeName, id }: OfType & { id: string }) {
    const { kind, attributes } = this.type(typeName);
    return this.translated("import", kind, { name: id }, async () => {
      const owner = String(this.ownerOf(kind, id.replace(/^.*\//, "")));
      const state = await this.core.find(kind, id, { owner, signal: this.stopping.signal });
      if (!state) return { diagnostics: [missing(kind, id)] };
      return { importedResources: [{ typeName, state: encode(attributes, state) }] };
    });
  }

  async validateDataResourceConfig({ typeName, config }: OfType & { config?: DynamicValue }) {
    const { lookup, attributes } = this.dataSource(typeName);
    const { problems } = this.core.checkLookup(lookup, decode(attributes, config) ?? {});
    return { diagnostics: problemDiagnostics(attributes, problems) };
  }

  async readDataSource({ typeName, config }: OfType & { config?: DynamicValue }) {
    const { lookup, attributes } = this.dataSource(typeName);
    const given = decode(attributes, config) ?? {};
    return this.translated("read", lookup, given, async () => {
      const { inputs, problems } = this.core.checkLookup(lookup, given);
      if (problems.length) return { diagnostics: problemDiagnostics(attributes, problems) };
      const found = await this.core.lookUp(lookup, inputs, this.stopping.signal);
      return { state: encode(attributes, { ...inputs, ...found }) };
    });
  }

  async stopProvider() {
    this.stopping.abort();
    return {};
  }

  /** Breaks off what is going on, where it may be left. */
  async end(): Promise<void> {
    this.stopping.abort();
    await Promise.allSettled(this.running);
  }

  /** The procedures as gRPC calls them. */
  service(): UntypedServiceImplementation {
    const serve = (name: string, request: object) => {
      const procedure = this[name as keyof this] as (request: object) => Promise<object>;
      const work = procedure.call(this, request);
      this.running.add(work);
      return work.finally(() => this.running.delete(work));
    };
    return Object.fromEntries(
      Object.keys(providerService).map((name) => [
        name,
        ({ request }: { request: object }, answer: (error: Error | null, response?: object) => void) =>
          serve(
            name.replace(/^./, (letter) => letter.toLowerCase()),
            request,
          ).then(
            (response) => answer(null, response),
            (error) => answer(error),
          ),
      ]),
    );
  }

  private type(name: string): { kind: Kind; attributes: readonly Attribute[] } {
    const kind = this.kinds.get(name);
    if (!kind) throw new TypeError(`there is no resource type ${name}`);
    return { kind, attributes: resourceAttributes(kind) };
  }

  private dataSource(name: string): { lookup: Lookup; attributes: readonly Attribute[] } {
    const lookup = this.lookups.get(name);
    if (!lookup) throw new TypeError(`there is no data source ${name}`);
    return { lookup, attributes: attributesOf(lookupSchemas[lookup]) };
  }

  /** What is made is known on its host by a name that another configuration may have too. Said once a run. */
  private namesake(): Diagnostic[] {
    if (!this.nameless) return [];
    this.nameless = false;
    const detail = `On its hosts this configuration is called ${this.program.name}, after its directory. Another one in a directory of that name would take these objects for its own: set \`program\` in the provider's configuration.`;
    return [warning("The program has no name", detail)];
  }

  private ownerOf(kind: Kind, name: unknown): unknown {
    return isUnknown(name) ? UNKNOWN : ownerOf(this.program, kind, String(name));
  }

  /** Ends an operation when Terraform is told to stop, and when its time is over. */
  private signal(verb: Verb, times: Properties | undefined): AbortSignal {
    const limit = milliseconds(String(times?.[verb]));
    if (limit === undefined) return this.stopping.signal;
    return endedAfter(this.stopping.signal, limit);
  }

  private async delete(kind: Kind, attributes: readonly Attribute[], { own, times }: Split) {
    return this.translated(
      "delete",
      kind,
      own,
      async () => {
        await this.core.remove(kind, own, this.signal("delete", times));
        return { newState: nothing };
      },
      () => ({ newState: encode(attributes, { ...own, timeouts: times }) }),
    );
  }

  /** Answers what came of the work; of an error, what it tells and what it leaves. */
  private async translated<T extends object>(
    verb: string,
    kind: Kind | Lookup,
    own: Properties,
    work: () => Promise<T>,
    left: (error: unknown) => object = () => ({}),
    advice = "",
  ): Promise<object> {
    try {
      return await work();
    } catch (error) {
      const what = `${verb} ${objectText(kind, own)}`;
      const more = error instanceof UnfinishedError ? advice : "";
      return { ...left(error), diagnostics: [errorDiagnostic(error, what, this.secrets(kind, own), more)] };
    }
  }

  private shown(text: string, kind: Kind, own: Properties): string {
    return redact(inTerraformsTerms(text), this.secrets(kind, own));
  }

  private secrets(subject: Kind | Lookup, own: Properties): string[] {
    return [...secretTexts(own, amongProperties(inputsOf(subject)) ?? {}), ...this.configured];
  }
}

interface PlanRequest extends OfType {
  priorState?: DynamicValue;
  proposedNewState?: DynamicValue;
  config?: DynamicValue;
}

interface ApplyRequest extends OfType {
  priorState?: DynamicValue;
  plannedState?: DynamicValue;
}

function split(values: Properties | undefined): Split {
  const { [timeouts.property]: times, ...own } = values ?? {};
  return { own, times: times as Properties | undefined };
}

function byTypeName<K extends string>(names: K[]): Map<string, K> {
  return new Map(names.map((name) => [typeName(name), name]));
}

function objectText(kind: Kind | Lookup, { name }: Properties): string {
  return typeof name === "string" ? `${kind} ${name}` : kind;
}

function badTimes(times: Properties | undefined): Problem[] {
  return Object.entries(times ?? {})
    .filter(([, time]) => !isUnknown(time) && milliseconds(String(time)) === undefined)
    .map(([verb, time]) => ({
      property: `${timeouts.property}.${verb}`,
      reason: `must be a duration such as \`10m\` or \`1h30m\`, not ${JSON.stringify(time)}`,
    }));
}

/**
 * The state of an object that stays as it is. Terraform takes the prior value of an attribute only where the
 * configuration sets one, or where the provider may choose; elsewhere it wants what is configured, which is the same
 * here, if not to Terraform.
 */
function allowed(attributes: readonly Attribute[], prior: Properties, inputs: Properties, declared: Properties) {
  const values = attributes.map(({ property, use }) => {
    if (use === "computed") return [property, prior[property]];
    if (declared[property] === undefined) return [property, use === "defaulted" ? prior[property] : undefined];
    return [property, prior[property] ?? inputs[property]];
  });
  return Object.fromEntries(values) as Properties;
}

/** What the core adds to the inputs by itself is open while they are: a digest of a file whose path is not known yet. */
function openInputs(attributes: readonly Attribute[], declared: Properties): Properties {
  if (!hasUnknown(declared)) return {};
  return Object.fromEntries(
    attributes.filter(({ use }) => use === "computed").map(({ property }) => [property, UNKNOWN]),
  );
}

function hasUnknown(value: unknown): boolean {
  if (isUnknown(value)) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(hasUnknown);
}

function replacedBy(attributes: readonly Attribute[], plan: Plan): AttributePath[] {
  if (plan.action !== "replace") return [];
  const replacing = plan.changes.filter(({ effect }) => effect === "replace");
  return replacing.map(({ property }) => attributePath(attributes, property));
}

/** Terraform shows by itself what is replaced and which attribute forces it, but knows of no restarts. */
function interruptions(kind: Kind, own: Properties, plan: Plan): Diagnostic[] {
  if (plan.action !== "update") return [];
  const reasons = plan.changes.filter(({ effect }) => effect === "restart").map(({ reason }) => reason);
  return reasons.length
    ? [warning("Restarts what is running", `${objectText(kind, own)}: ${reasons.join("; ")}.`)]
    : [];
}

/**
 * What came out otherwise than an update foretold: a repaired image may be another one. Terraform would call it a fault
 * of the provider, and what refers to the object was planned with what it was.
 */
function surprises(kind: Kind, planned: Properties, state: Properties): Diagnostic[] {
  const names = Object.keys(schemas[kind].outputs).filter(
    (name) =>
      planned[name] !== undefined && !isUnknown(planned[name]) && !isDeepStrictEqual(planned[name], state[name]),
  );
  if (!names.length) return [];
  const which = `${objectText(kind, state)} has another ${names.join(", ")} than it had`;
  return [
    failure("Differs from the plan", `${which}. It is as declared; apply again, so that what refers to it follows.`),
  ];
}

function missing(kind: Kind, id: string): Diagnostic {
  return failure(`unable to import ${kind} ${id}`, "There is no such object on that host.");
}

function untaint(kind: Kind): string {
  return [
    "Terraform counts it as tainted now: the next apply replaces it.",
    `To have it finished instead, run \`terraform untaint ${typeName(kind)}.…\` (or \`tofu untaint\`) before.`,
  ].join(" ");
}
