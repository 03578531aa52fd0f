import type { MicroVMInputs, MicroVMState, NetworkReference } from "../generated/types";
import { sorted } from "../host/record";
import type { Change, Plan } from "../plan";
import type { Problem } from "../resource";
import type { Effect } from "../schema/model";
import { isUnknown } from "../schema/unknown";
import { abilityFor, refusal, vmmName } from "../vmm/capabilities";
import { checkAddress } from "./addresses";

/** What can be said of a microVM before any host is asked: what is wrong with it, and what a change means. */

const known = <T>(value: T | undefined): value is T => value !== undefined && !isUnknown(value);

export function check(inputs: Partial<MicroVMInputs>): Problem[] {
  const problems: Problem[] = [];
  const seen = new Map<string, number>();
  (known(inputs.interfaces) ? inputs.interfaces : []).forEach((item, index) => {
    if (!known(item)) return;
    const { network, address, mac } = item;
    if (known(address)) {
      const reason =
        known(network) && known(network.cidr) ? checkAddress(network as NetworkReference, address) : undefined;
      if (reason) problems.push({ property: `interfaces[${index}].address`, reason });
    }
    for (const value of [address, mac].filter(known)) {
      const other = seen.get(value);
      if (other !== undefined) {
        problems.push({
          property: `interfaces[${index}]`,
          reason: `${value} is interface ${other}'s already; each needs its own`,
        });
      }
      seen.set(value, index);
    }
  });
  if (known(inputs.rootDisk) && known(inputs.rootfs)) {
    const { format } = inputs.rootfs;
    if (inputs.rootDisk.mode === "copy" && known(format) && format !== "ext4") {
      problems.push({
        property: "rootDisk.mode",
        reason: `a copy of a ${format} image cannot be written to; use an ext4 image, or mode "overlay"`,
      });
    }
  }
  if (
    known(inputs.kernel) &&
    inputs.kernel.initramfsPath === "" &&
    (inputs.rootDisk?.mode ?? "overlay") === "overlay"
  ) {
    problems.push({
      property: "rootDisk.mode",
      reason:
        'mode "overlay" is set up by the provider\'s initramfs; use a kernel with initramfs "microvm", or mode "copy" or "shared"',
    });
  }
  problems.push(...unsupported(inputs), ...bounds(inputs), ...unlikeSnapshot(inputs));
  if (isAlone(inputs) && known(inputs.ready) && (inputs.ready.tcp || inputs.ready.ssh)) {
    problems.push({ property: "ready", reason: "a microVM without an interface can only be waited for with `serial`" });
  }
  const paths = new Set<string>();
  (known(inputs.files) ? inputs.files : []).forEach((file, index) => {
    if (!known(file) || !known(file.path)) return;
    if (paths.has(file.path))
      problems.push({ property: `files[${index}].path`, reason: `${file.path} is given twice` });
    paths.add(file.path);
  });
  return problems;
}

/** What its VMM cannot do, and which one can. */
function unsupported({ vmm, kernel, ...inputs }: Partial<MicroVMInputs>): Problem[] {
  if (!known(vmm) || !known(vmm.kind)) return [];
  const { kind, installedVersion } = vmm;
  const version = known(installedVersion) && installedVersion ? installedVersion : undefined;
  const problems: Problem[] = [];
  const judge = (property: string, path: string, value: unknown) => {
    const reason = known(value) ? refusal(kind, property, value, version) : undefined;
    if (reason) problems.push({ property: path, reason });
  };
  for (const name of ["machine", "accelerator", "maxVcpus", "maxMemory", "metadata"] as const) {
    judge(name, name, inputs[name]);
  }
  judge("trackDirtyPages", "trackDirtyPages", inputs.trackDirtyPages || undefined);
  (known(inputs.interfaces) ? inputs.interfaces : []).forEach((item, index) => {
    if (known(item)) judge("interfaces[].rateLimit", `interfaces[${index}].rateLimit`, item.rateLimit);
  });
  if (kind !== "firecracker") return problems;
  if (known(kernel) && kernel.vmlinuxPath === "") {
    const reason = `Firecracker needs an uncompressed kernel, and Kernel ${kernel.name} has none: ${kernel.vmlinuxReason}`;
    problems.push({ property: "kernel", reason });
  }
  const { memory, maxMemory } = inputs;
  if (known(memory) && known(maxMemory) && maxMemory > memory && (maxMemory - memory) % 128 !== 0) {
    const reason = `must be a multiple of 128 MiB more than the memory of ${memory} MiB: Firecracker adds memory in such steps`;
    problems.push({ property: "maxMemory", reason });
  }
  if (known(inputs.vcpus) && inputs.vcpus > 32) {
    problems.push({ property: "vcpus", reason: "Firecracker has at most 32; QEMU and Cloud Hypervisor have more" });
  }
  return problems;
}

/** What a clone has from its snapshot, and can have no other. */
function unlikeSnapshot(inputs: Partial<MicroVMInputs>): Problem[] {
  const { snapshot, ready } = inputs;
  if (!snapshot) {
    return inputs.restore === "always" ? [{ property: "restore", reason: "needs a snapshot to go on from" }] : [];
  }
  if (!known(snapshot)) return [];
  const problems: Problem[] = [];
  const { vmm, kernel, rootfs, guest } = snapshot;
  if (known(vmm) && known(inputs.vmm) && known(inputs.vmm.path) && known(vmm.path)) {
    const say = ({ kind, installedVersion }: typeof vmm) => `${vmmName(kind)} ${installedVersion}`;
    if (inputs.vmm.path !== vmm.path || inputs.vmm.installedVersion !== vmm.installedVersion) {
      const reason = `the snapshot was taken by ${say(vmm)} and goes on there alone, not in ${say(inputs.vmm)}`;
      problems.push({ property: "vmm", reason });
    }
  }
  const same = (property: string, given: unknown, theirs: unknown) => {
    if (isUnknown(given) || isUnknown(theirs) || given === theirs) return;
    const right = theirs === undefined ? "left out" : JSON.stringify(theirs);
    problems.push({ property, reason: `must be ${right}, as in the snapshot` });
  };
  if (known(inputs.kernel) && known(kernel)) same("kernel", inputs.kernel.digest, kernel.digest);
  if (known(inputs.rootfs) && known(rootfs)) same("rootfs", inputs.rootfs.digest, rootfs.digest);
  if (known(guest)) {
    for (const property of ["machine", "accelerator", "vcpus", "memory", "maxVcpus", "maxMemory"] as const) {
      same(property, inputs[property], guest[property]);
    }
    if (!isUnknown(inputs.rootDisk)) {
      same("rootDisk.mode", inputs.rootDisk?.mode ?? "overlay", guest.rootDisk.mode);
      same("rootDisk.size", inputs.rootDisk?.size, guest.rootDisk.size);
    }
    if (!isUnknown(inputs.interfaces)) same("interfaces", inputs.interfaces?.length ?? 0, guest.interfaces.length);
    if (!isUnknown(inputs.metadata) && (inputs.metadata !== undefined) !== (guest.metadata ?? false)) {
      const reason = guest.metadata
        ? "the snapshot's guest has a metadata service; say what it tells"
        : "the snapshot's guest has no metadata service";
      problems.push({ property: "metadata", reason });
    }
  }
  for (const property of ["volumes", "files", "sshAuthorizedKeys", "hostname"] as const) {
    if (inputs[property] !== undefined) {
      problems.push({
        property,
        reason: "comes with the snapshot; leave it out, or give it to the snapshot's microVM",
      });
    }
  }
  if (known(ready) && ready.serial) {
    problems.push({
      property: "ready.serial",
      reason: "a guest that goes on from a snapshot does not boot, and so says nothing; wait with `tcp` or `ssh`",
    });
  }
  return problems;
}

/** Values that must fit each other. */
function bounds(inputs: Partial<MicroVMInputs>): Problem[] {
  const { balloon, memory, maxMemory, vcpus, maxVcpus, metadata } = inputs;
  const problems: Problem[] = [];
  if (known(balloon) && known(memory) && balloon >= memory) {
    problems.push({ property: "balloon", reason: `must be less than the memory of ${memory} MiB` });
  }
  if (known(maxMemory) && known(memory) && maxMemory < memory) {
    problems.push({ property: "maxMemory", reason: `must be at least the memory of ${memory} MiB` });
  }
  if (known(maxVcpus) && known(vcpus) && maxVcpus < vcpus) {
    problems.push({ property: "maxVcpus", reason: `must be at least the ${vcpus} of vcpus` });
  }
  if (known(metadata)) {
    const reason =
      metadataProblem(metadata) ?? (isAlone(inputs) ? "is asked for over an interface; give it one" : undefined);
    if (reason) problems.push({ property: "metadata", reason });
  }
  return problems;
}

/** Bytes: Firecracker reads no longer request, and keeps no more. */
const metadataLimit = 51200;

function metadataProblem(metadata: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(metadata);
  } catch {
    return "must be JSON text";
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) return "must be the JSON text of an object";
  const bytes = Buffer.byteLength(JSON.stringify(value));
  return bytes > metadataLimit ? `has ${bytes} bytes without its spaces, and ${metadataLimit} is the most` : undefined;
}

function isAlone({ interfaces }: Partial<MicroVMInputs>): boolean {
  return !isUnknown(interfaces) && !interfaces?.length;
}

/**
 * Whether nothing but devices that can come and go differs: not what the guest mounts at its boot, nor what has bounds
 * or is write-protected, nor its first interface.
 */
function changesAtEnds(prior: MicroVMState, inputs: Partial<MicroVMInputs>, property: string): boolean {
  if (property === "interfaces") {
    const [before, now] = [prior.interfaces ?? [], known(inputs.interfaces) ? (inputs.interfaces ?? []) : []];
    const common = Math.min(before.length, now.length);
    const more = [...before.slice(common), ...now.slice(common)];
    // A link goes up and down by itself.
    const linked = (item?: object) => ({ ...item, connected: true });
    const same = now.slice(0, common).every((item, index) => equal(linked(item), linked(before[index])));
    return common > 0 && same && more.every(({ rateLimit }) => !rateLimit);
  }
  const [before, now] = [prior.volumes ?? [], known(inputs.volumes) ? (inputs.volumes ?? []) : []];
  const differing = [0, 1, 2, 3, 4, 5, 6, 7].filter((index) => !equal(before[index], now[index]));
  return differing.every((index) =>
    [before[index], now[index]].every((one) => !one || !(one.mountPath || one.rateLimit || one.readOnly)),
  );
}

function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

/** What its VMM makes of a change. */
export function effect(prior: MicroVMState, inputs: Partial<MicroVMInputs>, property: string): Effect | undefined {
  if (!known(inputs.vmm) || !known(inputs.vmm.kind)) return undefined;
  if (property === "memory" && known(inputs.memory)) {
    // Memory that the guest has cannot be taken from it while it runs, and there is no more room than it started with.
    const { memory = inputs.memory, maxMemory = memory } = prior;
    if (inputs.memory < memory || inputs.memory > maxMemory) return "restart";
  }
  if (property === "vcpus" && known(inputs.vcpus)) {
    const { vcpus = 1, maxVcpus = vcpus } = prior;
    if (inputs.vcpus > maxVcpus) return "restart";
  }
  if (property === "volumes" || property === "interfaces" || /^volumes\[\d+\]\.volume$/.test(property)) {
    if (!changesAtEnds(prior, inputs, property)) return "restart";
  }
  // Whether there is a metadata service at all is part of the machine.
  const comesOrGoes = (inputs.metadata === undefined) !== (prior.metadata === undefined);
  if (property === "metadata" && comesOrGoes) return "restart";
  const ability = abilityFor(inputs.vmm.kind, property);
  return ability === "none" ? undefined : ability;
}

/** The private disk grows in place and never shrinks; a VMM is not exchanged. */
export function plan(prior: MicroVMState, inputs: Partial<MicroVMInputs>, generic: Plan): Plan {
  if (generic.action !== "update") return generic;
  const replacing: Change[] = [];
  const kind = known(inputs.vmm) && known(inputs.vmm.kind) ? inputs.vmm.kind : undefined;
  if (kind && prior.vmm.kind !== kind) {
    const reason = `${vmmName(kind)} takes the place of ${vmmName(prior.vmm.kind)}, so it is replaced; its volumes stay`;
    replacing.push({ property: "vmm", effect: "replace", reason });
  }
  const before = prior.rootDisk?.size;
  const now = inputs.rootDisk?.size;
  if (typeof before === "number" && typeof now === "number" && now < before) {
    const reason = `the private disk has ${before} MiB and cannot shrink to ${now}`;
    replacing.push({ property: "rootDisk.size", effect: "replace", reason });
  }
  if (!replacing.length) return generic;
  return { action: "replace", changes: [...generic.changes, ...replacing], deleteFirst: true };
}
