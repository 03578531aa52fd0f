import * as microvm from "pulumi-microvm";

const host = new microvm.Host("metal-1", { address: "203.0.113.10", user: "root" });

export const data = new microvm.Volume("data", { host, size: 10240, onDelete: "retain" }, { protect: true });
