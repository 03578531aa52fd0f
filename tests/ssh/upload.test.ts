import { execFileSync, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Connection, closeAll, connect, digestFile, type UploadOptions } from "../../provider/ssh";
import { failure } from "../failure";
import { skip } from "../skip";
import { until } from "../until";
import { FaultyLink } from "./faulty-link";
import { sshdUnavailable, startSshd, type TestServer } from "./sshd";

const test = suite("upload");
const reason = sshdUnavailable();
if (reason) {
  skip("upload", reason);
} else {
  let server: TestServer;
  let link: FaultyLink;
  let scratch: string;
  let source: string;
  const size = 6_000_000;

  test.before(async () => {
    server = await startSshd();
    link = await FaultyLink.to(server.port);
    scratch = mkdtempSync(join(tmpdir(), "microvm-upload-"));
    source = join(scratch, "source");
    // Half of it does not compress.
    writeFileSync(source, Buffer.concat([randomBytes(size / 2), Buffer.alloc(size / 2, "all work and no play ")]));
  });
  test.after(async () => {
    await closeAll();
    await link.close();
    await server.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  const dial = (): Promise<Connection> =>
    connect({
      address: "127.0.0.1",
      port: link.port,
      user: "root",
      privateKeyFile: server.keyFile,
      hostKey: server.hostKey,
      sshConfig: false,
    });
  const options = async (path: string, more: Partial<UploadOptions> = {}): Promise<UploadOptions> => ({
    source,
    ...(await digestFile(source)),
    path,
    mode: 0o640,
    purpose: "upload a test file",
    ...more,
  });

  test("puts the file in place whole, compressed, with owner and mode, and sends it once", async () => {
    const connection = await dial();
    const path = join(scratch, "new directory", "it's here");
    const seen: number[] = [];
    const first = await connection.upload(await options(path, { onProgress: (done) => seen.push(done) }));
    assert.equal(readFileSync(path), readFileSync(source));
    assert.is(statSync(path).mode & 0o7777, 0o640);
    assert.ok(first.sentBytes > size / 2 && first.sentBytes < size * 0.6, String(first.sentBytes));
    assert.is(seen.at(-1), size);
    const second = await connection.upload(await options(path));
    assert.ok(second.skipped);
    assert.is(second.sentBytes, 0);
    chmodSync(path, 0o600);
    await connection.upload(await options(path));
    assert.is(statSync(path).mode & 0o7777, 0o640);
    assert.equal(readdirSync(join(scratch, "new directory")), ["it's here"]);
  });

  /** Whether somebody else holds the lock of a part. */
  const locked = (part: string) => spawnSync("flock", ["--nonblock", `${part}.lock`, "true"]).status !== 0;
  /** Whether somebody waits for a lock. */
  const waitedFor = (lock: string) => {
    const file = `:${statSync(lock).ino} `;
    return readFileSync("/proc/locks", "utf8")
      .split("\n")
      .some((line) => line.includes("->") && line.includes(file));
  };
  const partOf = async (path: string) => `${path}.${(await digestFile(source)).sha256}.part`;
  const length = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

  test("goes on where a cut link stopped it", async () => {
    const path = join(scratch, "resumed");
    const part = await partOf(path);
    link.holdAfter = link.forwarded + 1_500_000;
    const cut = failure((await dial()).upload(await options(path)));
    await until(() => length(part) > 1_000_000, 60_000, "the beginning of the file");
    link.cut();
    const error = await cut;
    assert.ok(["link-lost", "upload-cut"].includes(error.code), error.code);
    assert.not.ok(existsSync(path));
    // The far end notices a little later that nobody sends any more.
    await until(() => !locked(part), 60_000, "the end of the upload that was cut");
    const written = length(part);
    const result = await (await dial()).upload(await options(path));
    assert.is(result.resumedFrom, written);
    assert.ok(result.sentBytes < size * 0.6 - written, String(result.sentBytes));
    assert.equal(readFileSync(path), readFileSync(source));
  });

  test("two uploads of one file at once take turns, and the second has nothing left to send", async () => {
    const path = join(scratch, "twice");
    const other = await connect({
      address: "127.0.0.1",
      port: server.port,
      user: "root",
      privateKeyFile: server.keyFile,
      hostKey: server.hostKey,
      sshConfig: false,
    });
    const part = await partOf(path);
    link.holdAfter = link.forwarded + 1_500_000;
    const first = (await dial()).upload(await options(path));
    let second: typeof first;
    try {
      await until(() => length(part) > 0, 60_000, "the beginning of the file");
      second = other.upload(await options(path));
      await until(() => waitedFor(`${part}.lock`), 60_000, "the upload that waits");
    } finally {
      link.release();
    }
    assert.not.ok((await first).skipped);
    assert.ok((await second).skipped);
    assert.equal(readFileSync(path), readFileSync(source));
    assert.equal(
      readdirSync(scratch).filter((name) => /part|lock/.test(name)),
      [],
    );
  });

  test("does not wait for ever for an upload whose client is gone", async () => {
    const path = join(scratch, "abandoned");
    const part = await partOf(path);
    writeFileSync(part, "somebody else's");
    const holder = spawn("flock", [`${part}.lock`, "sleep", "600"], { stdio: "ignore", detached: true });
    try {
      await until(() => locked(part), 60_000, "the holder of the lock");
      await (await dial()).upload(await options(path));
      assert.equal(readFileSync(path), readFileSync(source));
      assert.is(readFileSync(part, "utf8"), "somebody else's");
    } finally {
      process.kill(-(holder.pid as number), "SIGKILL");
      rmSync(part);
      rmSync(`${part}.lock`);
    }
    assert.equal(
      readdirSync(scratch).filter((name) => /part|lock/.test(name)),
      [],
    );
  });

  test("needs no more on the host than a shell, coreutils, gzip and, to resume, flock", async () => {
    const bare = mkdtempSync(join(scratch, "bin-"));
    const tools = "sh id mkdir dirname stat cut sha256sum chown chmod cat gzip sleep dd df tail sync mv rm".split(" ");
    const find = (name: string) => execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
    for (const name of tools) symlinkSync(realpathSync(find(name)), join(bare, name));
    const plain = await startSshd({ environment: { PATH: bare } });
    try {
      for (const flock of [false, true]) {
        if (flock) symlinkSync(find("flock"), join(bare, "flock"));
        const connection = await connect({
          address: "127.0.0.1",
          port: plain.port,
          user: "root",
          privateKeyFile: plain.keyFile,
          hostKey: plain.hostKey,
          sshConfig: false,
        });
        const path = join(scratch, `bare ${flock}`);
        const { sentBytes } = await connection.upload(await options(path));
        assert.equal(readFileSync(path), readFileSync(source));
        assert.ok(sentBytes < size * 0.6);
      }
      assert.equal(
        readdirSync(scratch).filter((name) => /part|lock/.test(name)),
        [],
      );
    } finally {
      await closeAll();
      await plain.stop();
    }
  });

  test("sends what does not compress as it is, and an empty file too", async () => {
    const connection = await dial();
    for (const content of [randomBytes(1_000_000), Buffer.alloc(0)]) {
      const file = join(scratch, `raw ${content.length}`);
      writeFileSync(file, content);
      const path = join(scratch, `raw ${content.length} there`);
      const result = await connection.upload(await options(path, { source: file, ...(await digestFile(file)) }));
      assert.is(result.sentBytes, content.length);
      assert.equal(readFileSync(path), content);
    }
  });

  test("replaces a file that has the right size and the wrong content", async () => {
    const path = join(scratch, "replaced");
    writeFileSync(path, Buffer.alloc(size));
    assert.not.ok((await (await dial()).upload(await options(path))).skipped);
    assert.equal(readFileSync(path), readFileSync(source));
  });

  test("says which file cannot be read, and stops when it is cancelled or out of time", async () => {
    const connection = await dial();
    const path = join(scratch, "never");
    const missing = await failure(connection.upload(await options(path, { source: join(scratch, "nothing") })));
    assert.is(missing.code, "upload-source");
    assert.match(missing.message, /ENOENT/);
    link.slow(2_000_000);
    try {
      const controller = new AbortController();
      const cancellable = { signal: controller.signal, onProgress: () => controller.abort() };
      const cancelled = await failure(connection.upload(await options(path, cancellable)));
      assert.is(cancelled.code, "cancelled");
      assert.is((await failure(connection.upload(await options(path, { deadline: 300 })))).code, "command-deadline");
    } finally {
      link.slow(Number.POSITIVE_INFINITY);
    }
    assert.not.ok(existsSync(path));
    // What still compresses would keep this process from ending.
    const children = () => execFileSync("ps", ["-o", "comm=", "--ppid", String(process.pid)], { encoding: "utf8" });
    await until(() => !/^zstd/m.test(children()), 30_000, "the end of what compresses");
    assert.is((await connection.exec({ script: "echo on", purpose: "test" })).stdout, "on\n");
  });

  test("starts anew after a rest that is damaged", async () => {
    const path = join(scratch, "damaged");
    writeFileSync(await partOf(path), "not the beginning of it");
    const error = await failure((await dial()).upload(await options(path)));
    assert.is(error.code, "upload-corrupt");
    await (await dial()).upload(await options(path));
    assert.equal(readFileSync(path), readFileSync(source));
  });

  test("gives up when nothing moves", async () => {
    const path = join(scratch, "stalled");
    const connection = await dial();
    let moved = false;
    const onProgress = () => {
      moved = true;
      link.stall();
    };
    link.slow(2_000_000); // It is not over before the first that is heard of it.
    try {
      const error = await failure(connection.upload(await options(path, { stall: 3000, onProgress })));
      assert.is(error.code, "upload-stalled");
      assert.ok(moved);
    } finally {
      link.stall(false);
      link.slow(Number.POSITIVE_INFINITY);
      await closeAll();
    }
  });

  test("crosses a slow link", async () => {
    link.slow(4_000_000);
    try {
      await (await dial()).upload(await options(join(scratch, "slow")));
      assert.equal(readFileSync(join(scratch, "slow")), readFileSync(source));
    } finally {
      link.slow(Number.POSITIVE_INFINITY);
    }
  });

  test("says that the disk is full, and how full", async () => {
    const small = join(scratch, "small");
    mkdirSync(small);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", small]);
    try {
      const error = await failure((await dial()).upload(await options(join(small, "big"))));
      assert.is(error.code, "disk-full");
      assert.match(error.message, /\/small is full \(0 bytes free; the file has 6000000\)/);
    } finally {
      execFileSync("umount", [small]);
    }
  });

  test("does the same without SSH", async () => {
    const connection = await connect({ address: "local" });
    const path = join(scratch, "local copy");
    await connection.upload(await options(path));
    assert.equal(readFileSync(path), readFileSync(source));
    assert.ok((await connection.upload(await options(path))).skipped);
  });

  test.run();
}
