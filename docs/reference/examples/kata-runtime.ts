import * as microvm from "pulumi-microvm";

const host = new microvm.Host("metal-1", {
  address: "203.0.113.10",
  user: "root",
  kernelModules: ["vhost_vsock", "vhost_net"],
});
const sha256 = "0000000000000000000000000000000000000000000000000000000000000000";

// Kata's own Cloud Hypervisor has published flaws; ours takes its place.
const monitor = new microvm.Vmm("cloud-hypervisor", {
  host,
  kind: "cloud-hypervisor",
  version: "53.0",
  source: { sha256 },
});
export const kata = new microvm.KataRuntime("kata", {
  host,
  version: "3.32.0",
  source: { sha256 },
  handlers: [
    { name: "kata-clh", vmm: "clh", monitor, defaultMemory: 512 },
    { name: "kata-qemu", vmm: "qemu", annotations: ["default_vcpus", "default_memory"] },
  ],
});

export const verified = kata.installedHandlers.apply((handlers) =>
  handlers.map(({ name, verified }) => [name, verified]),
);
