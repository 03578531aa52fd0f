import { spawn } from "node:child_process";
import { createCipheriv } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { connect, digestFile } from "../../provider/ssh";
import { roundTripsOf, startCold } from "../lab/round-trips";
import { inTurns, type Measurement, ratio, spread, timed } from "./measurement";
import type { Site } from "./site";

const bytes = 1 << 30;
const rounds = 3;
const directory = "/var/tmp/upload";
const path = `${directory}/image`;

/** Sending a file of 1 GiB, against the pipe that a person would type; and sending it again. */
export async function upload1GiB({ lab, host, progress }: Site): Promise<Measurement[]> {
  const source = join(lab.directory, "image");
  progress("making a file of 1 GiB");
  await makeImage(source);
  const { sha256, size } = await digestFile(source);
  const { port, privateKeyFile, hostKey } = host;
  const fresh = () => lab.ssh("h1", `rm -rf ${directory}; mkdir -p ${directory}; sync`);
  const upload = async () => {
    const connection = await connect({ address: "127.0.0.1", port, user: "root", privateKeyFile, hostKey });
    return connection.upload({ source, sha256, size, path, mode: 0o644, purpose: "upload for the benchmark" });
  };
  progress("sending it in turns: by the provider, through a pipe");
  const times = await inTurns(rounds, {
    pipe: async () => {
      await fresh();
      return timed(() => throughPipe(source, lab.sshArguments("h1")));
    },
    upload: async () => {
      await fresh();
      await startCold();
      return timed(upload);
    },
  });
  const { value: again, trips } = await roundTripsOf(upload);
  return [
    {
      key: "upload1GiB.vsPipe",
      value: ratio(times.upload, times.pipe),
      atMost: 1.2,
      detail: `${spread(times.upload)} to ${spread(times.pipe)}`,
    },
    {
      key: "uploadAgain.bytes",
      value: trips.filter(({ kind }) => kind === "upload").reduce((sum, { bytesOut }) => sum + bytesOut, 0),
      atMost: 0,
      detail: again.skipped ? `the host had it, found in ${Math.round(again.millis)} ms` : "it was sent",
    },
  ];
}

/** `zstd | ssh 'zstd -d > file'`, and on the disk when it ends, as an upload is. */
async function throughPipe(source: string, ssh: string[]): Promise<void> {
  const words = ["-c", 'zstd -q -1 -c "$1" | { shift; ssh "$@"; }', "sh", source, ...ssh];
  const child = spawn("sh", [...words, `zstd -q -d > ${path} && sync ${path}`], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`the pipe ended with status ${code}`);
}

/**
 * As compressible as images are: half of it cannot be compressed, half is like text. The same bytes each time, from a
 * cipher's key stream.
 */
async function makeImage(file: string): Promise<void> {
  const random = createCipheriv("aes-128-ctr", Buffer.alloc(16, 1), Buffer.alloc(16));
  const words = vocabulary(random.update(Buffer.alloc(4096 * 2)));
  const block = 1 << 20;
  const out = createWriteStream(file);
  for (let written = 0; written < bytes; written += 2 * block) {
    out.write(random.update(Buffer.alloc(block)));
    if (!out.write(textLike(words, random.update(Buffer.alloc(block)), block))) await once(out, "drain");
  }
  out.end();
  await finished(out);
}

/** 4096 words of 2 to 9 letters, each with the space after it. */
function vocabulary(random: Buffer): Buffer[] {
  return Array.from({ length: 4096 }, (_, n) => {
    const letters = Array.from(
      { length: 2 + ((random[n] as number) % 8) },
      (_, i) => 97 + ((random[(n * 7 + i * 13) % random.length] as number) % 26),
    );
    return Buffer.from([...letters, 32]);
  });
}

/** Words of which the first are frequent and the last are rare, as in any language. */
function textLike(words: Buffer[], random: Buffer, length: number): Buffer {
  const text = Buffer.alloc(length, 32);
  for (let at = 0, n = 0; at < length; n += 2) {
    const share = random.readUInt16LE(n) / 65536;
    at += (words[Math.floor(share ** 3 * words.length)] as Buffer).copy(text, at);
  }
  return text;
}
