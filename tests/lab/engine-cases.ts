import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Kind } from "../../provider/generated/types";
import type { State } from "../contract/engine-driver";
import { containerImage } from "./container-image";
import { kataArchive } from "./kata-archive";
import type { Lab } from "./lab";
import type { Registry } from "./registry";
import { tinyGuest, tinyGuestSays } from "./tiny-guest";
import { versionProgram } from "./version-program";
import { fastGuest } from "./world";

/** One resource of every kind, and what is done to it. */
export interface Case {
  kind: Kind;
  name: string;
  inputs: Record<string, unknown>;
  /** It is there for others, and no row of the table. */
  needed?: true;
  /** A change that it takes in place. */
  update: Record<string, unknown>;
  /** A change that needs another one; a Host is never replaced. */
  replace?: Record<string, unknown>;
  /** Changes the host behind the engine's back. */
  drift: string;
  /** Inputs that fail half-way, or a script by which the host fails it, and one that takes that back. */
  broken: { inputs?: Record<string, unknown>; spoil?: string; mend?: string };
}

/** What another resource sees of one that was made before. */
export type Made = (kind: Kind, name?: string) => State;

/** What the cases are made of, apart from the host. */
export interface Materials {
  vmm: string;
  kata: string;
  image: string;
}

export function materials(directory: string, lab: Lab, registry: Registry, hostRoot: string): Materials {
  const vmm = join(directory, "cloud-hypervisor");
  writeFileSync(vmm, versionProgram("cloud-hypervisor v53.0.0"), { mode: 0o755 });
  const served = containerImage({ env: ["PATH=/bin"], cmd: ["sh", "-c", "sleep 100000 & wait"] });
  return {
    vmm,
    kata: kataArchive(directory, { version: "3.32.0", process: join(hostRoot, "usr/bin/dash") }),
    image: registry.push(served, `served:${lab.id}`),
  };
}

/** In the order in which they are made: each may use what `made` holds of those before it. */
export const cases: ((made: Made, materials: Materials) => Case)[] = [
  () => ({
    kind: "Host",
    name: "metal",
    inputs: { address: "metal" },
    update: { sysctls: { "net.ipv4.ip_default_ttl": "99" } },
    drift: "sysctl -q -w net.ipv4.ip_default_ttl=50; rm /usr/lib/microvm/vm-run",
    broken: { inputs: { kernelModules: ["microvm_none"] } },
  }),
  (_made, { vmm }) => ({
    kind: "Vmm",
    name: "hypervisor",
    inputs: { kind: "cloud-hypervisor", version: "53.0", source: { file: vmm } },
    update: { allowVulnerable: true },
    replace: { name: "other" },
    drift: "rm /var/lib/microvm/store/$(cat /etc/microvm/vmms/hypervisor/digests | head -n 1)",
    broken: { inputs: { source: { url: "http://127.0.0.1:1/none", sha256: "0".repeat(64) } } },
  }),
  () => ({
    kind: "Vmm",
    name: "qemu",
    inputs: { kind: "qemu" },
    needed: true,
    update: { version: "7.2" },
    drift: ":",
    broken: {},
  }),
  () => ({
    kind: "Kernel",
    name: "tiny",
    inputs: { source: { file: tinyGuest() } },
    update: { adopt: true },
    replace: { initramfs: "none" },
    drift: "rm /var/lib/microvm/store/$(head -n 1 /etc/microvm/kernels/tiny/digests)",
    broken: { inputs: { source: { url: "http://127.0.0.1:1/none", sha256: "0".repeat(64) } } },
  }),
  () => ({
    kind: "RootfsImage",
    name: "fast",
    inputs: { source: { tarball: fastGuest() } },
    update: { adopt: true },
    replace: { name: "other" },
    drift: "rm /var/lib/microvm/store/$(head -n 1 /etc/microvm/images/fast/digests)",
    broken: { inputs: { source: { url: "http://127.0.0.1:1/none", sha256: "0".repeat(64) } } },
  }),
  () => ({
    kind: "Network",
    name: "lan",
    inputs: { cidr: "172.30.0.0/24" },
    update: { nat: false },
    replace: { cidr: "172.31.0.0/24" },
    drift: "nft delete table bridge microvm_lan",
    broken: {
      spoil: "mkdir -p /etc/microvm/networks/lan; : > /etc/microvm/networks/lan/vms",
      mend: "rm /etc/microvm/networks/lan/vms",
    },
  }),
  () => ({
    kind: "Volume",
    name: "data",
    inputs: { size: 16, onDelete: "delete" },
    update: { size: 24 },
    replace: { filesystem: "none" },
    drift: "rm /var/lib/microvm/volumes/data/disk.img",
    broken: {
      spoil: "mkdir -p /var/lib/microvm/volumes; : > /var/lib/microvm/volumes/data",
      mend: "rm -f /var/lib/microvm/volumes/data",
    },
  }),
  (made) => ({
    kind: "MicroVM",
    name: "web",
    inputs: {
      vmm: made("Vmm", "qemu"),
      kernel: made("Kernel"),
      rootfs: made("RootfsImage"),
      interfaces: [{ network: made("Network") }],
      volumes: [{ volume: made("Volume") }],
      accelerator: "tcg",
      memory: 128,
      stopTimeout: 0,
      ready: { serial: tinyGuestSays, timeout: 60 },
    },
    update: { memory: 160 },
    replace: { rootDisk: { mode: "copy" } },
    drift: "systemctl stop microvm@web",
    broken: { inputs: { ready: { serial: "what it never says", timeout: 1 } } },
  }),
  (made) => ({
    kind: "Snapshot",
    name: "warm",
    inputs: { microVM: made("MicroVM") },
    update: { adopt: true },
    replace: { revision: "2" },
    drift: "rm -r /var/lib/microvm/snapshots/warm",
    broken: {
      spoil: "mv /usr/lib/microvm/snapshot-take /usr/lib/microvm/snapshot-take.away",
      mend: "mv /usr/lib/microvm/snapshot-take.away /usr/lib/microvm/snapshot-take",
    },
  }),
  () => ({
    kind: "ContainerEngine",
    name: "containerd",
    inputs: { kind: "containerd", install: true },
    update: { adopt: true },
    replace: { name: "other" },
    drift: "rm $(cat /etc/microvm/engines/containerd/target)",
    broken: {
      spoil: "mkdir -p /etc/microvm/engines/containerd; : > /etc/microvm/engines/containerd/handlers",
      mend: "rm /etc/microvm/engines/containerd/handlers",
    },
  }),
  (made) => ({
    kind: "GVisor",
    name: "gvisor",
    inputs: { engines: [made("ContainerEngine")], platform: "ptrace", network: "none" },
    update: { debug: true },
    replace: { name: "other" },
    drift: "rm /etc/microvm/gvisors/gvisor/runsc",
    broken: { inputs: { source: { url: "http://127.0.0.1:1/none", sha256: "0".repeat(64) } } },
  }),
  (made, { kata }) => ({
    kind: "KataRuntime",
    name: "kata",
    inputs: {
      engines: [made("ContainerEngine")],
      version: "3.32.0",
      source: { file: kata },
      handlers: [{ name: "kata-qemu", vmm: "qemu" }],
    },
    update: { handlers: [{ name: "kata-qemu", vmm: "qemu", defaultMemory: 512 }] },
    replace: { name: "other" },
    drift: "rm /usr/local/bin/containerd-shim-kata-qemu-v2",
    broken: { inputs: { source: { url: "http://127.0.0.1:1/none", sha256: "0".repeat(64) } } },
  }),
  (made, { image }) => ({
    kind: "Container",
    name: "task",
    inputs: {
      engine: made("ContainerEngine"),
      image: { reference: image, tls: false },
      handler: "runc",
      stopTimeout: 1,
      interfaces: [{ network: made("Network") }],
    },
    update: { readOnly: true },
    replace: { name: "other" },
    drift: "systemctl stop microvm-container@task",
    broken: { inputs: { command: ["/none"] } },
  }),
];
