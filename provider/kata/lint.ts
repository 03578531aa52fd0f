import type { KataRuntimeInputs } from "../generated/types";
import { nearest } from "../schema/nearest";
import { isUnknown } from "../schema/unknown";
import type { Problem } from "../schema/validate";
import { knownAnnotations } from "./annotations";
import { archivesOf, flawsOf, type Handler, type HandlerVmm, monitorKind, runtimeOf, shippedVersion } from "./layout";

/**
 * What is wrong with a KataRuntime, before any host is asked. Kata's own validation passes over most of it: it takes
 * any number for processors and memory, an image together with an initial RAM disk, and Firecracker without block devices.
 */
export function lint(inputs: Partial<KataRuntimeInputs>): Problem[] {
  const { handlers, version, allowVulnerable } = inputs;
  if (!handlers || isUnknown(handlers)) return [];
  if (!handlers.length) return [{ property: "handlers", reason: "names none; name at least one" }];
  const problems: Problem[] = [];
  const seen = new Set<unknown>();
  handlers.forEach((handler, index) => {
    const at = `handlers[${index}]`;
    const problem = (property: string, reason: string) => problems.push({ property: `${at}.${property}`, reason });
    if (isUnknown(handler)) return;
    if (!isUnknown(handler.name)) {
      if (seen.has(handler.name))
        problem("name", `${handler.name} is another handler's too; each needs a name of its own`);
      seen.add(handler.name);
    }
    if (isUnknown(handler.vmm)) return;
    checkMonitor(handler, problem);
    checkGuest(handler, problem);
    checkBlocks(handler, problem);
    checkAnnotations(handler, problem);
    if (version && !isUnknown(version) && !isUnknown(handler.monitor) && allowVulnerable !== true) {
      checkFlaws(handler, version, inputs, problem);
    }
    if (handler.vmm === "dragonball" && handler.runtime === "go")
      problem("runtime", "must be `rust` for dragonball: it is built into that runtime");
  });
  if (version && !isUnknown(version)) problems.push(...checkSources(inputs, handlers, version));
  return problems;
}

type Report = (property: string, reason: string) => void;

function checkMonitor({ vmm, monitor }: Handler, problem: Report): void {
  if (!monitor || isUnknown(monitor) || isUnknown(monitor.kind)) return;
  const kind = monitorKind(vmm);
  if (!kind) problem("monitor", "is not for dragonball: it is built into Kata's Rust runtime; leave it out");
  else if (monitor.kind !== kind) problem("monitor", `must be a Vmm of kind ${kind} for ${vmm}, not ${monitor.kind}`);
}

function checkGuest({ vmm, image, initrd, kernel, kernelPath, defaultVcpus }: Handler, problem: Report): void {
  if (image && initrd) problem("initrd", "excludes `image`: a guest has one of them; leave one out");
  if (kernel && kernelPath) problem("kernelPath", "excludes `kernel`: a guest has one; leave one out");
  if (vmm === "fc" && typeof defaultVcpus === "number" && defaultVcpus > 32)
    problem("defaultVcpus", `must be 1 to 32 for fc, not ${defaultVcpus}: Firecracker has no more`);
  if (vmm === "qemu" || !kernel || isUnknown(kernel) || isUnknown(kernel.vmlinuxPath)) return;
  if (vmm === "fc" && !kernel.vmlinuxPath && kernel.format === "bzImage")
    problem(
      "kernel",
      `has no uncompressed form, which Firecracker needs: ${kernel.vmlinuxReason || "it is a bzImage"}`,
    );
}

const blockSnapshotters = ["devmapper", "blockfile"];

function checkBlocks({ vmm, snapshotter }: Handler, problem: Report): void {
  if (vmm !== "fc" || isUnknown(snapshotter) || (snapshotter && blockSnapshotters.includes(snapshotter))) return;
  const what = snapshotter ? `cannot be ${snapshotter} for fc` : "is required for fc";
  problem(
    "snapshotter",
    `${what}: Firecracker shares no files with its guests, so images have to come as block devices; say "devmapper" or "blockfile", and set that up in the container engine`,
  );
}

function checkAnnotations({ annotations }: Handler, problem: Report): void {
  if (!annotations || isUnknown(annotations)) return;
  annotations.forEach((annotation, index) => {
    if (isUnknown(annotation) || knownAnnotations.includes(annotation)) return;
    const bare = annotation.replace(/^io\.katacontainers\.config\.hypervisor\./, "");
    const near = knownAnnotations.includes(bare) ? bare : nearest(bare, knownAnnotations);
    const advice = near ? `did you mean ${near}?` : "give names such as default_memory, one each";
    problem(`annotations[${index}]`, `${JSON.stringify(annotation)} is no annotation of Kata's hypervisors; ${advice}`);
  });
}

function checkFlaws(handler: Handler, version: string, inputs: Partial<KataRuntimeInputs>, problem: Report): void {
  const { vmm, monitor } = handler;
  if (monitor) {
    if (monitor.kind !== monitorKind(vmm) || isUnknown(monitor.installedVersion)) return;
    const reason = vulnerable(vmm, monitor.installedVersion, "its");
    if (reason) problem("monitor", reason);
    return;
  }
  // An archive of somebody else's may hold another VMM: its program is asked once it is on the host.
  const source = archivesOf(handler, version).at(-1) === "go" ? inputs.goSource : inputs.source;
  if (isUnknown(source) || source?.file || source?.url) return;
  const shipped = shippedVersion(vmm, version);
  const reason = shipped && vulnerable(vmm, shipped, `Kata ${version}'s own`);
  if (reason) problem("monitor", reason);
}

/** Why a VMM is refused; undefined where nothing speaks against it. */
export function vulnerable(vmm: HandlerVmm, hypervisorVersion: string, whose: string): string | undefined {
  const flaws = flawsOf(vmm, hypervisorVersion).map(({ id, what }) => `${id} (${what})`);
  if (!flaws.length) return undefined;
  return `${whose} ${monitorKind(vmm)} ${hypervisorVersion} has ${flaws.join(" and ")}; give a newer Vmm as \`monitor\`, or say allowVulnerable: true`;
}

function checkSources(inputs: Partial<KataRuntimeInputs>, handlers: Handler[], version: string): Problem[] {
  const problems: Problem[] = [];
  for (const [archive, property] of [
    ["static", "source"],
    ["go", "goSource"],
  ] as const) {
    const user = handlers.find(
      (handler) => !isUnknown(handler) && !isUnknown(handler.vmm) && archivesOf(handler, version).includes(archive),
    );
    const source = inputs[property];
    if (!user || isUnknown(source) || isUnknown(source?.file) || isUnknown(source?.sha256)) continue;
    if (source?.file || source?.sha256) continue;
    const name = archive === "go" ? "kata-go-static" : "kata-static";
    const why =
      archive === "go" && runtimeOf(user, version) === "rust"
        ? "its Firecracker is in there; or give a `monitor`"
        : `handler ${String(user.name)} is in that archive`;
    problems.push({
      property: `${property}.sha256`,
      reason: `is required: Kata publishes no digests of its releases, so give that of ${name} ${version} (${why})`,
    });
  }
  return problems;
}
