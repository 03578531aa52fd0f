import type { Kind, Lookup } from "./generated/types";
import type { Asked, Resource } from "./resource";
import { container } from "./resources/container";
import { containerEngine } from "./resources/container-engine";
import { gVisor } from "./resources/g-visor";
import { host } from "./resources/host";
import { hostFacts } from "./resources/host-facts";
import { kataRuntime } from "./resources/kata-runtime";
import { kernel } from "./resources/kernel";
import { microVM } from "./resources/micro-vm";
import { network } from "./resources/network";
import { rootfsImage } from "./resources/rootfs-image";
import { snapshot } from "./resources/snapshot";
import { vmm } from "./resources/vmm";
import { volume } from "./resources/volume";

/** Every resource by its kind: a kind without one does not compile. */
// biome-ignore lint/suspicious/noExplicitAny: each resource has types of its own; engines pass what its schema validated.
export const registry: Record<Kind, Resource<any, any>> = {
  Host: host,
  Vmm: vmm,
  Kernel: kernel,
  RootfsImage: rootfsImage,
  Network: network,
  Volume: volume,
  MicroVM: microVM,
  Snapshot: snapshot,
  ContainerEngine: containerEngine,
  GVisor: gVisor,
  KataRuntime: kataRuntime,
  Container: container,
};

/** Every lookup by its name. */
// biome-ignore lint/suspicious/noExplicitAny: as above.
export const lookups: Record<Lookup, Asked<any, object>> = { HostFacts: hostFacts };
