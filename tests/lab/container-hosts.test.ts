import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { closeAll } from "../../provider/ssh";
import { skip } from "../skip";
import { containerImage } from "./container-image";
import { hostInventory, inventoryChanges } from "./host-inventory";
import { Lab } from "./lab";
import { Registry } from "./registry";

const test = suite("lab hosts that run containers");
const reason = Lab.unavailable();
if (reason) {
  skip("lab hosts that run containers", reason);
} else {
  let lab: Lab;
  const before = new Map<string, string[]>();
  const packages = "dpkg --get-selections | cut -f 1 | sort";
  const hosts = { d12: "bookworm", d13: "trixie" } as const;
  /** Does it on a host of each release, side by side. */
  const onEach = async (act: (name: keyof typeof hosts) => Promise<void>) => {
    await Promise.all([act("d12"), act("d13")]);
  };
  const ctr = async (name: string, command: string) =>
    (await lab.output(name, `ctr -n t ${command} < /dev/null`)).trim();
  const image = containerImage({
    name: "lab.test/greeter:1",
    entrypoint: ["/bin/sh", "-c"],
    cmd: ['echo "$GREETING from $(id -un) in $(pwd)"'],
    env: ["PATH=/bin", "GREETING=hello"],
    files: { "/etc/passwd": "root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n" },
    workdir: "/tmp",
    user: "app",
  });

  test.before(async () => {
    lab = await Lab.open(`k${process.pid % 100000}`);
    await onEach(async (name) => {
      const { root } = await lab.host(name, { suite: hosts[name], containers: true });
      await lab.output(name, `apt-get update -q && ${packages} > /run/packages`);
      before.set(name, await hostInventory(lab, name));
      await lab.output(name, "DEBIAN_FRONTEND=noninteractive apt-get install -q -y containerd runc");
      copyFileSync(image.path, join(root, "root/greeter.tar"));
    });
  });
  test.after(async () => {
    await closeAll();
    await lab?.close();
  });

  test("an image is imported, and its container runs as the image says", () =>
    onEach(async (name) => {
      await ctr(name, "image import /root/greeter.tar");
      assert.match(await ctr(name, "image ls"), image.digest);
      assert.is(await ctr(name, `run --rm ${image.name} c1`), "hello from app in /tmp");
    }));

  test("a container is held to its memory", () =>
    onEach(async (name) => {
      const run = (mib: number) =>
        ctr(
          name,
          `run --rm --cpus 0.5 --memory-limit ${mib << 20} ${image.name} c2 sh -c 'dd if=/dev/zero of=/dev/null bs=64M count=1 2> /dev/null; echo $?'`,
        );
      assert.is(await run(128), "0");
      assert.is(await run(32), "137");
    }));

  test("a container goes on while containerd restarts", () =>
    onEach(async (name) => {
      await ctr(name, `run -d ${image.name} c3 sleep 600`);
      const tasks = await ctr(name, "task ls");
      assert.match(tasks, /c3 +\d+ +RUNNING/);
      await lab.output(name, "systemctl restart containerd");
      assert.is(await ctr(name, "task ls"), tasks);
      assert.is(await ctr(name, "task exec --exec-id e1 c3 echo inside"), "inside");
      await ctr(name, "task rm --force c3");
      await ctr(name, "container rm c3");
    }));

  test("an image is pulled from the lab's registry by tag and by digest, and only with its password", async () => {
    const registry = await Registry.start(lab, { credentials: "lab:secret" });
    const reference = registry.push(image, "test/greeter:2");
    await onEach(async (name) => {
      const pull = (more: string) => lab.exec(name, `ctr -n t image pull --plain-http ${more} < /dev/null`);
      assert.is.not((await pull(reference)).code, 0);
      assert.is((await pull(`--user lab:secret ${reference}`)).code, 0);
      assert.is((await pull(`--user lab:secret ${reference.replace(/:2$/, `@${image.digest}`)}`)).code, 0);
      assert.is(await ctr(name, `run --rm ${reference} c4`), "hello from app in /tmp");
    });
    const path = `/v2/test/greeter/manifests/${image.digest}`;
    assert.ok(registry.requests().some((request) => request.includes(path) && request.endsWith("200")));
    registry.stop();
  });

  test("a connection can be cut by the end of its sshd", () =>
    onEach(async (name) => {
      const session = lab.ssh(name, "touch /run/began; sleep 600");
      await lab.output(name, "until [ -e /run/began ]; do sleep 0.1; done");
      await lab.killSshd(name);
      assert.is((await session).code, 255);
      await lab.ready(name);
    }));

  test("what is purged and removed leaves nothing", () =>
    onEach(async (name) => {
      await lab.output(
        name,
        `apt-get purge -q -y $(${packages} | comm -13 /run/packages -) && rm -r /var/lib/containerd /etc/cni /root/greeter.tar`,
      );
      assert.equal(inventoryChanges(before.get(name) ?? [], await hostInventory(lab, name)), []);
    }));

  test.run();
}
