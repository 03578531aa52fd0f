import { isDeepStrictEqual } from "node:util";
import type { RootfsImageInputs, RootfsImageState } from "../generated/types";
import { command } from "../host/change";
import { objectDirectory } from "../host/record";
import type { HostSession } from "../host/session";
import type { Problem, Progress, Recorded, Resource } from "../resource";
import { isUnknown } from "../schema/unknown";
import { explainContainerImage, guestLines, type Pulled, pulled, pullLines, sizeBound } from "./container-image";
import { requireHost } from "./host-requirements";
import { fileDigest, packDirectory, treeDigest } from "./local-source";
import { beginLines, explainOwnership, isOurs } from "./ownership";
import { resultsOf, standingResults } from "./results";
import { explainSource, removeStored, sendFile, storedDrift, storedPath } from "./stored";

/** A root filesystem image, made once and shared. */
export const rootfsImage: Resource<RootfsImageInputs, RootfsImageState> = {
  kind: "RootfsImage",
  check,
  settle,
  observe,
  recall,
  converge,
  remove: (host, state) => removeStored(host, "RootfsImage", state.name as string, state.owner, "image"),
};

function check(inputs: Partial<RootfsImageInputs>): Problem[] {
  const { source, size, format } = inputs;
  if (!source || isUnknown(source)) return [];
  const problems: Problem[] = [];
  if (source.url && !source.sha256)
    problems.push({ property: "source.sha256", reason: "is required with url: an image is what its digest says" });
  const { reference, digest } = (!isUnknown(source.oci) && source.oci) || {};
  if (reference && digest && !isUnknown(reference) && !isUnknown(digest)) {
    const [, named] = reference.split("@");
    if (named && named !== digest)
      problems.push({
        property: "source.oci.digest",
        reason: `must be ${named}, as in the reference; or leave it out`,
      });
  }
  if (size !== undefined && !isUnknown(size)) {
    if (source.file || source.url)
      problems.push({ property: "size", reason: "is for images that are made; this one is given" });
    else if (format && !isUnknown(format) && format !== "ext4")
      problems.push({ property: "size", reason: `is for ext4; ${format} images are as large as their content` });
  }
  return problems;
}

async function settle(inputs: Partial<RootfsImageInputs>): Promise<Partial<RootfsImageInputs>> {
  const { source } = inputs;
  if (!source || isUnknown(source)) return inputs;
  const archive = isUnknown(source.oci) ? undefined : source.oci?.archive;
  const local = [source.file, source.tarball, source.directory, archive].find((path) => path !== undefined);
  if (!local || isUnknown(local)) return inputs;
  const sourceDigest = source.directory ? await treeDigest(source.directory) : await fileDigest(local, source.sha256);
  return { ...inputs, sourceDigest };
}

async function observe(host: HostSession, state: RootfsImageState): Promise<RootfsImageState | undefined> {
  const snapshot = await host.snapshot();
  if (!isOurs(snapshot, "RootfsImage", state.name as string, state.owner)) return undefined;
  const drift = storedDrift(snapshot.stored, "the image", state.digest);
  // What was recorded before there were container images has none.
  return { ...state, imageDigest: state.imageDigest ?? "", drift };
}

function outputs(inputs: RootfsImageInputs, values: Record<string, string>): RootfsImageState {
  const { digest = "", bytes, imageDigest = "" } = values;
  return { ...inputs, digest, path: storedPath(digest), bytes: Number(bytes), imageDigest, drift: [] };
}

async function recall(_host: HostSession, inputs: RootfsImageInputs, recorded: Recorded): Promise<RootfsImageState> {
  return outputs(inputs, resultsOf(recorded));
}

async function converge(
  host: HostSession,
  inputs: RootfsImageInputs,
  prior: RootfsImageState | undefined,
  progress: Progress,
): Promise<RootfsImageState> {
  const name = inputs.name as string;
  const snapshot = await host.snapshot();
  requireHost(snapshot, `RootfsImage ${name}`, host.name);
  const object = objectDirectory("RootfsImage", name);
  const work = `/var/lib/microvm/.image-${name}`;
  const { source } = inputs;
  const { architecture } = snapshot.facts;
  const purpose = `${prior ? "update" : "create"} RootfsImage ${name}`;
  const standing = standingResults(snapshot, "RootfsImage", inputs, ["digest"]);
  try {
    const begun = await host.apply(
      {
        purpose,
        deadline: 1_800_000,
        prepare: [...beginLines("RootfsImage", inputs, prior), command("mv_packages", object, ...packages(inputs))],
        keeps: standing && { object, values: standing },
      },
      progress,
    );
    if (standing) return outputs(inputs, begun);
    await send(host, source, `${work}.source`, `RootfsImage ${name}`, progress);
    // An image's set-user-ID programs and device nodes are nothing for the host's users.
    const fresh = `rm -rf ${work}; mkdir -p -m 0700 ${work}`;
    let image: Pulled | undefined;
    if (source.oci) {
      const pinned = isDeepStrictEqual(source.oci, prior?.source?.oci) ? prior?.imageDigest : undefined;
      const values = await host.apply(
        {
          purpose,
          deadline: 3_600_000,
          builds: `image-${name}`,
          build: [fresh, ...pullLines(inputs, work, architecture, pinned || undefined)],
        },
        progress,
      );
      image = pulled(values, `RootfsImage ${name}`);
    }
    const begin = image ? guestLines(image.workload, inputs.size, work) : [fresh];
    const values = await host.apply(
      {
        purpose,
        deadline: 3_600_000,
        builds: `image-${name}`,
        build: [...begin, ...obtain(inputs, work)],
        prepare: [
          `mv_put_stored ${object} ${work}/image; mv_image=$mv_digest`,
          `rm -rf ${work} ${work}.source`,
          `mv_settle_stored ${object} $mv_image`,
          `mv_result digest "$mv_image"; mv_result bytes "$(stat -c %s "$mv_store/$mv_image")"`,
        ],
        keeps: { object, values: { imageDigest: image?.imageDigest ?? "" } },
      },
      progress,
    );
    return outputs(inputs, values);
  } catch (error) {
    const subject = `RootfsImage ${name}`;
    const explained = explainContainerImage(error, subject, source.oci?.digest, architecture);
    throw explainSource(explainOwnership(explained, "RootfsImage", name), subject, source.sha256);
  }
}

function packages({ source, format }: RootfsImageInputs): string[] {
  const tools = { ext4: "e2fsprogs", erofs: "erofs-utils", squashfs: "squashfs-tools" };
  return [
    tools[format ?? "ext4"],
    ...(source.debian ? ["mmdebstrap"] : []),
    ...(source.oci ? ["skopeo", "umoci", "busybox-static", "dbus"] : []),
  ];
}

async function send(
  host: HostSession,
  source: RootfsImageInputs["source"],
  path: string,
  subject: string,
  progress: Progress,
): Promise<void> {
  const local = source.file ?? source.tarball ?? source.oci?.archive;
  if (local) return sendFile(host, local, path, subject, progress);
  if (!source.directory) return;
  const packed = await packDirectory(source.directory);
  try {
    await sendFile(host, packed.path, path, subject, progress);
  } finally {
    await packed.dispose();
  }
}

function obtain({ source, format = "ext4", size }: RootfsImageInputs, work: string): string[] {
  const build = (...words: (string | number)[]) => {
    const line = command(
      "/usr/lib/microvm/guest/build-rootfs",
      "--format",
      format,
      ...(size ? ["--size-mib", size] : []),
      "--out",
      `${work}/image`,
      ...words,
    );
    return ["mv_progress 'building the image'", `${line} 1>&2 || mv_fail image-build failed`];
  };
  const verify = [
    `mv_found=$(/usr/lib/microvm/guest/image-format ${work}/image)`,
    `[ "$mv_found" = ${format} ] || mv_fail wrong-format "$mv_found, and ${format} is declared"`,
  ];
  if (source.file) return [`mv ${work}.source ${work}/image`, ...verify];
  if (source.url) return [command("mv_fetch", source.url, source.sha256 as string, `${work}/image`), ...verify];
  if (source.debian) {
    const { suite, packages: list = [], mirror } = source.debian;
    return build(
      "--debian",
      suite,
      ...(list.length ? ["--packages", list.join(",")] : []),
      ...(mirror ? ["--mirror", mirror] : []),
    );
  }
  if (source.oci) return build("--from-dir", `${work}/tree`, "--max-mib", sizeBound(size));
  return build("--from-tar", `${work}.source`);
}
