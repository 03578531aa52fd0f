import * as pulumi from "@pulumi/pulumi";
import * as microvm from "pulumi-microvm";

// One microVM and what it needs, in whichever form the stack's configuration says; what a test wants changed comes by
// configuration too.
const config = new pulumi.Config();
const { port, hostKey, kernel, image } = config.requireObject<{
  port: number;
  hostKey: string;
  kernel: string;
  image: string;
}>("lab");
const {
  memory = 64,
  size = 16,
  filesystem = "ext4",
  says = "tiny guest is up",
  patience = 60,
} = config.getObject<{
  memory?: number;
  size?: number;
  filesystem?: "ext4" | "none";
  says?: string;
  patience?: number;
}>("set") ?? {};

const host = new microvm.Host("metal", {
  address: "127.0.0.1",
  port,
  user: "root",
  hostKey,
  privateKey: config.requireSecret("privateKey"),
});
const vmm = new microvm.Vmm("qemu", { host, kind: "qemu" });
const data = new microvm.Volume("data", { host, size, onDelete: "delete" });
// Given as what it is known by, a host brings nothing to log in with: that is the stack's.
const { name, machineId, connection } = host;
new microvm.Volume(
  "spare",
  { host: pulumi.output({ name, machineId, connection }), size: 16, filesystem, onDelete: "delete" },
  { import: config.get("import") || undefined },
);
const seen = config.get("see");
const vm = new microvm.MicroVM("web", {
  host,
  vmm,
  kernel: new microvm.Kernel("tiny", { host, source: { file: kernel } }),
  rootfs: new microvm.RootfsImage("fast", { host, source: { tarball: image }, format: "ext4" }),
  accelerator: "tcg",
  memory,
  rootDisk: { size: 32 },
  stopTimeout: 0,
  interfaces: [{ network: new microvm.Network("lan", { host, cidr: "172.30.0.0/24" }) }],
  volumes: [{ volume: data, mountPath: "/data" }],
  files: [{ path: "/etc/secret", content: config.requireSecret("secret"), mode: "0600" }],
  ready: { serial: says, timeout: patience },
});

export const address = vm.ipAddress;
export const seenPath = !seen
  ? ""
  : microvm.Volume.get("seen", seen, {
      provider: new microvm.Provider("own", { privateKey: config.requireSecret("privateKey") }),
    }).path;
export const bytes = data.bytes;
