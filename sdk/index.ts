export type { Connection, Credentials } from "../provider/generated/types";
export * from "./generated";
export { type CloneArgs, MicroVM } from "./micro-vm";
export { MicrovmResource, type ReferenceTo } from "./resource";
