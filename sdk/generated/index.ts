// Generated from schema/ by `npm run generate`. Do not edit.

export type {
  HostReference,
  VmmReference,
  KernelReference,
  RootfsImageReference,
  NetworkReference,
  VolumeReference,
  MicroVMReference,
  SnapshotReference,
  ContainerEngineReference,
  GVisorReference,
  KataRuntimeReference,
  ContainerReference,
} from "../../provider/generated/types";
export { Host, type HostArgs } from "./host";
export { Vmm, type VmmArgs } from "./vmm";
export { Kernel, type KernelArgs } from "./kernel";
export { RootfsImage, type RootfsImageArgs } from "./rootfs-image";
export { Network, type NetworkArgs } from "./network";
export { Volume, type VolumeArgs } from "./volume";
export { MicroVM, type MicroVMArgs } from "./micro-vm";
export { Snapshot, type SnapshotArgs } from "./snapshot";
export { ContainerEngine, type ContainerEngineArgs } from "./container-engine";
export { GVisor, type GVisorArgs } from "./g-visor";
export { KataRuntime, type KataRuntimeArgs } from "./kata-runtime";
export { Container, type ContainerArgs } from "./container";
