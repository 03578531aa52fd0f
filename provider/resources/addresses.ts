import { createHash } from "node:crypto";
import ipaddr from "ipaddr.js";
import { MicrovmError } from "../errors";

/** IPv4 arithmetic of one network. Pure. */
export interface AddressSpace {
  cidr: string;
  gatewayAddress?: string;
}

export function parseCidr(cidr: string): { base: number; size: number; prefixLength: number } {
  const [address, prefixLength] = ipaddr.IPv4.parseCIDR(cidr);
  const size = 2 ** (32 - prefixLength);
  return { base: toNumber(address.toString()), size, prefixLength };
}

export function toNumber(address: string): number {
  return ipaddr.IPv4.parse(address).octets.reduce((number, octet) => number * 256 + octet, 0);
}

export function toAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}

/** The first address of a network whose base address may have host bits set. */
export function baseAddress(cidr: string): string {
  const { base, size } = parseCidr(cidr);
  return toAddress(Math.floor(base / size) * size);
}

export function firstAddress(cidr: string): string {
  return toAddress(toNumber(baseAddress(cidr)) + 1);
}

export function overlaps(a: string, b: string): boolean {
  const [left, right] = [a, b].map((cidr) => {
    const { size } = parseCidr(cidr);
    const start = toNumber(baseAddress(cidr));
    return { start, end: start + size };
  }) as [{ start: number; end: number }, { start: number; end: number }];
  return left.start < right.end && right.start < left.end;
}

/** Why a microVM cannot have the address; undefined when it can. */
export function checkAddress({ cidr, gatewayAddress }: AddressSpace, address: string): string | undefined {
  const { size } = parseCidr(cidr);
  const start = toNumber(baseAddress(cidr));
  const number = toNumber(address);
  const range = `${toAddress(start + 1)} to ${toAddress(start + size - 2)}`;
  if (number < start || number >= start + size) return `${address} is outside the network ${cidr}; it has ${range}`;
  if (number === start) return `${address} is the network's own address; use one of ${range}`;
  if (number === start + size - 1) return `${address} is the network's broadcast address; use one of ${range}`;
  if (address === (gatewayAddress ?? firstAddress(cidr))) return `${address} is the gateway's; use another of ${range}`;
  return undefined;
}

/**
 * A free address: a first guess from `key`, so that it does not depend on the order in which objects are made, then
 * the next ones. Throws `network-full` when there is none.
 */
export function allocate(space: AddressSpace, taken: (address: string) => boolean, key: string): string {
  const { size } = parseCidr(space.cidr);
  const start = toNumber(baseAddress(space.cidr));
  const usable = size - 2;
  const guess = createHash("sha256").update(key).digest().readUInt32BE(0) % usable;
  for (let step = 0; step < usable; step++) {
    const address = toAddress(start + 1 + ((guess + step) % usable));
    if (!checkAddress(space, address) && !taken(address)) return address;
  }
  throw new MicrovmError({
    code: "network-full",
    verb: "find an address in",
    subject: `network ${space.cidr}`,
    cause: `all of its ${usable - 1} addresses are taken`,
    hint: "Use a larger network, or free some.",
  });
}
