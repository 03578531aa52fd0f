export type { Connection, Credentials } from "../provider/generated/types";
export * from "./generated";
export { MicrovmResource, type ReferenceTo } from "./resource";
