import { schemas } from "./generated/schemas";
import type { Credentials, HostInputs, HostReference, Kind } from "./generated/types";
import { type HostSession, type HostTarget, openHost } from "./host/session";
import { type Plan, plan } from "./plan";
import { registry } from "./registry";
import type { Progress, Resource } from "./resource";
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

/** Inputs with their defaults, and all that is wrong with them. */
export async function check(kind: Kind, inputs: Properties): Promise<{ inputs: Properties; problems: Problem[] }> {
  const full = withDefaults(kind, inputs);
  const problems = validate(kind, full);
  // Rules that span properties presume that each is right by itself.
  if (!problems.length) problems.push(...(resource(kind).check?.(full) ?? []));
  if (problems.length) return { inputs: full, problems };
  try {
    return { inputs: ((await resource(kind).settle?.(full)) ?? full) as Properties, problems };
  } catch (error) {
    return { inputs: full, problems: [{ property: "source", reason: (error as Error).message }] };
  }
}

export function diff(kind: Kind, prior: Properties, inputs: Properties): Plan {
  const generic = plan(kind, prior, inputs);
  return resource(kind).plan?.(prior, withDefaults(kind, inputs), generic) ?? generic;
}

/** Creates, updates or repairs. Rejects with `UnfinishedError` where the object is made but not as declared. */
export async function converge(
  kind: Kind,
  inputs: Properties,
  prior: Properties | undefined,
  progress: Progress,
): Promise<Properties> {
  const full = withDefaults(kind, inputs);
  return (await resource(kind).converge(sessionFor(kind, full, prior), full, prior, progress)) as Properties;
}

/** What the host shows; undefined when the object is gone. Rejects when the host cannot be asked. */
export async function read(kind: Kind, state: Properties): Promise<Properties | undefined> {
  return (await resource(kind).observe(sessionFor(kind, state, state), state)) as Properties | undefined;
}

export async function remove(kind: Kind, state: Properties): Promise<void> {
  await resource(kind).remove(sessionFor(kind, state, state), state);
}

/** The inputs among the properties of a state. */
export function inputsOf(kind: Kind, state: Properties): Properties {
  return Object.fromEntries(Object.entries(state).filter(([key]) => key in schemas[kind].inputs));
}

export function isUnknownDeep(value: unknown): boolean {
  if (value === UNKNOWN) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(isUnknownDeep);
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
  const {
    name,
    address,
    port,
    user,
    privateKey,
    passphrase,
    password,
    privateKeyFile,
    agent,
    knownHosts,
    sshConfig,
    jump,
    deadlines,
  } = inputs;
  const pinned = (prior?.connection as HostTarget["connection"] | undefined)?.hostKey;
  const given = Object.fromEntries(
    Object.entries({ privateKey, passphrase, password }).filter(([, value]) => value !== undefined),
  );
  return {
    name: name ?? address,
    connection: withAccess({
      address,
      port,
      user,
      privateKeyFile,
      agent,
      knownHosts,
      sshConfig,
      jump,
      deadlines,
      hostKey: inputs.hostKey ?? pinned,
    }),
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
