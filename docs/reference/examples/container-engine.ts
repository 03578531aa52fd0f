import * as microvm from "pulumi-microvm";

const host = new microvm.Host("metal-1", { address: "203.0.113.10", user: "root" });

// A node that has its engine already, and a host that gets one.
export const containerd = new microvm.ContainerEngine("containerd", { host, kind: "containerd" });
export const installed = new microvm.ContainerEngine("installed", { host, kind: "containerd", install: true });
