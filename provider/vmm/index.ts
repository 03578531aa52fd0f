import { cloudHypervisor } from "./cloud-hypervisor";
import type { VmmDriver } from "./driver";
import { firecracker } from "./firecracker";
import { qemu } from "./qemu";
import type { VmmKind } from "./releases";

/** Every driver by its kind: a kind without one does not compile. */
const drivers: Readonly<Record<VmmKind, VmmDriver>> = { qemu, firecracker, "cloud-hypervisor": cloudHypervisor };

export function driverOf(kind: VmmKind): VmmDriver {
  return drivers[kind];
}

export type { Disk, Interface, Machine, RateLimit, Setting, VmmDriver } from "./driver";
export type { VmmKind } from "./releases";
