import { spawn, spawnSync } from "node:child_process";
import { createReadStream } from "node:fs";
import type { Readable, Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as zlib from "node:zlib";
import { MicrovmError } from "../errors";
import type { UploadOptions, UploadResult } from "./contract";
import { quote } from "./quote";
import { trace } from "./trace";

/**
 * The far end of an upload. It answers `DONE` where the file is there already, `BUSY` where another upload of it is
 * under way, else `HAVE <bytes> <zstd: yes or no>`; then reads a line that names the encoding, and the content from
 * that byte on. The content is hashed while it is written; a resumed one is read once more.
 */
const receiver = `set -eu
umask 077
path=$1 sha=$2 size=$3 mode=$4 owner=$5
part=$path.$sha.part
settle() { chown "$owner" "$1"; chmod "$mode" "$1"; }
mkdir -p "\${path%/*}"
if [ -f "$path" ] && [ "$(stat -c %s "$path")" = "$size" ] && [ "$(sha256sum < "$path" | cut -c 1-64)" = "$sha" ]; then
  settle "$path"; echo DONE; exit 0
fi
exec 9>> "$part.lock"
flock -n 9 || { echo BUSY; exit 0; }
have=$(stat -c %s "$part" 2>/dev/null || echo 0)
[ "$have" -le "$size" ] || { rm -f "$part"; have=0; }
zstd=no; if command -v zstd > /dev/null 2>&1; then zstd=yes; fi
echo "HAVE $have $zstd"
read -r encoding || exit 0
case $encoding in zstd) unpack='zstd -dcq' ;; gzip) unpack='gzip -dc' ;; none) unpack=cat ;; *) exit 64 ;; esac
if [ "$have" = 0 ]; then
  sum=$($unpack | tee "$part" | sha256sum | cut -c 1-64)
else
  $unpack >> "$part" || true
  sum=
fi
got=$(stat -c %s "$part")
if [ "$got" -lt "$size" ]; then
  echo "SHORT $got $(df -B1 --output=avail "\${path%/*}" | tail -n 1)"; exit 0
fi
[ -n "$sum" ] || sum=$(sha256sum < "$part" | cut -c 1-64)
if [ "$sum" != "$sha" ]; then rm -f "$part" "$part.lock"; echo "CORRUPT $sum"; exit 0; fi
settle "$part"
sync "$part"
mv -fT "$part" "$path"
rm -f "$part.lock"
echo DONE`;

/** The two ends of a running remote command. */
export interface Pipe {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  stop(): void;
  code(): number | null;
  /** Rejects when the connection is lost: a channel does not always tell. */
  lost: Promise<never>;
}

/** Puts a file on a host over one command, in one round trip before the content flows. */
export async function uploadThrough(
  options: UploadOptions,
  host: string,
  user: string,
  open: (command: string) => Promise<Pipe>,
): Promise<UploadResult> {
  const began = performance.now();
  const result: UploadResult = { sentBytes: 0, resumedFrom: 0, skipped: false, millis: 0 };
  let code: string | null = null;
  try {
    await transfer(options, host, user, await open(remoteCommand(options)), result);
    result.millis = performance.now() - began;
    return result;
  } catch (error) {
    code = error instanceof MicrovmError ? error.code : "error";
    throw error;
  } finally {
    trace({
      host,
      kind: "upload",
      purpose: options.purpose,
      millis: performance.now() - began,
      bytesOut: result.sentBytes,
      bytesIn: 0,
      code,
    });
  }
}

function remoteCommand({ path, sha256, size, mode, owner = "root:root" }: UploadOptions): string {
  const words = ["sh", path, sha256, String(size), mode.toString(8).padStart(4, "0"), owner].map(quote).join(" ");
  const run = `sh -c ${quote(receiver)} ${words}`;
  return `exec sh -c ${quote(`if [ "$(id -u)" = 0 ]; then exec ${run}; else exec sudo -n -- ${run}; fi`)}`;
}

async function transfer(
  options: UploadOptions,
  host: string,
  user: string,
  pipe: Pipe,
  result: UploadResult,
): Promise<void> {
  const subject = `${options.source} to ${options.path} on host ${host}`;
  const fail = (code: string, cause: string, hint?: string, retryable = true) =>
    new MicrovmError({ code, verb: "upload", subject, cause, hint, retryable, remote: stderr.slice(-2000) });
  let stderr = "";
  pipe.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString("utf8");
  });
  const stall = options.stall ?? 60_000;
  const again = "Run the same again: it goes on where it stopped.";
  let timer: NodeJS.Timeout | undefined;
  let abort = () => {};
  // Whatever ends it from outside: a dead link answers nothing, not even to being closed.
  const interrupted = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(fail("upload-stalled", `nothing moved for ${Math.round(stall / 1000)} s`, again)),
      stall,
    );
    abort = () => reject(fail("cancelled", "it was cancelled", again));
    pipe.lost.catch(reject);
  });
  interrupted.catch(() => pipe.stdin.destroy());
  options.signal?.addEventListener("abort", abort);
  pipe.stdin.on("error", () => {}); // The answers, or their absence, say what went wrong.
  const answers = readLines(pipe.stdout);
  try {
    const answer = () => Promise.race([answers.next(), interrupted]);
    const first = await answer();
    const [word, have = "0", zstd] = (first ?? "").split(" ");
    if (word === "DONE") {
      result.skipped = true;
      return;
    }
    if (word === "BUSY")
      throw fail("upload-busy", "another upload of the same file is under way", "Run the same again once it is done.");
    if (word !== "HAVE") {
      if (/sudo:/.test(stderr)) {
        throw fail(
          "sudo-needed",
          `user ${user} is not root and may not become it without a password`,
          `As root on the host, run  echo '${user} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/${user}`,
          false,
        );
      }
      if (/No space left/.test(stderr)) throw full(fail, options, 0);
      throw fail("upload-failed", `the host did not take it (status ${pipe.code() ?? "none"})`);
    }
    result.resumedFrom = Number(have);
    const encoding = chooseEncoding(zstd === "yes");
    pipe.stdin.write(`${encoding}\n`);
    const source = createReadStream(options.source, { start: result.resumedFrom, highWaterMark: 1 << 20 });
    let read = result.resumedFrom;
    source.on("data", (chunk) => {
      read += chunk.length;
      timer?.refresh();
      options.onProgress?.(read, options.size);
    });
    const sending = send(source, encoding, pipe.stdin, (bytes) => {
      result.sentBytes += bytes;
      timer?.refresh();
    }).catch((error: Error) => {
      pipe.stdin.end();
      return error;
    });
    const last = (await answer()) ?? "";
    const sent = await Promise.race([sending, interrupted]);
    if (last === "DONE") return;
    if (last.startsWith("CORRUPT")) {
      throw fail(
        "upload-corrupt",
        `it arrived as ${last.slice(8)} and should be ${options.sha256}`,
        "Did the file change while it was sent? Run the same again: it starts anew.",
      );
    }
    if (last.startsWith("SHORT") && /No space left/.test(stderr)) throw full(fail, options, Number(last.split(" ")[2]));
    if (/No space left/.test(stderr)) throw full(fail, options, 0);
    throw fail(
      "upload-cut",
      sent instanceof Error && !/premature|destroy/i.test(sent.message) ? sent.message : "the transfer was cut",
      "Run the same again: it goes on where it stopped.",
    );
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", abort);
    pipe.stdin.end();
    pipe.stop();
  }
}

type Fail = (code: string, cause: string, hint?: string, retryable?: boolean) => MicrovmError;

function full(fail: Fail, { path, size }: UploadOptions, free: number): MicrovmError {
  const directory = path.replace(/\/[^/]*$/, "") || "/";
  return fail(
    "disk-full",
    `the filesystem of ${directory} is full (${free} bytes free; the file has ${size})`,
    "Free some space on the host and run the same again: it goes on where it stopped.",
  );
}

type Encoding = "zstd" | "gzip" | "none";

let localZstd: boolean | undefined;

function chooseEncoding(remoteZstd: boolean): Encoding {
  localZstd ??= "createZstdCompress" in zlib || spawnSync("zstd", ["--version"], { stdio: "ignore" }).status === 0;
  return remoteZstd && localZstd ? "zstd" : "gzip";
}

async function send(
  source: Readable,
  encoding: Encoding,
  sink: Writable,
  count: (bytes: number) => void,
): Promise<void> {
  const counted = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      count(chunk.length);
      yield chunk;
    }
  };
  if (encoding === "gzip") return pipeline(source, zlib.createGzip({ level: 1 }), counted, sink);
  // Node has it from 22.15 on.
  const inProcess = (zlib as unknown as { createZstdCompress?: () => Transform }).createZstdCompress;
  if (inProcess) return pipeline(source, inProcess(), counted, sink);
  const child = spawn("zstd", ["-1", "-c", "-q"], { stdio: ["pipe", "pipe", "ignore"] });
  try {
    await Promise.all([pipeline(source, child.stdin), pipeline(child.stdout, counted, sink)]);
  } finally {
    child.kill();
  }
}

/** Whole lines of a stream, one at a time; undefined at its end. */
function readLines(stream: Readable): { next(): Promise<string | undefined> } {
  const lines: string[] = [];
  const waiting: ((line: string | undefined) => void)[] = [];
  let rest = "";
  let ended = false;
  stream.on("data", (chunk: Buffer) => {
    rest += chunk.toString("utf8");
    const parts = rest.split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) {
      const taker = waiting.shift();
      if (taker) taker(line);
      else lines.push(line);
    }
  });
  const end = () => {
    ended = true;
    for (const taker of waiting.splice(0)) taker(undefined);
  };
  stream.on("end", end);
  stream.on("close", end);
  stream.on("error", end);
  return {
    next: () =>
      new Promise((resolve) => {
        const line = lines.shift();
        if (line !== undefined || ended) resolve(line);
        else waiting.push(resolve);
      }),
  };
}
