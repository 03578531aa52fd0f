import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RootfsImageState } from "../../provider/generated/types";
import { closeAll } from "../../provider/ssh";
import { failure } from "../failure";
import { skip } from "../skip";
import { type ContainerImageOptions, containerImage } from "./container-image";
import { hostInventory, inventoryChanges } from "./host-inventory";
import { Lab } from "./lab";
import { type Basics, World } from "./world";

const test = suite("container images as microVMs");
const reason = Lab.unavailable();
if (reason) {
  skip("container images as microVMs", reason);
} else {
  let lab: Lab;
  let world: World;
  let basics: Basics;
  let before: string[];
  const registry = "127.0.0.1:5000";
  const onHost = (script: string) => lab.output("h1", script);
  const console_ = (name: string) => onHost(`tr -d '\\r' < /var/lib/microvm/vms/${name}/console.log`);
  const until = async (what: string, ask: () => Promise<boolean>, seconds = 30) => {
    const end = Date.now() + seconds * 1000;
    while (!(await ask())) {
      if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  const ended = (name: string) => async () =>
    (await onHost(`systemctl is-active microvm@${name} || true`)).trim() === "inactive";
  const fromArchive = (name: string, image: ContainerImageOptions, more: object = {}) =>
    world.make<RootfsImageState>("RootfsImage", name, {
      source: { oci: { archive: containerImage(image).path } },
      ...more,
    });
  const fromRegistry = (name: string, reference: string, more: object = {}) =>
    world.make<RootfsImageState>("RootfsImage", name, { source: { oci: { reference, tls: false, ...more } } });
  const boot = (name: string, rootfs: RootfsImageState, serial: string, more: object = {}) =>
    world.microVM(
      name,
      { ...basics, rootfs },
      { sshAuthorizedKeys: undefined, ready: { serial, timeout: 60 }, ...more },
    );
  /** Puts an image into the registry on the lab host, by a skopeo that is there for that. */
  const push = async (image: ContainerImageOptions, name: string) => {
    const file = containerImage(image).path;
    execFileSync("cp", [file, `${lab.hosts[0]?.root}/var/tmp/push.tar`]);
    await onHost(
      `skopeo copy -q --dest-tls-verify=false oci-archive:/var/tmp/push.tar docker://${registry}/${name}; rm /var/tmp/push.tar`,
    );
    return (
      await onHost(`skopeo inspect --tls-verify=false --format '{{.Digest}}' docker://${registry}/${name}`)
    ).trim();
  };

  /** Says what it was given, and stays until it is asked to end. */
  const telling: ContainerImageOptions = {
    entrypoint: ["/bin/sh", "-c", '. /app/tell "$@"', "tell"],
    cmd: ["two words", "", "it's $HOME\nand a second line"],
    env: ["PATH=/bin", "GREETING=good  day", "odd.name=x=y"],
    user: "app",
    workdir: "/srv/work",
    files: {
      "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n",
      "/etc/group": "root:x:0:\napp:x:1001:\nmedia:x:2002:other,app\n",
      "/srv/work/own": { content: "", uid: 1000, gid: 1001, mode: 0o600 },
      "/app/tell": `
        trap 'echo "asked to end"; exit 7' TERM
        for word; do echo "word=[$word]"; done
        echo "who=$(id -u):$(id -g) groups=$(id -G)"
        echo "where=$(pwd) home=$HOME greeting=$GREETING"
        tr '\\0' '\\n' < /proc/$$/environ | grep odd.name
        ls -ln own
        echo through the device > /dev/stdout
        cat /proc/self/mounts | grep -c passwd
        cat /etc/passwd | wc -l
        cat /srv/declared
        grep SigIgn /proc/self/status
        echo "the program is up"
        while :; do sleep 1; done`,
    },
  };

  test.before(async () => {
    lab = await Lab.open(`o${process.pid % 100000}`);
    await lab.host("h1");
    await lab.ssh("h1", "apt-get update -q");
    // The registry is the lab's, not ours, and so is the skopeo that fills it.
    const settings =
      "version: 0.1\\nstorage: {filesystem: {rootdirectory: /var/lib/lab-registry}}\\nhttp: {addr: 127.0.0.1:5000}\\n";
    const { code, stderr } = await lab.ssh(
      "h1",
      `set -e; mkdir -p /etc/systemd/system/docker-registry.service.d /var/lib/lab-registry; printf '${settings}' > /etc/lab-registry.yml
      printf '[Service]\\nUser=root\\nExecStart=\\nExecStart=/usr/bin/docker-registry serve /etc/lab-registry.yml\\n' > /etc/systemd/system/docker-registry.service.d/lab.conf
      DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends docker-registry skopeo
      systemctl restart docker-registry`,
      300_000,
    );
    assert.is(code, 0, stderr);
    // What the test's own use of them changes.
    await lab.ssh(
      "h1",
      "mount -t tmpfs tmpfs /var/lib/lab-registry; mkdir -p /var/lib/containers/cache; mount -t tmpfs tmpfs /var/lib/containers/cache",
    );
    before = await hostInventory(lab, "h1");
    world = new World(lab, "h1");
    await world.host();
    basics = await world.basics();
  });
  test.after(async () => {
    await closeAll();
    await lab?.close();
  });

  test("an archive's program runs as the image says, and ends when the guest is asked to power off", async () => {
    const rootfs = await fromArchive("telling", telling);
    assert.match(rootfs.imageDigest, /^sha256:[0-9a-f]{64}$/);
    const vm = await boot("telling", rootfs, "the program is up", {
      files: [{ path: "/srv/declared", content: "declared by the microVM\n" }],
      stopTimeout: 30,
    });
    const said = await console_("telling");
    for (const line of [
      "word=[two words]",
      "word=[]",
      "word=[it's $HOME",
      "and a second line]",
      "who=1000:1001 groups=1001 2002",
      "where=/srv/work home=/home/app greeting=good  day",
      "odd.name=x=y",
      "through the device",
      "0",
      "2",
      "declared by the microVM",
      "SigIgn:\t0000000000000000",
    ])
      assert.ok(said.split("\n").includes(line), `${line} is missing in:\n${said}`);
    assert.match(said, /^-rw-{7} +1 1000 +1001 +0 .* own$/m);
    assert.ok(vm.bootMillis > 0);
    assert.equal(await world.drift(), {});
    const began = Date.now();
    await onHost("systemctl stop microvm@telling");
    const took = Date.now() - began;
    assert.ok(took < 15_000, `stopping took ${took} ms`);
    const end = await console_("telling");
    assert.match(
      end,
      /asking the workload to end with SIGTERM\nasked to end\nmicrovm: the workload ended with status 7\n/,
    );
    await world.remove("MicroVM", "telling");
  });

  test("a program that ends powers its guest off, and the restart policy decides what follows", async () => {
    // Without a shell, and without anything else.
    const image = {
      entrypoint: ["/busybox", "ash", "-c", "echo at work; exec /busybox sleep 3"],
      applets: [],
      files: { "/busybox": busybox() },
    };
    const rootfs = await fromArchive("brief", image);
    await boot("brief", rootfs, "at work", { restart: "never" });
    await until("the end", ended("brief"));
    assert.match(await console_("brief"), /at work\nmicrovm: the workload ended with status 0\n/);
    assert.match((await world.drift())["MicroVM/brief"]?.join() ?? "", /its guest powered off/);
    await world.remove("MicroVM", "brief");
    await boot("again", rootfs, "at work", { restart: "always" });
    const times = async () => Number(await onHost("systemctl show -P NRestarts microvm@again"));
    await until("a second start", async () => (await times()) > 0);
    await world.remove("MicroVM", "again");
  });

  test("a user by number, who is in no list of accounts, and a signal of the image's own", async () => {
    const image: ContainerImageOptions = {
      entrypoint: [
        "sh",
        "-c",
        "trap 'echo got int; exit 0' INT; id -u; id -g; id -G; ls -l /etc/passwd; echo is up; while :; do sleep 1; done",
      ],
      user: "70000:70001",
      stopSignal: "SIGINT",
    };
    const rootfs = await fromArchive("numbers", image, { format: "squashfs" });
    await boot("numbers", rootfs, "is up", { rootDisk: { mode: "shared" }, stopTimeout: 30 });
    assert.match(await console_("numbers"), /\n70000\n70001\n70001\n/);
    await onHost("systemctl stop microvm@numbers");
    assert.match(await console_("numbers"), /got int\nmicrovm: the workload ended with status 0\n/);
    await world.remove("MicroVM", "numbers");
    for (const [name, user, entrypoint, what] of [
      ["nobody", "nobody-here", ["/bin/sh"], "the image has no user nobody-here"],
      ["nothing", "", ["/bin/nothing"], "the image has no program /bin/nothing"],
    ] as const) {
      const lacking = await fromArchive(name, { entrypoint: [...entrypoint], user });
      const error = await failure(boot(name, lacking, "never said", { restart: "never" }));
      assert.match(error.message, new RegExp(`cannot start the workload: ${what}`));
      await world.remove("MicroVM", name);
    }
  });

  test("an image with an init of its own keeps it", async () => {
    const content = "#!/bin/sh\necho own init is $$\nwhile :; do sleep 1; done\n";
    const rootfs = await fromArchive("system", { files: { "/sbin/init": { content, mode: 0o755 } } });
    await boot("system", rootfs, "own init is 1");
    await world.remove("MicroVM", "system");
  });

  test("a registry's image is pinned: an unchanged declaration gets no other", async () => {
    const first = { entrypoint: ["sh", "-c", "echo the first; sleep 1000"] };
    const digest = await push(first, "app:1");
    const rootfs = await fromRegistry("app", `${registry}/app:1`);
    assert.is(rootfs.imageDigest, digest);
    const other = await push({ entrypoint: ["sh", "-c", "echo the second; sleep 1000"] }, "app:1");
    assert.is.not(other, digest);
    assert.equal(await world.drift(), {});
    assert.equal(await world.up(), {});
    await onHost(`rm /var/lib/microvm/store/${rootfs.digest}`);
    assert.match((await world.drift())["RootfsImage/app"]?.join() ?? "", /missing/);
    assert.equal(await world.up(), { "RootfsImage/app": "update" });
    assert.equal(await world.drift(), {});
    // The same image gives the same bytes, and with them the same digest.
    assert.is(world.state<RootfsImageState>("RootfsImage", "app").digest, rootfs.digest);
    assert.is(world.state<RootfsImageState>("RootfsImage", "app").imageDigest, digest);
    await boot("app", rootfs, "the first");
    await world.remove("MicroVM", "app");
    await world.remove("RootfsImage", "app");
    const now = await fromRegistry("app", `${registry}/app:1`);
    assert.is(now.imageDigest, other);
    await world.remove("RootfsImage", "app");
    const named = await fromRegistry("app", `${registry}/app:1@${digest}`);
    assert.is(named.imageDigest, digest);
    assert.is(named.digest, rootfs.digest);
  });

  test("a Docker archive is an image too, and so is one of several architectures", async () => {
    const several = await fromArchive("several", { ...telling, offeredFor: ["amd64", "riscv64"] });
    assert.is(several.digest, world.state<RootfsImageState>("RootfsImage", "telling").digest);
    const image: ContainerImageOptions = { ...telling, form: "docker" };
    const rootfs = await fromArchive("docker", image);
    assert.is(rootfs.digest, world.state<RootfsImageState>("RootfsImage", "telling").digest);
  });

  test("what cannot be got or booted is refused, with what to do", async () => {
    const digest = await push({ entrypoint: ["/bin/sh"] }, "app:2");
    const wrong = `sha256:${"0".repeat(64)}`;
    const refused = async (source: object, code: string, pattern: RegExp, more: object = {}) => {
      const error = await failure(world.make("RootfsImage", "bad", { source: { oci: source }, ...more }));
      assert.is(error.code, code, error.message);
      assert.match(error.message, pattern);
      await world.remove("RootfsImage", "bad");
    };
    const archive = (image: ContainerImageOptions) => containerImage(image).path;
    const tls = false;
    await refused({ reference: "127.0.0.1:1/app:1" }, "registry-unreachable", /could not ask the registry/);
    await refused({ reference: `${registry}/app:2` }, "registry-plain", /tls: false/);
    await refused({ reference: `${registry}/app:none`, tls }, "image-unknown", /Correct the name, the tag/);
    await refused({ reference: `${registry}/none:1`, tls }, "image-unknown", /has no 127\.0\.0\.1:5000\/none:1/);
    await refused({ reference: `${registry}/app@${wrong}`, tls }, "image-unknown", /has no/);
    await refused(
      { reference: `${registry}/app:2`, tls, digest: wrong },
      "image-digest",
      new RegExp(`${digest}, and ${wrong} is declared`),
    );
    await refused({ archive: archive({ entrypoint: ["/x"] }), digest: wrong }, "image-digest", /is declared/);
    await refused({ archive: "/bin/busybox" }, "image-archive", /neither the layout of an OCI archive/);
    await refused(
      { archive: archive({ entrypoint: ["/x"], architecture: "riscv64" }) },
      "wrong-architecture",
      /is for riscv64, and the host is amd64/,
    );
    await refused(
      { archive: archive({ entrypoint: ["/x"], offeredFor: ["riscv64", "s390x"] }) },
      "wrong-architecture",
      /is for riscv64 s390x, and the host is amd64/,
    );
    await refused({ archive: archive({ entrypoint: ["/x"], applets: [] }) }, "image-empty", /has no files/);
    await refused({ archive: archive({}) }, "image-without-program", /ENTRYPOINT/);
    await refused(
      { archive: archive({ entrypoint: ["/x"], stopSignal: "none" }) },
      "image-config",
      /`StopSignal` "none"/,
    );
    const large = { entrypoint: ["/x"], files: { "/zeros": { zeros: 40 << 20 } } };
    await refused({ archive: archive(large) }, "image-too-large", /needs 4\d MiB, and its size is declared as 16/, {
      size: 16,
    });
  });

  test("an image that grows beyond its bound is stopped while it is unpacked", async () => {
    const file = containerImage({ entrypoint: ["/x"], files: { "/zeros": { zeros: 200 << 20 } } }).path;
    execFileSync("cp", [file, `${lab.hosts[0]?.root}/var/tmp/large.tar`]);
    const line =
      "/usr/lib/microvm/guest/unpack-container-image --archive /var/tmp/large.tar --out /var/tmp/large --architecture amd64 --max-mib 50";
    const { code, stdout } = await lab.exec("h1", line);
    assert.is(code, 1);
    assert.is(stdout, "image-too-large needs more than 50 MiB\n");
    assert.is((await onHost("ls /var/tmp/large; rm -rf /var/tmp/large /var/tmp/large.tar")).trim(), "");
  });

  test("an image that leads elsewhere on its host is unpacked in its place", async () => {
    await fromArchive("evil", {
      entrypoint: ["/bin/sh"],
      files: {
        "/.microvm": { link: "/etc" },
        "/out": { link: "/etc" },
        "/out/evil": "through a link",
        "../../../evil": "by its name",
      },
    });
    assert.is(
      (await onHost("ls -d /etc/evil /etc/workload /evil /var/evil /var/lib/evil 2> /dev/null || true")).trim(),
      "",
    );
  });

  test("destroy leaves the host as it was", async () => {
    await world.destroy();
    assert.equal(inventoryChanges(before, await hostInventory(lab, "h1")), []);
  });

  test.run();
}

function busybox() {
  return { content: readFileSync("/bin/busybox"), mode: 0o755 };
}
