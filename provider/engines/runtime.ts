/**
 * What the providers that are stored in states call: `require("pulumi-microvm/runtime").dispatch(kind, operation, …)`.
 * Frozen: every state that was ever written depends on it.
 */
export { dispatch } from "./dynamic";
