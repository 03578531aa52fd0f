import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";

const known = new Map<string, Promise<{ sha256: string; size: number }>>();

/** Digest and size of a local file. Read once in a process as long as its size and time do not change. */
export async function digestFile(path: string): Promise<{ sha256: string; size: number }> {
  const { size, mtimeMs, ino } = await stat(path);
  const key = `${path}\0${ino}\0${size}\0${mtimeMs}`;
  let result = known.get(key);
  if (!result) {
    result = read(path, size);
    known.set(key, result);
    result.catch(() => known.delete(key));
  }
  return result;
}

async function read(path: string, size: number): Promise<{ sha256: string; size: number }> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return { sha256: hash.digest("hex"), size };
}
