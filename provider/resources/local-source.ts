import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { lstat, mkdtemp, open, readdir, readlink, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { MicrovmError } from "../errors";
import { digestFile } from "../ssh";

const run = promisify(execFile);

/** Digest of a local file. Rejects with a sentence that says what is wrong. */
export async function fileDigest(path: string, expected?: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw sourceError("source-missing", path, "it does not exist on this machine");
  if (!found.isFile()) throw sourceError("source-missing", path, "it is not a file");
  const { sha256 } = await digestFile(path);
  if (expected && expected !== sha256) {
    throw sourceError("sha256-mismatch", path, `its SHA-256 is ${sha256}, and ${expected} is declared`);
  }
  return sha256;
}

/** Digest of a directory tree: paths, kinds, permissions, contents; not times. */
export async function treeDigest(root: string): Promise<string> {
  const found = await stat(root).catch(() => undefined);
  if (!found?.isDirectory()) throw sourceError("source-missing", root, "it is not a directory on this machine");
  const hash = createHash("sha256");
  const walk = async (relative: string): Promise<void> => {
    const names = (await readdir(join(root, relative))).sort();
    for (const name of names) {
      const path = relative ? `${relative}/${name}` : name;
      const item = await lstat(join(root, path));
      hash.update(`${path}\0${item.mode}\0${item.uid}:${item.gid}\0`);
      if (item.isSymbolicLink()) hash.update(await readlink(join(root, path)));
      else if (item.isDirectory()) await walk(path);
      else if (item.isFile()) hash.update((await digestFile(join(root, path))).sha256);
    }
  };
  await walk("");
  return hash.digest("hex");
}

/** Packs a directory for the way to the host; owners as numbers. The caller removes what is returned by `dispose`. */
export async function packDirectory(root: string): Promise<{ path: string; dispose: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), "microvm-image-"));
  const path = join(directory, "root.tar");
  const dispose = () => rm(directory, { recursive: true, force: true });
  try {
    await run("tar", ["--numeric-owner", "-cf", path, "-C", root, "."], { maxBuffer: 1 << 24 });
    return { path, dispose };
  } catch (error) {
    await dispose();
    throw sourceError(
      "source-unreadable",
      root,
      `tar could not pack it (${(error as { stderr?: string }).stderr?.trim() ?? error})`,
    );
  }
}

/** The first bytes of a local file. */
export async function firstBytes(path: string, count: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

export function sourceError(code: string, path: string, cause: string): MicrovmError {
  return new MicrovmError({ code, verb: "use", subject: path, cause, hint: "Correct the source in the program." });
}
