import { compareVersions } from "../../provider/vmm/advisories";

/** Whether one release, `major.minor.patch`, came before another. */
export function older(one: string, other: string): boolean {
  return compareVersions(one, other) < 0;
}
