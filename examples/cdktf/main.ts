import { App, TerraformOutput, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { Host, Kernel, MicroVm, MicrovmProvider, Network, RootfsImage, refer, Vmm } from "pulumi-microvm/cdktf";

// A machine of yours and a microVM on it, for CDKTF; with CDK Terrain, say `cdktn` in both imports.
const { HOST_ADDRESS, HOST_PORT, HOST_KEY, HOST_PRIVATE_KEY_FILE, KERNEL_FILE, ROOTFS_TARBALL, SSH_PUBLIC_KEY, OUT } =
  process.env;

class Machine extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new MicrovmProvider(this, "microvm", { program: "example", privateKeyFile: HOST_PRIVATE_KEY_FILE });

    // A resource is passed whole to another that refers to it.
    const metal = new Host(this, "metal", {
      name: "metal",
      address: HOST_ADDRESS ?? "203.0.113.10",
      port: Number(HOST_PORT ?? 22),
      user: "root",
      hostKey: HOST_KEY,
    });
    const vmm = new Vmm(this, "qemu", { name: "qemu", host: refer(metal), kind: "qemu" });
    const kernel = new Kernel(this, "linux", {
      name: "linux",
      host: refer(metal),
      source: KERNEL_FILE ? { file: KERNEL_FILE } : { distribution: "default" },
    });
    const rootfs = new RootfsImage(this, "debian", {
      name: "debian",
      host: refer(metal),
      source: ROOTFS_TARBALL
        ? { tarball: ROOTFS_TARBALL }
        : { debian: { suite: "bookworm", packages: ["openssh-server"] } },
    });
    const network = new Network(this, "lan", { name: "lan", host: refer(metal), cidr: "172.30.0.0/24" });
    const web = new MicroVm(this, "web", {
      name: "web",
      host: refer(metal),
      vmm: refer(vmm),
      kernel: refer(kernel),
      rootfs: refer(rootfs),
      interfaces: [{ network: refer(network) }],
      sshAuthorizedKeys: SSH_PUBLIC_KEY ? [SSH_PUBLIC_KEY] : undefined,
      ...(KERNEL_FILE ? { accelerator: "tcg", memory: 128 } : { ready: { ssh: true } }),
    });
    new TerraformOutput(this, "ip_address", { value: web.ipAddress });
    new TerraformOutput(this, "ssh_command", { value: web.sshCommand });
  }
}

const app = new App(OUT ? { outdir: OUT } : {});
new Machine(app, "machine");
app.synth();
