import * as grpc from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { lookupSchemas, schemas } from "../generated/schemas";
import type { Kind } from "../generated/types";
import * as lifecycle from "../lifecycle";
import { type Progress, UnfinishedError } from "../resource";
import { withoutDefaults } from "../schema/defaults";
import { nearest } from "../schema/nearest";
import { referenceOf } from "../schema/reference";
import { isUnknown } from "../schema/unknown";
import { redact } from "../ssh";
import { accessFrom, formSetting, settings } from "./configuration";
import type { Manner } from "./engine-log";
import { packageFile } from "./package-file";
import { changedProperties, detailedDiff, replacedBy } from "./pulumi-diff";
import { lookupOf, parseUrn } from "./pulumi-names";
import { packageName, pulumiPackage } from "./pulumi-package";
import { decode, encode, markedSecrets, providerKey, referenceKey, seal } from "./pulumi-values";
import { amongProperties, both, declaredSecrets, type Secrets, secretTexts } from "./secrets";
import { endedAfter } from "./time-limit";
import { wording } from "./wording";

/** The Pulumi resource plugin: translates between the messages of its protocol and what the core understands. */

type Properties = Record<string, unknown>;

/** What the core does for this engine; tests give another. */
export type Core = Pick<
  typeof lifecycle,
  "check" | "diff" | "expected" | "converge" | "read" | "find" | "remove" | "checkLookup" | "lookUp" | "useAccess"
>;

/** Tells people something of the resource with this URN; resolves once they can read it. */
export type Say = (urn: string, message: string, manner: Manner) => Promise<void>;

/** A resource that a request is about. */
interface Subject {
  urn: string;
  kind: Kind;
  /** What Pulumi calls it, which is its name on the host where the program gives none. */
  title: string;
  /** What a resource of this name is the property of, where the program does not say. */
  owner: string;
}

/** The operations of a resource plugin; `plugin-server.ts` serves them. */
export class Plugin {
  private readonly cancelling = new AbortController();
  private readonly said = new Set<string>();
  private configured: string[] = [];

  constructor(
    private readonly say: Say,
    private readonly core: Core = lifecycle,
  ) {}

  async handshake(_request: messages.ProviderHandshakeRequest): Promise<messages.ProviderHandshakeResponse> {
    const response = new messages.ProviderHandshakeResponse();
    response.setAcceptSecrets(true);
    return response;
  }

  async getPluginInfo(_request: Empty): Promise<PluginInfo> {
    const response = new PluginInfo();
    response.setVersion(packageFile().version);
    return response;
  }

  async getSchema(_request: messages.GetSchemaRequest): Promise<messages.GetSchemaResponse> {
    const response = new messages.GetSchemaResponse();
    response.setSchema(JSON.stringify(pulumiPackage()));
    return response;
  }

  async checkConfig(request: messages.CheckRequest): Promise<messages.CheckResponse> {
    const given = plain(request.getNews());
    const response = new messages.CheckResponse();
    response.setInputs(request.getNews());
    const known = [...Object.keys(settings), formSetting, "version"];
    for (const name of Object.keys(given).filter((key) => !known.includes(key))) {
      const near = nearest(name, known);
      const advice = near ? `did you mean \`${near}\`?` : `known are ${Object.keys(settings).join(", ")}`;
      response.addFailures(failure(name, `is no setting of ${packageName}; ${advice}`));
    }
    return response;
  }

  /** How hosts are logged in to makes no object another. */
  async diffConfig(request: messages.DiffRequest): Promise<messages.DiffResponse> {
    const [before, now] = [request.getOldInputs() ?? request.getOlds(), request.getNews()].map(plain) as [
      Properties,
      Properties,
    ];
    const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
    const changed = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]));
    const response = new messages.DiffResponse();
    const { DIFF_SOME, DIFF_NONE } = messages.DiffResponse.DiffChanges;
    response.setChanges(changed.length ? DIFF_SOME : DIFF_NONE);
    response.setDiffsList(changed);
    return response;
  }

  async configure(request: messages.ConfigureRequest): Promise<messages.ConfigureResponse> {
    const given = decode(plain(request.getArgs()));
    const access = accessFrom({ get: (key) => given[key.replace(`${packageName}:`, "")] as string | undefined });
    this.configured = Object.values(access.credentials ?? {});
    this.core.useAccess(access);
    const response = new messages.ConfigureResponse();
    response.setAcceptsecrets(true);
    response.setSupportspreview(true);
    return response;
  }

  async check(request: messages.CheckRequest): Promise<messages.CheckResponse> {
    const subject = subjectOf(request);
    const given = plain(request.getNews());
    return this.translated(subject, "check", given, async (own) => {
      const named = { name: subject.title, owner: decode(plain(request.getOlds())).owner ?? subject.owner, ...own };
      const { inputs, problems } = await this.core.check(subject.kind, named);
      const response = new messages.CheckResponse();
      response.setInputs(sealed(subject, inputs, given));
      const secrets = this.secretsIn(subject, own, given);
      for (const { property, reason } of problems) response.addFailures(failure(property, redact(reason, secrets)));
      return response;
    });
  }

  async diff(request: messages.DiffRequest): Promise<messages.DiffResponse> {
    const subject = subjectOf(request);
    return this.translated(subject, "compare", plain(request.getNews()), async (inputs) => {
      const prior = decode(plain(request.getOlds()));
      const plan = this.core.diff(subject.kind, prior, inputs, { unsure: "another" });
      const response = new messages.DiffResponse();
      response.setHasdetaileddiff(true);
      response.setStablesList(["id", ...stableOutputs(subject.kind)]);
      const { DIFF_SOME, DIFF_NONE } = messages.DiffResponse.DiffChanges;
      response.setChanges(plan.action === "unchanged" ? DIFF_NONE : DIFF_SOME);
      if (plan.action === "unchanged") return response;
      const { changes } = plan;
      response.setDiffsList(changedProperties(changes));
      for (const [path, { kind, inputDiff }] of detailedDiff(changes, prior, inputs)) {
        const difference = new messages.PropertyDiff();
        difference.setKind(messages.PropertyDiff.Kind[kind]);
        difference.setInputdiff(inputDiff);
        response.getDetaileddiffMap().set(path, difference);
      }
      // The protocol carries no reasons. What interrupts or ends a running object is said nevertheless.
      for (const { effect, reason } of changes) if (effect !== "live") await this.sayOnce(subject, reason, inputs);
      if (plan.action === "update") return response;
      response.setReplacesList(replacedBy(changes));
      response.setDeletebeforereplace(plan.deleteFirst);
      return response;
    });
  }

  async create(request: messages.CreateRequest): Promise<messages.CreateResponse> {
    const subject = subjectOf(request);
    const given = plain(request.getProperties());
    return this.translated(subject, "create", given, async (inputs) => {
      const response = new messages.CreateResponse();
      if (request.getPreview()) {
        const expected = this.core.expected(subject.kind, inputs, undefined, { action: "create" });
        response.setProperties(outputs(subject, expected, given));
        return response;
      }
      const state = await this.converge(subject, inputs, undefined, request.getTimeout());
      response.setId(inputs.name as string);
      response.setProperties(outputs(subject, { ...inputs, ...state }, given));
      return response;
    });
  }

  async update(request: messages.UpdateRequest): Promise<messages.UpdateResponse> {
    const subject = subjectOf(request);
    const given = plain(request.getNews());
    return this.translated(subject, "update", given, async (inputs) => {
      const prior = decode(plain(request.getOlds()));
      const response = new messages.UpdateResponse();
      if (request.getPreview()) {
        const plan = this.core.diff(subject.kind, prior, inputs, { unsure: "another" });
        const expected = this.core.expected(subject.kind, inputs, prior, plan);
        response.setProperties(outputs(subject, expected, given));
        return response;
      }
      const state = await this.converge(subject, inputs, prior, request.getTimeout());
      response.setProperties(outputs(subject, { ...inputs, ...state }, given));
      return response;
    });
  }

  /** A refresh brings the state, an import nothing but an id. An empty answer says that the object is gone. */
  async read(request: messages.ReadRequest): Promise<messages.ReadResponse> {
    const subject = subjectOf(request);
    const given = plain(request.getProperties());
    return this.translated(subject, "read", given, async (prior) => {
      const signal = this.signalWithin(request.getTimeout());
      return Object.keys(prior).length
        ? this.refresh(subject, request, prior, signal)
        : this.import(subject, request.getId(), signal);
    });
  }

  private async refresh(
    subject: Subject,
    request: messages.ReadRequest,
    prior: Properties,
    signal: AbortSignal,
  ): Promise<messages.ReadResponse> {
    const response = new messages.ReadResponse();
    const state = await this.core.read(subject.kind, prior, signal);
    if (!state) return response;
    for (const sentence of (state.drift ?? []) as string[]) await this.sayOnce(subject, `drift: ${sentence}`, prior);
    response.setId(request.getId());
    response.setInputs(request.getInputs());
    const given = plain(request.getProperties());
    const full = { ...prior, ...state };
    const { [providerKey]: stub } = given;
    // A state that the dynamic form wrote stays one: so it shows no change, and can be that form's again.
    response.setProperties(
      stub === undefined ? outputs(subject, full, given) : sealed(subject, { ...full, [providerKey]: stub }, given),
    );
    return response;
  }

  private async import(subject: Subject, id: string, signal: AbortSignal): Promise<messages.ReadResponse> {
    const response = new messages.ReadResponse();
    const state = await this.core.find(subject.kind, id, { owner: subject.owner, signal });
    if (!state) return response;
    response.setId(id);
    response.setInputs(sealed(subject, declarable(subject, state), {}));
    response.setProperties(outputs(subject, state, {}));
    return response;
  }

  async delete(request: messages.DeleteRequest): Promise<Empty> {
    const subject = subjectOf(request);
    return this.translated(subject, "delete", plain(request.getProperties()), async (state) => {
      await this.core.remove(subject.kind, state, this.signalWithin(request.getTimeout()));
      return new Empty();
    });
  }

  async invoke(request: messages.InvokeRequest): Promise<messages.InvokeResponse> {
    const lookup = lookupOf(request.getTok());
    const given = plain(request.getArgs());
    const { inputs: schema, outputs } = lookupSchemas[lookup];
    const secrets = both(amongProperties({ ...schema, ...outputs }) ?? {}, markedSecrets(given) ?? {});
    const own = decode(given);
    try {
      const response = new messages.InvokeResponse();
      const { inputs, problems } = this.core.checkLookup(lookup, own);
      for (const { property, reason } of problems) response.addFailures(failure(property, reason));
      if (problems.length) return response;
      const found = await this.core.lookUp(lookup, inputs, this.cancelling.signal);
      response.setReturn(struct(seal(encode(found), secrets)));
      return response;
    } catch (error) {
      throw status(wording(error, `look up ${lookup}`, [...secretTexts(own, secrets), ...this.configured]));
    }
  }

  /** Ends what is under way at its next safe point. */
  async cancel(_request?: Empty): Promise<Empty> {
    this.cancelling.abort();
    return new Empty();
  }

  private converge(
    subject: Subject,
    inputs: Properties,
    prior: Properties | undefined,
    timeout: number,
  ): Promise<Properties> {
    const secrets = this.secretsIn(subject, inputs);
    const progress: Progress = (message, lasting) =>
      void this.say(subject.urn, redact(message, secrets), lasting ?? "passing");
    return this.core.converge(subject.kind, inputs, prior, progress, this.signalWithin(timeout));
  }

  /** Seconds, as the protocol has them; none is no limit but the operations' own. */
  private signalWithin(timeout: number): AbortSignal {
    if (!timeout) return this.cancelling.signal;
    return endedAfter(this.cancelling.signal, timeout * 1000);
  }

  /** Pulumi compares more than once, before and while it changes something. */
  private async sayOnce(subject: Subject, message: string, own: Properties): Promise<void> {
    const text = redact(message, this.secretsIn(subject, own));
    const key = `${subject.urn} ${text}`;
    if (this.said.has(key)) return;
    this.said.add(key);
    await this.say(subject.urn, text, "lasting");
  }

  private secretsIn({ kind }: Subject, own: Properties, given: Properties = {}): string[] {
    return [...secretTexts(own, secretsOf(kind, given)), ...this.configured];
  }

  private async translated<T>(
    subject: Subject,
    verb: string,
    given: Properties,
    work: (own: Properties) => Promise<T>,
  ): Promise<T> {
    const own = decode(given);
    try {
      return await work(own);
    } catch (error) {
      const name = isUnknown(own.name) ? "" : String(own.name ?? subject.title);
      const message = wording(error, `${verb} ${subject.kind} ${name}`.trim(), this.secretsIn(subject, own, given));
      if (!(error instanceof UnfinishedError)) throw status(message);
      throw status(message, unfinished(subject, error.state as Properties, given, message));
    }
  }
}

function subjectOf(request: { getUrn(): string }): Subject {
  const urn = request.getUrn();
  const { stack, project, kind, name } = parseUrn(urn);
  return { urn, kind, title: name, owner: `organization/${project}/${stack}::${kind}::${name}` };
}

/** Inputs that a program would have to give for such an object, and no more. */
function declarable({ kind, title }: Subject, state: Properties): Properties {
  const { inputs } = schemas[kind];
  const given = Object.entries(withoutDefaults(kind, lifecycle.inputsOf(kind, state)));
  return Object.fromEntries(
    given.filter(([key, value]) => !inputs[key]?.["x-internal"] && !(key === "name" && value === title)),
  );
}

/** Outputs that nothing but a replacement changes. */
function stableOutputs(kind: Kind): string[] {
  const { outputs } = schemas[kind];
  return Object.keys(outputs).filter((name) => outputs[name]?.["x-stable"] === "always");
}

function failure(property: string, reason: string): messages.CheckFailure {
  const result = new messages.CheckFailure();
  result.setProperty(property);
  result.setReason(reason);
  return result;
}

function plain(properties: Struct | undefined): Properties {
  return (properties?.toJavaScript() ?? {}) as Properties;
}

function struct(properties: Properties): Struct {
  return Struct.fromJavaScript(properties as Parameters<typeof Struct.fromJavaScript>[0]);
}

/** What of an object is secret by its schema, or because the program says so. */
function secretsOf(kind: Kind, given: Properties): Secrets {
  return both(declaredSecrets(kind), markedSecrets(given) ?? {});
}

/** Properties for Pulumi's state, with what the schema or the program says is secret wrapped. */
function sealed({ kind }: Subject, properties: Properties, given: Properties): Struct {
  return struct(seal(encode(properties), secretsOf(kind, given)));
}

/** A whole state for Pulumi. */
function outputs(subject: Subject, state: Properties, given: Properties): Struct {
  const secrets = secretsOf(subject.kind, given);
  const full = { ...state, [referenceKey]: referenceOf(subject.kind, state) };
  // A reference has the same properties again.
  return struct(seal(encode(full), both(secrets, { [referenceKey]: secrets })));
}

/** "Made, but not as declared": Pulumi keeps it, and updates it next time. */
function unfinished(subject: Subject, state: Properties, given: Properties, message: string) {
  const detail = new messages.ErrorResourceInitFailed();
  detail.setId(String(state.name));
  detail.setProperties(outputs(subject, { ...decode(given), ...state }, given));
  detail.setInputs(struct(given));
  detail.setReasonsList([message]);
  return detail;
}

/** An error as gRPC carries it, with what Pulumi is to keep. */
function status(message: string, detail?: messages.ErrorResourceInitFailed): Error {
  const code = grpc.status.UNKNOWN;
  const error = Object.assign(new Error(message), { code, details: message });
  if (!detail) return error;
  const any = new Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const full = new Status();
  full.setCode(code);
  full.setMessage(message);
  full.addDetails(any);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(full.serializeBinary()));
  return Object.assign(error, { metadata });
}
