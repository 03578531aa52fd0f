import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { containerImage } from "../lab/container-image";
import { hostInventory, inventoryChanges } from "../lab/host-inventory";
import { Lab } from "../lab/lab";
import { Registry } from "../lab/registry";
import { skip } from "../skip";
import { PulumiProject } from "./pulumi";

const test = suite("one image under runc, gVisor and as a microVM");
const reason = Lab.unavailable();
if (reason) {
  skip("one image under runc, gVisor and as a microVM", reason);
} else {
  let lab: Lab;
  let project: PulumiProject;
  let before: string[];
  const image = containerImage({
    env: ["PATH=/bin", "GREETING=good day"],
    entrypoint: ["sh", "-c"],
    cmd: [
      'mkdir -p /srv/w; echo "$GREETING from $(cut -d " " -f 1-3 /proc/version)" > /srv/w/index.html; exec httpd -f -p 8080 -h /srv/w',
    ],
  });

  test.before(async () => {
    lab = await Lab.open(`i${process.pid % 100000}`);
    const registry = await Registry.start(lab);
    const host = await lab.host("metal", { suite: "trixie", containers: true });
    await lab.ssh("metal", "apt-get update -q");
    await lab.reboot("metal");
    before = await hostInventory(lab, "metal");
    project = await PulumiProject.create({ program: join(__dirname, "../../examples/one-image") });
    for (const [key, value] of Object.entries({
      "host:address": "127.0.0.1",
      "host:port": String(host.port),
      "host:user": "root",
      "host:privateKeyFile": host.privateKeyFile,
      "host:hostKey": host.hostKey,
      image: registry.push(image, "greeter:1"),
      tls: "false",
      port: "8080",
      // What this release has misjudges the kernel of the machine that tests run on.
      gvisor: JSON.stringify({ platform: "ptrace", network: "host" }),
    }))
      await project.config(key, value);
  });
  test.after(async () => {
    project?.close();
    await lab?.close();
  });

  test("answers three times, each time from the kernel that it is to run on", async () => {
    await project.up();
    const { addresses, isolation, digests } = (await project.outputs()) as {
      addresses: Record<string, string>;
      isolation: string;
      digests: string[];
    };
    const kernelOf = async (name: string) =>
      (await lab.output("metal", `curl -s -m 10 http://${addresses[name]}:8080/`)).trim();
    const own = (await lab.output("metal", "cut -d ' ' -f 1-3 /proc/version")).trim();
    assert.is(await kernelOf("plain"), `good day from ${own}`);
    assert.match(await kernelOf("isolated"), /^good day from Linux version 4\.4\.0/);
    const machine = await kernelOf("machine");
    assert.match(machine, /^good day from Linux version/);
    assert.not.match(machine, own);
    assert.match(isolation, /^gvisor: it is given no Kata runtime/);
    assert.equal(digests, [image.digest, image.digest, image.digest]);
  });

  test("a second run changes nothing, and refresh finds nothing", async () => {
    const { changes } = await project.up({ args: ["--refresh"] });
    assert.equal(Object.keys(changes), ["same"]);
  });

  test("destroy leaves the host as it was", async () => {
    await project.destroy();
    assert.equal(inventoryChanges(before, await hostInventory(lab, "metal")), []);
  });
}

test.run();
