import { execFileSync, spawn, spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { MicrovmError } from "../../provider/errors";
import { closeAll, connect, type Endpoint } from "../../provider/ssh";
import { skip } from "../skip";
import { FaultyLink } from "./faulty-link";
import { keygen, sshdUnavailable, startSshd, type TestServer } from "./sshd";

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

  const endpoint = (more: Partial<Endpoint> = {}): Endpoint => ({
    address: "127.0.0.1",
    port: server.port,
    user: "root",
    privateKeyFile: server.keyFile,
    hostKey: server.hostKey,
    sshConfig: false,
    ...more,
  });
  const failure = async (promise: Promise<unknown>): Promise<MicrovmError> => {
    try {
      await promise;
    } catch (error) {
      return error as MicrovmError;
    }
    throw new Error("it should have failed");
  };

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

  test("refuses a changed host key and shows both fingerprints", async () => {
    keygen(join(scratch, "other"));
    const other = readFileSync(join(scratch, "other.pub"), "utf8").split(" ").slice(0, 2).join(" ");
    const fingerprint = execFileSync("ssh-keygen", ["-lf", join(scratch, "other.pub")], { encoding: "utf8" }).split(
      " ",
    )[1] as string;
    const error = await failure(connect(endpoint({ hostKey: other })));
    assert.is(error.code, "host-key-changed");
    const actual = execFileSync("ssh-keygen", ["-lf", join(server.directory, "host.pub")], { encoding: "utf8" }).split(
      " ",
    )[1] as string;
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

  test("logs in by an agent", async () => {
    const socket = join(scratch, "agent");
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    try {
      for (
        let tries = 0;
        tries < 50 &&
        spawnSync("ssh-add", ["-q", server.keyFile], {
          env: { ...process.env, SSH_AUTH_SOCK: socket },
          stdio: "ignore",
        }).status !== 0;
        tries++
      ) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
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
      assert.ok(Date.now() - began < 2000);
    } finally {
      silent.close();
    }
    const refused = await failure(connect(endpoint({ port: 1 })));
    assert.is(refused.code, "dial-failed");
    assert.match(refused.message, /ECONNREFUSED/);
  });

  test("ends a command at its deadline, and the connection goes on", async () => {
    const connection = await connect(endpoint());
    const error = await failure(connection.exec({ script: "sleep 20", purpose: "test", deadline: 300 }));
    assert.is(error.code, "command-deadline");
    assert.is((await connection.exec({ script: "echo alive", purpose: "test" })).stdout, "alive\n");
  });

  test("says that the link was lost, and dials anew at the next call", async () => {
    const link = await FaultyLink.to(server.port);
    try {
      const through = endpoint({ port: link.port });
      const connection = await connect(through);
      const running = failure(connection.exec({ script: "sleep 20", purpose: "test" }));
      setTimeout(() => link.cut(), 200);
      assert.is((await running).code, "link-lost");
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
      const running = failure(connection.exec({ script: "sleep 30", purpose: "test" }));
      link.stall();
      assert.is((await running).code, "link-lost");
      assert.ok(Date.now() - began < 5000);
    } finally {
      await closeAll();
      await link.close();
    }
  });

  test("does nothing of a script that arrives only in part", async () => {
    const link = await FaultyLink.to(server.port);
    const witness = join(scratch, "witness");
    try {
      const connection = await connect(endpoint({ port: link.port }));
      link.cutAfter = link.forwarded + 60_000;
      const script = `echo early > ${witness}\n: ${"x".repeat(200_000)}\necho late >> ${witness}`;
      assert.is((await failure(connection.exec({ script, purpose: "test" }))).code, "link-lost");
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.throws(() => readFileSync(witness), /ENOENT/);
    } finally {
      await closeAll();
      await link.close();
    }
  });

  test("keeps output within bounds and says so", async () => {
    const connection = await connect(endpoint());
    const result = await connection.exec({
      script: "head -c 3000000 /dev/zero | tr '\\0' a",
      purpose: "test",
      maxOutput: 100_000,
    });
    assert.ok(result.truncated);
    assert.ok(result.stdout.length < 400_000);
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
      execFileSync("userdel", [name]);
    }
  });

  test("says that no shell answered where there is none", async () => {
    const name = `mvnosh${process.pid}`;
    execFileSync("useradd", ["--no-create-home", "--password", "*", "--shell", "/usr/sbin/nologin", name]);
    try {
      const connection = await connect(endpoint({ user: name }));
      const error = await failure(connection.exec({ script: "id", purpose: "observe host" }));
      assert.is(error.code, "not-a-shell");
    } finally {
      await closeAll();
      execFileSync("userdel", [name]);
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
      (await failure(connection.exec({ script: "sleep 20", purpose: "test", deadline: 200 }))).code,
      "command-deadline",
    );
  });

  test.run();
}
