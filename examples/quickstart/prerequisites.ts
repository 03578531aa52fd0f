import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** What a lab host needs on this machine: the program, the Debian package that has it, and what for. */
const needs: [program: string, debian: string, purpose: string][] = [
  ["systemd-nspawn", "systemd-container", "boots the lab host, a Debian system beside this one"],
  ["mmdebstrap", "mmdebstrap", "makes the lab host's file system"],
  ["ip", "iproute2", "gives the lab a network of its own"],
  ["nft", "nftables", "can cut that network, for tests"],
  ["socat", "socat", "leads from this machine into that network"],
  ["ssh-keygen", "openssh-client", "makes the keys for the lab host and the microVM"],
];

/** Where administrators' programs are, though a user's PATH may not say so. */
export const systemPath = [...(process.env.PATH ?? "").split(delimiter), "/usr/local/sbin", "/usr/sbin", "/sbin"]
  .filter(Boolean)
  .join(delimiter);

export function installed(program: string): boolean {
  return systemPath.split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The packages that are missing for a lab host, each with its purpose. */
export function missingPackages(): { name: string; purpose: string }[] {
  return needs.filter(([program]) => !installed(program)).map(([, name, purpose]) => ({ name, purpose }));
}

/** Installs packages by apt-get, as root. */
export function installPackages(names: string[]): void {
  if (!installed("apt-get")) {
    throw new Error(
      `this machine has no apt-get: install ${names.join(", ")} by hand, or use your own server with MICROVM_HOST=user@server`,
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", PATH: systemPath };
  for (const args of [
    ["update", "-q"],
    ["install", "-q", "-y", "--no-install-recommends", ...names],
  ]) {
    const ran = spawnSync("apt-get", args, { stdio: "inherit", env });
    if (ran.status !== 0) throw new Error(`apt-get ${args.join(" ")} failed; what it said is above`);
  }
}
