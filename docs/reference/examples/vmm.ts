import * as microvm from "pulumi-microvm";

const host = new microvm.Host("metal-1", { address: "203.0.113.10", user: "root" });

// The distribution's own, an official release by its version, and one whose digest its project does not publish.
export const qemu = new microvm.Vmm("qemu", { host, kind: "qemu" });
export const firecracker = new microvm.Vmm("firecracker", { host, kind: "firecracker", version: "1.16.1" });
export const cloudHypervisor = new microvm.Vmm("cloud-hypervisor", {
  host,
  kind: "cloud-hypervisor",
  version: "53.0",
  source: { sha256: "0000000000000000000000000000000000000000000000000000000000000000" },
});
