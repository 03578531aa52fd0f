export type { Connection, Credentials, HostFacts, HostFactsInputs } from "../provider/generated/types";
export * from "./generated";
export { getHostFacts } from "./host-facts";
export * as kubernetes from "./kubernetes";
export { type CloneArgs, MicroVM } from "./micro-vm";
export { MicrovmResource, type ReferenceTo } from "./resource";
