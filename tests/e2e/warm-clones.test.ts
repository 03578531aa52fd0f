import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { releaseArchive } from "../lab/firecracker-archive";
import { hostInventory, inventoryChanges } from "../lab/host-inventory";
import { Lab } from "../lab/lab";
import { tinyGuest } from "../lab/tiny-guest";
import { fastGuest } from "../lab/world";
import { skip } from "../skip";
import { PulumiProject } from "./pulumi";

/** The same example for each VMM: one word of its configuration differs, and what cannot be downloaded here. */
const binaries = {
  qemu: "",
  firecracker: process.env.MICROVM_TEST_FIRECRACKER,
  "cloud-hypervisor": process.env.MICROVM_TEST_CLOUD_HYPERVISOR,
};

const program = join(__dirname, "../../examples/warm-clones");

/** What docs/pulumi.md has users add for the plugin form; the quickstart runs in the other. */
const pluginForm = `config:
  microvm:form: { value: plugin }
plugins:
  providers:
    - name: microvm
      path: node_modules/pulumi-microvm/plugin
`;

for (const [kind, binary] of Object.entries(binaries)) {
  const title = `the warm-clones program under ${kind}`;
  const test = suite(title);
  const variable = `MICROVM_TEST_${kind.toUpperCase().replace("-", "_")}`;
  const reason = Lab.unavailable() ?? (binary === undefined ? `${variable} names no ${kind}` : undefined);
  if (reason) {
    skip(title, reason);
    continue;
  }
  let lab: Lab;
  let project: PulumiProject;
  let scratch: string;
  let before: string[];

  test.before(async () => {
    lab = await Lab.open(`w${kind[0]}${process.pid % 10000}`);
    const host = await lab.host("metal");
    await lab.ssh("metal", "apt-get update -q");
    before = await hostInventory(lab, "metal");
    scratch = mkdtempSync(join(tmpdir(), "microvm-clones-"));
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "guest", "-f", join(scratch, "id")]);
    const vmmFile = binary && (kind === "firecracker" ? releaseArchive(scratch, binary) : binary);
    project = await PulumiProject.create({
      program,
      files: { "Pulumi.yaml": `${readFileSync(join(program, "Pulumi.yaml"), "utf8")}${pluginForm}` },
    });
    for (const [key, value] of Object.entries({
      "host:address": "127.0.0.1",
      "host:port": String(host.port),
      "host:user": "root",
      "host:privateKeyFile": host.privateKeyFile,
      "host:hostKey": host.hostKey,
      kind,
      publicKeyFile: join(scratch, "id.pub"),
      memory: "128",
      // A kernel of Linux is too much for this machine's KVM, which is emulated.
      own: JSON.stringify({
        guestTarball: fastGuest(),
        ...(binary ? { vmmFile, kernelFile: tinyGuest("count") } : {}),
      }),
    }))
      await project.config(key, value);
  });
  test.after(async () => {
    project?.close();
    await lab?.close();
    if (scratch) rmSync(scratch, { recursive: true, force: true });
  });

  test("comes up with its clones beside it, and says what they share", async () => {
    if (binary) {
      // That emulated KVM is refused; for a guest of a few bytes it will do. The host alone comes first.
      await project.up({ args: ["--target", "**Host**"] });
      await lab.output("metal", "sed -i 's/^virtualization .*/virtualization kvm/' /etc/microvm/hosts/*/probe");
    }
    const up = await project.up();
    assert.match(up.stdout + up.stderr, /its clones share all that the guest has in memory/);
    const { addresses, findings } = (await project.outputs()) as { addresses: string[]; findings: string[] };
    assert.is(new Set(addresses).size, 2);
    assert.match(findings.join("\n"), /VMGenID/);
    const units = await lab.output("metal", "systemctl is-active microvm@warm microvm@task-1 microvm@task-2");
    assert.is(units, "active\nactive\nactive\n");
  });

  test("asks for nothing again", async () => {
    assert.equal(Object.keys((await project.up()).changes), ["same"]);
    assert.equal(Object.keys((await project.refresh()).changes), ["same"]);
  });

  test("a snapshot that is to be taken anew takes its clones along", async () => {
    project.write(
      "index.ts",
      project.read("index.ts").replace("{ host, microVM: warm }", '{ host, microVM: warm, revision: "2" }'),
    );
    const { changes } = await project.up();
    assert.equal(changes, { replace: 3, same: changes.same });
    assert.equal(Object.keys((await project.up()).changes), ["same"]);
  });

  test("goes, and leaves the host as it was", async () => {
    await project.destroy();
    assert.equal(inventoryChanges(before, await hostInventory(lab, "metal")), []);
  });

  test.run();
}
