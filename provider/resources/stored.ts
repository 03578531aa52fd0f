import { MicrovmError } from "../errors";
import { command } from "../host/change";
import { currentOperation, untilEnded } from "../host/operation";
import { objectDirectory } from "../host/record";
import { ChangeError, type HostSession } from "../host/session";
import type { Progress } from "../resource";
import { digestFile } from "../ssh";
import { explainOwnership, isAnothers, ownLines } from "./ownership";

/** What objects of the content-addressed store have in common: kernels, images, VMMs. */

/** Everybody's to read: what is there is shared. */
const directory = "/var/lib/microvm/store";

/** Where the store keeps what has a digest; nowhere what has none. */
export function storedPath(digest: string): string {
  return digest && `${directory}/${digest}`;
}

export function isStored(path: string): boolean {
  return path.startsWith(`${directory}/`);
}

export function storedDrift(stored: Map<string, string>, what: string, digest: string): string[] {
  const actual = stored.get(digest);
  if (actual === digest) return [];
  return [actual === undefined ? `${what} is missing from the store` : `${what} in the store is damaged`];
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
  const operation = currentOperation();
  const connection = await untilEnded(host.connection(), `upload for ${subject}`);
  let said = 0;
  await connection.upload({
    source,
    sha256,
    size,
    path,
    mode: 0o600,
    purpose: `upload for ${subject}`,
    signal: operation?.signal,
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
