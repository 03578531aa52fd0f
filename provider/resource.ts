import { MicrovmError, type MicrovmErrorDetails } from "./errors";
import type { Kind } from "./generated/types";
import type { ObjectRecord } from "./host/record";
import type { HostSession } from "./host/session";
import type { Plan } from "./plan";
import type { Effect } from "./schema/model";
import type { Problem } from "./schema/validate";

export type { Problem } from "./schema/validate";

/** Receives short sentences while long work goes on; one that is to be read when it is done, too, is `lasting`. */
export type Progress = (message: string, lasting?: "lasting") => void;

/** What a host keeps of an object. */
export interface Recorded {
  record: ObjectRecord;
  /** What the change that made it handed back; undefined where it was not finished, and where nothing was kept of it. */
  results?: Record<string, string>;
}

/**
 * The contract that every resource keeps, and all that an engine knows of it. A resource is a reconciler: `converge`
 * is creation, update, retry after a crash, and repair of drift, and starts from what the host shows.
 */
export interface Resource<Inputs, State extends Inputs> {
  kind: Kind;
  /** Adds what lies on this machine to the inputs (digests of local files). Reads, and asks no host. */
  settle?(inputs: Partial<Inputs>): Promise<Partial<Inputs>>;
  /** Outputs that follow from the inputs alone, so that a preview knows them. Offline. */
  foretell?(inputs: Partial<Inputs>): Partial<State>;
  /** Outputs that this update leaves as they are, besides those that the schema says. Offline. */
  keeps?(prior: State, inputs: Partial<Inputs>): (keyof State & string)[];
  /** Rules that span properties. Offline; properties that are not known yet are absent or `UNKNOWN`. */
  check?(inputs: Partial<Inputs>): Problem[];
  /** What a change of a property does to this very object, where that is not what the schema says. Offline. */
  effect?(prior: State, inputs: Partial<Inputs>, property: string): Effect | undefined;
  /** Sharpens the plan that the schema alone gives. Offline. */
  plan?(prior: State, inputs: Partial<Inputs>, generic: Plan): Plan;
  /** What the host shows of the object, `drift` included; undefined when it is gone. Changes nothing. */
  observe(host: HostSession, state: State): Promise<State | undefined>;
  /**
   * What `converge` has said of an object that is known by its host alone; `inputs` are those of its record. Changes
   * nothing.
   */
  recall(host: HostSession, inputs: Inputs, recorded: Recorded): Promise<State>;
  /** Makes the host hold the object as declared. Idempotent. */
  converge(host: HostSession, inputs: Inputs, prior: State | undefined, progress: Progress): Promise<State>;
  /** Takes the object away, its record last. Idempotent. */
  remove(host: HostSession, state: State): Promise<void>;
}

/** What a program can ask of a host without declaring anything. Changes nothing there. */
export type Asked<Inputs, Outputs> = (host: HostSession, inputs: Inputs) => Promise<Outputs>;

/** The object was made, but is not as declared yet; the next run goes on from `state`. */
export class UnfinishedError extends MicrovmError {
  constructor(
    details: MicrovmErrorDetails,
    readonly state: object,
    options?: ErrorOptions,
  ) {
    super(details, options);
    this.name = "UnfinishedError";
  }
}
