import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { hostInventory, inventoryChanges } from "../lab/host-inventory";
import { Lab } from "../lab/lab";
import { skip } from "../skip";
import { PulumiProject } from "./pulumi";

const test = suite("the quickstart program");
const reason = Lab.unavailable();
if (reason) {
  skip("the quickstart program", reason);
} else {
  let lab: Lab;
  let project: PulumiProject;
  let scratch: string;
  let before: string[];
  const root = join(__dirname, "../..");

  test.before(async () => {
    lab = await Lab.open(`q${process.pid % 100000}`);
    const host = await lab.host("metal");
    // Package lists are the host's own affair: brought up to date before the comparison begins.
    await lab.ssh("metal", "apt-get update -q");
    before = await hostInventory(lab, "metal");
    scratch = mkdtempSync(join(tmpdir(), "microvm-quickstart-"));
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "guest", "-f", join(scratch, "id")]);
    project = await PulumiProject.create({ program: join(root, "examples/quickstart") });
    await project.config("host:address", "127.0.0.1");
    await project.config("host:port", String(host.port));
    await project.config("host:user", "root");
    await project.config("host:privateKeyFile", host.privateKeyFile);
    await project.config("host:hostKey", host.hostKey);
    await project.config("guest:publicKeyFile", join(scratch, "id.pub"));
  });
  test.after(async () => {
    project?.close();
    await lab?.close();
    if (scratch) rmSync(scratch, { recursive: true, force: true });
  });

  test("preview shows what would be made and asks no host for it", async () => {
    const { changes } = await project.preview();
    assert.is(changes.create, 7);
    assert.equal(inventoryChanges(before, await hostInventory(lab, "metal")), []);
  });

  test("up makes a microVM that answers to its key", async () => {
    const { changes } = await project.up();
    assert.is(changes.create, 7);
    const outputs = await project.outputs();
    assert.ok(Number(outputs.bootMillis) > 0);
    const key = readFileSync(join(scratch, "id"));
    const answer = await lab.ssh(
      "metal",
      `umask 077; printf %s ${Buffer.from(key).toString("base64")} | base64 -d > /tmp/id; ssh -i /tmp/id -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@${outputs.address} 'hostname; uname -s; ip -4 -o address show eth0'; rm /tmp/id`,
    );
    assert.match(answer.stdout, /^web\nLinux\n/, answer.stderr);
    assert.match(answer.stdout, new RegExp(`${outputs.address}/24`));
    assert.is((await lab.ssh("metal", `ping -c 1 -W 2 ${outputs.address}`)).code, 0);
  });

  test("up again and refresh find nothing to do", async () => {
    const again = await project.up();
    assert.equal(Object.keys(again.changes), ["same"], again.stdout);
    const refreshed = await project.refresh();
    assert.equal(Object.keys(refreshed.changes), ["same"], refreshed.stdout);
    const preview = await project.preview();
    assert.equal(Object.keys(preview.changes), ["same"], preview.stdout);
  });

  test("destroy leaves the host as it was", async () => {
    const { changes } = await project.destroy();
    assert.is(changes.delete, 7);
    assert.equal(inventoryChanges(before, await hostInventory(lab, "metal")), []);
  });

  test.run();
}
