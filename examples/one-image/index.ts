import * as pulumi from "@pulumi/pulumi";
import * as microvm from "pulumi-microvm";

// One container image three ways on one host: a container that shares the host's kernel, one in the strongest isolation
// that the host has, and a machine of its own that boots it.
const config = new pulumi.Config();
const at = new pulumi.Config("host");
const image = { reference: config.get("image") ?? "docker.io/library/nginx:1.27", tls: config.getBoolean("tls") };
const port = config.getNumber("port") ?? 80;

const host = new microvm.Host("metal", {
  address: at.require("address"),
  port: at.getNumber("port"),
  user: at.get("user"),
  privateKeyFile: at.get("privateKeyFile"),
  hostKey: at.get("hostKey"),
});
const network = new microvm.Network("lan", { host, cidr: "172.30.0.0/24" });
const interfaces = [{ network }];
const ready = { tcp: port };

const engine = new microvm.ContainerEngine("containerd", { host, kind: "containerd", install: true });
const gvisor = new microvm.GVisor("gvisor", {
  host,
  engines: [engine],
  ...config.getObject<Pick<microvm.GVisorArgs, "platform" | "network">>("gvisor"),
});
const plain = new microvm.Container("plain", { host, engine, image, interfaces, ready, handler: "runc" });
const isolated = new microvm.Container("isolated", {
  host,
  engine,
  gvisor,
  image,
  interfaces,
  ready,
  isolation: "strongest",
});

const vmm = new microvm.Vmm("qemu", { host, kind: "qemu" });
const kernel = new microvm.Kernel("linux", { host, source: { distribution: "default" } });
const rootfs = new microvm.RootfsImage("image", { host, source: { oci: image } });
const machine = new microvm.MicroVM("machine", {
  host,
  vmm,
  kernel,
  rootfs,
  interfaces,
  ready,
  // Software emulation only where the host has no KVM that works, and only because this is a demonstration.
  accelerator: host.virtualization.apply((found) => (found === "kvm" ? "kvm" : "tcg")),
});

export const addresses = { plain: plain.ipAddress, isolated: isolated.ipAddress, machine: machine.ipAddress };
export const isolation = pulumi.interpolate`${isolated.runsUnder}: ${isolated.isolationReason}`;
// The same bytes in all three.
export const digests = [plain.imageDigest, isolated.imageDigest, rootfs.imageDigest];
