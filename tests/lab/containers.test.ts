import { createCipheriv } from "node:crypto";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ContainerEngineState, ContainerState, GVisorState, NetworkState } from "../../provider/generated/types";
import { UnfinishedError } from "../../provider/resource";
import { closeAll } from "../../provider/ssh";
import { failure } from "../failure";
import { skip } from "../skip";
import { containerImage } from "./container-image";
import { hostInventory, inventoryChanges } from "./host-inventory";
import { Lab } from "./lab";
import { Registry } from "./registry";
import { reference, World } from "./world";

const test = suite("containers");
const reason = Lab.unavailable();
if (reason) {
  skip("containers", reason);
} else {
  let lab: Lab;
  let registry: Registry;
  const hosts = { book: "bookworm", trix: "trixie" } as const;
  /** Says what it sees, and serves that until it is ended. */
  const served = containerImage({
    entrypoint: ["sh", "-c"],
    cmd: [
      'trap "echo asked to end; exit 0" TERM; mkdir -p /tmp/w; echo "hello $WHO from $(cat /proc/version | cut -d " " -f 1-3)" > /tmp/w/index.html; cat /tmp/w/index.html; httpd -f -p 8080 -h /tmp/w & wait',
    ],
    env: ["PATH=/bin", "WHO=image"],
  });
  const other = containerImage({
    entrypoint: ["sh", "-c"],
    env: ["PATH=/bin"],
    cmd: ['echo "another one"; sleep 1000'],
  });
  /** Says by which signal it is asked to end, and is made to be asked by another than the usual one. */
  const quitting = containerImage({
    entrypoint: ["sh", "-c"],
    env: ["PATH=/bin"],
    stopSignal: "SIGQUIT",
    cmd: [
      'for s in TERM INT QUIT; do trap "echo asked to end by $s; exit 0" $s; done; echo ready; while :; do sleep 1000 & wait; done',
    ],
  });
  /** With 12 MiB that cannot be packed, the same ones each time. */
  const large = containerImage({
    entrypoint: ["sh", "-c", "sleep 1000"],
    env: ["PATH=/bin"],
    files: {
      "/large": {
        content: createCipheriv("aes-128-ctr", Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(12 << 20)),
      },
    },
  });

  test.before(async () => {
    lab = await Lab.open(`c${process.pid % 100000}`);
    registry = await Registry.start(lab);
    await Promise.all(
      Object.entries(hosts).map(([name, release]) => lab.host(name, { suite: release, containers: true })),
    );
  });
  test.after(async () => {
    await closeAll();
    await lab?.close();
  });

  for (const name of Object.keys(hosts) as (keyof typeof hosts)[]) {
    let world: World;
    let before: string[];
    let engine: object;
    let gvisor: object;
    let network: object;
    let web: ContainerState;
    let tagged: string;
    const onHost = (script: string) => lab.output(name, script);
    const fetched = (address: string, port = 8080) =>
      lab.exec(name, `curl -s -m 5 http://${address}:${port}/`).then(({ stdout }) => stdout.trim());
    /** What it says, once it says anything. */
    const answer = async (address: string) => {
      let said = "";
      for (let tries = 0; tries < 80 && !said; tries++) {
        said = await fetched(address);
        if (!said) await new Promise((resolve) => setTimeout(resolve, 250));
      }
      return said;
    };
    const declare = (id: string, more: object) =>
      world.make<ContainerState>("Container", id, {
        engine,
        image: { reference: tagged, tls: false },
        handler: "runc",
        stopTimeout: 5,
        ...more,
      });
    const webInputs = () => ({
      interfaces: [{ network }],
      environment: { WHO: "program", TOKEN: "s3cr3t-value" },
      ready: { tcp: 8080 },
      limits: { memory: 64, cpu: 50 },
    });
    const pidOf = (id: string) => onHost(`cat /run/microvm/container/${id}/pid`).then((text) => text.trim());

    test(`${name}: an image from a registry runs under runc, with what is declared`, async () => {
      await lab.ssh(name, "apt-get update -q");
      await lab.reboot(name);
      before = await hostInventory(lab, name);
      world = new World(lab, name);
      tagged = registry.push(served, `served:${name}`);
      await world.host();
      engine = reference(
        "ContainerEngine",
        await world.make<ContainerEngineState>("ContainerEngine", "containerd", { kind: "containerd", install: true }),
      );
      // What it brings onto the host, the network's packages come to need too: that is to go with the last of them.
      await declare("early", { command: ["sleep", "1000"] });
      network = reference("Network", await world.make<NetworkState>("Network", "lan", { cidr: "172.30.0.0/24" }));
      await world.remove("Container", "early");
      web = await declare("web", webInputs());
      assert.is(web.imageDigest, served.digest);
      assert.is(web.runsUnder, "runc");
      assert.match(await fetched(web.ipAddress), /^hello program from Linux version/);
      assert.equal(await world.drift(), {});
      const status = await onHost(`cat /proc/$(cat /run/microvm/container/web/pid)/status`);
      assert.match(status, /Seccomp:\t2/);
      assert.match(status, /NoNewPrivs:\t1/);
      const group = await onHost(`sed -n 's/.*memory://p' /proc/$(cat /run/microvm/container/web/pid)/cgroup`);
      assert.is(
        (await onHost(`cat /sys/fs/cgroup/memory${group.trim()}/memory.limit_in_bytes`)).trim(),
        String(64 << 20),
      );
    });

    test(`${name}: what is secret is in no command line, unit or record, and not everybody's to read`, async () => {
      const found = await onHost(
        "grep -l -a s3cr3t[-]value /proc/[0-9]*/cmdline 2> /dev/null; grep -rl s3cr3t[-]value /etc/systemd /run/systemd/system; true",
      );
      assert.is(found, "");
      assert.is(
        (await onHost("grep -rl s3cr3t[-]value /etc/microvm")).trim(),
        "/etc/microvm/containers/web/environment",
      );
      assert.is((await onHost("stat -c '%a %U' /etc/microvm/containers/web/environment")).trim(), "600 root");
    });

    test(`${name}: a tag is looked up once, and another image only comes with another declaration`, async () => {
      const pid = await pidOf("web");
      registry.push(other, `served:${name}`);
      await declare("web", webInputs());
      assert.is(await pidOf("web"), pid);
      registry.push(served, `served:${name}`);
      const wrong = await failure(declare("wrong", { image: { reference: tagged, tls: false, digest: other.digest } }));
      assert.is(wrong.code, "image-digest");
      await world.remove("Container", "wrong");
    });

    test(`${name}: an image is got once for all that come at once, and by its digest not where it is already`, async () => {
      const asked = (image: string) => registry.requests().filter((line) => line.includes(`/v2/${image}/`)).length;
      const push = (image: string) => ({ reference: registry.push(served, `${image}:${name}`), tls: false });
      const one = `one-${name}`;
      const three = `three-${name}`;
      await declare("first", { image: push(one) });
      assert.ok(asked(one) > 0);
      const image = push(three);
      const ids = ["second", "third", "fourth"];
      const made = await Promise.all(ids.map((id) => declare(id, { image })));
      assert.ok(made.every(({ imageDigest }) => imageDigest === served.digest));
      assert.is(asked(three), asked(one));
      const pinned = await declare("fifth", {
        image: { reference: `${registry.address}/none@${served.digest}`, tls: false },
      });
      assert.is(pinned.imageDigest, served.digest);
      assert.is(asked("none"), 0);
      assert.equal(await world.drift(), {});
      for (const id of ["first", ...ids, "fifth"]) await world.remove("Container", id);
    });

    test(`${name}: it runs on while its engine is restarted, and its end is noticed after that`, async () => {
      const pid = await pidOf("web");
      await onHost("systemctl restart containerd; sleep 1");
      assert.is(await pidOf("web"), pid);
      assert.match(await fetched(web.ipAddress), /^hello program/);
      await onHost(`kill -KILL ${pid}`);
      await onHost(
        `for i in $(seq 300); do sleep 0.1; now=$(cat /run/microvm/container/web/pid 2> /dev/null) && [ "$now" != ${pid} ] && exit 0; done; exit 1`,
      );
      assert.match(await answer(web.ipAddress), /^hello program/);
      assert.equal(await world.drift(), {});
    });

    test(`${name}: ports of the host lead to it, and change while it runs`, async () => {
      const pid = await pidOf("web");
      const address = (lab.hosts.find((one) => one.name === name) as { address: string }).address;
      await declare("web", { ...webInputs(), ports: [{ host: 8081, container: 8080 }] });
      assert.is(await pidOf("web"), pid);
      assert.match(await fetched(address, 8081), /^hello program/, "from the host itself");
      const elsewhere = name === "book" ? "trix" : "book";
      const { stdout } = await lab.exec(elsewhere, `curl -s -m 5 http://${address}:8081/`);
      assert.match(stdout, /^hello program/, "from another machine");
      // Neither another container nor a program of the host can have it at the same time.
      for (const host of [8081, 5000]) {
        await onHost(
          "systemd-run -q --unit=listens perl -MIO::Socket::INET -e 'push @all, IO::Socket::INET->new(LocalPort => 5000, Listen => 1); sleep 1000'; sleep 1",
        );
        const taken = await failure(
          declare("thief", { interfaces: [{ network }], ports: [{ host, container: 8080 }] }),
        );
        assert.is(taken.code, "port-taken", taken.message);
        await world.remove("Container", "thief");
        await onHost("systemctl stop listens; systemctl reset-failed listens 2> /dev/null || true");
      }
      const inUse = await failure(world.remove("Network", "lan"));
      assert.match(inUse.message, /Container web/);
      await declare("web", webInputs());
      assert.is(await fetched(address, 8081), "");
      assert.is(await pidOf("web"), pid);
    });

    test(`${name}: one that ends by itself follows its policy, and refresh says how it ended`, async () => {
      const ended = await failure(
        declare("short", { command: ["sh", "-c", "echo going; exit 7"], restart: "never", ready: { log: "never" } }),
      );
      assert.is(ended.code, "container-ended", ended.message);
      assert.match(ended.message, /going/);
      const drift = await world.drift();
      assert.match(String(drift["Container/short"]), /ended with status 7/);
      await world.remove("Container", "short");
      const missing = await failure(
        declare("missing", { command: ["/no/such"], restart: "never", ready: { log: "never" } }),
      );
      assert.match(missing.message, /no such file/);
      await world.remove("Container", "missing");
    });

    test(`${name}: from an archive, with mounts and arguments of any kind`, async () => {
      await onHost("mkdir -p /srv/data; echo given > /srv/data/file");
      const word = "a'b\"c\nd $HOME ;e";
      const made = await declare("args", {
        image: { archive: other.path },
        command: [
          "sh",
          "-c",
          'printf "%s" "$1" > /data/word; cat /data/file; touch /locked/x; echo end; sleep 1000',
          "sh",
          word,
        ],
        mounts: [
          { source: "/srv/data", target: "/data" },
          { source: "/srv/data", target: "/locked", readOnly: true },
          { target: "/memory" },
        ],
        readOnly: true,
        ready: { log: "^end$" },
      });
      assert.is(made.imageDigest, other.digest);
      assert.is(await onHost("cat /srv/data/word"), word);
      const said = await onHost("cat /var/lib/microvm/containers/args/console.log");
      assert.match(said, /given/);
      assert.match(said, /Read-only file system/);
      await world.remove("Container", "args");
      await onHost("rm -r /srv/data");
    });

    test(`${name}: its log is bounded while it writes`, async () => {
      await declare("loud", {
        command: ["sh", "-c", "yes & sleep 5; kill $!; sleep 0.5; echo; echo done; sleep 1000"],
        ready: { log: "^done$" },
      });
      const size = Number(await onHost("stat -c %s /var/lib/microvm/containers/loud/console.log"));
      assert.ok(size > 1 << 20 && size <= 16 << 20, String(size));
      await world.remove("Container", "loud");
      assert.is(await onHost("pgrep -f '^/usr/bin/perl /usr/lib/microvm/container-log' | wc -l"), "1\n");
    });

    test(`${name}: the same image runs under gVisor, with a kernel of its own`, async () => {
      const made = await world.make<GVisorState>("GVisor", "gvisor", {
        engines: [engine],
        platform: "ptrace",
        // What both releases have misjudges the kernel of the machine that tests run on.
        network: "host",
      });
      gvisor = reference("GVisor", made);
      assert.is(made.verified, "a container ran under it");
      const sand = await declare("sand", { ...webInputs(), gvisor, handler: undefined, isolation: "strongest" });
      assert.is(sand.runsUnder, "gvisor");
      assert.match(sand.isolationReason, /no usable KVM|no Kata/);
      assert.match(await answer(sand.ipAddress), /^hello program from Linux version 4\.4\.0/);
      assert.equal(await world.drift(), {});
      assert.equal((await world.read("ContainerEngine", "containerd"))?.handlers, ["gvisor"]);
      const inUse = await failure(world.remove("GVisor", "gvisor"));
      assert.is(inUse.code, "runtime-in-use");
      assert.match(inUse.message, /sand/);
      const pid = await pidOf("sand");
      await onHost("systemctl restart containerd; sleep 1");
      assert.match(await answer(sand.ipAddress), /^hello program/);
      assert.is(await pidOf("sand"), pid);
    });

    test(`${name}: containers are kept from each other`, async () => {
      const sand = world.state<ContainerState>("Container", "sand");
      const from = (address: string) =>
        lab
          .exec(name, `ip netns exec mvc-web curl -s -o /dev/null -m 3 http://${address}:8080/`)
          .then(({ code }) => code);
      assert.is(await from(web.ipAddress), 0);
      assert.is.not(await from(sand.ipAddress), 0);
    });

    test(`${name}: without its engine nothing is done to it, and that is said`, async () => {
      const pid = await pidOf("web");
      await onHost("systemctl stop containerd");
      const { code, message } = await failure(world.remove("Container", "web"));
      assert.is(code, "engine-not-running", message);
      await onHost("systemctl start containerd");
      assert.is(await pidOf("web"), pid);
      assert.match(await fetched(web.ipAddress), /^hello program/);
    });

    test(`${name}: what was to run once and has, is done`, async () => {
      await declare("once", { command: ["sh", "-c", "exit 0"], restart: "never" });
      await new Promise((resolve) => setTimeout(resolve, 1500));
      assert.equal(await world.drift(), {});
      await world.remove("Container", "once");
    });

    test(`${name}: drift is told and repaired`, async () => {
      for (const [damage, sentence] of [
        ["ctr -n microvm task kill -s KILL web.c < /dev/null; systemctl stop microvm-container@web", /not running/],
        ["echo '# more' >> /etc/microvm/containers/web/interfaces-up", /was changed/],
        ["systemctl disable -q microvm-container@web", /would not start/],
      ] as const) {
        await onHost(damage);
        assert.match(String((await world.drift())["Container/web"]), sentence);
        await world.up();
        assert.equal(await world.drift(), {});
        assert.match(await fetched(web.ipAddress), /^hello program/);
      }
    });

    test(`${name}: after a power cut both are there again`, async () => {
      await lab.powerLoss(name);
      const sand = world.state<ContainerState>("Container", "sand");
      for (const { ipAddress } of [web, sand]) {
        assert.match(await answer(ipAddress), /^hello program/);
      }
      assert.equal(await world.drift(), {});
    });

    test(`${name}: stops by the image's signal, and starts again`, async () => {
      await declare("web", { ...webInputs(), state: "stopped" });
      assert.is((await world.read("Container", "web"))?.state, "stopped");
      assert.match(await onHost("tail -n 3 /var/lib/microvm/containers/web/console.log"), /asked to end/);
      assert.equal(await world.drift(), {});
      await declare("web", webInputs());
      assert.match(await fetched(web.ipAddress), /^hello program/);
    });

    test(`${name}: its image's own signal asks it to end, at a restart as at a stop`, async () => {
      const image = { reference: registry.push(quitting, `quitting:${name}`), tls: false };
      const asked = () => onHost("grep '^asked' /var/lib/microvm/containers/quits/console.log || true");
      await declare("quits", { image, stopTimeout: 30, ready: { log: "^ready$" } });
      assert.is(await asked(), "");
      await declare("quits", { image, stopTimeout: 30, ready: { log: "^ready$" }, workingDirectory: "/bin" });
      assert.is(await asked(), "asked to end by QUIT\n");
      await declare("quits", { image, stopTimeout: 30, workingDirectory: "/bin", state: "stopped" });
      assert.is(await asked(), "asked to end by QUIT\nasked to end by QUIT\n");
      await world.remove("Container", "quits");
    });

    test(`${name}: a full disk is an error that says so, and the next run goes on once there is space`, async () => {
      const image = { reference: registry.push(large, `large:${name}`), tls: false };
      const content = "/var/lib/containerd/io.containerd.content.v1.content";
      const images = () => onHost("ctr -n microvm image ls -q");
      const before = await images();
      // Where it is packed for the engine, and where the engine unpacks it.
      for (const full of ["/var/lib/microvm", content]) {
        await lab.smallDisk(name, full, 8);
        if (full === content) await onHost(`mkdir -p ${content}/blobs/sha256 ${content}/ingest`);
        const error = await failure(declare("large", { image }));
        const left = await onHost("find /var/lib/microvm -mindepth 1 -path '*large*'");
        await onHost(`umount ${full}`);
        assert.is(error.code, "disk-full", error.message);
        assert.instance(error, UnfinishedError);
        assert.is(left, "");
        assert.is(await images(), before);
        assert.match(String((await world.drift())["Container/large"]), /not made to the end|did not finish/);
        await world.up();
        assert.equal(await world.drift(), {});
        assert.is((await world.read("Container", "large"))?.imageDigest, large.digest);
        await world.remove("Container", "large");
        assert.is(await images(), before);
      }
    });

    test(`${name}: says what is wrong with what is asked for`, async () => {
      const cases: [object, string | RegExp][] = [
        [{ image: { reference: `${registry.address}/nothing:1`, tls: false } }, "image-unknown"],
        [{ image: { reference: tagged } }, "registry-plain"],
        [{ image: { archive: __filename } }, "image-archive"],
        [{ handler: "kata-clh" }, /handler: is not one that the container is given: there is runc/],
        [{ handler: undefined }, /say how it is isolated/],
        [{ ports: [{ host: 1, container: 1 }] }, /lead to an interface/],
        [{ interfaces: [{ network, address: web.ipAddress }] }, new RegExp(`${web.ipAddress} of Container web`)],
      ];
      for (const [more, expected] of cases) {
        const { code, message } = await failure(declare("bad", more));
        if (typeof expected === "string") assert.is(code, expected, message);
        else assert.match(message, expected);
        await world.remove("Container", "bad").catch(() => {});
      }
    });

    test(`${name}: all of it goes without a trace`, async () => {
      await world.destroy();
      // A container that was refused has left its record; nothing else is declared by now.
      assert.equal(inventoryChanges(before, await hostInventory(lab, name)), []);
    });
  }
}

test.run();
