import { MicrovmError } from "./errors";
import { schemas } from "./generated/schemas";
import type { Credentials, HostInputs, HostReference, Kind, Lookup } from "./generated/types";
import { asOperation, type Operation } from "./host/operation";
import { objectDirectory } from "./host/record";
import { ChangeError, type HostSession, type HostTarget, openHost } from "./host/session";
import { recordedObject, recordNamed, requireSameProgram } from "./import";
import { parseObjectId } from "./object-id";
import { type Plan, plan, type Unsure } from "./plan";
import { lookups, registry } from "./registry";
import { type Progress, type Resource, UnfinishedError } from "./resource";
import { wayTo } from "./resources/host";
import { UNKNOWN } from "./schema/unknown";
import { type Problem, validate, withDefaults } from "./schema/validate";

/** What every engine does with a resource, in the core's own terms. Engines only translate to and from it. */

type Properties = Record<string, unknown>;
type AnyResource = Resource<object, object>;

/** What the engine's configuration and the environment give to log in with, where a program gives nothing. */
export interface RuntimeAccess {
  credentials?: Credentials;
  privateKeyFile?: string;
  agent?: string;
}

let access: RuntimeAccess = {};

export function useAccess(given: RuntimeAccess): void {
  access = given;
}

/** Inputs with their defaults and the outputs that are foretold, and all that is wrong with them. */
export async function check(kind: Kind, given: Properties): Promise<{ inputs: Properties; problems: Problem[] }> {
  const foretold = (resource(kind).foretell?.(given) ?? {}) as Properties;
  // What was foretold before comes back where an engine checks again what it has checked.
  const full = withDefaults(kind, Object.fromEntries(Object.entries(given).filter(([key]) => !(key in foretold))));
  const problems = validate(kind, full);
  // Rules that span properties presume that each is right by itself.
  if (!problems.length) problems.push(...(resource(kind).check?.(full) ?? []));
  if (problems.length) return { inputs: full, problems };
  try {
    return { inputs: { ...((await resource(kind).settle?.(full)) ?? full), ...foretold }, problems };
  } catch (error) {
    return { inputs: full, problems: [{ property: "source", reason: (error as Error).message }] };
  }
}

export function diff(kind: Kind, prior: Properties, inputs: Properties, { unsure }: { unsure?: Unsure } = {}): Plan {
  const { effect, plan: sharpen } = resource(kind);
  const full = withDefaults(kind, inputs);
  const generic = plan(kind, prior, inputs, (property) => effect?.(prior, full, property), unsure);
  return sharpen?.(prior, full, generic) ?? generic;
}

/**
 * The state that carrying a plan out leads to, as far as it is known before: `UNKNOWN` are the outputs that only the host
 * can tell.
 */
export function expected(
  kind: Kind,
  inputs: Properties,
  prior: Properties | undefined,
  plan: Plan | { action: "create" },
): Properties {
  if (plan.action === "unchanged") return prior ?? {};
  const full = withDefaults(kind, inputs);
  const repairs = plan.action === "update" && plan.changes.some(({ property }) => property === "drift");
  const stays = repairs ? ["always"] : ["always", "updates"];
  const kept = plan.action === "update" ? prior : undefined;
  const { foretell, keeps } = resource(kind);
  const keptToo: string[] = (kept && keeps?.(kept, full)) ?? [];
  const outputs = Object.fromEntries(
    Object.entries(schemas[kind].outputs).map(([name, property]) => [
      name,
      (stays.includes(property["x-stable"] ?? "") || keptToo.includes(name) ? kept?.[name] : undefined) ?? UNKNOWN,
    ]),
  );
  return { ...outputs, ...full, ...foretell?.(full), drift: [] };
}

/**
 * Creates, updates or repairs. Rejects with `UnfinishedError` where something of the object may be on the host and it is
 * not as declared: what is half-made must be recorded, so that the next run repairs it and a destroy takes it away.
 * `signal` ends it where it may be left (`cancelled`, `timed-out`).
 */
export async function converge(
  kind: Kind,
  inputs: Properties,
  prior: Properties | undefined,
  progress: Progress,
  signal?: AbortSignal,
): Promise<Properties> {
  // A host's record holds what is declared, and nothing that was foretold.
  const full = withDefaults(kind, inputsOf(kind, inputs));
  const operation: Operation = { signal, begun: false };
  try {
    return await asOperation(
      operation,
      async () => (await resource(kind).converge(sessionFor(kind, full, prior), full, prior, progress)) as Properties,
    );
  } catch (error) {
    const ours = error instanceof MicrovmError && !(error instanceof UnfinishedError);
    if (!ours || !mayHaveBegun(error, operation)) throw error;
    const state = { ...full, ...prior, drift: [`the last run did not finish it (${error.code})`] };
    throw new UnfinishedError(error.parts, state, { cause: error });
  }
}

/** Codes of errors that leave open how much the host has done. */
const openEnded = ["link-lost", "command-deadline", "change-cut"];
const endings = ["cancelled", "timed-out"];

/** Whether a failed step came after the object's record was written: everything but a refusal of ownership does. */
function mayHaveBegun(error: MicrovmError, { begun }: Operation): boolean {
  if (endings.includes(error.code)) return begun;
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof ChangeError) return at.code !== "not-ours";
    if (at instanceof MicrovmError && (openEnded.includes(at.code) || at.code.startsWith("upload-"))) return true;
  }
  return false;
}

/** What the host shows; undefined when the object is gone. Rejects when the host cannot be asked. */
export async function read(kind: Kind, state: Properties, signal?: AbortSignal): Promise<Properties | undefined> {
  const found = await asOperation(
    { signal, begun: false },
    async () => (await resource(kind).observe(sessionFor(kind, state, state), state)) as Properties | undefined,
  );
  // What never came to its outputs was never finished, whatever the host shows of it by now.
  const finished = Object.keys(schemas[kind].outputs).every((name) => found?.[name] !== undefined);
  return found && !finished ? { ...found, drift: ["the last run did not finish it"] } : found;
}

/**
 * The whole state of an object that is known by its id alone, as its host tells it; undefined where there is none.
 * Nothing on the host is changed. With an owner, what belongs to another program than the owner's is refused
 * (`not-ours`); under another name in the same program it is found.
 */
export async function find(
  kind: Kind,
  id: string,
  { owner, signal }: { owner?: string; signal?: AbortSignal } = {},
): Promise<Properties | undefined> {
  const place = parseObjectId(kind, id);
  const { address, port, user } = place;
  const session = openHost(hostedTarget({ host: { name: address, connection: { address, port, user } } }));
  const state = await asOperation({ signal, begun: false }, async () => {
    const snapshot = await session.snapshot();
    const record = recordNamed(snapshot, kind, place);
    if (!record) return undefined;
    if (owner !== undefined) requireSameProgram(record, owner);
    const { hostKey } = (await session.connection()).identity;
    const recorded = recordedObject(kind, record, place, { machineId: snapshot.facts.machineId, hostKey });
    const results = snapshot.results.get(objectDirectory(kind, record.name));
    const inputs = withDefaults(kind, inputsOf(kind, recorded));
    return (await resource(kind).recall(session, inputs, { record, results })) as Properties;
  });
  return state && read(kind, state, signal);
}

export async function remove(kind: Kind, state: Properties, signal?: AbortSignal): Promise<void> {
  await asOperation({ signal, begun: false }, () => resource(kind).remove(sessionFor(kind, state, state), state));
}

/** The inputs of a lookup with their defaults, and all that is wrong with them. */
export function checkLookup(name: Lookup, given: Properties): { inputs: Properties; problems: Problem[] } {
  const inputs = withDefaults(name, given);
  return { inputs, problems: validate(name, inputs) };
}

/** Asks a host. Changes nothing there. */
export async function lookUp(name: Lookup, inputs: Properties, signal?: AbortSignal): Promise<Properties> {
  const host = openHost(hostTarget(inputs as unknown as HostInputs, undefined));
  return asOperation({ signal, begun: false }, async () => (await lookups[name](host, inputs)) as Properties);
}

/** The inputs among the properties of a state. */
export function inputsOf(kind: Kind, state: Properties): Properties {
  return Object.fromEntries(Object.entries(state).filter(([key]) => key in schemas[kind].inputs));
}

function resource(kind: Kind): AnyResource {
  return registry[kind] as unknown as AnyResource;
}

function sessionFor(kind: Kind, inputs: Properties, prior: Properties | undefined): HostSession {
  return openHost(kind === "Host" ? hostTarget(inputs as unknown as HostInputs, prior) : hostedTarget(inputs));
}

function hostedTarget({ host, credentials }: Properties): HostTarget {
  const { name, machineId, connection } = host as HostReference;
  return {
    name: name ?? "",
    connection: withAccess(connection as HostTarget["connection"]),
    credentials: { ...access.credentials, ...(credentials as Credentials | undefined) },
    machineId,
  };
}

/** The Host itself: by its own inputs, and the key that was pinned when it was first reached. */
function hostTarget(inputs: HostInputs, prior: Properties | undefined): HostTarget {
  const { name, address, privateKey, passphrase, password } = inputs;
  const pinned = (prior?.connection as HostTarget["connection"] | undefined)?.hostKey;
  const given = Object.fromEntries(
    Object.entries({ privateKey, passphrase, password }).filter(([, value]) => value !== undefined),
  );
  return {
    name: name ?? address,
    connection: withAccess({ ...wayTo(inputs), hostKey: inputs.hostKey ?? pinned }),
    credentials: { ...access.credentials, ...given },
    trustOnFirstUse: inputs.trustOnFirstUse,
  };
}

function withAccess(connection: HostTarget["connection"]): HostTarget["connection"] {
  return {
    ...connection,
    privateKeyFile: connection.privateKeyFile ?? access.privateKeyFile,
    agent: connection.agent ?? access.agent,
  };
}
