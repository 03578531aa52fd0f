import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { download } from "../../tools/pulumi-cli/download";
import { programs, pulumiCli, version } from "../../tools/pulumi-cli/install";
import { locked } from "../../tools/pulumi-cli/lock";
import { older } from "../../tools/pulumi-cli/release-order";

const test = suite<{ directory: string; path: string | undefined }>("getting the Pulumi CLI");

test.before.each((context) => {
  context.directory = mkdtempSync(join(tmpdir(), "pulumi-cli-"));
  context.path = process.env.PATH;
});

test.after.each((context) => {
  process.env.PATH = context.path;
  rmSync(context.directory, { recursive: true });
});

/** Programs that answer `version` and nothing else. */
function impostors(directory: string, release: string, names = programs): void {
  mkdirSync(directory, { recursive: true });
  for (const name of names) {
    writeFileSync(join(directory, name), `#!/bin/sh\necho v${release}\n`);
    chmodSync(join(directory, name), 0o755);
  }
}

/** The message of the error that `work` is to end with. */
async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it should have failed");
}

test("releases are ordered by number, not by text", () => {
  const table: [string, string, boolean][] = [
    ["3.9.0", "3.200.0", true],
    ["3.200.0", "3.200.0", false],
    ["3.230.0", "3.200.0", false],
    ["4.0.0", "3.200.0", false],
    ["3.200.0", "3.200.1", true],
  ];
  for (const [one, other, expected] of table) assert.is(older(one, other), expected, `${one} ${other}`);
});

test("the pinned module is the release that is asked for", () => {
  const pinned = readFileSync(resolve(__dirname, "../../tools/pulumi-cli/cli/go.mod"), "utf8");
  assert.match(pinned, `github.com/pulumi/pulumi/pkg/v3 v${version} `);
});

test("a CLI on PATH is taken with its language host", async ({ directory }) => {
  impostors(directory, "3.201.4");
  process.env.PATH = `${directory}:/usr/bin:/bin`;
  assert.equal(await pulumiCli({ from: ["path"] }), { bin: directory, version: "3.201.4", how: "path" });
});

test("a CLI on PATH that will not do is passed over, and why is said", async ({ directory }) => {
  process.env.PATH = `${directory}:/usr/bin:/bin`;
  assert.match(await refusal(pulumiCli({ from: ["path"] })), "there is no pulumi on PATH");
  impostors(directory, "3.199.9");
  assert.match(await refusal(pulumiCli({ from: ["path"] })), "is 3.199.9, older than 3.200.0");
  rmSync(join(directory, "pulumi-language-nodejs"));
  assert.match(await refusal(pulumiCli({ from: ["path"] })), "pulumi-language-nodejs is not");
});

test("without Go the error says what to do, and nothing is left behind", async ({ directory }) => {
  process.env.PATH = directory;
  const cache = join(directory, "cache");
  const told: string[] = [];
  const message = await refusal(pulumiCli({ from: ["built"], cache, progress: (line) => told.push(line) }));
  assert.match(message, /Go is not installed\. Install Go .* or put the Pulumi CLI on PATH/);
  assert.equal(readdirSync(cache), []);
  assert.is(told.length, 1);
});

test("what is kept is used again, unless it is broken or was left half made", async ({ directory }) => {
  process.env.PATH = "/usr/bin:/bin";
  const kept = join(directory, version);
  impostors(kept, version);
  writeFileSync(join(kept, "source"), "built\n");
  assert.equal(await pulumiCli({ from: ["path", "built"], cache: directory }), { bin: kept, version, how: "built" });
  process.env.PATH = join(directory, "nothing");
  impostors(kept, "1.0.0");
  impostors(`${kept}.new-abandoned`, version);
  await refusal(pulumiCli({ from: ["built"], cache: directory }));
  assert.equal(readdirSync(directory), [version]);
});

test("a release is unpacked only if its sum is the listed one", async ({ directory }) => {
  const [source, into] = [join(directory, "pulumi"), join(directory, "into")];
  impostors(source, version);
  const name = `pulumi-v${version}-linux-${process.arch}.tar.gz`;
  assert.is(spawnSync("tar", ["-czf", join(directory, name), "-C", directory, "pulumi"]).status, 0);
  const archive = readFileSync(join(directory, name));
  const sum = createHash("sha256").update(archive).digest("hex");
  let list = "";
  const server = createServer((request, response) => {
    if (request.url === `/${name}`) response.end(archive);
    else if (request.url === `/pulumi-${version}-checksums.txt` && list) response.end(list);
    else response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const attempt = () => {
      rmSync(into, { recursive: true, force: true });
      mkdirSync(into);
      return download(version, into, () => {}, { archives: site, sums: () => site });
    };
    assert.match(await refusal(attempt()), "the server answered 404");
    list = `${"0".repeat(64)}  ${name}\n`;
    assert.match(await refusal(attempt()), `SHA-256 is ${sum}, but the release lists 0000`);
    assert.equal(readdirSync(into), [name], "nothing is unpacked");
    list = `${sum}  another.tar.gz\n`;
    assert.match(await refusal(attempt()), `lists no SHA-256 for ${name}`);
    list = `${"0".repeat(64)}  another.tar.gz\n${sum}  ${name}\n`;
    await attempt();
    assert.equal(readdirSync(into).sort(), [...programs].sort());
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test("one at a time gets the CLI, and a killed holder does not keep the others out", async ({ directory }) => {
  const path = join(directory, "place");
  const holder = spawn(
    process.execPath,
    [
      "--require",
      "tsx/cjs",
      "-e",
      `require(${JSON.stringify(resolve(__dirname, "../../tools/pulumi-cli/lock"))}).locked(${JSON.stringify(path)}, () => {}, async () => { console.log("held"); await new Promise(() => setInterval(() => {}, 1000)); })`,
    ],
    { stdio: ["ignore", "pipe", "inherit"], cwd: resolve(__dirname, "../..") },
  );
  const ended = once(holder, "exit");
  try {
    await once(holder.stdout, "data");
    const order: string[] = [];
    const mine = locked(
      path,
      () => {
        order.push("waited");
        holder.kill("SIGKILL");
      },
      async () => order.push("worked"),
    );
    await mine;
    assert.equal(order, ["waited", "worked"]);
  } finally {
    holder.kill("SIGKILL");
    await ended;
  }
});

test.run();
