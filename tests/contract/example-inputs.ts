import type { Kind } from "../../provider/generated/types";

/** Nothing listens there. */
export const unreachable = {
  address: "127.0.0.1",
  port: 1,
  user: "root",
  hostKey: "SHA256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
};

const host = { name: "metal-1", machineId: "0123456789abcdef0123456789abcdef", connection: unreachable };
const owner = (kind: Kind, name: string) => `organization/project/dev::${kind}::${name}`;

/** Right inputs of every kind, as the SDK would send them; the host cannot be reached. */
export const exampleInputs: Record<Kind, Record<string, unknown>> = {
  Host: { name: "metal-1", ...unreachable, sshConfig: "none", owner: owner("Host", "metal-1") },
  Vmm: { name: "qemu", host, kind: "qemu", owner: owner("Vmm", "qemu") },
  Kernel: { name: "linux", host, source: { distribution: "default" }, owner: owner("Kernel", "linux") },
  RootfsImage: {
    name: "debian",
    host,
    source: { debian: { suite: "bookworm" } },
    owner: owner("RootfsImage", "debian"),
  },
  Network: { name: "lan", host, cidr: "172.30.0.0/24", owner: owner("Network", "lan") },
  Volume: { name: "data", host, size: 64, owner: owner("Volume", "data") },
  MicroVM: {
    name: "web",
    host,
    vmm: {
      name: "qemu",
      kind: "qemu",
      path: "/usr/bin/qemu-system-x86_64",
      jailerPath: "",
      digest: "",
      jailerDigest: "",
      installedVersion: "7.2",
    },
    kernel: {
      name: "linux",
      digest: "k",
      path: "/k",
      vmlinuxDigest: "v",
      vmlinuxPath: "/v",
      vmlinuxReason: "",
      initramfsDigest: "i",
      initramfsPath: "/i",
      format: "bzImage",
    },
    rootfs: { name: "debian", digest: "r", path: "/r", format: "ext4", bytes: 1048576 },
    interfaces: [
      {
        network: {
          name: "lan",
          cidr: "172.30.0.0/24",
          bridge: "mv-lan",
          gatewayAddress: "172.30.0.1",
          prefixLength: 24,
          mtu: 1500,
          traffic: "isolated",
        },
      },
    ],
    owner: owner("MicroVM", "web"),
  },
  Snapshot: {
    name: "warm",
    host,
    microVM: { name: "web", ipAddress: "172.30.0.2", unit: "microvm@web.service" },
    owner: owner("Snapshot", "warm"),
  },
  GVisor: { name: "gvisor", host, owner: owner("GVisor", "gvisor") },
  Container: {
    name: "web",
    host,
    engine: {
      name: "containerd",
      kind: "containerd",
      version: "1.7.24",
      dropIn: "/etc/containerd/conf.d/microvm.toml",
    },
    image: { reference: "docker.io/library/nginx:1.27" },
    handler: "runc",
    owner: owner("Container", "web"),
  },
  ContainerEngine: { name: "containerd", host, kind: "containerd", owner: owner("ContainerEngine", "containerd") },
  KataRuntime: {
    name: "kata",
    host,
    version: "3.32.0",
    source: { sha256: "0".repeat(64) },
    handlers: [{ name: "kata-qemu", vmm: "qemu", defaultMemory: 512 }],
    owner: owner("KataRuntime", "kata"),
  },
};

/** For every kind a change that updates it and one that replaces it; a Host is never replaced by a change. */
export const exampleChanges: Record<Kind, { update: Record<string, unknown>; replace?: Record<string, unknown> }> = {
  Host: { update: { packages: ["curl"] } },
  Vmm: { update: { version: "7.2" }, replace: { name: "qemu-2" } },
  Kernel: { update: { adopt: true }, replace: { source: { distribution: "linux-image-cloud-amd64" } } },
  RootfsImage: {
    update: { adopt: true },
    replace: { source: { oci: { reference: "docker.io/library/nginx:1.27" } } },
  },
  Network: { update: { nat: false }, replace: { cidr: "172.31.0.0/24" } },
  Volume: { update: { size: 128 }, replace: { filesystem: "none" } },
  MicroVM: { update: { memory: 512 }, replace: { rootDisk: { mode: "copy" } } },
  Snapshot: { update: { adopt: true }, replace: { revision: "2" } },
  Container: { update: { readOnly: true }, replace: { name: "web-2" } },
  GVisor: { update: { platform: "ptrace" }, replace: { name: "gvisor-2" } },
  ContainerEngine: { update: { install: true }, replace: { kind: "docker" } },
  KataRuntime: { update: { version: "4.1.0" }, replace: { name: "kata-2" } },
};
