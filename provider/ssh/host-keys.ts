import { createHash, createHmac } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";

/** What is known of a host's key: accepted, changed (another key of the host is known), revoked, or nothing. */
export type Verdict =
  | { outcome: "accepted" }
  | { outcome: "changed"; expected: string[] }
  | { outcome: "revoked"; where: string }
  | { outcome: "unknown" };

/** `SHA256:…` as OpenSSH prints it. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** `ssh-ed25519 AAAA…`. */
export function publicKeyText(blob: Buffer): string {
  const length = blob.readUInt32BE(0);
  return `${blob.subarray(4, 4 + length).toString("ascii")} ${blob.toString("base64")}`;
}

/** Judges a key by pinned ones (which then decide alone), else by the known_hosts files. */
export function judge(blob: Buffer, pinned: string[], files: string[], host: string, port: number): Verdict {
  if (pinned.length) {
    const accepted = pinned.some((pin) => matchesPin(pin, blob));
    return accepted ? { outcome: "accepted" } : { outcome: "changed", expected: pinned.map(pinFingerprint) };
  }
  const name = port === 22 ? host : `[${host}]:${port}`;
  const entries = files
    .filter(existsSync)
    .flatMap((file) => readKnownHosts(file).filter((e) => matchesHost(e.hosts, name)));
  const key = blob.toString("base64");
  const revoked = entries.find((entry) => entry.marker === "@revoked" && entry.key === key);
  if (revoked) return { outcome: "revoked", where: revoked.where };
  const plain = entries.filter((entry) => entry.marker === "");
  if (plain.some((entry) => entry.key === key)) return { outcome: "accepted" };
  if (!plain.length) return { outcome: "unknown" };
  return { outcome: "changed", expected: plain.map((entry) => fingerprint(Buffer.from(entry.key, "base64"))) };
}

/** Types of the keys that are known of a host: a server is asked for these first. */
export function knownTypes(pinned: string[], files: string[], host: string, port: number): string[] {
  const name = port === 22 ? host : `[${host}]:${port}`;
  const types = pinned.length
    ? pinned.filter((pin) => !pin.startsWith("SHA256:")).map((pin) => pin.trim().split(/\s+/)[0] as string)
    : files
        .filter(existsSync)
        .flatMap((file) => readKnownHosts(file))
        .filter((entry) => entry.marker === "" && matchesHost(entry.hosts, name))
        .map((entry) => entry.type);
  return [...new Set(types)];
}

function matchesPin(pin: string, blob: Buffer): boolean {
  if (pin.startsWith("SHA256:")) return pin.replace(/=+$/, "") === fingerprint(blob);
  return pin.trim().split(/\s+/)[1] === blob.toString("base64");
}

function pinFingerprint(pin: string): string {
  if (pin.startsWith("SHA256:")) return pin;
  return fingerprint(Buffer.from(pin.trim().split(/\s+/)[1] ?? "", "base64"));
}

interface Entry {
  marker: string;
  hosts: string;
  type: string;
  key: string;
  where: string;
}

function readKnownHosts(file: string): Entry[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line, index) => {
      const words = line.trim().split(/\s+/);
      if (!words[0] || words[0].startsWith("#")) return [];
      const marker = words[0].startsWith("@") ? (words.shift() as string) : "";
      const [hosts = "", type = "", key = ""] = words;
      return key ? [{ marker, hosts, type, key, where: `${file}:${index + 1}` }] : [];
    });
}

function matchesHost(patterns: string, name: string): boolean {
  if (patterns.startsWith("|1|")) {
    const [, , salt = "", hash = ""] = patterns.split("|");
    return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
  }
  let matched = false;
  for (const pattern of patterns.split(",")) {
    const negated = pattern.startsWith("!");
    if (!wildcard(negated ? pattern.slice(1) : pattern).test(name)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

function wildcard(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "i");
}
