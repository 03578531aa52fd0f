import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import * as microvm from "pulumi-microvm";

// Where the host is and how to log in to it: `pulumi config set host:address 203.0.113.10` and so on.
const config = new pulumi.Config("host");
const guest = new pulumi.Config("guest");

const host = new microvm.Host("metal", {
  address: config.require("address"),
  port: config.getNumber("port"),
  user: config.get("user"),
  privateKeyFile: config.get("privateKeyFile"),
  hostKey: config.get("hostKey"),
});

const vmm = new microvm.Vmm("qemu", { host, kind: "qemu" });
const kernel = new microvm.Kernel("linux", { host, source: { distribution: "default" } });
const rootfs = new microvm.RootfsImage("debian", {
  host,
  source: { debian: { suite: "bookworm", packages: ["openssh-server"] } },
});
const network = new microvm.Network("lan", { host, cidr: "172.30.0.0/24" });

const vm = new microvm.MicroVM("web", {
  host,
  vmm,
  kernel,
  rootfs,
  // Software emulation only where the host has no KVM that works, and only because this is a demonstration.
  accelerator: host.virtualization.apply((found) => (found === "kvm" ? "kvm" : "tcg")),
  vcpus: 1,
  memory: 256,
  interfaces: [{ network }],
  sshAuthorizedKeys: [readFileSync(guest.require("publicKeyFile"), "utf8").trim()],
  ready: { ssh: true },
});

export const address = vm.ipAddress;
export const bootMillis = vm.bootMillis;
export const ssh = vm.sshCommand;
export const virtualization = host.virtualization;
export const evidence = host.virtualizationEvidence;
