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

/** The names by which known_hosts knows a host, the proper one first. The others can accept a key, not refuse it. */
export type KnownAs = readonly [string, ...string[]];

/**
 * Judges a key: refused where a known_hosts file revokes it, then by the pinned ones if there are any, else by the
 * known_hosts files.
 */
export function judge(blob: Buffer, pinned: string[], files: string[], names: KnownAs): Verdict {
  const key = blob.toString("base64");
  const entries = files.filter(existsSync).flatMap(readKnownHosts);
  const of = (name: string) => entries.filter((entry) => matchesHost(entry.hosts, name));
  const revoked = names.flatMap(of).find((entry) => entry.marker === "@revoked" && entry.key === key);
  if (revoked) return { outcome: "revoked", where: revoked.where };
  if (pinned.length) {
    const accepted = pinned.some((pin) => matchesPin(pin, blob));
    return accepted ? { outcome: "accepted" } : { outcome: "changed", expected: pinned.map(pinFingerprint) };
  }
  const plain = (name: string) => of(name).filter((entry) => entry.marker === "");
  if (names.flatMap(plain).some((entry) => entry.key === key)) return { outcome: "accepted" };
  const others = plain(names[0]);
  if (!others.length) return { outcome: "unknown" };
  return { outcome: "changed", expected: others.map((entry) => fingerprint(Buffer.from(entry.key, "base64"))) };
}

/** Types of the keys that are known of a host: a server is asked for these first. */
export function knownTypes(pinned: string[], files: string[], names: KnownAs): string[] {
  const types = pinned.length
    ? pinned.filter((pin) => !pin.startsWith("SHA256:")).map((pin) => publicKey(pin).type)
    : files
        .filter(existsSync)
        .flatMap(readKnownHosts)
        .filter((entry) => entry.marker === "" && names.some((name) => matchesHost(entry.hosts, name)))
        .map((entry) => entry.type);
  return [...new Set(types)];
}

function matchesPin(pin: string, blob: Buffer): boolean {
  if (pin.startsWith("SHA256:")) return pin.replace(/=+$/, "") === fingerprint(blob);
  return publicKey(pin).key === blob.toString("base64");
}

function pinFingerprint(pin: string): string {
  if (pin.startsWith("SHA256:")) return pin;
  return fingerprint(Buffer.from(publicKey(pin).key, "base64"));
}

/** The type and the key of a line such as `ssh-ed25519 AAAA… comment`; `ssh-keyscan` says the host before it. */
function publicKey(line: string): { type: string; key: string } {
  const words = line.trim().split(/\s+/);
  const at = words.findIndex((word) => /^(ssh|ecdsa|sk-ssh|sk-ecdsa)-/.test(word));
  const [type = "", key = ""] = words.slice(Math.max(at, 0));
  return { type, key };
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

/** A pattern of OpenSSH: `*` and `?`. */
export function wildcard(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "i");
}
