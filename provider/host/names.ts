import { createHash } from "node:crypto";

/** Names of an object's parts on its host: the same for the same object, so that a half-made one is found again. */

/** Linux limits interface names to 15 bytes (IFNAMSIZ less the terminator). */
export function bridgeName(network: string): string {
  return `mvb-${fit(network, 11)}`;
}

/** `index` is the interface's place in the microVM, 0 to 7. */
export function tapName(vm: string, index: number): string {
  return `mvt-${fit(vm, 10)}${index}`;
}

/** User and group of a microVM's VMM; useradd allows 32 bytes. */
export function userName(vm: string): string {
  return `mv-${fit(vm, 29)}`;
}

/** A locally administered unicast MAC address. */
export function macAddress(vm: string, network: string, index: number): string {
  const digest = createHash("sha256").update(`${vm}\0${network}\0${index}`).digest();
  return ["02", ...[...digest.subarray(0, 5)].map((byte) => byte.toString(16).padStart(2, "0"))].join(":");
}

/** The name itself where it fits, else its beginning and a digest of the whole. */
function fit(name: string, length: number): string {
  if (name.length <= length) return name;
  const digest = createHash("sha256").update(name).digest("hex").slice(0, 7);
  return `${name.slice(0, length - 8)}-${digest}`.slice(-length);
}
