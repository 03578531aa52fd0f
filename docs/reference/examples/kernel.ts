import * as microvm from "pulumi-microvm";

const host = new microvm.Host("metal-1", { address: "203.0.113.10", user: "root" });

export const packaged = new microvm.Kernel("debian", { host, source: { distribution: "default" } });
export const own = new microvm.Kernel("own", { host, source: { file: "./vmlinux" }, initramfs: "none" });
