import * as microvm from "pulumi-microvm";

const host = new microvm.Host("metal-1", { address: "203.0.113.10", user: "root" });

export const built = new microvm.RootfsImage("debian", {
  host,
  source: { debian: { suite: "bookworm", packages: ["openssh-server"] } },
});
export const packed = new microvm.RootfsImage("tools", { host, source: { directory: "./rootfs" }, format: "squashfs" });
export const container = new microvm.RootfsImage("nginx", {
  host,
  source: { oci: { reference: "docker.io/library/nginx:1.27" } },
});
