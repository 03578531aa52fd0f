import { spawn, spawnSync } from "node:child_process";
import { type FileHandle, open } from "node:fs/promises";
import { posix } from "node:path";
import type { Readable, Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as zlib from "node:zlib";
import { MicrovmError } from "../errors";
import type { UploadOptions, UploadResult } from "./contract";
import { quote } from "./quote";
import { redact } from "./redact";
import { lacksSudo, sudoNeeded } from "./shell";
import { trace } from "./trace";

/**
 * The far end of an upload. It answers `DONE` where the file is there already, else `HAVE <bytes> <zstd: yes or no>`;
 * then reads a line that names the encoding, and the content from that byte on. `WAIT` tells that another upload of the
 * same file goes first, `AT` how far this one is, `SYNC` that the disk is being waited for.
 *
 * The digest is made of the file while it is written, from the page cache: a pipe between them (tee) costs more than the
 * transfer itself. The lock lies beside the part, so that two uploads never write to one; whoever waited checks that the
 * lock is still the one that others would take. A holder that does not move (its client is gone, and its sshd has not
 * noticed) keeps its part, and the new upload takes one of its own.
 */
const receiver = `set -eu
LC_ALL=C; export LC_ALL
trap '' PIPE
path=$1 sha=$2 size=$3 mode=$4 owner=$5
directory=$(dirname -- "$path")
part=$path.$sha.part lock=$path.$sha.part.lock
mkdir -p -- "$directory"
umask 077
hash=sha256sum
if openssl dgst -sha256 -r < /dev/null > /dev/null 2>&1; then hash='openssl dgst -sha256 -r'; fi
length() { stat -c %s -- "$1" 2> /dev/null || echo 0; }
settle() { chown -- "$owner" "$1"; chmod -- "$mode" "$1"; }
present() { [ -f "$path" ] && [ "$(length "$path")" = "$size" ] && [ "$($hash < "$path" | cut -c 1-64)" = "$sha" ]; }
finish() { settle "$path"; echo DONE; exit 0; }
if present; then finish; fi
before=
while :; do
  if ! command -v flock > /dev/null; then part=$path.$sha.$$.part lock=$part; break; fi
  exec 9>> "$lock"
  if flock -w 3 9; then
    if [ "$(stat -L -c %i /proc/self/fd/9)" = "$(stat -c %i -- "$lock" 2> /dev/null)" ]; then break; fi
  else
    now=$(length "$part")
    if [ "$now" = "$before" ]; then part=$path.$sha.$$.part lock=$part.lock; trap 'rm -f -- "$part" "$lock"' EXIT; fi
    before=$now
    echo "WAIT $now"
  fi
done
if present; then rm -f -- "$lock"; finish; fi
have=$(length "$part")
if [ "$have" -gt "$size" ]; then rm -f -- "$part"; have=0; fi
zstd=no; if command -v zstd > /dev/null 2>&1; then zstd=yes; fi
echo "HAVE $have $zstd"
read -r encoding || exit 0
case $encoding in zstd) unpack='zstd -dcq' ;; gzip) unpack='gzip -dc' ;; none) unpack=cat ;; *) exit 64 ;; esac
exec 4>&1
step=67108864 pos=0
sum=$({
  while echo && sleep 0.2; do :; done 2> /dev/null 4>&- 9>&- < /dev/null &
  ticker=$!
  $unpack >> "$part" || :
  kill "$ticker" || :
  echo over
} | while read -r word; do
  now=$(length "$part")
  echo "AT $now $pos" >&4 || :
  while left=$((now - pos)); [ "$left" -ge "$step" ] || { [ "$word" = over ] && [ "$left" -gt 0 ]; }; do
    [ "$left" -le "$step" ] || left=$step
    dd if="$part" bs=128K iflag=skip_bytes,count_bytes skip="$pos" count="$left" status=none
    sync -d -- "$part"
    pos=$((pos + left))
    echo "AT $now $pos" >&4 || :
  done
  if [ "$word" = over ]; then break; fi
done | $hash | cut -c 1-64)
got=$(length "$part")
if [ "$got" -lt "$size" ]; then
  echo "SHORT $got $(df -B1 --output=avail -- "$directory" | tail -n 1)"; exit 0
fi
if [ "$sum" != "$sha" ]; then rm -f -- "$part" "$lock"; echo "CORRUPT $sum"; exit 0; fi
settle "$part"
echo SYNC
sync -- "$part"
mv -fT -- "$part" "$path"
sync -- "$directory"
rm -f -- "$lock"
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

/** Where an upload goes, and how to get there. */
export interface Destination {
  host: string;
  user: string;
  /** Whether to compress: pointless where both ends are one machine. */
  compress: boolean;
  open(command: string): Promise<Pipe>;
}

/** Puts a file on a host over one command, in one round trip before the content flows. */
export async function uploadThrough(options: UploadOptions, destination: Destination): Promise<UploadResult> {
  const began = performance.now();
  const result: UploadResult = { sentBytes: 0, resumedFrom: 0, skipped: false, millis: 0 };
  let code: string | null = null;
  try {
    await transfer(options, destination, await destination.open(remoteCommand(options)), result);
    result.millis = performance.now() - began;
    return result;
  } catch (error) {
    code = error instanceof MicrovmError ? error.code : "error";
    throw error;
  } finally {
    trace({
      host: destination.host,
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

/** Bytes kept of the far end's standard error. */
const complaints = 64 << 10;

async function transfer(options: UploadOptions, to: Destination, pipe: Pipe, result: UploadResult): Promise<void> {
  const { path, size, sha256 } = options;
  const again = "Run the same again: it goes on where it stopped.";
  let stderr = "";
  const fail = (code: string, cause: string, hint?: string, retryable = true) =>
    new MicrovmError({
      code,
      verb: "upload",
      subject: `${options.source} to ${path} on host ${to.host}`,
      cause,
      hint,
      retryable,
      remote: redact(stderr.slice(-2000)),
    });
  pipe.stderr.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString("utf8")).slice(-complaints);
  });
  const clock = new StallClock(options.stall ?? 60_000);
  let abort = () => {};
  let overall: NodeJS.Timeout | undefined;
  // Whatever ends it from outside: a dead link answers nothing, not even to being closed.
  const interrupted = new Promise<never>((_, reject) => {
    clock.onStall = (millis) =>
      reject(fail("upload-stalled", `nothing moved for ${Math.round(millis / 1000)} s`, again));
    abort = () => reject(fail("cancelled", "it was cancelled", again));
    if (options.deadline !== undefined) {
      const cause = `it took longer than ${Math.round(options.deadline / 1000)} s`;
      overall = setTimeout(() => reject(fail("command-deadline", cause, again)), options.deadline);
    }
    pipe.lost.catch(reject);
  });
  interrupted.catch(() => pipe.stdin.destroy());
  options.signal?.addEventListener("abort", abort);
  if (options.signal?.aborted) abort();
  pipe.stdin.on("error", () => {}); // The answers, or their absence, say what went wrong.
  const lines = readLines(pipe.stdout);
  /** The next word that decides something; the others tell that the host is at work. */
  const answer = async (): Promise<string[]> => {
    for (;;) {
      const line = await Promise.race([lines.next(), interrupted]);
      const words = (line ?? "").split(" ");
      if (words[0] === "AT") {
        if (clock.progress(line as string)) options.onProgress?.(Number(words[1]), size);
      } else if (words[0] === "SYNC") clock.patience();
      else if (words[0] !== "WAIT") return words;
      else clock.progress(line as string);
    }
  };
  let source: Source | undefined;
  try {
    clock.patience(); // The host may have a file there to read.
    const [word, have, zstd] = await answer();
    if (word === "DONE") {
      result.skipped = true;
      return;
    }
    if (word !== "HAVE") {
      if (lacksSudo(stderr)) throw sudoNeeded("upload", `${path} on host ${to.host}`, to.user, stderr);
      if (isFull(stderr)) throw full(fail, options, 0);
      throw fail("upload-failed", `the host did not take it (status ${pipe.code() ?? "none"})`);
    }
    result.resumedFrom = Number(have);
    try {
      source = await openSource(options.source, result.resumedFrom, size);
    } catch (error) {
      throw fail("upload-source", `the file cannot be read (${(error as Error).message})`, undefined, false);
    }
    const encoding = await chooseEncoding(source, to.compress, zstd === "yes");
    clock.impatience();
    pipe.stdin.write(`${encoding}\n`);
    const sending = send(source, encoding, pipe.stdin, (bytes) => {
      result.sentBytes += bytes;
      clock.progress();
    }).catch((error: Error) => {
      pipe.stdin.end();
      return error;
    });
    const [last = "", ...details] = await answer();
    if (last === "DONE") {
      options.onProgress?.(size, size);
      return;
    }
    if (last === "CORRUPT") {
      throw fail(
        "upload-corrupt",
        `it arrived as ${details[0]} and should be ${sha256}`,
        "Did the file change while it was sent? Run the same again: it starts anew.",
      );
    }
    if (isFull(stderr)) throw full(fail, options, Number(details[1] ?? 0));
    pipe.stdin.destroy();
    const sent = await Promise.race([sending, interrupted]);
    const ours = sent instanceof Error && !/premature|destroy|EPIPE/i.test(sent.message);
    throw fail("upload-cut", ours ? sent.message : "the transfer was cut", again);
  } finally {
    clock.stop();
    clearTimeout(overall);
    options.signal?.removeEventListener("abort", abort);
    pipe.stdin.destroy(); // Ends what still sends.
    pipe.stop();
    await source?.file.close();
  }
}

/** Ends what does not move. */
class StallClock {
  onStall: (millis: number) => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #last = "";

  constructor(private readonly millis: number) {}

  /** Starts again, except where the news is the same as before. Returns whether it was news. */
  progress(news?: string): boolean {
    if (news !== undefined && news === this.#last) return false;
    this.#last = news ?? this.#last;
    this.#timer?.refresh();
    return true;
  }

  /** For a while in which nothing can be told: ten times as long. */
  patience(): void {
    this.#start(this.millis * 10);
  }

  impatience(): void {
    this.#start(this.millis);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #start(millis: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.onStall(millis), millis);
  }
}

type Fail = (code: string, cause: string, hint?: string, retryable?: boolean) => MicrovmError;

function isFull(stderr: string): boolean {
  return /No space left|Disk quota exceeded/.test(stderr);
}

function full(fail: Fail, { path, size }: UploadOptions, free: number): MicrovmError {
  return fail(
    "disk-full",
    `the filesystem of ${posix.dirname(path)} is full (${free} bytes free; the file has ${size})`,
    "Free some space on the host and run the same again: it goes on where it stopped.",
  );
}

interface Source {
  file: FileHandle;
  start: number;
  size: number;
}

async function openSource(path: string, start: number, size: number): Promise<Source> {
  const file = await open(path);
  const actual = (await file.stat()).size;
  if (actual === size) return { file, start, size };
  await file.close();
  throw new Error(`it has ${actual} bytes, and had ${size} when it was looked at first`);
}

type Encoding = "zstd" | "gzip" | "none";

let localZstd: boolean | undefined;

async function chooseEncoding(source: Source, compress: boolean, remoteZstd: boolean): Promise<Encoding> {
  if (!compress || !(await compressible(source))) return "none";
  localZstd ??= inProcessZstd() !== undefined || spawnSync("zstd", ["--version"], { stdio: "ignore" }).status === 0;
  return remoteZstd && localZstd ? "zstd" : "gzip";
}

/** Whether compression gains anything, judged by sixteen samples. */
async function compressible({ file, start, size }: Source): Promise<boolean> {
  const sample = Buffer.alloc(16 << 10);
  let plain = 0;
  let packed = 0;
  for (let n = 0; n < 16; n++) {
    const { bytesRead } = await file.read(sample, 0, sample.length, start + Math.floor(((size - start) / 16) * n));
    plain += bytesRead;
    packed += zlib.deflateRawSync(sample.subarray(0, bytesRead), { level: 1 }).length;
  }
  return packed < plain * 0.95;
}

/** Node has it from 22.15 on. */
function inProcessZstd(): (() => Transform) | undefined {
  return (zlib as unknown as { createZstdCompress?: () => Transform }).createZstdCompress;
}

async function send(
  { file, start, size }: Source,
  encoding: Encoding,
  sink: Writable,
  count: (bytes: number) => void,
): Promise<void> {
  if (start === size) {
    sink.end();
    return;
  }
  const source = () => file.createReadStream({ start, end: size - 1, highWaterMark: 1 << 20, autoClose: false });
  const counted = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      count(chunk.length);
      yield chunk;
    }
  };
  const compress = inProcessZstd();
  if (encoding === "none") return pipeline(source(), counted, sink);
  if (encoding === "gzip") return pipeline(source(), zlib.createGzip({ level: 1 }), counted, sink);
  if (compress) return pipeline(source(), compress(), counted, sink);
  // It reads the file itself where it can: a gigabyte through a pipe is felt.
  const child = spawn("zstd", ["-1", "-c", "-q"], { stdio: [start === 0 ? file.fd : "pipe", "pipe", "ignore"] });
  try {
    await Promise.all([
      child.stdin && pipeline(source(), child.stdin),
      pipeline(child.stdout as Readable, counted, sink),
    ]);
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
