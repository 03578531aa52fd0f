import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { hostInventory, inventoryChanges } from "../lab/host-inventory";
import { cacheRoot, Lab } from "../lab/lab";
import { skip } from "../skip";

const test = suite("npm run quickstart on a server");
const reason = Lab.unavailable();
if (reason) {
  skip("npm run quickstart on a server", reason);
} else {
  const root = join(__dirname, "../..");
  let lab: Lab;
  let home: string;
  let server: string;
  let keyFile: string;
  let before: string[];

  /** The command as a user runs it, with a home of its own. */
  const quickstart = (...args: string[]) =>
    new Promise<{ code: number | null; output: string }>((resolve, reject) => {
      const child = spawn("npm", ["run", "-s", "quickstart", ...(args.length ? ["--", ...args] : [])], {
        cwd: root,
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          ...process.env,
          HOME: home,
          XDG_CACHE_HOME: dirname(cacheRoot()),
          XDG_STATE_HOME: join(home, "state"),
          MICROVM_HOST: server,
          MICROVM_PRIVATE_KEY_FILE: keyFile,
        },
      });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk: Buffer) => {
          output += chunk;
        });
      }
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, output }));
    });

  test.before(async () => {
    lab = await Lab.open(`s${process.pid % 100000}`);
    const host = await lab.host("metal");
    await lab.ssh("metal", "apt-get update -q");
    before = await hostInventory(lab, "metal");
    home = mkdtempSync(join(tmpdir(), "microvm-home-"));
    mkdirSync(join(home, ".ssh"));
    keyFile = host.privateKeyFile;
    server = `root@127.0.0.1:${host.port}`;
  });
  test.after(async () => {
    await lab?.close();
    if (home) rmSync(home, { recursive: true, force: true });
    rmSync(join(root, "examples/quickstart/Pulumi.127.0.0.1.yaml"), { force: true });
  });

  test("a server whose key is not known is not touched, and what to do is said", async () => {
    const { code, output } = await quickstart();
    assert.is.not(code, 0);
    assert.match(output, /host-key-unknown/);
    assert.match(output, /makes the server's key known/);
    assert.equal(inventoryChanges(before, await hostInventory(lab, "metal")), []);
  });

  test("it ends with a microVM that one can look into", async () => {
    const [host] = lab.hosts;
    const { port } = new URL(`ssh://${server}`);
    writeFileSync(join(home, ".ssh/known_hosts"), `[127.0.0.1]:${port} ${host?.hostKey}\n`);
    const { code, output } = await quickstart();
    assert.is(code, 0, output);
    assert.match(output, /address {6}172\.30\.0\.\d+/);
    assert.match(output, /boot time {4}\d+\.\d\d s/);
    const config = output.match(/Look inside: +ssh -F (\S+) vm/)?.[1] ?? "";
    assert.match(readFileSync(config, "utf8"), /ProxyCommand/);
    // The line that the user is told, with the home directory that OpenSSH would take from the user database.
    const looked = await new Promise<string>((resolve) => {
      const ssh = `ssh -o GlobalKnownHostsFile=${home}/.ssh/known_hosts`;
      const text = readFileSync(config, "utf8").replace("ProxyCommand ssh", `ProxyCommand ${ssh}`);
      writeFileSync(`${config}.test`, text, { mode: 0o600 });
      const child = spawn("ssh", ["-F", `${config}.test`, "vm", "hostname; uname -s"], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let said = "";
      child.stdout.on("data", (chunk: Buffer) => {
        said += chunk;
      });
      child.once("close", () => resolve(said));
    });
    assert.is(looked, "web\nLinux\n");
  });

  test("run again it changes nothing", async () => {
    const { code, output } = await quickstart();
    assert.is(code, 0, output);
    assert.match(output, /Resources:\n +7 unchanged/);
  });

  test("down leaves the server as it was, and nothing here", async () => {
    const { code, output } = await quickstart("down");
    assert.is(code, 0, output);
    assert.equal(inventoryChanges(before, await hostInventory(lab, "metal")), []);
    assert.not.ok(existsSync(join(home, "state/pulumi-microvm/quickstart/127.0.0.1")));
    assert.not.ok(existsSync(join(root, "examples/quickstart/Pulumi.127.0.0.1.yaml")));
  });

  test.run();
}
