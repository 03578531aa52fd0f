import * as microvm from "pulumi-microvm";

const host = new microvm.Host("metal-1", { address: "203.0.113.10", user: "root" });
const engine = new microvm.ContainerEngine("containerd", { host, kind: "containerd" });

// The distribution's package, and a release; Kubernetes selects them as `gvisor` and `gvisor-new`.
export const gvisor = new microvm.GVisor("gvisor", { host, engines: [engine] });
export const release = new microvm.GVisor("gvisor-new", {
  host,
  engines: [engine],
  handler: "gvisor-new",
  source: {
    url: "https://downloads.example.net/gvisor/20260901/x86_64/runsc",
    sha256: "0000000000000000000000000000000000000000000000000000000000000000",
  },
});
