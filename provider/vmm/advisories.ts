import type { VmmKind } from "./releases";

/** A published flaw of a VMM, and the releases that have it. */
export interface Advisory {
  kind: VmmKind;
  /** Where it is described: `CVE-…`. */
  id: string;
  /** Ranges of releases: from the first, up to but without the second. */
  affected: readonly (readonly [from: string, fixedIn: string])[];
  /** Who can do what, to follow "…:". */
  what: string;
}

/**
 * Flaws that make a release refused unless a program insists. QEMU is not judged: distributions mend theirs without a
 * new version.
 */
export const advisories: readonly Advisory[] = [
  {
    kind: "firecracker",
    id: "CVE-2026-5747",
    affected: [
      ["1.13.0", "1.14.4"],
      ["1.15.0", "1.15.1"],
    ],
    what: "root in a guest with PCI can write out of bounds in the VMM",
  },
  {
    kind: "firecracker",
    id: "CVE-2026-1386",
    affected: [
      ["0", "1.13.2"],
      ["1.14.0", "1.14.1"],
    ],
    what: "a user of the host who can write to a jail can have the jailer overwrite files",
  },
  {
    kind: "cloud-hypervisor",
    id: "CVE-2026-27211",
    affected: [["34.0", "50.1"]],
    what: "a guest can have files of the host read through the header of a disk image",
  },
  {
    kind: "cloud-hypervisor",
    id: "CVE-2026-45782",
    affected: [["0", "51.2"]],
    what: "the project rates it high and mended it in 51.2 and 52.0",
  },
];

/** The flaws that are known of a release. */
export function advisoriesOf(kind: VmmKind, version: string): Advisory[] {
  return advisories.filter(
    (advisory) =>
      advisory.kind === kind &&
      advisory.affected.some(
        ([from, fixedIn]) => compareVersions(version, from) >= 0 && compareVersions(version, fixedIn) < 0,
      ),
  );
}

/** By number, part by part; a part that is missing counts as 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number)) as [number[], number[]];
  for (let part = 0; part < Math.max(left.length, right.length); part++) {
    const difference = (left[part] ?? 0) - (right[part] ?? 0);
    if (difference) return difference;
  }
  return 0;
}
