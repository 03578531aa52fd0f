import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { locked } from "./lock";

/** Where what takes long to get or to build is kept. */
export function cacheDirectory(name: string): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "pulumi-microvm", name);
}

/**
 * A directory with what `make` makes of some files: made the first time, and again when one of the files has changed.
 * One process at a time makes it, and it is there whole or not at all.
 */
export async function kept(
  name: string,
  files: string[],
  make: (directory: string) => Promise<void>,
  waiting: () => void = () => {},
): Promise<string> {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file)).update("\0");
  const place = join(cacheDirectory(name), hash.digest("hex").slice(0, 16));
  if (existsSync(place)) return place;
  mkdirSync(dirname(place), { recursive: true });
  return await locked(place, waiting, async () => {
    if (existsSync(place)) return place;
    const fresh = mkdtempSync(`${place}.new-`);
    try {
      chmodSync(fresh, 0o755);
      await make(fresh);
      renameSync(fresh, place);
    } finally {
      rmSync(fresh, { recursive: true, force: true });
    }
    return place;
  });
}
