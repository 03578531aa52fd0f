import { compareVersions } from "./advisories";
import type { VmmKind } from "./releases";

/** What a VMM does with a change of a property, or that it cannot have it at all. */
export type Ability = "live" | "restart" | "none";

export interface Capability {
  /** Path of the property of a MicroVM; of one of its values, `property=value`. */
  property: string;
  /** For people: what it is. */
  what: string;
  abilities: Readonly<Record<VmmKind, Ability>>;
  /** The first release that has it, by VMM, where older ones than are refused anyway had it not. */
  since?: Readonly<Partial<Record<VmmKind, string>>>;
  /** What is to know of it, by VMM, a sentence each. */
  notes?: Readonly<Partial<Record<VmmKind, string>>>;
}

const pluggable =
  "Without a `mountPath`, a `rateLimit` and `readOnly`; with one of them it takes a restart. A guest that has mounted the volume by itself must unmount it first; one that does not let go of it within 5 s is restarted.";

/**
 * What differs between the VMMs; everything else they have in common. Read by plans, by checks at preview, by the
 * reference page and by the tests.
 */
export const capabilities: readonly Capability[] = [
  {
    property: "machine=q35",
    what: "PCI Express",
    abilities: { qemu: "restart", firecracker: "none", "cloud-hypervisor": "none" },
    notes: { "cloud-hypervisor": "Its only machine has PCI Express anyway: leave `machine` out." },
  },
  {
    property: "accelerator=tcg",
    what: "software emulation",
    abilities: { qemu: "restart", firecracker: "none", "cloud-hypervisor": "none" },
  },
  {
    property: "vcpus",
    what: "another number of processors",
    abilities: { qemu: "restart", firecracker: "restart", "cloud-hypervisor": "live" },
    notes: { "cloud-hypervisor": "Up to `maxVcpus`.", firecracker: "At most 32." },
  },
  {
    property: "maxVcpus",
    what: "room for more processors",
    abilities: { qemu: "none", firecracker: "none", "cloud-hypervisor": "restart" },
  },
  {
    property: "memory",
    what: "another size of memory",
    abilities: { qemu: "restart", firecracker: "live", "cloud-hypervisor": "live" },
    notes: {
      firecracker: "Growth up to `maxMemory`, where the guest's kernel has virtio-mem; less memory takes a restart.",
      "cloud-hypervisor": "Growth up to `maxMemory`; less memory takes a restart.",
    },
  },
  {
    property: "maxMemory",
    what: "room for more memory",
    abilities: { qemu: "none", firecracker: "restart", "cloud-hypervisor": "restart" },
    since: { firecracker: "1.14.0" },
    notes: { firecracker: "A multiple of 128 MiB more than `memory`." },
  },
  {
    property: "balloon",
    what: "memory that the guest gives back",
    abilities: { qemu: "live", firecracker: "live", "cloud-hypervisor": "live" },
  },
  {
    property: "rootDisk.rateLimit",
    what: "bounds of the root disk's traffic",
    abilities: { qemu: "live", firecracker: "live", "cloud-hypervisor": "restart" },
  },
  {
    property: "volumes",
    what: "a volume more or less",
    abilities: { qemu: "restart", firecracker: "restart", "cloud-hypervisor": "live" },
    notes: { "cloud-hypervisor": pluggable },
  },
  {
    property: "interfaces",
    what: "an interface more or less",
    abilities: { qemu: "restart", firecracker: "restart", "cloud-hypervisor": "live" },
    notes: {
      "cloud-hypervisor":
        "All but the first one, and without a `rateLimit`. The guest finds a new device, which it may give its address by DHCP; at its next boot it has it anyway. A guest that does not let go of one within 5 s is restarted.",
    },
  },
  {
    property: "volumes[].volume",
    what: "another volume in the place of one",
    abilities: { qemu: "restart", firecracker: "live", "cloud-hypervisor": "live" },
    notes: {
      "cloud-hypervisor": pluggable,
      firecracker:
        "With a `mountPath` it takes a restart, and so it does where volumes and jails are on different file systems. A guest that has mounted the volume by itself must unmount it first.",
    },
  },
  {
    property: "volumes[].rateLimit",
    what: "bounds of a volume's traffic",
    abilities: { qemu: "live", firecracker: "live", "cloud-hypervisor": "restart" },
  },
  {
    property: "interfaces[].rateLimit",
    what: "bounds of an interface's traffic",
    abilities: { qemu: "none", firecracker: "live", "cloud-hypervisor": "restart" },
  },
  {
    property: "interfaces[].connected",
    what: "link that goes up and down",
    abilities: { qemu: "live", firecracker: "live", "cloud-hypervisor": "live" },
    notes: {
      qemu: "The guest sees its link go down.",
      firecracker: "The guest does not see it: frames are dropped at the tap.",
      "cloud-hypervisor": "The guest does not see it: frames are dropped at the tap.",
    },
  },
  {
    property: "metadata",
    what: "metadata service for the guest",
    abilities: { qemu: "none", firecracker: "live", "cloud-hypervisor": "none" },
    notes: { firecracker: "To have one or none takes a restart; what it tells changes live." },
  },
  {
    property: "trackDirtyPages",
    what: "record of changed memory, for snapshots of what changed",
    abilities: { qemu: "none", firecracker: "restart", "cloud-hypervisor": "none" },
  },
];

const names: Readonly<Record<VmmKind, string>> = {
  qemu: "QEMU",
  firecracker: "Firecracker",
  "cloud-hypervisor": "Cloud Hypervisor",
};

export function vmmName(kind: VmmKind): string {
  return names[kind];
}

/** What a VMM does with a change of a property, given by its path with indices; undefined where all do the same. */
export function abilityFor(kind: VmmKind, path: string): Ability | undefined {
  const property = path.replace(/\[\d+\]/g, "[]");
  // The longest that the path lies in: `rootDisk.rateLimit` for `rootDisk.rateLimit.bandwidth`.
  const found = capabilities
    .filter((item) => property === item.property || property.startsWith(`${item.property}.`))
    .sort((a, b) => b.property.length - a.property.length)[0];
  return found?.abilities[kind];
}

/**
 * A sentence for who asks a VMM for what it cannot do, and undefined where it can. `given` is the property's value,
 * `version` the VMM's where it is known.
 */
export function refusal(kind: VmmKind, property: string, given: unknown, version?: string): string | undefined {
  const item = capabilities.find((one) => one.property === property || one.property === `${property}=${given}`);
  const since = item?.since?.[kind];
  if (since && version && compareVersions(version, since) < 0)
    return `${vmmName(kind)} ${version} has no ${item.what}; ${since} and newer have`;
  if (item?.abilities[kind] !== "none") return undefined;
  const able = (Object.keys(names) as VmmKind[]).filter((other) => item.abilities[other] !== "none").map(vmmName);
  const note = item.notes?.[kind];
  return `${vmmName(kind)} has no ${item.what}; ${able.join(" and ")} can${note ? `. ${note}` : ""}`;
}
