import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as microvm from "pulumi-microvm";

// The nodes of a cluster that is there, by their names in it, and how to log in to each:
// `pulumi config set --path 'nodes.worker-1.address' 203.0.113.11` and so on.
const config = new pulumi.Config();
const nodes = config.requireObject<Record<string, microvm.HostArgs>>("nodes");

// Without a kubeconfig given, the one that kubectl uses.
const cluster = new kubernetes.Provider("cluster", {
  kubeconfig: config.getSecret("kubeconfig"),
  context: config.get("context"),
});

// Kata publishes no digests of its releases: whoever says what the archive must be gets Kata too, where nodes have a KVM
// that works.
const kataSha256 = config.get("kataSha256");

/** What a node gets. Each runtime in the list becomes a RuntimeClass, and a label of the node. */
function runtimesOf([node, login]: [string, microvm.HostArgs]): [string, microvm.kubernetes.RuntimeClassResource[]] {
  const host = new microvm.Host(node, login);
  // The engine that the kubelet uses is there already: it stays as it is, and learns of further runtimes.
  const engine = new microvm.ContainerEngine(node, { host, kind: "containerd" });
  const gvisor = new microvm.GVisor(node, { host, engines: [engine] });
  if (!kataSha256) return [node, [gvisor]];
  const kata = new microvm.KataRuntime(node, {
    host,
    engines: [engine],
    version: "3.32.0",
    source: { sha256: kataSha256 },
    handlers: [{ name: "kata-qemu", vmm: "qemu" }],
  });
  return [node, [gvisor, kata]];
}

const classes = new microvm.kubernetes.RuntimeClasses(
  "sandboxes",
  { nodes: Object.fromEntries(Object.entries(nodes).map(runtimesOf)) },
  { provider: cluster },
);

const pod = new kubernetes.core.v1.Pod(
  "sandboxed",
  {
    spec: {
      // Waits for the class: a cluster refuses a pod whose class is not there.
      runtimeClassName: classes.runtimeClassName("gvisor"),
      containers: [{ name: "web", image: "nginx:1.27", ports: [{ containerPort: 80 }] }],
    },
  },
  { provider: cluster },
);

export const runtimeClasses = classes.names;
export const node = pod.spec.nodeName;
