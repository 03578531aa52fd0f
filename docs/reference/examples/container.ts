import * as pulumi from "@pulumi/pulumi";
import * as microvm from "pulumi-microvm";

const host = new microvm.Host("metal-1", { address: "203.0.113.10", user: "root" });
const engine = new microvm.ContainerEngine("containerd", { host, kind: "containerd", install: true });
const gvisor = new microvm.GVisor("gvisor", { host, engines: [engine] });
const network = new microvm.Network("lan", { host, cidr: "172.30.0.0/24" });

// Code that nobody has read, in the strongest isolation that this host has.
export const task = new microvm.Container("task", {
  host,
  engine,
  gvisor,
  isolation: "strongest",
  image: { reference: "docker.io/library/python:3.13-slim" },
  command: ["python3", "-m", "http.server", "8000"],
  environment: { TOKEN: new pulumi.Config().requireSecret("token") },
  interfaces: [{ network }],
  ports: [{ host: 8000, container: 8000 }],
  limits: { memory: 512, cpu: 100 },
  readOnly: true,
  ready: { tcp: 8000 },
});
export const under = pulumi.interpolate`${task.runsUnder}: ${task.isolationReason}`;
