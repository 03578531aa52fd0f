export type { Connection, Credentials } from "../provider/generated/types";
export * from "./generated";
export * as kubernetes from "./kubernetes";
export { type CloneArgs, MicroVM } from "./micro-vm";
export { MicrovmResource, type ReferenceTo } from "./resource";
