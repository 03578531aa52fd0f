import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type {
  ContainerEngineState,
  GVisorState,
  HostState,
  KataRuntimeState,
  Kind,
  NetworkState,
  SnapshotState,
  VolumeState,
} from "../../provider/generated/types";
import { converge, diff, find, read, remove, useAccess } from "../../provider/lifecycle";
import { closeAll } from "../../provider/ssh";
import type { RoundTrip } from "../../provider/ssh/trace";
import { failure } from "../failure";
import { skip } from "../skip";
import { containerImage } from "./container-image";
import { findElsewhere } from "./find-elsewhere";
import { kataArchive } from "./kata-archive";
import { Lab, type LabHost } from "./lab";
import { startCold } from "./round-trips";
import { tinyGuestSays } from "./tiny-guest";
import { type Basics, reference, World } from "./world";

type State = Record<string, unknown>;

const test = suite("import");
const reason = Lab.unavailable();
if (reason) {
  skip("import", reason);
} else {
  let lab: Lab;
  let world: World;
  let host: LabHost;
  let basics: Basics;
  let scratch: string;
  let address: string;
  const home = process.env.HOME;
  const cache = process.env.XDG_CACHE_HOME;
  const small = {
    memory: 64,
    rootDisk: { size: 16 },
    sshAuthorizedKeys: undefined,
    ready: { serial: tinyGuestSays, timeout: 60 },
  };
  const files = [
    { path: "/etc/token", content: "s3cr3t\n", mode: "0600" },
    { path: "/etc/it's $HOME", content: "ä\0é" },
  ];

  const idOf = (name: string) => `${address}/${name}`;
  /** As an engine's state holds it. */
  const plain = (state: unknown) => JSON.parse(JSON.stringify(state)) as State;
  const counts = (trips: RoundTrip[]) => trips.map(({ kind }) => kind).sort();
  /** What a run that begins now finds. */
  const found = async (kind: Kind, name: string) => {
    await startCold();
    return (await find(kind, kind === "Host" ? address : idOf(name))) as State;
  };
  const onHost = (script: string) => lab.output("h1", script);

  test.before(async () => {
    lab = await Lab.open(`i${process.pid % 100000}`);
    host = await lab.host("h1", { containers: true });
    await lab.ssh("h1", "apt-get update -q");
    scratch = mkdtempSync(join(tmpdir(), "microvm-import-"));
    process.env.XDG_CACHE_HOME = cache ?? join(homedir(), ".cache");
    process.env.HOME = scratch;
    mkdirSync(join(scratch, ".ssh"));
    writeFileSync(join(scratch, ".ssh/known_hosts"), `[127.0.0.1]:${host.port} ${host.hostKey}\n`);
    useAccess({ privateKeyFile: host.privateKeyFile });
    address = `root@127.0.0.1:${host.port}`;
    world = new World(lab, "h1");
  });
  test.after(async () => {
    useAccess({});
    await closeAll();
    if (home === undefined) delete process.env.HOME;
    else process.env.HOME = home;
    if (cache === undefined) delete process.env.XDG_CACHE_HOME;
    await lab?.close();
    if (scratch) rmSync(scratch, { recursive: true, force: true });
  });

  const atHost = () => ({ address: "127.0.0.1", port: host.port, user: "root", packages: ["file"] });

  test("objects of every kind are made", async () => {
    const state = await world.make<HostState>("Host", "h1", atHost());
    world.hostReference = reference("Host", state) as unknown as World["hostReference"];
    const { vmm, kernel, rootfs, network } = await world.tinyBasics();
    basics = Object.fromEntries(
      Object.entries({ Vmm: vmm, Kernel: kernel, RootfsImage: rootfs, Network: network }).map(([kind, made]) => [
        { Vmm: "vmm", Kernel: "kernel", RootfsImage: "rootfs", Network: "network" }[kind],
        reference(kind as Kind, made),
      ]),
    ) as unknown as Basics;
    const volume = await world.make<VolumeState>("Volume", "data", { size: 8, onDelete: "delete" });
    const web = await world.microVM("web", basics, {
      ...small,
      files,
      volumes: [{ volume: reference("Volume", volume) }],
    });
    await world.microVM("idle", basics, { ...small, state: "stopped" });
    const warm = await world.make<SnapshotState>("Snapshot", "warm", { microVM: reference("MicroVM", web) });
    const { machine, accelerator, vcpus, memory, kernelArgs, rootDisk } = warm.guest;
    await world.make("MicroVM", "twin", {
      ...{ snapshot: reference("Snapshot", warm), vmm: warm.vmm, kernel: warm.kernel, rootfs: warm.rootfs },
      ...{ machine, accelerator, vcpus, memory, kernelArgs, rootDisk },
      interfaces: [{ network: basics.network }],
      stopTimeout: 0,
    });
    const engine = reference(
      "ContainerEngine",
      await world.make<ContainerEngineState>("ContainerEngine", "containerd", { kind: "containerd", install: true }),
    );
    const gvisor = await world.make<GVisorState>("GVisor", "gvisor", {
      engines: [engine],
      platform: "ptrace",
      network: "host",
    });
    const source = {
      file: kataArchive(scratch, { version: "3.32.0", process: join(host.root, "usr/bin/dash") }),
    };
    await world.make<KataRuntimeState>("KataRuntime", "kata", {
      version: "3.32.0",
      source,
      engines: [engine],
      handlers: [
        { name: "kata-qemu", vmm: "qemu" },
        { name: "kata-clh", vmm: "clh" },
      ],
    });
    const lan = await world.make<NetworkState>("Network", "inner", { cidr: "172.29.0.0/24" });
    await world.make("Container", "sand", {
      engine,
      gvisor: reference("GVisor", gvisor),
      isolation: "strongest",
      image: { archive: containerImage({ cmd: ["sleep", "1000"], env: ["PATH=/bin"] }).path },
      interfaces: [{ network: reference("Network", lan) }],
      environment: { TOKEN: "a=b 'c'", EMPTY: "" },
      stopTimeout: 5,
    });
    assert.equal(await world.drift(), {});
    assert.is(new Set(world.objects.map(({ kind }) => kind)).size, 12);
  });

  test("each is found by its id as it was when it was made, by a process that knows nothing, in two round trips", async () => {
    const wanted = world.objects.map(({ kind, state }): [Kind, string] => [
      kind,
      kind === "Host" ? address : idOf(state.name as string),
    ]);
    const { states, trips } = await findElsewhere(wanted, host.privateKeyFile);
    world.objects.forEach(({ kind, state }, index) => {
      assert.equal(states[index], plain(state), `${kind} ${state.name}`);
    });
    // One reading for all; and what no record holds, of the two that have such.
    assert.equal(counts(trips), ["connect", "exec", "exec", "exec"]);
    const one = await findElsewhere([["MicroVM", idOf("web")]], host.privateKeyFile);
    assert.equal(counts(one.trips), ["connect", "exec", "exec"]);
    const network = await findElsewhere([["Network", idOf("lan")]], host.privateKeyFile);
    assert.equal(counts(network.trips), ["connect", "exec"]);
  });

  test("what is found is as declared, and as the host shows it", async () => {
    for (const { kind, state } of world.objects) {
      const name = state.name as string;
      const of = await found(kind, name);
      assert.equal(diff(kind, of, world.inputs(kind, name)), { action: "unchanged" }, `${kind} ${name}`);
      assert.equal((await read(kind, of))?.drift, [], `${kind} ${name}`);
    }
  });

  test("another way to the host is a live change, and an alias of the SSH configuration is one", async () => {
    writeFileSync(join(scratch, ".ssh/config"), `Host metal\n  HostName 127.0.0.1\n  Port ${host.port}\n  User root\n`);
    await startCold();
    const state = (await find("Volume", "metal/data")) as State;
    const plan = diff("Volume", state, world.inputs("Volume", "data"));
    assert.equal(plan, {
      action: "update",
      changes: [{ property: "host.connection", effect: "live", reason: "host is reached in another way" }],
    });
    assert.equal((state.host as { connection: object }).connection, { address: "metal", hostKey: host.hostKey });
  });

  test("a host whose key is not known is not believed", async () => {
    await startCold();
    const known = join(scratch, ".ssh/known_hosts");
    writeFileSync(known, "");
    try {
      const script = findElsewhere([["Volume", idOf("data")]], host.privateKeyFile);
      assert.match((await failure(script)).message, /host-key-unknown/);
    } finally {
      writeFileSync(known, `[127.0.0.1]:${host.port} ${host.hostKey}\n`);
    }
  });

  test("after a change that changes outputs the new ones are found", async () => {
    await world.make("Volume", "data", { size: 16, onDelete: "delete" });
    const kernel = await world.make<State>("Kernel", "tiny", {
      ...world.inputs("Kernel", "tiny"),
      initramfs: "none",
    });
    assert.is(kernel.initramfsDigest, "");
    await world.make("KataRuntime", "kata", {
      ...world.inputs("KataRuntime", "kata"),
      handlers: [{ name: "kata-clh", vmm: "clh" }],
    });
    for (const [kind, name] of [
      ["Volume", "data"],
      ["Kernel", "tiny"],
      ["KataRuntime", "kata"],
    ] as const) {
      assert.equal(plain(await found(kind, name)), plain(world.state(kind, name)), kind);
    }
  });

  test("a run that ends before it is done leaves nothing that is not so", async () => {
    const inputs = world.inputs("Kernel", "tiny");
    // Its record is written, and then its source is none.
    const bad = join(scratch, "bad-kernel");
    writeFileSync(bad, Buffer.concat([Buffer.from("\x7fELF", "latin1"), Buffer.alloc(4096)]));
    const broken = { ...inputs, source: { file: bad } };
    await onHost("mount --bind /bin/false /usr/lib/microvm/guest/kernel-format");
    const error = await failure(world.make("Kernel", "tiny", broken));
    await onHost("umount /usr/lib/microvm/guest/kernel-format");
    assert.is(error.code, "not-a-kernel", error.message);
    const incomplete = await failure(found("Kernel", "tiny"));
    assert.is(incomplete.code, "import-incomplete");
    assert.match(incomplete.message, /organization\/test\/dev::Kernel::tiny.*adopt: true/);
    await world.make("Kernel", "tiny", inputs);
    assert.equal(plain(await found("Kernel", "tiny")), plain(world.state("Kernel", "tiny")));
    // What a change has handed back for another record than there is now.
    await onHost("sed -i s/tiny/else/ /etc/microvm/kernels/tiny/record.json");
    assert.is((await failure(found("Kernel", "tiny"))).code, "import-incomplete");
    await onHost("sed -i s/else/tiny/ /etc/microvm/kernels/tiny/record.json");
    assert.is((await onHost("stat -c %a /etc/microvm/kernels/tiny/results")).trim(), "600");
  });

  test("an object of another program keeps its owner, and the one that found it may change it and take it away", async () => {
    const record = "/etc/microvm/volumes/theirs/record.json";
    const stranger = new World(lab, "h1", "stranger");
    stranger.hostReference = world.hostReference;
    const made = await stranger.make<VolumeState>("Volume", "theirs", { size: 8, onDelete: "delete" });
    const before = await onHost(`cat ${record}`);
    const state = await found("Volume", "theirs");
    assert.is(state.owner, made.owner);
    assert.is(await onHost(`cat ${record}`), before);
    const mine = await world.declare("Volume", "theirs", { size: 16, onDelete: "delete" });
    assert.is(diff("Volume", state, mine).action, "update");
    const changed = await converge("Volume", mine, state, () => {});
    assert.is(changed.bytes, 16 << 20);
    assert.is(changed.owner, mine.owner);
    assert.equal(plain(await found("Volume", "theirs")), plain(changed));
    assert.is(await stranger.read("Volume", "theirs"), undefined, "it is another's now");
    await remove("Volume", changed);
    await startCold();
    assert.is(await find("Volume", idOf("theirs")), undefined);
  });

  test("what only its owner and the way to its host tell from what is declared is not made anew", async () => {
    const image = await found("RootfsImage", "fast");
    const file = `/var/lib/microvm/store/${image.digest}`;
    const inode = await onHost(`stat -c %i ${file}`);
    const owner = "organization/heir/dev::RootfsImage::fast";
    const given = { ...world.inputs("RootfsImage", "fast"), owner };
    const plan = diff("RootfsImage", image, given);
    assert.equal(plan.action !== "unchanged" && plan.changes.map(({ property, effect }) => `${effect} ${property}`), [
      "live owner",
    ]);
    const heirs = await converge("RootfsImage", given, image, () => {});
    assert.is(await onHost(`stat -c %i ${file}`), inode);
    assert.equal(plain(heirs), { ...plain(image), owner });
    assert.equal(plain(await found("RootfsImage", "fast")), plain(heirs));
    await world.make("RootfsImage", "fast", { ...world.inputs("RootfsImage", "fast"), adopt: true });
  });

  test("a Host is found by its address, or where there are several by its name too", async () => {
    const other = new World(lab, "h1", "other");
    const second = await other.make<HostState>("Host", "h1", atHost());
    await startCold();
    const several = await failure(find("Host", address));
    assert.is(several.code, "several-hosts");
    assert.match(several.message, /other\/dev::Host::h1/);
    const [, id] = /(\S+) \(organization\/other/.exec(several.message) ?? [];
    assert.equal(plain(await find("Host", `${address}/${id?.split("/").at(-1)}`)), plain(second));
    assert.is(await find("Host", `${address}/nobody`), undefined);
    await other.destroy();
    assert.equal(plain(await found("Host", "h1")), plain(world.state("Host", "h1")));
  });

  test("what is not there is told apart from what is something else", async () => {
    await startCold();
    assert.is(await find("Kernel", idOf("none")), undefined);
    const another = await failure(find("Network", idOf("web")));
    assert.is(another.code, "another-kind");
    assert.match(another.message, /that is a MicroVM; of kind Network there are: inner, lan/);
    await startCold();
    const unreachable = await failure(find("Kernel", "root@127.0.0.1:1/tiny"));
    assert.is(unreachable.code, "dial-failed", unreachable.message);
  });

  test("all of it is taken away by what was found", async () => {
    for (const kind of ["Container", "KataRuntime", "GVisor", "ContainerEngine", "MicroVM", "Snapshot"] as const) {
      for (const { state } of world.objects.filter((object) => object.kind === kind)) {
        const name = state.name as string;
        await remove(kind, await found(kind, name));
        await startCold();
        assert.is(await find(kind, idOf(name)), undefined, `${kind} ${name}`);
      }
    }
    const kept = (await onHost("find /etc/microvm -name results")).trim().split("\n");
    assert.equal(
      kept.map((path) => path.split("/")[3]).sort(),
      ["hosts", "images", "kernels", "vmms"],
      "nothing is kept of what is gone",
    );
    await startCold();
    await world.destroy();
    assert.is((await lab.exec("h1", "ls -d /etc/microvm")).stdout, "");
  });

  test.run();
}
