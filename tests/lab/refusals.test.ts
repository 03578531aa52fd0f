import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { converge, remove } from "../../provider/lifecycle";
import { UnfinishedError } from "../../provider/resource";
import { closeAll } from "../../provider/ssh";
import { failure } from "../failure";
import { skip } from "../skip";
import { startSshd } from "../ssh/sshd";
import { hostInventory, inventoryChanges } from "./host-inventory";
import { Lab } from "./lab";
import { tinyGuest } from "./tiny-guest";
import { fastGuest, World } from "./world";

const test = suite("what goes wrong");
const reason = Lab.unavailable();
if (reason) {
  skip("what goes wrong", reason);
} else {
  let lab: Lab;
  let world: World;
  let scratch: string;
  let site: { url: string; stop: () => void };
  let before: string[];

  const file = (name: string, content: string | Buffer) => {
    const path = join(scratch, name);
    writeFileSync(path, content);
    return path;
  };
  const tiny = () => readFileSync(tinyGuest());
  /** Whether a process with such a command line is on the host. */
  const runs = async (pattern: string) => (await lab.exec("h1", `pgrep -f '${pattern}' | grep -vx $$`)).code === 0;
  const until = async (holds: () => Promise<boolean>) => {
    for (let tries = 0; tries < 100; tries++) {
      if (await holds()) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error("it did not come to that");
  };
  const sha256 = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");
  /** What of ours is on the host besides the Host itself. */
  const leftovers = async () =>
    (
      await lab.exec(
        "h1",
        "find /var/lib/microvm /etc/microvm -mindepth 1 ! -type d ! -path '/etc/microvm/hosts/*' ! -path /etc/microvm/packages; find /usr -xdev -name '*.part*'",
      )
    ).stdout
      .trim()
      .split("\n")
      .filter(Boolean);

  test.before(async () => {
    lab = await Lab.open(`r${process.pid % 100000}`);
    await lab.host("h1");
    await lab.ssh("h1", "apt-get update -q");
    before = await hostInventory(lab, "h1");
    scratch = mkdtempSync(join(tmpdir(), "microvm-refusals-"));
    mkdirSync(join(scratch, "site"));
    site = serve(lab, join(scratch, "site"));
    world = new World(lab, "h1");
    await world.host();
  });
  test.after(async () => {
    await closeAll();
    site?.stop();
    await lab?.close();
    if (scratch) rmSync(scratch, { recursive: true, force: true });
  });

  test("a local file that is not a kernel is refused before anything is done", async () => {
    const text = file("text", "this is no kernel\n");
    const error = await failure(world.make("Kernel", "bad", { source: { file: text } }));
    assert.match(error.message, /not a Linux kernel/);
    assert.equal(await leftovers(), []);
  });

  test("a download that is not a kernel is refused, recorded, and goes with a destroy", async () => {
    writeFileSync(join(scratch, "site/text"), "this is no kernel\n");
    const source = { url: `${site.url}/text`, sha256: sha256("this is no kernel\n") };
    const error = await failure(world.make("Kernel", "bad", { source, initramfs: "none" }));
    assert.is(error.code, "not-a-kernel");
    assert.instance(error, UnfinishedError);
    await world.remove("Kernel", "bad");
    assert.equal(await leftovers(), []);
  });

  test("content with another digest than declared is refused, and both digests are shown", async () => {
    const path = file("image", "not what was declared");
    const wrong = "0".repeat(64);
    const local = await failure(world.make("RootfsImage", "bad", { source: { file: path, sha256: wrong } }));
    assert.match(local.message, new RegExp(`${sha256("not what was declared")}.*${wrong}`));
    assert.equal(await leftovers(), []);
    writeFileSync(join(scratch, "site/image"), "not what was declared");
    const remote = await failure(
      world.make("RootfsImage", "bad", { source: { url: `${site.url}/image`, sha256: wrong } }),
    );
    assert.is(remote.code, "sha256-mismatch");
    assert.match(remote.message, new RegExp(`${sha256("not what was declared")}.*${wrong}`));
    await world.remove("RootfsImage", "bad");
    assert.equal(await leftovers(), []);
  });

  test("a download that is not there says so", async () => {
    const source = { url: `${site.url}/nothing`, sha256: "0".repeat(64) };
    const error = await failure(world.make("RootfsImage", "bad", { source }));
    assert.is(error.code, "download-failed");
    assert.match(error.message, /404/);
    await world.remove("RootfsImage", "bad");
  });

  test("a file that is no image of the declared format is refused", async () => {
    const path = file("blank", Buffer.alloc(1 << 20));
    const error = await failure(world.make("RootfsImage", "bad", { source: { file: path } }));
    assert.is(error.code, "wrong-format");
    assert.match(error.message, /ext4/);
    await world.remove("RootfsImage", "bad");
    assert.equal(await leftovers(), []);
  });

  test("an archive is unpacked into its image and nowhere else", async () => {
    const root = join(scratch, "root");
    mkdirSync(join(root, "sbin"), { recursive: true });
    writeFileSync(join(root, "sbin/init"), "#!/bin/sh\n");
    const evil = join(scratch, "evil.tar");
    execFileSync("tar", ["-cf", evil, "-C", root, "--transform", "s,^sbin,../../../../../../evil,", "-P", "sbin"]);
    const error = await failure(world.make("RootfsImage", "evil", { source: { tarball: evil } }));
    assert.is(error.code, "image-build");
    assert.is((await lab.exec("h1", "ls -d /evil /var/evil /var/lib/evil 2> /dev/null | wc -l")).stdout.trim(), "0");
    const torn = file("torn.tar.gz", execFileSync("tar", ["-cz", "-C", root, "."]).subarray(0, 100));
    assert.is((await failure(world.make("RootfsImage", "torn", { source: { tarball: torn } }))).code, "image-build");
    await world.remove("RootfsImage", "evil");
    await world.remove("RootfsImage", "torn");
    assert.equal(await leftovers(), []);
  });

  test("a full disk is an error that says so, and the next run goes on once there is space", async () => {
    await lab.smallDisk("h1", "/var/lib/microvm", 8);
    const error = await failure(world.make("RootfsImage", "fast", { source: { tarball: fastGuest() } }));
    assert.is(error.code, "disk-full");
    assert.match(error.message, /[Ff]ree some space/);
    assert.instance(error, UnfinishedError);
    await lab.exec("h1", "umount /var/lib/microvm");
    assert.ok((await world.drift())["RootfsImage/fast"]);
    await world.make("RootfsImage", "fast", { source: { tarball: fastGuest() } });
    assert.equal(await world.drift(), {});
    await world.remove("RootfsImage", "fast");
    assert.equal(await leftovers(), []);
  });

  test("a power cut while an image is built is continued by the next run", async () => {
    const making = failure(world.make("RootfsImage", "fast", { source: { tarball: fastGuest() } }));
    for (;;) {
      if ((await lab.exec("h1", "ls -d /var/lib/microvm/.image-fast/* 2> /dev/null")).stdout) break;
    }
    await lab.powerLoss("h1");
    const error = await making;
    assert.is(error.code, "link-lost");
    assert.instance(error, UnfinishedError);
    await world.make("RootfsImage", "fast", { source: { tarball: fastGuest() } });
    assert.equal(await world.drift(), {});
    await world.remove("RootfsImage", "fast");
    assert.equal(await leftovers(), []);
  });

  test("sshd killed in the middle of a change is a lost link, and nothing is made twice", async () => {
    const making = failure(world.make("RootfsImage", "fast", { source: { tarball: fastGuest() } }));
    for (;;) {
      if ((await lab.exec("h1", "ls -d /var/lib/microvm/.image-fast/* 2> /dev/null")).stdout) break;
    }
    await lab.killSshd("h1");
    assert.is((await making).code, "link-lost");
    await lab.exec("h1", "systemctl restart ssh");
    await world.make("RootfsImage", "fast", { source: { tarball: fastGuest() } });
    assert.equal(await world.drift(), {});
    assert.is((await leftovers()).filter((path) => /store\/[0-9a-f]{64}$/.test(path)).length, 1);
    await world.remove("RootfsImage", "fast");
    assert.equal(await leftovers(), []);
  });

  test("a host whose key has changed is refused with both fingerprints", async () => {
    const known = world.state<{ fingerprint: string }>("Host", "h1").fingerprint;
    const rekey =
      "cd /etc/ssh; cp -p ssh_host_ed25519_key /root/k; cp -p ssh_host_ed25519_key.pub /root/k.pub; rm ssh_host_ed25519_key*; ssh-keygen -q -t ed25519 -N '' -f ssh_host_ed25519_key; systemctl restart ssh; ssh-keygen -lf ssh_host_ed25519_key.pub";
    const now = (await lab.exec("h1", rekey)).stdout.split(" ")[1] as string;
    await closeAll();
    try {
      const error = await failure(world.drift());
      assert.is(error.code, "host-key-changed");
      assert.ok(error.message.includes(known), error.message);
      assert.ok(error.message.includes(now), error.message);
    } finally {
      await lab.exec(
        "h1",
        "mv /root/k /etc/ssh/ssh_host_ed25519_key; mv /root/k.pub /etc/ssh/ssh_host_ed25519_key.pub; systemctl restart ssh",
      );
      await closeAll();
    }
    assert.equal(await world.drift(), {});
  });

  test("another machine at the same address is refused", async () => {
    const id = (await lab.exec("h1", "cat /etc/machine-id")).stdout;
    await lab.exec("h1", "echo 0123456789abcdef0123456789abcdef > /etc/machine-id");
    const error = await failure(world.drift());
    await lab.exec("h1", `printf %s '${id}' > /etc/machine-id`);
    assert.is(error.code, "machine-changed");
    assert.match(error.message, /0123456789abcdef0123456789abcdef/);
    assert.equal(await world.drift(), {});
  });

  test("a module, a parameter or a package that the host cannot have is named", async () => {
    const given = world.inputs("Host", "h1");
    const host = (more: object) => world.make("Host", "h1", { ...given, ...more });
    for (const [more, code, word] of [
      [{ kernelModules: ["no_such_module"] }, "module-missing", "no_such_module"],
      [{ sysctls: { "kernel.no_such_thing": "1" } }, "sysctl-refused", "kernel.no_such_thing"],
      [{ packages: ["no-such-package"] }, "package-missing", "no-such-package"],
    ] as const) {
      const error = await failure(host(more));
      assert.is(error.code, code);
      assert.ok(error.message.includes(word), error.message);
    }
    await host({});
    assert.equal(await world.drift(), {});
  });

  test("a machine that is not Linux, or has no systemd, is told what it lacks", async () => {
    // A login on this machine in a namespace of its own: with a uname that says otherwise, and without systemd.
    mkdirSync(join(scratch, "bin"));
    writeFileSync(
      join(scratch, "bin/uname"),
      '#!/bin/sh\n[ "$1" = -s ] && echo FreeBSD || exec /usr/bin/uname "$@"\n',
      {
        mode: 0o755,
      },
    );
    for (const [environment, code] of [
      [{ PATH: `${scratch}/bin:/usr/bin:/bin` }, "host-not-linux"],
      [{}, "host-without-systemd"],
    ] as const) {
      const server = await startSshd({ environment, withoutSystemd: true });
      try {
        const error = await failure(
          converge(
            "Host",
            {
              name: "odd",
              owner: world.owner("Host", "odd"),
              address: "127.0.0.1",
              port: server.port,
              user: "root",
              privateKeyFile: server.keyFile,
              hostKey: server.hostKey,
              sshConfig: "none",
            },
            undefined,
            () => {},
          ),
        );
        assert.is(error.code, code);
        assert.not.instance(error, UnfinishedError);
      } finally {
        await closeAll();
        await server.stop();
      }
    }
  });

  test("a download that is cancelled ends on the host, is recorded, and the next run makes it", async () => {
    const source = { url: `${site.url}/never`, sha256: sha256(tiny()) };
    const given = await world.declare("Kernel", "slow", { source, initramfs: "none" });
    const cancel = new AbortController();
    const call = failure(converge("Kernel", given, undefined, () => {}, cancel.signal));
    await until(() => runs("curl.*/never"));
    const began = Date.now();
    cancel.abort();
    const error = await call;
    assert.is(error.code, "cancelled");
    assert.instance(error, UnfinishedError);
    assert.ok(Date.now() - began < 5_000);
    assert.not(await runs("curl.*/never"));
    writeFileSync(join(scratch, "site/tiny"), tiny());
    const right = { ...given, source: { ...source, url: `${site.url}/tiny` } };
    const state = await converge("Kernel", right, (error as UnfinishedError).state as never, () => {});
    assert.is(state.digest, sha256(tiny()));
    await remove("Kernel", state);
    assert.equal(await leftovers(), []);
  });

  test("a guest that is waited for too long stays, and its wait ends on the host", async () => {
    const basics = await world.tinyBasics();
    const given = await world.declare("MicroVM", "mute", {
      ...world.smallMicroVM(basics, { sshAuthorizedKeys: [] }),
      ready: { serial: "what it never says", timeout: 300 },
    });
    const call = failure(converge("MicroVM", given, undefined, () => {}, AbortSignal.timeout(6_000)));
    await until(() => runs("vm-wait"));
    const error = await call;
    assert.is(error.code, "timed-out");
    assert.instance(error, UnfinishedError);
    await until(async () => !(await runs("vm-wait")));
    assert.ok((await lab.exec("h1", "test -e /etc/microvm/vms/mute/record.json")).code === 0);
    await remove("MicroVM", (error as UnfinishedError).state as never);
  });

  test("what is cancelled before its turn leaves nothing and is not recorded", async () => {
    const given = await world.declare("Volume", "never", { size: 16 });
    const error = await failure(converge("Volume", given, undefined, () => {}, AbortSignal.abort()));
    assert.is(error.code, "cancelled");
    assert.not.instance(error, UnfinishedError);
    assert.not((await lab.exec("h1", "ls /etc/microvm/volumes/never")).code === 0);
  });

  test("after all that the host is as it was", async () => {
    await world.destroy();
    assert.equal(inventoryChanges(before, await hostInventory(lab, "h1")), []);
  });

  test.run();
}

/** A web server that only the lab's hosts can reach, in their network namespace. */
function serve(lab: Lab, directory: string): { url: string; stop: () => void } {
  const program = `require("node:http").createServer((request, response) => {
    if (request.url === "/never") return;
    try { response.end(require("node:fs").readFileSync(${JSON.stringify(directory)} + request.url)); }
    catch { response.writeHead(404).end(); }
  }).listen(8080, "10.91.0.1")`;
  const child = spawn("nsenter", [`--net=/run/netns/${lab.namespace}`, process.execPath, "-e", program], {
    stdio: "ignore",
  });
  return { url: "http://10.91.0.1:8080", stop: () => child.kill("SIGKILL") };
}
