import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream, rmSync } from "node:fs";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Time allowed until an answer begins; offline, a build should begin soon. In milliseconds. */
const answerTimeout = 10_000;
/** Time allowed without a byte. In milliseconds. */
const stallTimeout = 30_000;

/** Where Pulumi publishes a release: its archives, and the list of their SHA-256 sums. */
const official = {
  archives: "https://get.pulumi.com/releases/sdk",
  sums: (version: string) => `https://github.com/pulumi/pulumi/releases/download/v${version}`,
};

/**
 * Downloads a release of Pulumi into `directory` and checks it against the release's own list of SHA-256 sums, which
 * comes from another site than the archive.
 */
export async function download(
  version: string,
  directory: string,
  progress: (line: string) => void,
  sites = official,
): Promise<void> {
  const architecture = ({ x64: "x64", arm64: "arm64" } as Record<string, string>)[process.arch];
  if (process.platform !== "linux" || !architecture) {
    throw new Error(`there is no release for ${process.platform} on ${process.arch} that this tool knows`);
  }
  const name = `pulumi-v${version}-linux-${architecture}.tar.gz`;
  progress(`downloading ${name}`);
  const sums = await (await answer(`${sites.sums(version)}/pulumi-${version}-checksums.txt`)).text();
  const wanted = sumOf(sums, name);
  const archive = join(directory, name);
  const response = await answer(`${sites.archives}/${name}`);
  const got = await save(response, archive, progress);
  if (got !== wanted) throw new Error(`the archive's SHA-256 is ${got}, but the release lists ${wanted}`);
  const tar = spawnSync("tar", ["-xzf", archive, "-C", directory, "--strip-components=1", "--no-same-owner"], {
    encoding: "utf8",
  });
  if (tar.status !== 0) throw new Error(`the archive cannot be unpacked: ${tar.stderr || tar.error?.message}`);
  rmSync(archive);
}

/** The SHA-256 that a list in the format of sha256sum gives for a file. */
export function sumOf(list: string, name: string): string {
  for (const line of list.split("\n")) {
    const [sum, file] = line.trim().split(/\s+\*?/);
    if (file === name && /^[0-9a-f]{64}$/.test(sum ?? "")) return sum as string;
  }
  throw new Error(`the release lists no SHA-256 for ${name}`);
}

async function answer(url: string): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`no answer within ${answerTimeout / 1000} s`)), answerTimeout);
  try {
    const response = await fetch(url, { signal: late.signal });
    if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
    return response;
  } catch (error) {
    const { cause, message } = error as Error;
    throw new Error(`${new URL(url).host}: ${cause instanceof Error ? cause.message : message}`);
  } finally {
    clearTimeout(timer);
  }
}

async function save(response: Response, path: string, progress: (line: string) => void): Promise<string> {
  const total = Number(response.headers.get("content-length")) / 1e6;
  const hash = createHash("sha256");
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(new Error("the download stalled")), stallTimeout);
  let [received, told] = [0, 0];
  const watch = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      timer.refresh();
      received += chunk.length / 1e6;
      if (received - told >= 20) {
        told = received;
        progress(`${received.toFixed(0)} MB${total ? ` of ${total.toFixed(0)}` : ""}`);
      }
      done(null, chunk);
    },
  });
  try {
    const body = Readable.fromWeb(response.body as import("node:stream/web").ReadableStream);
    await pipeline(body, watch, createWriteStream(path), { signal: stalled.signal });
  } catch (error) {
    throw stalled.signal.aborted ? stalled.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
  return hash.digest("hex");
}
