import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import * as microvm from "pulumi-microvm";

// A microVM that is warmed up once, and clones that go on from there in milliseconds: a sandbox for each task.
// Which VMM runs them is one word: `pulumi config set kind firecracker`, or cloud-hypervisor, or qemu.
const config = new pulumi.Config();
const kind = (config.get("kind") ?? "qemu") as "firecracker" | "cloud-hypervisor" | "qemu";
const at = new pulumi.Config("host");

const host = new microvm.Host("metal", {
  address: at.require("address"),
  port: at.getNumber("port"),
  user: at.get("user"),
  privateKeyFile: at.get("privateKeyFile"),
  hostKey: at.get("hostKey"),
});

// By version it comes from its project; QEMU is the distribution's. A file of your own, a kernel and a guest likewise,
// where the host cannot download, or yours are better.
const { vmmFile, kernelFile, guestTarball } = config.getObject<Record<string, string>>("own") ?? {};
const versions = { firecracker: "1.16.1", "cloud-hypervisor": "53.0", qemu: undefined };
const vmm = new microvm.Vmm(kind, {
  host,
  kind,
  ...(vmmFile ? { source: { file: vmmFile } } : { version: versions[kind] }),
});
const kernel = new microvm.Kernel("linux", {
  host,
  ...(kernelFile ? { source: { file: kernelFile }, initramfs: "none" } : { source: { distribution: "default" } }),
});
const rootfs = new microvm.RootfsImage("guest", {
  host,
  source: guestTarball
    ? { tarball: guestTarball }
    : { debian: { suite: "bookworm", packages: ["openssh-server", "python3"] } },
});
const network = new microvm.Network("sandboxes", { host, cidr: "172.30.0.0/24" });

const warm = new microvm.MicroVM("warm", {
  host,
  vmm,
  kernel,
  rootfs,
  // Software emulation only where the host has no KVM that works, and only because this is a demonstration.
  accelerator: host.virtualization.apply((found) => (found === "kvm" || kind !== "qemu" ? "kvm" : "tcg")),
  memory: config.getNumber("memory") ?? 256,
  rootDisk: { mode: kernelFile ? "shared" : "overlay" },
  interfaces: [{ network }],
  sshAuthorizedKeys: kernelFile ? undefined : [readFileSync(config.require("publicKeyFile"), "utf8").trim()],
  // The snapshot is taken once it is ready: wait for what the clones should find running.
  ready: kernelFile ? undefined : { ssh: true },
});

const snapshot = new microvm.Snapshot("warm", { host, microVM: warm });

const clones = Array.from({ length: config.getNumber("clones") ?? 2 }, (_, n) =>
  microvm.MicroVM.fromSnapshot(`task-${n + 1}`, {
    host,
    snapshot,
    interfaces: [{ network }],
    // Whatever a task has done, the next start finds the machine as it was when it was warm.
    restore: "always",
    ready: kernelFile ? undefined : { ssh: true },
  }),
);

export const addresses = clones.map(({ ipAddress }) => ipAddress);
export const coldBoot = warm.bootMillis;
export const fromSnapshot = clones.map(({ bootMillis }) => bootMillis);
export const findings = snapshot.findings;
