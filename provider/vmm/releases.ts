import type { VmmReference } from "../generated/types";

export type VmmKind = VmmReference["kind"];

/** An official release as its project publishes it. */
export interface Release {
  url: string;
  /** Where the project publishes the SHA-256 of it, if it does. */
  checksumUrl?: string;
}

/** Where each project keeps its releases. Firecracker publishes archives, Cloud Hypervisor static binaries. */
export function officialRelease(kind: "firecracker" | "cloud-hypervisor", version: string, arch: string): Release {
  const downloads = `https://github.com/${repositories[kind]}/releases/download`;
  if (kind === "firecracker") {
    const url = `${downloads}/v${version}/firecracker-v${version}-${arch}.tgz`;
    return { url, checksumUrl: `${url}.sha256.txt` };
  }
  // Cloud Hypervisor's tags have no patch number where that is 0.
  const tag = version.replace(/^(\d+\.\d+)\.0$/, "$1");
  return { url: `${downloads}/v${tag}/cloud-hypervisor-static${arch === "aarch64" ? "-aarch64" : ""}` };
}

const repositories = {
  firecracker: "firecracker-microvm/firecracker",
  "cloud-hypervisor": "cloud-hypervisor/cloud-hypervisor",
};
