import type { Kind } from "../../provider/generated/types";

/** Inputs or state of an object in the core's terms: camelCase, plain JSON. */
export type State = Record<string, unknown>;

/** What an engine would do, and the state that it says this leads to; what it does not know is `UNKNOWN`. */
export interface Planned {
  action: "create" | "unchanged" | "update" | "replace";
  state: State;
}

/** A failed operation that left something: the engine keeps the state, and goes on from it. */
export type PartialFailure = Error & { state?: State };

/** The process of an engine, driven as the engine does: the same tests run with each. */
export interface EngineDriver {
  plan(kind: Kind, inputs: State, prior?: State): Promise<Planned>;
  /** Rejects with a `PartialFailure` where something was made. */
  create(kind: Kind, inputs: State): Promise<State>;
  update(kind: Kind, prior: State, inputs: State): Promise<State>;
  /** Undefined when the object is gone. */
  read(kind: Kind, state: State): Promise<State | undefined>;
  import(kind: Kind, id: string): Promise<State>;
  delete(kind: Kind, state: State): Promise<void>;
  /** Ends the process as the engine does, and tells how long that took, in milliseconds. */
  end(): Promise<number>;
}
