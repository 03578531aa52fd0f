import * as microvm from "pulumi-microvm";

const host = new microvm.Host("metal-1", { address: "203.0.113.10", user: "root" });

export const lan = new microvm.Network("lan", { host, cidr: "172.30.0.0/24", traffic: "open" });
