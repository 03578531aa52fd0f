export type { Connection, Credentials, HostFacts, HostFactsInputs } from "../provider/generated/types";
export type { Form } from "./form";
export * from "./generated";
export { getHostFacts } from "./host-facts";
export * as kubernetes from "./kubernetes";
export { type CloneArgs, MicroVM } from "./micro-vm";
export { Provider, type ProviderArgs } from "./provider";
export { MicrovmResource, type ReferenceTo } from "./resource";
