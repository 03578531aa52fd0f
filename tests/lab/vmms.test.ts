import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type {
  KernelState,
  MicroVMState,
  NetworkState,
  RootfsImageState,
  SnapshotState,
  VmmState,
  VolumeState,
} from "../../provider/generated/types";
import { closeAll } from "../../provider/ssh";
import { failure } from "../failure";
import { skip } from "../skip";
import { releaseArchive } from "./firecracker-archive";
import { hostInventory, inventoryChanges } from "./host-inventory";
import { Lab } from "./lab";
import { type Afterwards, tinyGuest, tinyGuestSays } from "./tiny-guest";
import { fastGuest, World } from "./world";

/** The real VMMs cannot be had everywhere: where they are is told by the environment. */
const binaries = {
  firecracker: process.env.MICROVM_TEST_FIRECRACKER,
  "cloud-hypervisor": process.env.MICROVM_TEST_CLOUD_HYPERVISOR,
};

for (const kind of ["firecracker", "cloud-hypervisor"] as const) {
  const test = suite(`${kind} on a host`);
  const binary = binaries[kind];
  const variable = `MICROVM_TEST_${kind.toUpperCase().replace("-", "_")}`;
  const reason = Lab.unavailable() ?? (binary ? undefined : `${variable} names no ${kind}`);
  if (reason) {
    skip(`${kind} on a host`, reason);
    continue;
  }
  let lab: Lab;
  let world: World;
  let scratch: string;
  let vmm: VmmState;
  let rootfs: RootfsImageState;
  let network: NetworkState;
  let volume: VolumeState;
  let before: string[];
  const kernels = new Map<Afterwards, KernelState>();

  const onHost = (script: string) => lab.output("h1", script);
  const until = async (what: string, done: () => Promise<boolean>) => {
    for (let tries = 0; tries < 60; tries++) {
      if (await done()) return;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    throw new Error(`${what} did not happen`);
  };
  const guest = async (name: string, then: Afterwards, more: object = {}) => {
    let kernel = kernels.get(then);
    if (!kernel) {
      kernel = await world.make<KernelState>("Kernel", then, { source: { file: tinyGuest(then) }, initramfs: "none" });
      kernels.set(then, kernel);
    }
    return world.make<MicroVMState>("MicroVM", name, {
      vmm,
      kernel,
      rootfs,
      rootDisk: { mode: "shared" },
      memory: 128,
      stopTimeout: 0,
      interfaces: [{ network }],
      ready: { serial: tinyGuestSays, timeout: 30 },
      ...more,
    });
  };
  const console_ = (name: string) => onHost(`cat /var/lib/microvm/vms/${name}/console.log`);
  const active = async (name: string) =>
    (await onHost(`systemctl is-active microvm@${name} || true`)).trim() === "active";

  test.before(async () => {
    lab = await Lab.open(`v${process.pid % 100000}`);
    await lab.host("h1");
    await lab.ssh("h1", "apt-get update -q");
    before = await hostInventory(lab, "h1");
    scratch = mkdtempSync(join(tmpdir(), "microvm-vmms-"));
    world = new World(lab, "h1");
    await world.host();
    // The machine's KVM may be an emulated one, which is refused; for a guest of a few bytes it will do.
    await onHost("for f in /etc/microvm/hosts/*/probe; do sed -i 's/^virtualization .*/virtualization kvm/' $f; done");
    [rootfs, network, volume] = await Promise.all([
      world.make<RootfsImageState>("RootfsImage", "fast", { source: { tarball: fastGuest() } }),
      world.make<NetworkState>("Network", "lan", { cidr: "172.30.0.0/24" }),
      world.make<VolumeState>("Volume", "data", { size: 16, onDelete: "delete" }),
    ]);
  });
  test.after(async () => {
    await closeAll();
    await lab?.close();
    if (scratch) rmSync(scratch, { recursive: true, force: true });
  });

  test("is installed as its project packs it, and tells its version", async () => {
    const file = kind === "firecracker" ? releaseArchive(scratch, binary as string) : (binary as string);
    vmm = await world.make<VmmState>("Vmm", kind, { kind, source: { file } });
    assert.match(vmm.installedVersion, /^\d+\.\d+/);
    const said = execFileSync(binary as string, ["--version"], { encoding: "utf8" });
    assert.ok(said.split("\n")[0]?.includes(vmm.installedVersion), said);
    assert.equal(await world.drift(), {});
  });

  test("boots a guest, and holds its VMM to what it needs", async () => {
    const web = await guest("web", "count", { volumes: [{ volume }], restart: "always" });
    assert.ok(web.bootMillis > 0);
    const pid = (await onHost("systemctl show -p MainPID --value microvm@web")).trim();
    const status = await onHost(`cat /proc/${pid}/status`);
    const uid = (await onHost("id -u mv-web")).trim();
    assert.match(status, new RegExp(`^Uid:\\s+${uid}\\s+${uid}\\s`, "m"));
    assert.match(status, /^CapEff:\s+0000000000000000$/m);
    assert.match(status, /^NoNewPrivs:\s+1$/m);
    assert.match(status, /^Seccomp:\s+2$/m);
    // What it sees of the file system.
    const root = (await onHost(`ls /proc/${pid}/root/`)).split("\n");
    if (kind === "firecracker")
      assert.equal(
        root.filter((entry) => ["etc", "usr", "home", "var"].includes(entry)),
        [],
      );
    const outside = await onHost(`readlink /proc/${pid}/ns/mnt; readlink /proc/self/ns/mnt`);
    assert.is(new Set(outside.trim().split("\n")).size, 2);
    assert.equal(await world.drift(), {});
    assert.equal(await world.up(), {});
  });

  test("pauses and goes on", async () => {
    await guest("web", "count", { volumes: [{ volume }], restart: "always", state: "paused" });
    assert.is((await world.read("MicroVM", "web"))?.state, "paused");
    const length = (await console_("web")).length;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.is((await console_("web")).length, length);
    await guest("web", "count", { volumes: [{ volume }], restart: "always" });
    assert.is((await world.read("MicroVM", "web"))?.state, "running");
    await until("its counting", async () => (await console_("web")).length > length);
  });

  test("is written down, and two clones of it go on side by side", async () => {
    const source = await guest("source", "count", { volumes: [], trackDirtyPages: kind === "firecracker" });
    const web = world.state<MicroVMState>("MicroVM", "web");
    let warm: SnapshotState;
    try {
      warm = await world.make<SnapshotState>("Snapshot", "warm", { microVM: web });
    } catch (error) {
      // An emulated KVM may not tell all that a snapshot of Cloud Hypervisor needs.
      if (!/GetNestedState/.test(String((error as Error).message))) throw error;
      assert.ok(await active("web"), "and goes on");
      assert.is((await world.read("MicroVM", "web"))?.state, "running");
      await world.remove("Snapshot", "warm");
      await world.remove("MicroVM", "source");
      skip(`${kind} writes a guest down`, "this machine's KVM does not tell the state of nested guests");
      return;
    }
    assert.ok(warm.bytes > 0 && warm.pauseMillis > 0);
    await onHost(`cd ${warm.path} && sha256sum --quiet -c digests`);
    const names = ["one", "two"];
    const go = (name: string, snapshot: SnapshotState, more: object = {}) => {
      const { kernel, guest } = snapshot;
      const { interfaces: _, volumes: __, metadata: ___, sshHostKey: ____, ...inherited } = guest;
      const given = { snapshot, vmm, kernel, rootfs, ...inherited, stopTimeout: 0, interfaces: [{ network }] };
      return world.make<MicroVMState>("MicroVM", name, { ...given, ...more });
    };
    const goesOn = async (name: string) => {
      const text = await console_(name);
      await until(`${name}'s counting`, async () => (await console_(name)).length > text.length + 10);
      assert.not.match(await console_(name), new RegExp(tinyGuestSays), "it did not boot");
    };
    await Promise.all(names.map((name) => go(name, warm)));
    for (const name of names) await goesOn(name);
    const devices = await onHost("ls /sys/class/net");
    for (const tap of ["mvt-web0", "mvt-one0", "mvt-two0"]) assert.match(devices, new RegExp(`^${tap}$`, "m"));
    assert.equal(await world.drift(), {});
    // A clone that is killed boots from its own disks; the other does not notice.
    const [one, two] = await Promise.all(
      names.map((name) => onHost(`systemctl show -p MainPID --value microvm@${name}`)),
    );
    await onHost(`kill -KILL ${one}`);
    await until("its boot", async () => (await console_("one")).includes(tinyGuestSays));
    assert.is(await onHost("systemctl show -p MainPID --value microvm@two"), two);
    await onHost(`cd ${warm.path} && sha256sum --quiet -c digests`);
    assert.is((await failure(world.remove("Snapshot", "warm"))).code, "snapshot-in-use");
    await goesOn("two");
    // With "always" it goes on from the snapshot again.
    await go("two", warm, { restore: "always", state: "stopped" });
    await go("two", warm, { restore: "always" });
    await goesOn("two");
    if (kind === "firecracker") {
      const base = await world.make<SnapshotState>("Snapshot", "base", { microVM: source });
      const changed = await world.make<SnapshotState>("Snapshot", "changed", { microVM: source, base });
      await go("three", changed, { trackDirtyPages: true });
      await goesOn("three");
      const outdated = await failure(world.make("Snapshot", "late", { microVM: source, base }));
      assert.is(outdated.code, "snapshot-base-outdated");
      await world.remove("Snapshot", "late");
      // A clone is a microVM too: of what it has changed since, a snapshot can be taken, and gone on from.
      const three = world.state<MicroVMState>("MicroVM", "three");
      const third = await world.make<SnapshotState>("Snapshot", "third", { microVM: three, base: changed });
      await go("four", third, { trackDirtyPages: true });
      await goesOn("four");
      for (const name of ["four", "three"]) await world.remove("MicroVM", name);
      for (const name of ["third", "changed", "base"]) await world.remove("Snapshot", name);
    }
    for (const name of names) await world.remove("MicroVM", name);
    await world.remove("Snapshot", "warm");
    await world.remove("MicroVM", "source");
    assert.equal(await world.drift(), {});
  });

  test("is told of a volume that has grown", async () => {
    const pid = await onHost("systemctl show -p MainPID --value microvm@web");
    volume = await world.make<VolumeState>("Volume", "data", { size: 32, onDelete: "delete" });
    assert.is(volume.bytes, 32 << 20);
    assert.is(await onHost("systemctl show -p MainPID --value microvm@web"), pid);
  });

  if (kind === "firecracker")
    test("exchanges a volume while the guest runs, and none that the guest mounts", async () => {
      const other = await world.make<VolumeState>("Volume", "other", { size: 16, onDelete: "delete" });
      const pid = (await onHost("systemctl show -p MainPID --value microvm@web")).trim();
      const inode = async (path: string) => (await onHost(`stat -c %i ${path}`)).trim();
      const opened = async () => (await onHost(`stat -L -c %i /proc/${pid}/fd/*`)).split("\n");
      assert.ok((await opened()).includes(await inode(volume.path)));
      await guest("web", "count", { volumes: [{ volume: other }], restart: "always" });
      assert.is((await onHost("systemctl show -p MainPID --value microvm@web")).trim(), pid);
      const now = await opened();
      assert.ok(now.includes(await inode(other.path)) && !now.includes(await inode(volume.path)));
      assert.equal(await world.drift(), {});
      // It can be told that it has grown, and after a crash it is bound into the jail like any other.
      await world.make<VolumeState>("Volume", "other", { size: 24, onDelete: "delete" });
      await onHost(`kill -KILL ${pid}`);
      await until("its return", async () => (await active("web")) && Object.keys(await world.drift()).length === 0);
      const again = (await onHost("systemctl show -p MainPID --value microvm@web")).trim();
      assert.is.not(again, pid);
      await guest("web", "count", { volumes: [{ volume, mountPath: "/data" }], restart: "always" });
      assert.is.not((await onHost("systemctl show -p MainPID --value microvm@web")).trim(), again);
      await guest("web", "count", { volumes: [{ volume }], restart: "always" });
      await world.remove("Volume", "other");
      assert.equal(await world.drift(), {});
    });

  if (kind === "cloud-hypervisor")
    test("takes volumes and interfaces while the guest runs, and restarts a guest that does not let go of one", async () => {
      const socket = "/run/microvm/vm/web/ch.sock";
      const info = () => onHost(`echo 'GET /api/v1/vm.info' | /usr/lib/microvm/vmm-api ${socket}`);
      const pid = async () => (await onHost("systemctl show -p MainPID --value microvm@web")).trim();
      const other = await world.make<VolumeState>("Volume", "other", { size: 16, onDelete: "delete" });
      const first = await pid();
      const both = { volumes: [{ volume }, { volume: other }], interfaces: [{ network }, { network }] };
      const web = await guest("web", "count", { ...both, restart: "always" });
      assert.is(await pid(), first);
      assert.match(await info(), /"id": *"vol-1"/);
      assert.match(await info(), /"id": *"eth1"/);
      assert.match(await onHost("ls /sys/class/net"), /^mvt-web1$/m);
      assert.is(new Set(web.addresses.map(({ address }) => address)).size, 2);
      assert.equal(await world.drift(), {});
      // It opened the file as its own user, through the sandbox that it started in.
      const inode = (await onHost(`stat -c %i ${other.path}`)).trim();
      assert.ok((await onHost(`stat -L -c %i /proc/${first}/fd/*`)).split("\n").includes(inode));
      // The tiny guest has no driver to let go of anything.
      await guest("web", "count", { volumes: [{ volume }], restart: "always" });
      await until("its restart", async () => (await active("web")) && Object.keys(await world.drift()).length === 0);
      assert.is.not(await pid(), first);
      assert.not.match(await info(), /"id": *"(vol-1|eth1)"/);
      assert.not.match(await onHost("ls /sys/class/net"), /^mvt-web1$/m);
      await world.remove("Volume", "other");
    });

  test("is told of what it can change while it runs, and restarted for the rest", async () => {
    const ask = async (path: string) =>
      JSON.parse(await onHost(`echo 'GET ${path}' | /usr/lib/microvm/vmm-api ${socket}`)) as Record<string, unknown>;
    const socket = `/run/microvm/vm/live/${kind === "firecracker" ? "fc" : "ch"}.sock`;
    const pid = async () => (await onHost("systemctl show -p MainPID --value microvm@live")).trim();
    const live = (more: object) => guest("live", "count", more);
    const rateLimit = { bandwidth: 1 << 20, operations: 100 };
    if (kind === "firecracker") {
      await live({ metadata: '{"answer":1}', rootDisk: { mode: "shared" } });
      const first = await pid();
      await live({
        metadata: '{"answer":2}',
        rootDisk: { mode: "shared", rateLimit },
        interfaces: [{ network, rateLimit }],
      });
      assert.is(await pid(), first);
      assert.equal(await ask("/mmds"), { answer: 2 });
      const { drives, "network-interfaces": interfaces } = (await ask("/vm/config")) as {
        drives: { drive_id: string; rate_limiter: { bandwidth: { size: number } } }[];
        "network-interfaces": { tx_rate_limiter: { ops: { size: number } } }[];
      };
      assert.is(drives.find(({ drive_id }) => drive_id === "root")?.rate_limiter.bandwidth.size, 1 << 20);
      assert.is(interfaces[0]?.tx_rate_limiter.ops.size, 100);
      assert.equal(await world.drift(), {});
      await live({ metadata: '{"answer":2}', vcpus: 2 });
      assert.is.not(await pid(), first);
      // Room for more memory is there; the tiny guest has no driver to take it.
      await live({ metadata: '{"answer":2}', vcpus: 2, maxMemory: 256 });
      assert.is((await ask("/hotplug/memory")).total_size_mib, 128);
      const growth = await failure(live({ metadata: '{"answer":2}', vcpus: 2, memory: 256, maxMemory: 256 }));
      assert.match(growth.message, /Memory hotplug update error: .*not active/);
      await live({ metadata: '{"answer":2}', vcpus: 2, maxMemory: 256 });
    } else {
      await live({ maxVcpus: 4, maxMemory: 512 });
      const first = await pid();
      await live({ maxVcpus: 4, maxMemory: 512, vcpus: 3, memory: 256 });
      assert.is(await pid(), first);
      const { config } = (await ask("/api/v1/vm.info")) as {
        config: { cpus: { boot_vcpus: number }; memory: { hotplugged_size: number } };
      };
      assert.is(config.cpus.boot_vcpus, 3);
      assert.is(config.memory.hotplugged_size, 128 << 20);
      assert.equal(await world.drift(), {});
      await live({ maxVcpus: 4, maxMemory: 512, vcpus: 3, memory: 128 });
      assert.is.not(await pid(), first, "memory is not taken from a running guest");
    }
    assert.equal(await world.drift(), {});
    await world.remove("MicroVM", "live");
  });

  test("a VMM that is killed comes back, and so does everything after a power cut", async () => {
    const pid = (await onHost("systemctl show -p MainPID --value microvm@web")).trim();
    assert.ok(Number(pid) > 1, pid);
    await onHost(`kill -KILL ${pid}`);
    await until("its return", async () => {
      const now = (await onHost("systemctl show -p MainPID --value microvm@web")).trim();
      return now !== pid && now !== "0" && (await active("web"));
    });
    await until("its drift to end", async () => Object.keys(await world.drift()).length === 0);
    await closeAll();
    await lab.powerLoss("h1");
    await until("its return", () => active("web"));
    await until("its drift to end", async () => Object.keys(await world.drift()).length === 0);
  });

  test("a guest that reboots itself is booted again, whatever the restart policy", async () => {
    await guest("again", "reset", { restart: "never", ready: { serial: tinyGuestSays, timeout: 30 } });
    await until("a second boot", async () => (await console_("again")).split(tinyGuestSays).length > 2);
    await world.remove("MicroVM", "again");
  });

  test("what is gone stays gone where nothing restarts it, and refresh says how it ended", async () => {
    // Firecracker's guests have no way to power off.
    if (kind === "firecracker") {
      await guest("gone", "count", { restart: "never" });
      const pid = (await onHost("systemctl show -p MainPID --value microvm@gone")).trim();
      assert.ok(Number(pid) > 1, pid);
      await onHost(`kill -KILL ${pid}`);
    } else {
      await guest("gone", "poweroff", { restart: "never" });
    }
    // While it is deactivating, how it ended is not noted yet.
    await until("its end", async () =>
      /inactive|failed/.test(await onHost("systemctl is-active microvm@gone || true")),
    );
    const drift = (await world.drift())["MicroVM/gone"] ?? [];
    assert.match(
      drift.join("\n"),
      kind === "firecracker" ? /its VMM was ended by signal KILL/ : /its guest powered off/,
    );
    await world.remove("MicroVM", "gone");
  });

  test("stops, starts, and leaves the host as it was", async () => {
    await guest("web", "count", { volumes: [{ volume }], restart: "always", state: "stopped" });
    assert.is((await world.read("MicroVM", "web"))?.state, "stopped");
    assert.equal(await world.drift(), {});
    await guest("web", "count", { volumes: [{ volume }], restart: "always" });
    assert.ok(await active("web"));
    await world.destroy();
    assert.equal(inventoryChanges(before, await hostInventory(lab, "h1")), []);
  });

  test.run();
}
