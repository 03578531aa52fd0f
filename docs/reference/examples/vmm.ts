import * as microvm from "pulumi-microvm";

const host = new microvm.Host("metal-1", { address: "203.0.113.10", user: "root" });
const vmm = new microvm.Vmm("qemu", { host, kind: "qemu" });

export const version = vmm.installedVersion;
