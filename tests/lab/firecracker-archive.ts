import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";

/** A release archive in the layout of Firecracker's project. */
export function releaseArchive(directory: string, firecracker: string): string {
  const machine = execFileSync("uname", ["-m"], { encoding: "utf8" }).trim();
  const release = `release-v0-${machine}`;
  mkdirSync(join(directory, release));
  for (const name of ["firecracker", "jailer"]) {
    copyFileSync(join(dirname(firecracker), name), join(directory, release, `${name}-v0-${machine}`));
  }
  symlinkSync("nowhere", join(directory, release, `firecracker-v0-${machine}.debug`));
  const path = join(directory, "firecracker.tgz");
  execFileSync("tar", ["-czf", path, "-C", directory, release]);
  return path;
}
