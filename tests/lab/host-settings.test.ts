import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { HostState } from "../../provider/generated/types";
import { closeAll } from "../../provider/ssh";
import { getHostFacts } from "../../sdk";
import { failure } from "../failure";
import { skip } from "../skip";
import { hostInventory, inventoryChanges } from "./host-inventory";
import { Lab } from "./lab";
import { fastGuest, World } from "./world";

const test = suite("what a Host declares");
const reason = Lab.unavailable();
if (reason) {
  skip("what a Host declares", reason);
} else {
  let lab: Lab;
  let world: World;
  let before: string[];
  const onHost = async (script: string) => (await lab.exec("h1", script)).stdout.trim();
  const host = (more: object) => world.make<HostState>("Host", "h1", { ...world.inputs("Host", "h1"), ...more });
  // A parameter that each network namespace has for itself: the machine's own is not touched.
  const parameter = "net.ipv4.ip_default_ttl";
  const installed = (name: string) => onHost(`dpkg-query -W -f '\${db:Status-Status}' ${name} 2> /dev/null || true`);

  test.before(async () => {
    lab = await Lab.open(`o${process.pid % 100000}`);
    await lab.host("h1");
    await lab.ssh("h1", "apt-get update -q");
    before = await hostInventory(lab, "h1");
    world = new World(lab, "h1");
  });
  test.after(async () => {
    await closeAll();
    await lab?.close();
  });

  test("the facts of a machine are told before anything is on it, and what is on it after", async () => {
    const { port, privateKeyFile, hostKey } = await lab.host("h1");
    const reach = { address: "127.0.0.1", port, user: "root", privateKeyFile, hostKey };
    const bare = await getHostFacts(reach);
    assert.equal(inventoryChanges(before, await hostInventory(lab, "h1")), []);
    assert.equal(bare.objects, []);
    assert.match(bare.os, /Debian/);
    const made = await world.host();
    const { objects, ...facts } = await getHostFacts(reach);
    const { objects: _, ...former } = bare;
    assert.equal({ ...facts, virtualizationEvidence: "" }, { ...former, virtualizationEvidence: "" });
    for (const name of ["machineId", "os", "cpus", "memory", "virtualization", "nested"] as const) {
      assert.equal(facts[name], made[name], name);
    }
    assert.equal(
      objects.map(({ kind, owner }) => ({ kind, owner })),
      [{ kind: "Host", owner: world.owner("Host", "h1") }],
    );
    const wrong = await failure(getHostFacts({ ...reach, port: 70_000, address: "" }));
    assert.match(wrong.message, /port must be 1 to 65535.*address must not be empty|address.*port/);
  });

  test("parameters and packages are there, also after a boot, and drift is repaired", async () => {
    await host({ sysctls: { [parameter]: "99" }, packages: ["less"] });
    assert.is(await onHost(`sysctl -n ${parameter}`), "99");
    assert.is(await installed("less"), "installed");
    assert.equal(await world.drift(), {});
    await onHost(`sysctl -q -w ${parameter}=50`);
    assert.equal((await world.drift())["Host/h1"], [`${parameter} is 50, not 99`]);
    await world.up();
    assert.equal(await world.drift(), {});
    await closeAll();
    await lab.reboot("h1");
    assert.is(await onHost(`sysctl -n ${parameter}`), "99");
  });

  test("what is taken out of the program is as it was", async () => {
    await host({ sysctls: undefined, packages: undefined });
    assert.is(await onHost(`sysctl -n ${parameter}`), "64");
    assert.is.not(await installed("less"), "installed");
    assert.equal(await world.drift(), {});
  });

  test("a user who may sudo does all that root does", async () => {
    await onHost(
      "useradd -m -s /bin/sh ops; cp -r /root/.ssh /home/ops/; chown -R ops: /home/ops/.ssh; echo 'ops ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/ops",
    );
    const state = await host({ user: "ops" });
    world.hostReference = { name: "h1", machineId: state.machineId, connection: state.connection };
    assert.is(state.connection.user, "ops");
    await world.make("RootfsImage", "fast", { source: { tarball: fastGuest() } });
    await world.make("Network", "lan", { cidr: "172.30.0.0/24" });
    assert.equal(await world.drift(), {});
    await world.remove("Network", "lan");
    await world.remove("RootfsImage", "fast");
    const again = await host({ user: "root" });
    world.hostReference = { name: "h1", machineId: again.machineId, connection: again.connection };
    await closeAll();
    await onHost("userdel -r ops; rm /etc/sudoers.d/ops");
  });

  test("and so is everything when the Host goes", async () => {
    await host({ sysctls: { [parameter]: "70" } });
    await world.destroy();
    assert.is(await onHost(`sysctl -n ${parameter}`), "64");
    assert.equal(inventoryChanges(before, await hostInventory(lab, "h1")), []);
  });

  test.run();
}
