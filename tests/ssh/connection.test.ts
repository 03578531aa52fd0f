import { execFileSync, spawn, spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, connect as dialTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { closeAll, connect, type Endpoint, quote } from "../../provider/ssh";
import { failure } from "../failure";
import { freePort } from "../free-port";
import { skip } from "../skip";
import { until } from "../until";
import { FaultyLink, UnansweringPort } from "./faulty-link";
import { fingerprintOf, keygen, sshdUnavailable, startSshd, type TestServer } from "./sshd";

const test = suite("ssh connection");
const reason = sshdUnavailable();
if (reason) {
  skip("ssh connection", reason);
} else {
  let server: TestServer;
  let scratch: string;
  test.before(async () => {
    server = await startSshd();
    scratch = mkdtempSync(join(tmpdir(), "microvm-ssh-test-"));
  });
  test.after(async () => {
    await closeAll();
    await server.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  /** sshd may still be ending what it ran for the user. */
  const removeUser = (name: string) =>
    until(() => spawnSync("userdel", [name], { stdio: "ignore" }).status === 0, 30_000, `the end of user ${name}`);

  const endpoint = (more: Partial<Endpoint> = {}): Endpoint => ({
    address: "127.0.0.1",
    port: server.port,
    user: "root",
    privateKeyFile: server.keyFile,
    hostKey: server.hostKey,
    sshConfig: false,
    ...more,
  });

  test("runs a script as root and keeps its output apart", async () => {
    const connection = await connect(endpoint());
    const result = await connection.exec({ script: "id -u; echo oops >&2; exit 3", purpose: "test" });
    assert.is(result.stdout, "0\n");
    assert.is(result.stderr, "oops\n");
    assert.is(result.code, 3);
    assert.is(connection.identity.hostKey, server.hostKey);
    assert.match(connection.identity.fingerprint, /^SHA256:/);
  });

  test("hands out one connection for one endpoint", async () => {
    const [a, b] = await Promise.all([connect(endpoint()), connect(endpoint())]);
    assert.is(a, b);
    const { address, ...rest } = endpoint();
    assert.is(await connect({ ...rest, address }), a, "in whatever order its properties are given");
    const fingerprint = fingerprintOf(join(server.directory, "host.pub"));
    assert.is(await connect(endpoint({ hostKey: fingerprint })), a);
    const other = fingerprintOf(`${server.keyFile}.pub`);
    assert.is((await failure(connect(endpoint({ hostKey: other })))).code, "host-key-changed");
  });

  test("lets the process end while a connection is open but idle", async () => {
    const program = (jump: boolean) => `
      const { connect } = require(${JSON.stringify(join(__dirname, "../../provider/ssh"))});
      const endpoint = ${JSON.stringify(endpoint())};
      (async () => {
        const connection = await connect({ ...endpoint, jump: ${jump} ? [endpoint] : [] });
        console.log((await connection.exec({ script: "sleep 0.5; echo done", purpose: "test" })).stdout);
      })();`;
    for (const jump of [false, true]) {
      const child = spawn(process.execPath, ["--require", "tsx/cjs", "-e", program(jump)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const ended = new Promise((resolve) => child.once("exit", resolve));
      const line = await new Promise<string>((resolve) => child.stdout.once("data", (data) => resolve(String(data))));
      const began = Date.now();
      assert.match(line, /done/);
      assert.is(await ended, 0);
      // After 20 s the connection itself would end.
      assert.ok(Date.now() - began < 10_000, `${Date.now() - began} ms`);
    }
  });

  test("runs commands while many channels are forwarded", async () => {
    const echo = createServer((socket) => socket.on("error", () => {}).pipe(socket));
    await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
    const connection = await connect(endpoint());
    const { port } = echo.address() as { port: number };
    const channels = await Promise.all(Array.from({ length: 12 }, () => connection.forwardTcp("127.0.0.1", port)));
    try {
      assert.is((await connection.exec({ script: "echo beside", purpose: "test" })).stdout, "beside\n");
    } finally {
      for (const channel of channels) channel.destroy();
      echo.close();
    }
  });

  test("runs 40 commands at once within sshd's MaxSessions", async () => {
    const connection = await connect(endpoint());
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, n) => connection.exec({ script: `echo ${n}`, purpose: "test" })),
    );
    assert.equal(
      results.map((result) => result.stdout.trim()),
      Array.from({ length: 40 }, (_, n) => String(n)),
    );
  });

  test("starts commands while sshd still counts others that have ended together", async () => {
    const link = await FaultyLink.to(server.port);
    try {
      const connection = await connect(endpoint({ port: link.port }));
      link.gather(100);
      // Those of a turn end at the same time, and the next ones are asked for in the same breath.
      const script = 'sleep $(awk "BEGIN { print 1 - $(date +0.%N) }"); echo ended';
      const results = await Promise.all(Array.from({ length: 24 }, () => connection.exec({ script, purpose: "test" })));
      assert.ok(results.every(({ stdout }) => stdout === "ended\n"));
    } finally {
      await closeAll();
      await link.close();
    }
  });

  test("waits for its own commands to end where sshd allows few, and says so where it allows none", async () => {
    const few = await startSshd({ extra: ["MaxSessions 2"] });
    const none = await startSshd({ extra: ["MaxSessions 0"] });
    const to = ({ port, keyFile, hostKey }: TestServer) => endpoint({ port, privateKeyFile: keyFile, hostKey });
    try {
      const connection = await connect(to(few));
      const run = (n: number) => connection.exec({ script: `sleep 0.3; echo ${n}`, purpose: "test" });
      const results = await Promise.all([...Array(7).keys()].map(run));
      assert.equal(
        results.map(({ stdout }) => stdout),
        [...Array(7).keys()].map((n) => `${n}\n`),
      );
      const closed = await connect(to(none));
      const error = await failure(closed.exec({ script: "true", purpose: "test" }));
      assert.is(error.code, "no-session");
      assert.match(error.message, /MaxSessions/);
    } finally {
      await closeAll();
      await Promise.all([few.stop(), none.stop()]);
    }
  });

  test("refuses a changed host key and shows both fingerprints", async () => {
    keygen(join(scratch, "other"));
    const other = readFileSync(join(scratch, "other.pub"), "utf8").split(" ").slice(0, 2).join(" ");
    const fingerprint = fingerprintOf(join(scratch, "other.pub"));
    const error = await failure(connect(endpoint({ hostKey: other })));
    assert.is(error.code, "host-key-changed");
    const actual = fingerprintOf(join(server.directory, "host.pub"));
    assert.ok(error.message.includes(fingerprint), error.message);
    assert.ok(error.message.includes(actual), error.message);
  });

  test("refuses an unknown host key unless told to trust it", async () => {
    const unknown = { hostKey: undefined, knownHosts: join(scratch, "none") };
    const error = await failure(connect(endpoint(unknown)));
    assert.is(error.code, "host-key-unknown");
    assert.match(error.message, /SHA256:/);
    const connection = await connect(endpoint({ ...unknown, trustOnFirstUse: true }));
    assert.is(connection.identity.hostKey, server.hostKey);
  });

  test("reads known_hosts: plain, hashed, changed and revoked", async () => {
    const name = `[127.0.0.1]:${server.port}`;
    const plain = join(scratch, "plain");
    writeFileSync(plain, `# comment\n${name} ${server.hostKey}\n`);
    await connect(endpoint({ hostKey: undefined, knownHosts: plain }));
    const hashed = join(scratch, "hashed");
    writeFileSync(hashed, `${name} ${server.hostKey}\n`);
    execFileSync("ssh-keygen", ["-q", "-H", "-f", hashed], { stdio: "ignore" });
    assert.ok(readFileSync(hashed, "utf8").startsWith("|1|"));
    await connect(endpoint({ hostKey: undefined, knownHosts: hashed }));
    const changed = join(scratch, "changed");
    keygen(join(scratch, "third"));
    writeFileSync(changed, `${name} ${readFileSync(join(scratch, "third.pub"), "utf8")}`);
    assert.is((await failure(connect(endpoint({ hostKey: undefined, knownHosts: changed })))).code, "host-key-changed");
    const revoked = join(scratch, "revoked");
    writeFileSync(revoked, `${name} ${server.hostKey}\n@revoked * ${server.hostKey}\n`);
    assert.is((await failure(connect(endpoint({ hostKey: undefined, knownHosts: revoked })))).code, "host-key-revoked");
  });

  test("says what was tried and what the server takes when login fails", async () => {
    keygen(join(scratch, "stranger"));
    const error = await failure(connect(endpoint({ privateKeyFile: join(scratch, "stranger") })));
    assert.is(error.code, "authentication-failed");
    assert.match(error.message, /stranger/);
    assert.match(error.message, /publickey/);
  });

  test("opens an encrypted key, given as text, with its passphrase only", async () => {
    const path = join(scratch, "locked");
    keygen(path, "open sesame");
    appendFileSync(join(server.directory, "authorized_keys"), readFileSync(`${path}.pub`));
    const privateKey = readFileSync(path, "utf8");
    const given = (passphrase?: string) =>
      endpoint({ privateKeyFile: undefined, credentials: { privateKey, passphrase } });
    const connection = await connect(given("open sesame"));
    assert.is((await connection.exec({ script: "echo in", purpose: "test" })).stdout, "in\n");
    const error = await failure(connect(given()));
    assert.is(error.code, "authentication-failed");
    assert.not.ok(error.message.includes("PRIVATE KEY"));
  });

  test("tries each key in turn, past one that is locked and an agent that is gone", async () => {
    const config = join(scratch, "keys");
    keygen(join(scratch, "sealed"), "a passphrase nobody gives");
    keygen(join(scratch, "wrong"));
    writeFileSync(
      config,
      ["Host *", ...["sealed", "wrong"].map((name) => `  IdentityFile ${join(scratch, name)}`)].join("\n"),
    );
    const keys = { privateKeyFile: undefined, sshConfig: config, agent: join(scratch, "no agent") };
    const error = await failure(connect(endpoint(keys)));
    assert.is(error.code, "authentication-failed");
    for (const part of [/sealed \(.*passphrase/, /tried .*wrong/, /no agent/, /takes publickey/]) {
      assert.match(error.message, part);
    }
    appendFileSync(config, `\n  IdentityFile ${server.keyFile}\n`);
    const connection = await connect(endpoint(keys));
    assert.is((await connection.exec({ script: "echo in", purpose: "test" })).stdout, "in\n");
  });

  test("logs in with a password, and shows it nowhere", async () => {
    const name = `mvpass${process.pid}`;
    const password = "not 'in' \"any\" message";
    const hash = execFileSync("openssl", ["passwd", "-6", password], { encoding: "utf8" }).trim();
    execFileSync("useradd", ["--no-create-home", "--password", hash, "--shell", "/bin/sh", name]);
    const second = await startSshd({ extra: ["PasswordAuthentication yes"] });
    try {
      const with_ = (given: string): Endpoint => ({
        address: "127.0.0.1",
        port: second.port,
        user: name,
        hostKey: second.hostKey,
        sshConfig: false,
        agent: "none",
        credentials: { password: given },
      });
      const connection = await connect(with_(password));
      assert.is((await connection.exec({ script: "id -un", purpose: "test", root: false })).stdout, `${name}\n`);
      const error = await failure(connect(with_(`${password}!`)));
      assert.is(error.code, "authentication-failed");
      assert.not.ok(JSON.stringify([error.message, error.parts, error.stack]).includes("any"));
    } finally {
      await closeAll();
      await second.stop();
      await removeUser(name);
    }
  });

  test("logs in by an agent", async () => {
    const socket = join(scratch, "agent");
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    try {
      const env = { ...process.env, SSH_AUTH_SOCK: socket };
      const added = () => spawnSync("ssh-add", ["-q", server.keyFile], { env, stdio: "ignore" }).status === 0;
      await until(added, 60_000, "the agent");
      const connection = await connect(endpoint({ privateKeyFile: undefined, agent: socket }));
      assert.is((await connection.exec({ script: "echo in", purpose: "test" })).stdout, "in\n");
    } finally {
      agent.kill();
    }
  });

  test("reads ~/.ssh/config: alias, port, user, key", async () => {
    const config = join(scratch, "config");
    writeFileSync(
      config,
      `Host metal\n  HostName 127.0.0.1\n  Port ${server.port}\n  User root\n  IdentityFile ${server.keyFile}\n`,
    );
    const connection = await connect({ address: "metal", sshConfig: config, hostKey: server.hostKey });
    assert.is((await connection.exec({ script: "echo in", purpose: "test" })).stdout, "in\n");
  });

  test("finds a host's key by its HostName or HostKeyAlias, and reads Include and ProxyJump", async () => {
    const second = await startSshd();
    try {
      const known = join(scratch, "by-name");
      writeFileSync(
        known,
        `[127.0.0.1]:${server.port} ${server.hostKey}\n[localhost]:${second.port} ${second.hostKey}\nnick ${second.hostKey}\n`,
      );
      const host = (name: string, s: TestServer, hostName: string, ...more: string[]) =>
        [`Host ${name}`, `  HostName ${hostName}`, `  Port ${s.port}`, "  User root", `  IdentityFile ${s.keyFile}`]
          .concat(
            more.map((line) => `  ${line}`),
            "",
          )
          .join("\n");
      const parts = join(scratch, "parts");
      mkdirSync(parts);
      writeFileSync(join(parts, "hop.conf"), host("hop", second, "localhost"));
      writeFileSync(join(parts, "nicked.conf"), host("nicked", second, "127.0.0.1", "HostKeyAlias nick"));
      const config = join(scratch, "including");
      writeFileSync(
        config,
        `Include parts/*.conf\nUserKnownHostsFile ${known}\n${host("far", server, "127.0.0.1", "ProxyJump hop")}`,
      );
      for (const address of ["hop", "nicked", "far"]) {
        const connection = await connect({ address, sshConfig: config });
        assert.is((await connection.exec({ script: "echo in", purpose: "test" })).stdout, "in\n", address);
      }
      const unknown = await failure(
        connect({ address: "nicked", sshConfig: config, knownHosts: join(scratch, "none") }),
      );
      assert.is(unknown.code, "host-key-unknown");
    } finally {
      await closeAll();
      await second.stop();
    }
  });

  test("accepts a pinned fingerprint of any of the host's keys, and a revoked key never", async () => {
    const rsa = join(scratch, "host-rsa");
    keygen(rsa, "", "rsa");
    const second = await startSshd({ extra: [`HostKey ${rsa}`] });
    try {
      const to = (more: Partial<Endpoint>) =>
        endpoint({ port: second.port, privateKeyFile: second.keyFile, hostKey: undefined, ...more });
      for (const key of [rsa, join(second.directory, "host")]) {
        const fingerprint = fingerprintOf(`${key}.pub`);
        assert.is((await connect(to({ hostKey: fingerprint }))).identity.fingerprint, fingerprint);
        await closeAll();
      }
      // As ssh-keyscan prints it.
      await connect(to({ hostKey: `127.0.0.1 ${second.hostKey}` }));
      await closeAll();
      const error = await failure(connect(to({ hostKey: fingerprintOf(`${server.keyFile}.pub`) })));
      assert.is(error.code, "host-key-changed");
      const revoked = join(scratch, "revoked-everywhere");
      writeFileSync(revoked, `@revoked * ${second.hostKey}\n`);
      const refused = await failure(connect(to({ hostKey: second.hostKey, knownHosts: revoked })));
      assert.is(refused.code, "host-key-revoked");
    } finally {
      await closeAll();
      await second.stop();
    }
  });

  test("goes through a chain of jump hosts and verifies each", async () => {
    const second = await startSshd();
    try {
      const hop = (s: TestServer, hostKey = s.hostKey): Endpoint => ({
        address: "127.0.0.1",
        port: s.port,
        user: "root",
        privateKeyFile: s.keyFile,
        hostKey,
        sshConfig: false,
      });
      const connection = await connect(endpoint({ jump: [hop(second), hop(server)] }));
      assert.is((await connection.exec({ script: "echo through", purpose: "test" })).stdout, "through\n");
      const error = await failure(connect(endpoint({ jump: [hop(second, server.hostKey)] })));
      assert.is(error.code, "jump-failed");
      assert.match(error.message, /jump host 1 of 1/);
    } finally {
      await closeAll();
      await second.stop();
    }
  });

  test("gives up dialling and logging in within their deadlines", async () => {
    const silent = createServer((socket) => socket.on("error", () => {}));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    try {
      const began = Date.now();
      const error = await failure(connect(endpoint({ port, deadlines: { authentication: 300 } })));
      assert.is(error.code, "authentication-timeout");
      assert.ok(Date.now() - began < 10_000); // By itself it waits twice as long.
    } finally {
      silent.close();
    }
    const refused = await failure(connect(endpoint({ port: 1 })));
    assert.is(refused.code, "dial-failed");
    assert.match(refused.message, /ECONNREFUSED/);
  });

  test("waits for a machine that starts, as long as it is told to", async () => {
    const port = await freePort();
    const early = await failure(connect(endpoint({ port, deadlines: { boot: 100 } })));
    assert.is(early.code, "dial-failed");
    const patient = connect(endpoint({ port, deadlines: { boot: 20_000 } }));
    await sleep(500);
    const started = createServer((socket) => {
      const there = dialTcp(server.port, "127.0.0.1");
      pipeline(socket, there, socket, () => {});
    });
    await new Promise<void>((resolve) => started.listen(port, "127.0.0.1", resolve));
    try {
      assert.is((await (await patient).exec({ script: "echo up", purpose: "test" })).stdout, "up\n");
    } finally {
      await closeAll();
      started.close();
    }
    const other = fingerprintOf(`${server.keyFile}.pub`);
    const began = Date.now();
    const refused = await failure(connect(endpoint({ hostKey: other, deadlines: { boot: 20_000 } })));
    assert.is(refused.code, "host-key-changed", "another machine is none that starts");
    assert.ok(Date.now() - began < 10_000);
  });

  test("gives up on a machine that does not answer at all", async () => {
    const unanswering = await UnansweringPort.open();
    try {
      const began = Date.now();
      const error = await failure(connect(endpoint({ port: unanswering.port, deadlines: { dial: 300 } })));
      assert.is(error.code, "dial-timeout");
      assert.ok(Date.now() - began < 10_000); // By itself it waits 15 s.
    } finally {
      await unanswering.close();
    }
  });

  const childrenOf = (pid: number) =>
    spawnSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" })
      .stdout.split("\n")
      .filter(Boolean)
      .map(Number);
  const alive = (pid: number) => existsSync(`/proc/${pid}`);

  test("ends a command at its deadline, on the host too, and the connection goes on", async () => {
    const connection = await connect(endpoint());
    let pid = 0;
    const begun = (line: string) => {
      pid = Number(line);
    };
    // A busy machine may take longer than the deadline before the command begins.
    for (let deadline = 300; !pid; deadline *= 2) {
      const running = connection.exec({ script: "echo $$; sleep 600", purpose: "test", deadline, onStdoutLine: begun });
      assert.is((await failure(running)).code, "command-deadline");
    }
    assert.is((await connection.exec({ script: "echo alive", purpose: "test" })).stdout, "alive\n");
    await until(() => !alive(pid), 60_000, "the end of the command");
  });

  test("ends the wait for a command that is cancelled, and starts none", async () => {
    const connection = await connect(endpoint());
    const controller = new AbortController();
    const cancellable = {
      script: "echo begun; sleep 20",
      purpose: "test",
      signal: controller.signal,
      onStdoutLine: () => controller.abort(),
    };
    assert.is((await failure(connection.exec(cancellable))).code, "cancelled");
    assert.is((await failure(connection.exec(cancellable))).code, "cancelled");
    assert.is((await connection.exec({ script: "echo alive", purpose: "test" })).stdout, "alive\n");
  });

  test("says that the link was lost when its sshd is killed", async () => {
    const connection = await connect(endpoint({ keepAliveSeconds: 9 }));
    // The shell's parent is the host's deadline, and that one's is the session.
    const { stdout } = await connection.exec({ script: "ps -o ppid= -p $PPID", purpose: "test" });
    const session = Number(stdout);
    const running = failure(connection.exec({ script: "sleep 3", purpose: "test" }));
    process.kill(session, "SIGKILL");
    assert.is((await running).code, "link-lost");
    assert.is((await failure(connection.exec({ script: "true", purpose: "test" }))).code, "link-lost");
  });

  test("says that the link was lost, and dials anew at the next call", async () => {
    const link = await FaultyLink.to(server.port);
    try {
      const through = endpoint({ port: link.port });
      const connection = await connect(through);
      const running = { script: "echo begun; sleep 20", purpose: "test", onStdoutLine: () => link.cut() };
      assert.is((await failure(connection.exec(running))).code, "link-lost");
      const again = await connect(through);
      assert.is.not(again, connection);
      assert.is((await again.exec({ script: "echo back", purpose: "test" })).stdout, "back\n");
    } finally {
      await closeAll();
      await link.close();
    }
  });

  test("notices a dead link by keep-alive", async () => {
    const link = await FaultyLink.to(server.port);
    try {
      const connection = await connect(endpoint({ port: link.port, keepAliveSeconds: 0.2 }));
      const began = Date.now();
      const running = failure(connection.exec({ script: "sleep 5", purpose: "test" }));
      link.stall();
      assert.is((await running).code, "link-lost");
      assert.ok(Date.now() - began < 20_000); // By itself it takes twice as long.
    } finally {
      await closeAll();
      await link.close();
    }
  });

  test("closes while a keep-alive message is due", async () => {
    const connection = await connect(endpoint({ keepAliveSeconds: 0.2 }));
    spawnSync("sleep", ["0.4"]);
    await connection.close();
    assert.is((await failure(connection.exec({ script: "true", purpose: "test" }))).code, "link-lost");
  });

  test("hands out no connection that is being closed", async () => {
    const connection = await connect(endpoint());
    const closing = connection.close();
    assert.is((await failure(connection.exec({ script: "true", purpose: "test" }))).code, "link-lost");
    const again = await connect(endpoint());
    assert.is.not(again, connection);
    assert.is((await again.exec({ script: "echo in", purpose: "test" })).stdout, "in\n");
    await closing;
  });

  test("does nothing of a script that arrives only in part", async () => {
    const link = await FaultyLink.to(server.port);
    const witness = join(scratch, "witness");
    try {
      const connection = await connect(endpoint({ port: link.port }));
      const { stdout } = await connection.exec({ script: "ps -o ppid= -p $PPID", purpose: "test" });
      link.holdAfter = link.forwarded + 60_000;
      const script = `echo early > ${witness}\n: ${"x".repeat(200_000)}\necho late >> ${witness}`;
      const running = failure(connection.exec({ script, purpose: "test" }));
      const shells = () => childrenOf(Number(stdout));
      await until(() => shells().length > 0, 60_000, "the shell");
      const pids = shells();
      link.cut();
      assert.is((await running).code, "link-lost");
      await until(() => !pids.some(alive), 60_000, "the end of the shell");
      assert.throws(() => readFileSync(witness), /ENOENT/);
    } finally {
      await closeAll();
      await link.close();
    }
  });

  test("keeps the beginning and the end of an output within its bound", async () => {
    const connection = await connect(endpoint());
    const script = "echo first; head -c 3000000 /dev/zero | tr '\\0' a; echo last; seq 1 20000 >&2";
    const result = await connection.exec({ script, purpose: "test", maxOutput: 10_000 });
    assert.ok(result.truncated);
    assert.match(result.stdout, /^first\na+\n\[\d+ bytes dropped\]\na+last\n$/);
    assert.ok(result.stdout.length < 10_100, String(result.stdout.length));
    assert.match(result.stderr, /^1\n2\n[\d\n]+\[\d+ bytes dropped\][\d\n]+\n20000\n$/);
    assert.ok(result.stderr.length < 10_100);
    const whole = await connection.exec({ script: "seq 1 20000", purpose: "test" });
    assert.not.ok(whole.truncated);
    assert.is(whole.stdout.split("\n").length, 20_001);
  });

  test("brings hostile bytes through unharmed", async () => {
    const connection = await connect(endpoint());
    const control = Array.from({ length: 0x9f }, (_, n) => String.fromCharCode(n + 1)).join("");
    const hostile = `${control}'"\`$(touch /tmp/x)\\ \n}\n{ EOF\n\u{1f4a5}\u2028 -n % ! \r\n`;
    const result = await connection.exec({ script: `printf %s ${quote(hostile)}`, purpose: "test" });
    assert.is(result.stdout, hostile);
  });

  test("hands lines on while the script runs", async () => {
    const connection = await connect(endpoint());
    const seen: string[] = [];
    const heard = join(scratch, "heard");
    await connection.exec({
      script: `echo one; until [ -e ${heard} ]; do sleep 0.05; done; printf 'two\nthree'`,
      purpose: "test",
      deadline: 60_000,
      onStdoutLine: (line) => {
        seen.push(line);
        writeFileSync(heard, "");
      },
    });
    assert.equal(seen, ["one", "two", "three"]);
  });

  test("takes secrets out of outputs, arguments and traces", async () => {
    const secret = "s3cr3t-value-never-seen";
    const trace = join(scratch, "trace");
    process.env.MICROVM_TRACE = trace;
    try {
      const connection = await connect(endpoint());
      const script = `secret='${secret}'; ps -eo args; echo "$secret"; cat ${server.keyFile}`;
      const result = await connection.exec({ script, purpose: "look for secrets", redact: [secret] });
      assert.not.ok(result.stdout.includes(secret));
      assert.match(result.stdout, /\[private key\]/);
      const lines = readFileSync(trace, "utf8");
      assert.not.ok(lines.includes(secret));
      const trip = JSON.parse(lines.trim().split("\n").at(-1) as string);
      assert.is(trip.purpose, "look for secrets");
      assert.is(trip.kind, "exec");
      assert.ok(trip.bytesOut > 0 && trip.bytesIn > 0 && trip.millis > 0);
    } finally {
      delete process.env.MICROVM_TRACE;
    }
  });

  test("tells a user without sudo what to do", async () => {
    const name = `mvtest${process.pid}`;
    execFileSync("useradd", ["--no-create-home", "--password", "*", "--shell", "/bin/sh", name]);
    try {
      const connection = await connect(endpoint({ user: name }));
      const error = await failure(connection.exec({ script: "id", purpose: "observe host" }));
      assert.is(error.code, "sudo-needed");
      assert.match(error.message, /sudoers\.d/);
      assert.match(
        (await connection.exec({ script: "id -un", purpose: "test", root: false })).stdout,
        new RegExp(name),
      );
    } finally {
      await closeAll();
      await removeUser(name);
    }
  });

  test("says that no shell answered where there is none, however its answer arrives", async () => {
    const link = await FaultyLink.to(server.port);
    const name = `mvnosh${process.pid}`;
    execFileSync("useradd", ["--no-create-home", "--password", "*", "--shell", "/usr/sbin/nologin", name]);
    try {
      const connection = await connect(endpoint({ user: name, port: link.port }));
      for (const millis of [0, 500]) {
        link.gatherAnswers(millis); // All that it says, and that it has ended, in one piece.
        const error = await failure(connection.exec({ script: "id", purpose: "observe host" }));
        assert.is(error.code, "not-a-shell");
        assert.match(error.message, /status 1\b/);
      }
    } finally {
      await closeAll();
      await link.close();
      await removeUser(name);
    }
  });

  test("forwards TCP ports and unix sockets", async () => {
    const tcp = createServer((socket) => socket.end("hello tcp"));
    await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
    const path = join(scratch, "sock");
    const unix = createServer((socket) => socket.end("hello unix"));
    await new Promise<void>((resolve) => unix.listen(path, resolve));
    const read = async (stream: AsyncIterable<Buffer>) => {
      let text = "";
      for await (const chunk of stream) text += chunk;
      return text;
    };
    try {
      const connection = await connect(endpoint());
      assert.is(
        await read(await connection.forwardTcp("127.0.0.1", (tcp.address() as { port: number }).port)),
        "hello tcp",
      );
      assert.is(await read(await connection.forwardUnix(path)), "hello unix");
      assert.is((await failure(connection.forwardUnix(join(scratch, "nothing")))).code, "forward-failed");
    } finally {
      tcp.close();
      unix.close();
    }
  });

  test("runs on this machine without SSH", async () => {
    const connection = await connect({ address: "local" });
    const result = await connection.exec({ script: "id -u; exit 4", purpose: "test" });
    assert.is(result.stdout, "0\n");
    assert.is(result.code, 4);
    assert.is(
      (await failure(connection.exec({ script: "sleep 3", purpose: "test", deadline: 200 }))).code,
      "command-deadline",
    );
  });

  test.run();
}
