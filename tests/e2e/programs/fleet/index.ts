import * as pulumi from "@pulumi/pulumi";
import * as microvm from "pulumi-microvm";

// Several hosts, several microVMs on each; what a test wants changed comes by configuration.
const config = new pulumi.Config();
const hosts = config.requireObject<{ name: string; port: number; privateKeyFile?: string; hostKey: string }[]>("hosts");
const perHost = config.requireNumber("perHost");
const secret = config.getSecret("secret");
const key = config.getSecret("privateKey");

for (const { name, port, privateKeyFile, hostKey } of hosts) {
  const host = new microvm.Host(name, {
    address: "127.0.0.1",
    port,
    user: "root",
    privateKeyFile,
    privateKey: privateKeyFile ? undefined : key,
    hostKey,
  });
  const vmm = new microvm.Vmm(`${name}-qemu`, { host, kind: "qemu" });
  const kernel = new microvm.Kernel(`${name}-linux`, { host, source: { distribution: "default" } });
  const rootfs = new microvm.RootfsImage(`${name}-fast`, {
    host,
    source: { tarball: config.require("guest") },
    format: "ext4",
  });
  const network = new microvm.Network(`${name}-lan`, { host, cidr: "172.30.0.0/24" });
  const data = new microvm.Volume(`${name}-data`, { host, size: 32, onDelete: "delete" });
  for (let n = 0; n < perHost; n++) {
    new microvm.MicroVM(`${name}-vm${n}`, {
      host,
      vmm,
      kernel,
      rootfs,
      accelerator: "tcg",
      memory: 96,
      rootDisk: { size: 32 },
      stopTimeout: 0,
      interfaces: [{ network }],
      volumes: n === 0 ? [{ volume: data, mountPath: "/data" }] : undefined,
      sshAuthorizedKeys: [config.require("publicKey")],
      files: secret ? [{ path: "/etc/secret", content: secret, mode: "0600" }] : undefined,
      ready: { ssh: true, timeout: 120 },
    });
  }
}
