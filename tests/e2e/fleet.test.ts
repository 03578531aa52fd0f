import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { hostInventory, inventoryChanges } from "../lab/host-inventory";
import { Lab } from "../lab/lab";
import { fastGuest } from "../lab/world";
import { skip } from "../skip";
import { PulumiProject } from "./pulumi";

const test = suite("two hosts and ten microVMs");
const reason = Lab.unavailable();
if (reason) {
  skip("two hosts and ten microVMs", reason);
} else {
  const names = ["a", "b"];
  const secret = "correct-horse-battery-staple-9731";
  let lab: Lab;
  let project: PulumiProject;
  const before = new Map<string, string[]>();
  let privateKey = "";
  /** Command lines of all processes while microVMs were made. */
  const seen = new Set<string>();

  const configure = async (perHost: number) => {
    // One key that both hosts take, given as text: a secret of the program.
    const hosts = lab.hosts.map(({ name, port, hostKey }) => ({ name, port, hostKey }));
    const [first] = lab.hosts;
    if (!first) throw new Error("no lab host");
    privateKey = readFileSync(first.privateKeyFile, "utf8");
    const publicKey = execFileSync("ssh-keygen", ["-y", "-f", first.privateKeyFile], { encoding: "utf8" }).trim();
    for (const { name } of lab.hosts) {
      await lab.exec(
        name,
        `grep -qxF '${publicKey}' /root/.ssh/authorized_keys || echo '${publicKey}' >> /root/.ssh/authorized_keys`,
      );
    }
    await project.config("hosts", JSON.stringify(hosts));
    await project.config("perHost", String(perHost));
    await project.config("guest", fastGuest());
    await project.config("publicKey", publicKey);
    await project.config("privateKey", privateKey, { secret: true });
    await project.config("secret", secret, { secret: true });
  };
  const units = async (name: string) =>
    (
      await lab.exec(name, "systemctl list-units 'microvm@*' --state=active --plain --no-legend | cut -d ' ' -f 1")
    ).stdout
      .trim()
      .split("\n")
      .filter(Boolean);

  test.before(async () => {
    lab = await Lab.open(`f${process.pid % 100000}`);
    for (const name of names) {
      await lab.host(name);
      await lab.ssh(name, "apt-get update -q");
    }
    project = await PulumiProject.create({ program: join(__dirname, "programs/fleet") });
    await configure(1);
    for (const name of names) before.set(name, await hostInventory(lab, name));
  });
  test.after(async () => {
    project?.close();
    await lab?.close();
  });

  test("a run that is killed at each step in turn is continued by the next, and nothing is made twice", async () => {
    // The line that announces a step, and how far into it the run is killed, in milliseconds.
    const steps: [string, number][] = [
      ["Host a creating", 0],
      ["Host a creating", 1500],
      // All that a microVM is made of begins at the same time: what is quick, first.
      ["Volume a-data creating", 50],
      ["Network a-lan creating", 150],
      ["Vmm a-qemu creating", 300],
      ["Kernel a-linux creating", 100],
      ["RootfsImage a-fast creating", 0],
      ["fetching the kernel package", 500],
      ["building the image", 200],
      ["MicroVM a-vm0 creating", 50],
      ["MicroVM a-vm0 creating", 400],
      ["waiting until it is ready", 500],
    ];
    // What an earlier run had finished comes no more: then it is killed where a later step begins, so that something
    // is left for that one.
    const missed: string[] = [];
    for (const [index, [line, delay]] of steps.entries()) {
      let came = false;
      const later = steps.slice(index + 1).filter(([other]) => /fetching|building|vm0/.test(other));
      const killWhen = (text: string) => {
        came ||= text.includes(line);
        return text.includes(line) || later.some(([other]) => text.includes(other));
      };
      await project.up({ expect: "any", killWhen, killDelay: delay });
      if (!came) missed.push(line);
      await project.unlock();
    }
    assert.ok(missed.length <= 3, `never came to: ${missed.join(", ")}`);
    await project.up();
    for (const name of names) assert.equal(await units(name), [`microvm@${name}-vm0.service`]);
    assert.equal(Object.keys((await project.up()).changes), ["same"]);
    assert.equal(Object.keys((await project.refresh()).changes), ["same"]);
  });

  test("ten microVMs come up and answer, each with its own address", async () => {
    await configure(5);
    // Processes of lab hosts show here too: one look is a look at both sides.
    const looks = setInterval(() => {
      for (const args of commandLines()) seen.add(args);
    }, 100);
    const { changes } = await project.up().finally(() => clearInterval(looks));
    assert.is(changes.create, 8);
    const { deployment } = await project.exportStack();
    const machines = (deployment.resources ?? []).filter((resource) => String(resource.type).endsWith("MicroVM"));
    assert.is(machines.length, 10);
    for (const name of names) {
      const own = machines.filter((machine) => (machine.outputs as { name: string }).name.startsWith(`${name}-`));
      const addresses = own.map((machine) => (machine.outputs as { ipAddress: string }).ipAddress);
      assert.is(new Set(addresses).size, 5);
      for (const address of addresses)
        assert.is((await lab.exec(name, `ping -c 1 -W 2 ${address} > /dev/null`)).code, 0, address);
    }
    assert.equal(Object.keys((await project.up()).changes), ["same"]);
    assert.equal(Object.keys((await project.refresh()).changes), ["same"]);
  });

  test("secrets are in no state, no process list and no log", async () => {
    const line = privateKey.split("\n")[2] as string;
    const exported = JSON.stringify(await project.exportStack());
    assert.ok(
      [...seen].some((args) => args.includes("qemu-system")) && [...seen].some((args) => args.includes("pulumi")),
    );
    for (const hidden of [secret, line]) {
      assert.not.ok(exported.includes(hidden));
      assert.not.ok([...seen].some((args) => args.includes(hidden)));
      for (const name of names) {
        const shown = (
          await lab.exec(name, "ps -eo args; journalctl --no-pager -o cat; cat /etc/microvm/*/*/record.json")
        ).stdout;
        assert.not.ok(shown.includes(hidden));
      }
    }
    const states = readdirSync(join(project.directory, "backend"), { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile(),
    );
    assert.ok(states.length > 0);
    for (const entry of states) {
      const text = readFileSync(join(entry.parentPath ?? entry.path, entry.name), "utf8");
      assert.not.ok(text.includes(secret), entry.name);
      assert.not.ok(text.includes(line), entry.name);
    }
  });

  test("refresh shows drift and up repairs it", async () => {
    await lab.exec("a", "systemctl stop microvm@a-vm1; nft flush ruleset");
    const refreshed = await project.refresh();
    assert.is(refreshed.changes.update, 2, refreshed.stdout);
    assert.match(refreshed.stdout, /is not running/);
    const repaired = await project.up();
    assert.is(repaired.changes.update, 2, repaired.stdout);
    assert.is((await units("a")).length, 5);
    assert.equal(Object.keys((await project.refresh()).changes), ["same"]);
  });

  test("a link that is cut in the middle is a clear error, and the next run goes on", async () => {
    await configure(6);
    const running = project.up({ expect: "any", killAfter: 120_000 });
    await new Promise((resolve) => setTimeout(resolve, 5000));
    await lab.cut("b");
    const outcome = await running;
    await lab.heal("b");
    assert.ok(outcome.code !== null, "it ended by itself");
    if (outcome.code !== 0)
      assert.match(outcome.stdout, /link-lost|dial-timeout|dial-failed|upload-|authentication-timeout/);
    await project.up();
    for (const name of names) assert.is((await units(name)).length, 6);
  });

  test("a destroy that is killed is continued by the next, and leaves both hosts as they were", async () => {
    for (const [line, delay] of [
      ["MicroVM a-vm0 deleting", 100],
      ["Network a-lan deleting", 50],
      ["Kernel a-linux deleting", 50],
      ["Host a deleting", 300],
    ] as const) {
      await project.destroy({ expect: "any", killWhen: (text) => text.includes(line), killDelay: delay });
      await project.unlock();
    }
    await project.destroy();
    for (const name of names)
      assert.equal(inventoryChanges(before.get(name) as string[], await hostInventory(lab, name)), []);
  });

  test.run();
}

function commandLines(): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) ? [readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")] : [];
    } catch {
      return []; // It has ended.
    }
  });
}
