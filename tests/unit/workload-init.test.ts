import * as assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import { readWorkload } from "../../provider/resources/container-image";
import { skip } from "../skip";

const init = join(__dirname, "../../host-setup/guest/workload-init");
const busybox = "/bin/busybox";
const test = suite<{ root: string }>("the first process of a container image's guest");

/** As in a guest: process 1, a root of its own; of the machine's devices it sees none. */
const enter = `
mount -t tmpfs -o mode=0755 dev "$1/dev"
mknod -m 0666 "$1/dev/null" c 1 3
: > "$1/dev/console"
mount --bind "$1/console" "$1/dev/console"
exec chroot "$1" /.microvm/init`;

function reason(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root";
  if (!existsSync(busybox) || spawnSync("ldd", [busybox]).status === 0) return "there is no static busybox";
  const { status } = spawnSync("unshare", ["--mount", "--pid", "--fork", "true"]);
  return status === 0 ? undefined : "processes cannot have namespaces of their own here";
}

const lacking = reason();
if (lacking) {
  skip("the first process of a container image's guest", lacking);
} else {
  test.before.each((context) => {
    context.root = mkdtempSync(join(tmpdir(), "microvm-workload-"));
    chmodSync(context.root, 0o755);
    for (const part of ["dev", ".microvm", "bin", "etc"]) mkdirSync(join(context.root, part));
    copyFileSync(init, join(context.root, ".microvm/init"));
    copyFileSync(busybox, join(context.root, ".microvm/busybox"));
    for (const name of ["sh", "id", "cat", "sleep"]) symlinkSync("/.microvm/busybox", join(context.root, "bin", name));
    writeFileSync(join(context.root, "console"), "");
  });
  test.after.each(({ root }) => rmSync(root, { recursive: true }));

  const begin = (root: string, config: object) => {
    writeFileSync(join(root, ".microvm/workload"), readWorkload(JSON.stringify({ config })).script ?? "");
    const child = spawn("unshare", ["--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", enter, "sh", root]);
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    const said = () => readFileSync(join(root, "console"), "utf8") + stderr;
    const end = new Promise<string>((resolve, reject) => {
      const late = setTimeout(() => {
        child.kill("SIGKILL");
        reject(new Error(`it did not end; it said:\n${said()}`));
      }, 20_000);
      child.on("close", () => {
        clearTimeout(late);
        resolve(said());
      });
    });
    return { child, said, end };
  };
  const run = (root: string, config: object) => begin(root, config).end;

  test("odd arguments and variables reach the program as they are", async ({ root }) => {
    const said = await run(root, {
      Entrypoint: ["sh", "-c", 'for word; do echo "[$word]"; done; echo "<$ODD>"', "sh"],
      Cmd: ["a b", "", "it's", "$HOME", "-n", "*", "two\nlines"],
      Env: ["ODD=x  '\"$y"],
    });
    assert.match(said, /^\[a b\]\n\[\]\n\[it's\]\n\[\$HOME\]\n\[-n\]\n\[\*\]\n\[two\nlines\]\n<x {2}'"\$y>\n/);
    assert.match(said, /microvm: the workload ended with status 0\n$/);
  });

  test("the image's programs come before busybox's", async ({ root }) => {
    rmSync(join(root, "bin/id"));
    writeFileSync(join(root, "bin/id"), "#!/bin/sh\necho mine\n", { mode: 0o755 });
    mkdirSync(join(root, "a=b"));
    writeFileSync(join(root, "a=b/odd"), "#!/bin/sh\necho odd\n", { mode: 0o755 });
    assert.match(await run(root, { Cmd: ["id"] }), /^mine\n/);
    writeFileSync(join(root, "console"), "");
    assert.match(await run(root, { Cmd: ["/a=b/odd"] }), /^odd\n/);
  });

  const accounts = (root: string) => {
    writeFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\napp:x:10:11::/home/app:/bin/sh");
    writeFileSync(join(root, "etc/group"), "root:x:0:\napp:x:11:\nmedia:x:12:other,app\nothers:x:13:other");
  };
  for (const [user, ids] of [
    ["", "0 0 0 /root"],
    ["root", "0 0 0 /root"],
    ["app", "10 11 11 12 /home/app"],
    ["10", "10 11 11 12 /home/app"],
    ["app:media", "10 12 12 /home/app"],
    ["app:77", "10 77 77 /home/app"],
    ["70000", "70000 0 0 /"],
    ["70000:70001", "70000 70001 70001 /"],
    ["0:5", "0 5 5 /root"],
  ] as const) {
    test(`the user ${JSON.stringify(user)} is ${ids}`, async ({ root }) => {
      accounts(root);
      const show = 'echo "$(id -u) $(id -g) $(id -G) $HOME"; cat /etc/passwd';
      const said = await run(root, { Cmd: ["sh", "-c", show], User: user });
      assert.equal(said.split("\n")[0], ids, said);
      assert.match(said, /\napp:x:10/);
    });
  }

  for (const [config, pattern] of [
    [{ Cmd: ["sh"], User: "nobody" }, /the image has no user nobody/],
    [{ Cmd: ["sh"], User: "app:none" }, /the image has no group none/],
    [{ Cmd: ["none"] }, /the image has no program none/],
    [{ Cmd: ["/none"] }, /the image has no program \/none/],
    [{ Cmd: [""] }, /the image has no program/],
  ] as const) {
    test(`${JSON.stringify(config)} is told on the console`, async ({ root }) => {
      accounts(root);
      assert.match(await run(root, config), pattern);
    });
  }

  test("its directory is made, and its status is told", async ({ root }) => {
    const said = await run(root, { Cmd: ["sh", "-c", "pwd; exit 41"], WorkingDir: "/srv/a b" });
    assert.match(said, /^\/srv\/a b\nmicrovm: the workload ended with status 41\n$/);
  });

  test("asked to end, it sends the image's signal, and what is left over goes with the program", async ({ root }) => {
    const { child, said, end } = begin(root, {
      Cmd: ["sh", "-c", "trap 'echo got it; exit 3' QUIT; sleep 1000 & echo up; while :; do sleep 0.1; done"],
      StopSignal: "SIGQUIT",
    });
    while (!said().includes("up\n")) await new Promise((resolve) => setTimeout(resolve, 50));
    const first = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim();
    process.kill(Number(first), "SIGPWR");
    assert.match(
      await end,
      /asking the workload to end with SIGQUIT\ngot it\nmicrovm: the workload ended with status 3\n/,
    );
  });
}

test.run();
