import * as vultr from "@ediri/vultr";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import * as microvm from "pulumi-microvm";

// A cloud's own provider makes the machine; what runs on it is declared as on any other. Bare metal brings its own KVM;
// an instance does where its cloud has nested virtualisation. `pulumi config set --secret vultr:apiKey …`; region and plan
// have defaults. Bare metal costs by the hour until `pulumi destroy`.
const config = new pulumi.Config();

const key = new tls.PrivateKey("key", { algorithm: "ED25519" });
const sshKey = new vultr.SSHKey("key", { sshKey: key.publicKeyOpenssh });
const debian = vultr.getOsOutput({ filters: [{ name: "name", values: ["Debian 12 x64 (bookworm)"] }] });
const machine = new vultr.BareMetalServer("metal", {
  region: config.get("region") ?? "ams",
  plan: config.get("plan") ?? "vbm-4c-32gb",
  osId: debian.apply(({ id }) => Number(id)),
  sshKeyIds: [sshKey.id],
});

const host = new microvm.Host("metal", {
  address: machine.mainIp,
  user: "root",
  privateKey: key.privateKeyOpenssh,
  // Nobody has seen this machine's key before: it is taken at the first connection, and pinned from then on.
  trustOnFirstUse: true,
  // The cloud calls it active while it still installs itself.
  deadlines: { boot: 1800 },
});

const vmm = new microvm.Vmm("qemu", { host, kind: "qemu" });
const kernel = new microvm.Kernel("linux", { host, source: { distribution: "default" } });
const rootfs = new microvm.RootfsImage("debian", {
  host,
  source: { debian: { suite: "bookworm", packages: ["openssh-server"] } },
});
const network = new microvm.Network("lan", { host, cidr: "172.30.0.0/24" });
const vm = new microvm.MicroVM("web", {
  host,
  vmm,
  kernel,
  rootfs,
  memory: 512,
  interfaces: [{ network }],
  sshAuthorizedKeys: [key.publicKeyOpenssh.apply((text) => text.trim())],
  ready: { ssh: true },
});

export const address = machine.mainIp;
export const bootMillis = vm.bootMillis;
export const ssh = vm.sshCommand;
