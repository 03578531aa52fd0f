import { MicrovmError } from "../errors";
import type { KernelInputs, KernelState } from "../generated/types";
import { command } from "../host/change";
import { objectDirectory, recordPath } from "../host/record";
import { ChangeError, type HostSession } from "../host/session";
import type { Problem, Progress, Resource } from "../resource";
import { isUnknown } from "../schema/unknown";
import { digestFile } from "../ssh";
import { requireHost } from "./host-requirements";
import { fileDigest, firstBytes, sourceError } from "./local-source";
import { beginLines, explainOwnership, isAnothers, ownLines } from "./ownership";

/** A guest kernel and the initramfs made for it. */
export const kernel: Resource<KernelInputs, KernelState> = { kind: "Kernel", check, settle, observe, converge, remove };

const store = "/var/lib/microvm/store";

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
  if (
    !snapshot.records.has(recordPath("Kernel", state.name as string)) ||
    isAnothers(snapshot, "Kernel", state.name as string, state.owner)
  )
    return undefined;
  const drift = [
    ...storedDrift(snapshot.stored, "the kernel", state.digest),
    ...(state.vmlinuxDigest ? storedDrift(snapshot.stored, "the uncompressed kernel", state.vmlinuxDigest) : []),
    ...(state.initramfsDigest ? storedDrift(snapshot.stored, "the initramfs", state.initramfsDigest) : []),
  ];
  return { ...state, drift };
}

export function storedDrift(stored: Map<string, string>, what: string, digest: string): string[] {
  const actual = stored.get(digest);
  if (actual === digest) return [];
  return [actual === undefined ? `${what} is missing from the store` : `${what} in the store is damaged`];
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
  try {
    await host.apply(
      {
        purpose,
        deadline: 1_800_000,
        prepare: [
          ...beginLines("Kernel", inputs, prior),
          command("mv_packages", object, ...(microvm ? ["busybox-static"] : []), ...(x86 ? unpackers : [])),
        ],
      },
      progress,
    );
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
      },
      progress,
    );
    const digest = values.digest as string;
    const initramfsDigest = values.initramfs ?? "";
    const vmlinuxDigest = values.vmlinux ?? "";
    return {
      ...inputs,
      digest,
      path: `${store}/${digest}`,
      vmlinuxDigest,
      vmlinuxPath: vmlinuxDigest && `${store}/${vmlinuxDigest}`,
      vmlinuxReason: values.reason ?? "",
      initramfsDigest,
      initramfsPath: initramfsDigest && `${store}/${initramfsDigest}`,
      format: values.format as KernelState["format"],
      release: values.release ?? "",
      drift: [],
    };
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

/** Sends a local file beside the store; what the host has already is not sent. */
export async function sendFile(
  host: HostSession,
  source: string,
  path: string,
  subject: string,
  progress: Progress,
): Promise<void> {
  const { sha256, size } = await digestFile(source);
  const connection = await host.connection();
  let said = 0;
  await connection.upload({
    source,
    sha256,
    size,
    path,
    mode: 0o600,
    purpose: `upload for ${subject}`,
    onProgress: (done, total) => {
      const tenth = Math.floor((done / total) * 10);
      if (tenth <= said || total < 10_000_000) return;
      said = tenth;
      progress(`sent ${tenth * 10} % of ${Math.round(total / 1048576)} MiB`);
    },
  });
}

export function explainSource(error: unknown, subject: string, sha256?: string): unknown {
  if (!(error instanceof ChangeError)) return error;
  const known: Record<string, [string, string]> = {
    "download-failed": [
      `the host could not download ${error.said}`,
      "Does the address work from the host? Behind a proxy, set it in /etc/environment or use a local file.",
    ],
    "sha256-mismatch": [
      `what was downloaded has the SHA-256 ${error.said}, and ${sha256 ? `${sha256} is declared` : "its project publishes another"}`,
      "Correct the digest, or find out why the content differs.",
    ],
    "not-a-kernel": [
      `${error.said} is not a Linux kernel: neither a bzImage, nor an ELF vmlinux, nor an arm64 Image`,
      "Correct the source.",
    ],
    "kernel-package": [
      `the package ${error.said} could not be fetched`,
      'Say distribution: "default", or the name of a kernel package of the host\'s distribution.',
    ],
    "image-build": ["the image could not be built", "The last lines of the build are below."],
    "wrong-format": [`the image is ${error.said}`, "Set `format` to what it is."],
  };
  const [cause, hint] = known[error.code] ?? [];
  if (!cause) return error;
  return new MicrovmError(
    { code: error.code, verb: "make", subject, cause, hint, remote: error.parts.remote },
    { cause: error },
  );
}

async function remove(host: HostSession, state: KernelState): Promise<void> {
  await removeStored(host, "Kernel", state.name as string, state.owner, "kernel");
}

/** Takes an object of the store away, and what nobody else uses of it. */
export async function removeStored(
  host: HostSession,
  kind: string,
  name: string,
  owner: string | undefined,
  work: string,
): Promise<void> {
  const object = objectDirectory(kind, name);
  const snapshot = await host.snapshot();
  if (!snapshot.files.has(object) || isAnothers(snapshot, kind, name, owner)) return;
  try {
    await host.apply({
      purpose: `delete ${kind} ${name}`,
      deadline: 1_800_000,
      prepare: [...ownLines(kind, name, [owner])],
      commit: [
        `rm -rf /var/lib/microvm/.${work}-${name} /var/lib/microvm/.${work}-${name}.source*`,
        command("mv_settle_stored", object),
        command("mv_release", object),
        command("mv_gone", object),
      ],
    });
  } catch (error) {
    throw explainOwnership(error, kind, name);
  }
}
