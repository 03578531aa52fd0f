import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { MicroVMState, NetworkState, SnapshotState, VolumeState } from "../../provider/generated/types";
import { closeAll } from "../../provider/ssh";
import { failure } from "../failure";
import { skip } from "../skip";
import { hostInventory, inventoryChanges } from "./host-inventory";
import { Lab } from "./lab";
import { type Basics, World } from "./world";

const test = suite("snapshots and clones");
const reason = Lab.unavailable();
if (reason) {
  skip("snapshots and clones", reason);
} else {
  let lab: Lab;
  let world: World;
  let basics: Basics;
  let open: NetworkState;
  let volume: VolumeState;
  let fixed: VolumeState;
  let web: MicroVMState;
  let warm: SnapshotState;
  let before: string[];
  const clones: MicroVMState[] = [];

  const onHost = (script: string) => lab.output("h1", script);
  const inGuest = async (vm: MicroVMState, script: string) => {
    const { code, stdout, stderr } = await world.inGuest(vm, script);
    if (code !== 0) throw new Error(`${vm.name}: ${script}: ${stderr || stdout}`);
    return stdout;
  };
  /** What `MicroVM.fromSnapshot` gives. */
  const clone = (name: string, more: object = {}) => {
    const { vmm, kernel, rootfs, guest } = warm;
    const { machine, accelerator, vcpus, maxVcpus, memory, maxMemory, kernelArgs, rootDisk } = guest;
    const inherited = { machine, accelerator, vcpus, maxVcpus, memory, maxMemory, kernelArgs, rootDisk };
    return world.make<MicroVMState>("MicroVM", name, {
      ...{ snapshot: warm, vmm, kernel, rootfs, ...inherited },
      stopTimeout: 0,
      interfaces: [{ network: open }],
      ready: { ssh: true, timeout: 60 },
      ...more,
    });
  };
  const pidOf = async (name: string) => (await onHost(`systemctl show -p MainPID --value microvm@${name}`)).trim();
  const answersAgain = async (vm: MicroVMState) => {
    for (let tries = 0; tries < 80; tries++) {
      if ((await world.inGuest(vm, "true")).code === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    throw new Error(`${vm.name} does not answer`);
  };

  test.before(async () => {
    lab = await Lab.open(`s${process.pid % 100000}`);
    await lab.host("h1");
    await lab.ssh("h1", "apt-get update -q");
    before = await hostInventory(lab, "h1");
    world = new World(lab, "h1");
    await world.host();
    basics = await world.basics();
    open = await world.make<NetworkState>("Network", "open", { cidr: "172.31.0.0/24", traffic: "open" });
    volume = await world.make<VolumeState>("Volume", "data", { size: 16, onDelete: "delete" });
    fixed = await world.make<VolumeState>("Volume", "fixed", { size: 16, onDelete: "delete" });
    const volumes = [
      { volume, mountPath: "/data" },
      { volume: fixed, mountPath: "/fixed", readOnly: true },
    ];
    const given = world.smallMicroVM(
      { ...basics, network: open },
      { volumes, files: [{ path: "/etc/told", content: "by the seed\n" }] },
    );
    web = await world.make<MicroVMState>("MicroVM", "web", given);
  });
  test.after(async () => {
    await closeAll();
    await lab?.close();
  });

  test("a running guest is written down, and goes on", async () => {
    await inGuest(
      web,
      "mkdir /mem; mount -t tmpfs none /mem; echo warm > /mem/memory; echo disk > /root/disk; echo volume > /data/volume; sync",
    );
    await inGuest(web, "(sleep 100000 &) > /dev/null 2>&1 < /dev/null");
    const pid = await pidOf("web");
    warm = await world.make<SnapshotState>("Snapshot", "warm", { microVM: web });
    assert.match(warm.digest, /^[0-9a-f]{64}$/);
    assert.ok(warm.pauseMillis > 0 && warm.pauseMillis < 20_000, String(warm.pauseMillis));
    assert.ok(warm.bytes > 20 << 20, String(warm.bytes));
    assert.is(warm.guest.sshHostKey, web.sshHostKey);
    assert.match(warm.findings.join("\n"), /SSH host keys.*\n.*QEMU's microvm has no VMGenID/s);
    assert.is(await pidOf("web"), pid);
    assert.is(await inGuest(web, "cat /mem/memory"), "warm\n");
    await onHost(`cd ${warm.path} && sha256sum --quiet -c digests`);
    assert.is((await onHost("stat -c '%a %U' /var/lib/microvm/snapshots")).trim(), "700 root");
    assert.equal(await world.drift(), {});
    assert.equal(await world.up(), {});
  });

  test("two clones run side by side, each with the memory, disks and addresses of its own", async () => {
    await inGuest(web, "echo later > /mem/memory; echo later > /data/volume; sync");
    clones.push(...(await Promise.all([clone("one"), clone("two")])));
    const [one, two] = clones as [MicroVMState, MicroVMState];
    assert.is(new Set([web, one, two].map(({ ipAddress }) => ipAddress)).size, 3);
    assert.is(new Set([web, one, two].map(({ addresses }) => addresses[0]?.mac)).size, 3);
    for (const vm of clones) {
      assert.is(
        await inGuest(vm, "cat /mem/memory /root/disk /data/volume /etc/told"),
        "warm\ndisk\nvolume\nby the seed\n",
      );
      // Inside it is who it was, and its processes go on.
      assert.match(await inGuest(vm, "ip -4 address show dev eth0"), new RegExp(`inet ${web.ipAddress}/`));
      assert.match(await inGuest(vm, "ps"), /sleep 100000/);
      assert.match(await inGuest(vm, "mount"), / on \/fixed type ext4 \(ro/);
      assert.is(vm.sshHostKey, web.sshHostKey);
    }
    await inGuest(one, "echo one > /data/volume; echo one > /root/disk; sync");
    assert.is(await inGuest(two, "cat /data/volume /root/disk"), "volume\ndisk\n");
    assert.is(await inGuest(web, "cat /data/volume /root/disk"), "later\ndisk\n");
    assert.equal(await world.drift(), {});
    assert.equal(await world.up(), {});
  });

  test("clones, their source and the host speak with each other by their outer addresses", async () => {
    const [one, two] = clones as [MicroVMState, MicroVMState];
    const ping = async (from: MicroVMState, to: string) =>
      (await world.inGuest(from, `ping -c 1 -W 3 ${to}`)).code === 0;
    assert.ok(await ping(one, two.ipAddress), "a clone reaches the other");
    assert.ok(await ping(two, one.ipAddress), "and is reached by it");
    assert.ok(await ping(web, one.ipAddress), "their source reaches a clone");
    assert.ok(await ping(one, "172.31.0.1"), "a clone reaches its gateway");
    // To a clone its source goes by the address that is the clone's own outside.
    assert.ok(await ping(one, one.ipAddress), "a clone reaches its source");
    await onHost(`ping -c 1 -W 3 ${one.ipAddress}`);
    // What a clone says it is does not get out under another name.
    const seen = await onHost("ip neigh show dev mvb-open");
    for (const { ipAddress, addresses } of [web, one, two]) {
      assert.match(seen, new RegExp(`^${ipAddress.replaceAll(".", "\\.")} .*${addresses[0]?.mac}`, "m"));
    }
  });

  test("a clone does not send as anybody else", async () => {
    const [one, two] = clones as [MicroVMState, MicroVMState];
    const gateway = "172.31.0.1";
    await inGuest(one, `ip address add ${two.ipAddress}/32 dev eth0; ip address add 172.31.0.99/32 dev eth0`);
    for (const stolen of [two.ipAddress, "172.31.0.99"]) {
      const { code } = await world.inGuest(one, `ping -c 1 -W 2 -I ${stolen} ${gateway}`);
      assert.is.not(code, 0, `${stolen} got out`);
    }
    assert.ok((await world.inGuest(one, `ping -c 1 -W 2 ${gateway}`)).code === 0);
    await inGuest(one, `ip address del ${two.ipAddress}/32 dev eth0; ip address del 172.31.0.99/32 dev eth0`);
  });

  test("a clone that is killed harms neither the snapshot nor the other", async () => {
    const [one, two] = clones as [MicroVMState, MicroVMState];
    const other = await pidOf("two");
    await onHost(`kill -KILL ${await pidOf("one")}`);
    await answersAgain(one);
    // It lost its power: it booted from its own disks, and is reached as before.
    assert.is(
      await inGuest(one, "cat /data/volume /root/disk /etc/told; cat /mem/memory || true"),
      "one\none\nby the seed\n",
    );
    assert.is(await pidOf("two"), other);
    assert.is(await inGuest(two, "cat /mem/memory"), "warm\n");
    await onHost(`cd ${warm.path} && sha256sum --quiet -c digests`);
    assert.equal(await world.drift(), {});
  });

  test('with restore: "always" each start goes on from the snapshot, its disks too', async () => {
    const again = await clone("again", { restore: "always", interfaces: [{ network: basics.network }] });
    // In another network it goes by that one's gateway.
    assert.match(again.ipAddress, /^172\.30\.0\./);
    assert.is((await world.inGuest(again, "ping -c 1 -W 3 172.31.0.1")).code, 0);
    await inGuest(again, "echo lost > /mem/memory; echo lost > /root/disk; sync");
    await onHost(`kill -KILL ${await pidOf("again")}`);
    await answersAgain(again);
    assert.is(await inGuest(again, "cat /mem/memory /root/disk"), "warm\ndisk\n");
    assert.equal(await world.drift(), {});
    await world.remove("MicroVM", "again");
  });

  test("a snapshot that clones use is not deleted, and one of what does not run is not taken", async () => {
    const inUse = await failure(world.remove("Snapshot", "warm"));
    assert.is(inUse.code, "snapshot-in-use");
    assert.match(inUse.message, /one, two/);
    const still = await world.make<MicroVMState>("MicroVM", "still", {
      ...world.smallMicroVM({ ...basics, network: open }, { state: "stopped" }),
    });
    const stopped = await failure(world.make("Snapshot", "cold", { microVM: still }));
    assert.is(stopped.code, "snapshot-source-stopped");
    assert.equal(await onHost("ls -A /var/lib/microvm/snapshots"), "warm\n");
    await world.remove("Snapshot", "cold");
    await world.remove("MicroVM", "still");
    const untracked = await failure(
      world.make("Snapshot", "more", { microVM: web, base: { ...warm, vmm: undefined } }),
    );
    assert.is(untracked.code, "snapshot-untracked");
  });

  test("what does not fit the snapshot is refused before anything is made", async () => {
    const refused = async (more: object) => (await failure(clone("wrong", more))).message;
    assert.match(await refused({ memory: 256 }), /memory: must be 128, as in the snapshot/);
    assert.match(await refused({ files: [] }), /files: comes with the snapshot/);
    assert.match(await refused({ interfaces: [] }), /interfaces: must be 1/);
    const other = { ...warm.vmm, installedVersion: "9.9.9" };
    assert.match(await refused({ vmm: other }), /taken by QEMU 7\.2\.\d+ and goes on there alone, not in QEMU 9\.9\.9/);
  });

  test("after a power cut clones are there again, and so is the snapshot", async () => {
    await closeAll();
    await lab.powerLoss("h1");
    for (const vm of [web, ...clones]) await answersAgain(vm);
    assert.is(await inGuest(clones[0] as MicroVMState, "cat /data/volume /root/disk"), "one\none\n");
    assert.equal(await world.drift(), {});
  });

  test("a damaged snapshot is told, and neither gone on from nor taken anew under its clones", async () => {
    await onHost(`cp -a ${warm.path}/machine /root/machine; sed -i 's/^vmm .*/vmm another/' ${warm.path}/machine`);
    assert.equal((await world.drift())["Snapshot/warm"], ["its files are damaged"]);
    assert.is((await failure(world.up())).code, "snapshot-damaged");
    assert.is((await failure(clone("three"))).code, "snapshot-unfit");
    // One that has gone on is changed as before, and goes on from its own disks.
    await clone("two", { stopTimeout: 1 });
    await onHost(`cp -a /root/machine ${warm.path}/machine; rm /root/machine`);
    assert.equal(await world.drift(), {});
  });

  test("on another processor, or in another VMM, a clone says why it does not start", async () => {
    // As after a change of hardware: right by its digests, and not what this host is.
    const other = `cd ${warm.path}; cp -a machine digests /root/; sed -i 's/^vmm .*/vmm another/' machine; find . -type f ! -name digests ! -name verified ! -name facts -printf '%P\n' | LC_ALL=C sort | xargs sha256sum > digests; /usr/lib/microvm/snapshot-verify . noted`;
    await onHost(other);
    const place = "/var/lib/microvm/vms/two";
    await onHost(`rm ${place}/restored; systemctl restart microvm@two || true`);
    const said = await onHost("journalctl -u microvm@two -n 40 -o cat --no-pager");
    assert.match(said, /snapshot warm was taken by another VMM, or on another processor or kernel: take it anew/);
    await onHost(
      `cd ${warm.path}; cp -a /root/machine /root/digests .; rm /root/machine /root/digests; /usr/lib/microvm/snapshot-verify . noted`,
    );
    await onHost("systemctl reset-failed microvm@two; systemctl start microvm@two");
    const two = clones[1] as MicroVMState;
    await answersAgain(two);
    assert.is(await inGuest(two, "cat /mem/memory"), "warm\n");
    assert.equal(await world.drift(), {});
  });

  test("a paused microVM stays paused, also while two snapshots of it are taken at once", async () => {
    const given = world.smallMicroVM({ ...basics, network: open });
    const still = await world.make<MicroVMState>("MicroVM", "still", { ...given, state: "paused" });
    const both = ["left", "right"].map((name) => world.make<SnapshotState>("Snapshot", name, { microVM: still }));
    await Promise.all(both);
    assert.is((await world.read("MicroVM", "still"))?.state, "paused");
    assert.equal(await world.drift(), {});
    const awake = await world.make<MicroVMState>("MicroVM", "still", given);
    await answersAgain(awake);
    await Promise.all(["left", "right"].map((name) => world.remove("Snapshot", name)));
    const again = ["left", "right"].map((name) => world.make<SnapshotState>("Snapshot", name, { microVM: awake }));
    await Promise.all(again);
    await answersAgain(awake);
    assert.is((await world.read("MicroVM", "still"))?.state, "running");
    // A take that is ended lets the guest go on, and leaves nothing.
    await onHost(
      "mkdir -p /etc/microvm/snapshots/cut && cp /etc/microvm/snapshots/left/* /etc/microvm/snapshots/cut/ && sed -i '1i sleep 20' /etc/microvm/snapshots/cut/take; (/usr/lib/microvm/snapshot-take cut & p=$!; sleep 1; kill -TERM $p; pkill -TERM -P $p; wait $p || true) 2> /dev/null; rm -rf /etc/microvm/snapshots/cut",
    );
    assert.is((await world.read("MicroVM", "still"))?.state, "running");
    assert.equal(await onHost("ls -A /var/lib/microvm/snapshots"), "left\nright\nwarm\n");
    for (const name of ["left", "right"]) await world.remove("Snapshot", name);
    await world.remove("MicroVM", "still");
  });

  test("all of it goes, and leaves the host as it was", async () => {
    await world.destroy();
    assert.equal(inventoryChanges(before, await hostInventory(lab, "h1")), []);
  });

  test.run();
}
