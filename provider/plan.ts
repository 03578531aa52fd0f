import type { Effect } from "./schema/model";

/** One property that differs, and what that means. */
export interface Change {
  /** Path of the property, e.g. `interfaces[0].address`; `drift` for what differs on the host. */
  property: string;
  effect: Effect;
  /** A sentence that a user can read. */
  reason: string;
}

/** What bringing an object to its inputs takes. */
export type Plan =
  | { action: "unchanged" }
  | { action: "update"; changes: Change[] }
  | { action: "replace"; changes: Change[]; deleteFirst: true };
