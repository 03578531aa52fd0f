import type { KataRuntimeInputs } from "../generated/types";
import { type Advisory, advisoriesOf, compareVersions } from "../vmm/advisories";
import type { VmmKind } from "../vmm/releases";
import type { Handler as EngineHandler } from "./handler";

/** Where Kata's releases are, what each is made of, and where a host of ours keeps it. Pure. */

export type Handler = KataRuntimeInputs["handlers"][number];
export type HandlerVmm = Handler["vmm"];
export type Runtime = NonNullable<Handler["runtime"]>;

/** `static` is `kata-static`, `go` is `kata-go-static`. */
export type Archive = "static" | "go";

/** Every path in an archive and in a shipped configuration begins so. */
export const prefix = "/opt/kata/";

/** What archives are unpacked to, each below the digest of the archive. */
const trees = "/var/lib/microvm/kata";

export function treePath(digest: string): string {
  return `${trees}/${digest}`;
}

/** From 4.1 on the Go runtime and Firecracker have an archive of their own. */
function isSplit(version: string): boolean {
  return compareVersions(version, "4.1") >= 0;
}

/** The official release; undefined for an architecture that has none. */
export function releaseUrl(archive: Archive, version: string, architecture: string): string | undefined {
  const suffix = { x86_64: "amd64", aarch64: "arm64" }[architecture];
  if (!suffix) return undefined;
  const compression = compareVersions(version, "3.21") >= 0 ? "zst" : "xz";
  const name = archive === "go" ? "kata-go-static" : "kata-static";
  return `https://github.com/kata-containers/kata-containers/releases/download/${version}/${name}-${version}-${suffix}.tar.${compression}`;
}

/** Kata ships no Rust handler for Firecracker itself, so that stays with Go unless a program says otherwise. */
export function runtimeOf({ vmm, runtime }: Pick<Handler, "vmm" | "runtime">, version: string): Runtime {
  if (runtime) return runtime;
  if (vmm === "dragonball") return "rust";
  return vmm === "fc" || compareVersions(version, "4.0") < 0 ? "go" : "rust";
}

/** The archive that a handler's runtime is in. */
export function archiveOf(handler: Pick<Handler, "vmm" | "runtime">, version: string): Archive {
  return isSplit(version) && runtimeOf(handler, version) === "go" ? "go" : "static";
}

/** The archives that a handler needs, that of its runtime first. */
export function archivesOf(handler: Pick<Handler, "vmm" | "runtime" | "monitor">, version: string): Archive[] {
  const own = archiveOf(handler, version);
  return own === "static" && isSplit(version) && handler.vmm === "fc" && !handler.monitor ? [own, "go"] : [own];
}

/** Where a handler's configuration may lie in its archive: names and places have changed, the first that is there counts. */
export function configurationPaths(vmm: HandlerVmm, runtime: Runtime): string[] {
  const place = "opt/kata/share/defaults/kata-containers";
  if (runtime === "go") return [`${place}/configuration-${vmm}.toml`];
  const names: Record<HandlerVmm, string[]> = {
    clh: ["clh-runtime-rs", "cloud-hypervisor"],
    fc: ["rs-fc"],
    qemu: ["qemu-runtime-rs"],
    dragonball: ["dragonball"],
  };
  return [`${place}/runtime-rs`, place].flatMap((directory) =>
    names[vmm].map((name) => `${directory}/configuration-${name}.toml`),
  );
}

export const shims: Record<Runtime, string> = {
  go: "opt/kata/bin/containerd-shim-kata-v2",
  rust: "opt/kata/runtime-rs/bin/containerd-shim-kata-v2",
};

/** The VMM that Kata ships, where it is a program of its own. */
export function shippedProgram(vmm: HandlerVmm, architecture: string): string | undefined {
  return {
    clh: "opt/kata/bin/cloud-hypervisor",
    fc: "opt/kata/bin/firecracker",
    qemu: `opt/kata/bin/qemu-system-${architecture}`,
    dragonball: undefined,
  }[vmm];
}

/** Which kind of our VMMs can take the place of Kata's; none where it is built in. */
export function monitorKind(vmm: HandlerVmm): VmmKind | undefined {
  return ({ clh: "cloud-hypervisor", fc: "firecracker", qemu: "qemu", dragonball: undefined } as const)[vmm];
}

/** From which release on Kata ships which version, as its tags have it; the last is that of 4.1.0. */
const pins: Record<"clh" | "fc", readonly (readonly [from: string, version: string])[]> = {
  clh: [
    ["3.0.0", "26.0"],
    ["3.0.1", "28.0"],
    ["3.0.2", "28.2"],
    ["3.1.0", "29.0"],
    ["3.2.0", "33.0"],
    ["3.3.0", "36.0"],
    ["3.6.0", "39.0"],
    ["3.7.0", "40.0"],
    ["3.9.0", "41.0"],
    ["3.16.0", "45.0"],
    ["3.20.0", "47.0"],
    ["3.21.0", "48.0"],
    ["3.28.0", "51.1"],
  ],
  fc: [
    ["3.0.0", "1.1.0"],
    ["3.2.0", "1.3.3"],
    ["3.3.0", "1.6.0"],
    ["3.9.0", "1.8.0"],
    ["3.20.0", "1.12.1"],
  ],
};

/** The version of the VMM that a release ships; undefined where that is not known beforehand. */
export function shippedVersion(vmm: HandlerVmm, version: string): string | undefined {
  if ((vmm !== "clh" && vmm !== "fc") || compareVersions(version, "4.1.0") > 0) return undefined;
  return pins[vmm].findLast(([from]) => compareVersions(from, version) <= 0)?.[1];
}

/** Published flaws of a VMM that a handler would start. */
export function flawsOf(vmm: HandlerVmm, hypervisorVersion: string): Advisory[] {
  const kind = monitorKind(vmm);
  return kind && hypervisorVersion ? advisoriesOf(kind, hypervisorVersion) : [];
}

/** What Kata's own RuntimeClasses say of that release. */
export function overhead(vmm: HandlerVmm, version: string): { memory: string; cpu: string } {
  const qemu = compareVersions(version, "4.0") >= 0 ? "320Mi" : "160Mi";
  return { memory: vmm === "qemu" ? qemu : "130Mi", cpu: "250m" };
}

/** Whether the shims take their configuration from the environment: from 4.0 on only the file that Kata ships. */
export function heedsEnvironment(version: string): boolean {
  return compareVersions(version, "4.0") < 0;
}

/** Where the shim of a handler is found by engines, `ctr` and others, which make the name from the runtime's type. */
export function shimPath(handler: string): string {
  return `/usr/local/bin/containerd-shim-${handler}-v2`;
}

export function handlersDirectory(name: string): string {
  return `/etc/microvm/katas/${name}/handlers`;
}

export function configPath(name: string, handler: string): string {
  return `${handlersDirectory(name)}/${handler}/configuration.toml`;
}

/** The handlers of a KataRuntime as an engine is told of them. None of it changes with Kata's release, so an upgrade restarts no engine. */
export function engineHandlers(name: string, handlers: Pick<Handler, "name" | "snapshotter">[]): EngineHandler[] {
  return handlers.map((handler) => ({
    name: handler.name,
    runtime: `io.containerd.${handler.name}.v2`,
    program: shimPath(handler.name),
    configPath: configPath(name, handler.name),
    annotations: ["io.katacontainers.*"],
    ...(handler.snapshotter ? { snapshotter: handler.snapshotter } : {}),
  }));
}
