import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import * as microvm from "pulumi-microvm";

const host = new microvm.Host("metal-1", { address: "203.0.113.10", user: "root" });
const vmm = new microvm.Vmm("qemu", { host, kind: "qemu" });
const kernel = new microvm.Kernel("linux", { host, source: { distribution: "default" } });
const rootfs = new microvm.RootfsImage("debian", {
  host,
  source: { debian: { suite: "bookworm", packages: ["openssh-server"] } },
});
const network = new microvm.Network("lan", { host, cidr: "172.30.0.0/24" });
const data = new microvm.Volume("data", { host, size: 1024 });

const web = new microvm.MicroVM("web", {
  host,
  vmm,
  kernel,
  rootfs,
  vcpus: 2,
  memory: 512,
  interfaces: [{ network, address: "172.30.0.10" }],
  volumes: [{ volume: data, mountPath: "/srv/data" }],
  sshAuthorizedKeys: [readFileSync(`${homedir()}/.ssh/id_ed25519.pub`, "utf8").trim()],
  ready: { tcp: 22 },
});

export const ssh = web.sshCommand;
