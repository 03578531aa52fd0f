import type { KernelInputs, KernelState } from "../generated/types";
import { command } from "../host/change";
import { objectDirectory } from "../host/record";
import type { HostSession } from "../host/session";
import type { Problem, Progress, Recorded, Resource } from "../resource";
import { isUnknown } from "../schema/unknown";
import { requireHost } from "./host-requirements";
import { fileDigest, firstBytes, sourceError } from "./local-source";
import { beginLines, explainOwnership, isOurs } from "./ownership";
import { resultsOf, standingResults } from "./results";
import { explainSource, removeStored, sendFile, storedDrift, storedPath } from "./stored";

/** A guest kernel and the initramfs made for it. */
export const kernel: Resource<KernelInputs, KernelState> = {
  kind: "Kernel",
  check,
  settle,
  observe,
  recall,
  converge,
  remove: (host, state) => removeStored(host, "Kernel", state.name as string, state.owner, "kernel"),
};

/** What distributions compress their kernels with, besides gzip. */
const unpackers = ["lz4", "xz-utils", "zstd"];

function check(inputs: Partial<KernelInputs>): Problem[] {
  const { source } = inputs;
  if (!source || isUnknown(source)) return [];
  if (source.url && !source.sha256)
    return [{ property: "source.sha256", reason: "is required with url: a kernel is what its digest says" }];
  return [];
}

async function settle(inputs: Partial<KernelInputs>): Promise<Partial<KernelInputs>> {
  const { source } = inputs;
  if (!source || isUnknown(source) || !source.file || isUnknown(source.file)) return inputs;
  const sourceDigest = await fileDigest(source.file, source.sha256);
  if (!kernelFormat(await firstBytes(source.file, 1024))) {
    throw sourceError(
      "not-a-kernel",
      source.file,
      "it is not a Linux kernel: neither a bzImage, nor an ELF vmlinux, nor an arm64 Image",
    );
  }
  return { ...inputs, sourceDigest };
}

/** By the magic numbers of the boot protocol, of ELF and of the arm64 image header. */
export function kernelFormat(head: Buffer): "bzImage" | "elf" | "arm64-image" | undefined {
  if (head.subarray(0x202, 0x206).toString("latin1") === "HdrS") return "bzImage";
  if (head.subarray(0, 4).toString("latin1") === "\x7fELF") return "elf";
  if (head.subarray(0x38, 0x3c).toString("latin1") === "ARM\x64") return "arm64-image";
  return undefined;
}

async function observe(host: HostSession, state: KernelState): Promise<KernelState | undefined> {
  const snapshot = await host.snapshot();
  if (!isOurs(snapshot, "Kernel", state.name as string, state.owner)) return undefined;
  const drift = [
    ...storedDrift(snapshot.stored, "the kernel", state.digest),
    ...(state.vmlinuxDigest ? storedDrift(snapshot.stored, "the uncompressed kernel", state.vmlinuxDigest) : []),
    ...(state.initramfsDigest ? storedDrift(snapshot.stored, "the initramfs", state.initramfsDigest) : []),
  ];
  return { ...state, drift };
}

/** What there is of a kernel by what the change that made it handed back. */
function outputs(inputs: KernelInputs, values: Record<string, string>): KernelState {
  const { digest = "", vmlinux = "", initramfs = "" } = values;
  return {
    ...inputs,
    digest,
    path: storedPath(digest),
    vmlinuxDigest: vmlinux,
    vmlinuxPath: storedPath(vmlinux),
    vmlinuxReason: values.reason ?? "",
    initramfsDigest: initramfs,
    initramfsPath: storedPath(initramfs),
    format: values.format as KernelState["format"],
    release: values.release ?? "",
    drift: [],
  };
}

async function recall(_host: HostSession, inputs: KernelInputs, recorded: Recorded): Promise<KernelState> {
  return outputs(inputs, resultsOf(recorded));
}

async function converge(
  host: HostSession,
  inputs: KernelInputs,
  prior: KernelState | undefined,
  progress: Progress,
): Promise<KernelState> {
  const name = inputs.name as string;
  const snapshot = await host.snapshot();
  requireHost(snapshot, `Kernel ${name}`, host.name);
  const object = objectDirectory("Kernel", name);
  const work = `/var/lib/microvm/.kernel-${name}`;
  const { source } = inputs;
  const x86 = snapshot.facts.architecture === "x86_64";
  const microvm = (inputs.initramfs ?? "microvm") === "microvm";
  const purpose = `${prior ? "update" : "create"} Kernel ${name}`;
  const standing = standingResults(snapshot, "Kernel", inputs, ["digest", "vmlinux", "initramfs"]);
  try {
    const begun = await host.apply(
      {
        purpose,
        deadline: 1_800_000,
        prepare: [
          ...beginLines("Kernel", inputs, prior),
          command("mv_packages", object, ...(microvm ? ["busybox-static"] : []), ...(x86 ? unpackers : [])),
        ],
        keeps: standing && { object, values: standing },
      },
      progress,
    );
    if (standing) return outputs(inputs, begun);
    if (source.file) await sendFile(host, source.file, `${work}.source`, `Kernel ${name}`, progress);
    const values = await host.apply(
      {
        purpose,
        deadline: 1_800_000,
        builds: `kernel-${name}`,
        build: [
          `rm -rf ${work}; mkdir -p ${work}`,
          ...obtain(source, work),
          `/usr/lib/microvm/guest/kernel-format ${work}/vmlinuz > ${work}/format || mv_fail not-a-kernel ${command(source.url ?? source.file ?? "the package's kernel")}`,
          `: > ${work}/reason`,
          ...(x86
            ? [
                `/usr/lib/microvm/guest/extract-vmlinux ${work}/vmlinuz ${work}/vmlinux 2> ${work}/reason || [ $? = 2 ] || { cat ${work}/reason 1>&2; mv_fail vmlinux-failed 'the kernel could not be unpacked'; }`,
              ]
            : [`echo 'only x86_64 has one' > ${work}/reason`]),
          ...(microvm
            ? [
                `/usr/lib/microvm/guest/build-initramfs ${source.distribution ? `${work}/tree` : "-"} ${work}/initramfs 1>&2`,
              ]
            : []),
        ],
        prepare: [
          `mv_result format "$(cat ${work}/format)"; mv_result release "$(cat ${work}/version 2> /dev/null || true)"`,
          `mv_reason=$(cat ${work}/reason); mv_vmlinux=; mv_initramfs=`,
          `if [ -f ${work}/vmlinux ]; then mv_put_stored ${object} ${work}/vmlinux; mv_vmlinux=$mv_digest; fi`,
          `mv_put_stored ${object} ${work}/vmlinuz; mv_kernel=$mv_digest`,
          ...(microvm ? [`mv_put_stored ${object} ${work}/initramfs; mv_initramfs=$mv_digest`] : []),
          `rm -rf ${work} ${work}.source`,
          `mv_settle_stored ${object} $mv_kernel $mv_vmlinux $mv_initramfs`,
          'mv_result digest "$mv_kernel"; mv_result initramfs "$mv_initramfs"',
          'mv_result vmlinux "$mv_vmlinux"; mv_result reason "$mv_reason"',
        ],
        keeps: { object },
      },
      progress,
    );
    return outputs(inputs, values);
  } catch (error) {
    throw explainSource(explainOwnership(error, "Kernel", name), `Kernel ${name}`, source.sha256);
  }
}

function obtain(source: KernelInputs["source"], work: string): string[] {
  if (source.file) return [`mv ${work}.source ${work}/vmlinuz`];
  if (source.url) return [command("mv_fetch", source.url, source.sha256 as string, `${work}/vmlinuz`)];
  return [
    `mv_progress 'fetching the kernel package'`,
    `${command("/usr/lib/microvm/guest/fetch-debian-kernel", source.distribution as string, work)} 1>&2 || mv_fail kernel-package ${command(source.distribution as string)}`,
  ];
}
