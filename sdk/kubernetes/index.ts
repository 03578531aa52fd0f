export {
  RuntimeClasses,
  type RuntimeClassesArgs,
  type RuntimeClassResource,
  type RuntimeClassSource,
} from "./runtime-classes";
export type { RuntimeClass } from "./sources";
