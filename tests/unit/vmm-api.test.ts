import * as assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";

const program = join(__dirname, "../../host-setup/vmm-api");
const test = suite<{ directory: string; servers: Server[] }>("the client of VMMs' REST APIs");

test.before.each((context) => {
  context.directory = mkdtempSync(join(tmpdir(), "microvm-api-"));
  context.servers = [];
});
test.after.each(({ directory, servers }) => {
  for (const server of servers) server.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A VMM that answers each request with the next text, byte for byte; `undefined` is silence, an empty text hangs up. */
async function vmm(
  { directory, servers }: { directory: string; servers: Server[] },
  answers: (string | undefined)[],
  name = "fc.sock",
): Promise<{ path: string; heard: string[]; connections: () => number }> {
  const path = join(directory, name);
  const heard: string[] = [];
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      heard.push(chunk.toString());
      const answer = answers.shift();
      if (answer === "") socket.destroy();
      else if (answer !== undefined) socket.write(answer);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  server.unref();
  return { path, heard, connections: () => connections };
}

function run(args: string[], input = ""): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    const output = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].on("data", (chunk: Buffer) => {
        output[stream] += chunk;
      });
    }
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, ...output }));
    child.stdin.end(input);
  });
}

const ok = "HTTP/1.1 204 \r\nServer: Firecracker API\r\nConnection: keep-alive\r\n\r\n";
const json = (status: string, body: string) => `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

test("requests go over one connection, in order, with their bodies", async (context) => {
  const { path, heard, connections } = await vmm(context, [ok, json("200 OK", '{"a":\n 1}')]);
  const result = await run([path], 'PUT /x {"b": 2}\nGET /y\n');
  assert.deepEqual(result, { code: 0, stdout: '{"a": 1}\n', stderr: "" });
  assert.equal(connections(), 1);
  assert.match(heard[0] ?? "", /^PUT \/x HTTP\/1\.1\r\n[\s\S]*Content-Length: 8\r\n\r\n\{"b": 2\}$/);
  assert.match(heard[1] ?? "", /^GET \/y HTTP\/1\.1\r\n/);
});

for (const [what, answer, pattern] of [
  [
    "Firecracker's fault",
    json("400 Bad Request", '{"fault_message":"the \\"why\\""}'),
    /GET \/x: the .*why.* \(status 400\)/,
  ],
  ["Cloud Hypervisor's list", json("500 Error", '["outer","inner"]'), /outer: inner \(status 500\)/],
  ["an error that is no JSON", json("400 Bad", '{ "error": "line\none" }'), /line\none \(status 400\)/],
  ["no HTTP", "hello\r\n\r\n", /no answer in HTTP: hello/],
  ["a hang-up", "", /closed the connection/],
  ["an error without a body", "HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n", /GET \/x: .*\(status 404\)/],
  ["an answer that is cut short", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", /the answer is cut short\n$/],
  [
    "a chunk that is cut short",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
    /: the answer is cut short\n$/,
  ],
  [
    "a list of chunks that is cut short",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    /: the answer is cut short\n$/,
  ],
] as const) {
  test(`says ${what}, and asks no more`, async (context) => {
    const { path, heard } = await vmm(context, [answer, ok]);
    if (what.includes("cut short"))
      context.servers.at(-1)?.on("connection", (socket) => setTimeout(() => socket.destroy(), 300));
    const { code, stderr } = await run([path], "GET /x\nGET /y\n");
    assert.equal(code, 1);
    assert.match(stderr, pattern);
    assert.equal(heard.length, 1);
  });
}

test("an answer in chunks is read whole", async (context) => {
  const { path } = await vmm(context, [
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
  ]);
  assert.equal((await run([path], "GET /x\n")).stdout, "abcde\n");
});

test("a socket without a VMM is told", async ({ directory }) => {
  const { code, stderr } = await run([join(directory, "none")], "GET /x\n");
  assert.equal(code, 1);
  assert.match(stderr, /cannot reach .*No such file/);
});

test("states are asked of all at the same time, and who is silent holds nobody up", async (context) => {
  const silent = await vmm(context, [undefined], "a/fc.sock".replace("/", "-"));
  const other = await vmm(context, [undefined], "b-ch.sock");
  const running = await vmm(context, [json("200 OK", '{"id":"x","state":"Running"}')], "c-fc.sock");
  const paused = await vmm(context, [json("200 OK", '{"config":{},"state":"Paused"}')], "d-ch.sock");
  const began = Date.now();
  const { code, stdout } = await run(["--status", silent.path, other.path, running.path, paused.path]);
  assert.ok(Date.now() - began < 2500);
  assert.equal(code, 0);
  assert.deepEqual(
    stdout.trim().split("\n").sort(),
    [
      `vmm\t${silent.path}\tsilent`,
      `vmm\t${other.path}\tsilent`,
      `vmm\t${running.path}\trunning`,
      `vmm\t${paused.path}\tpaused`,
    ].sort(),
  );
  assert.match(running.heard[0] ?? "", /^GET \/ HTTP/);
  assert.match(paused.heard[0] ?? "", /^GET \/api\/v1\/vm\.info HTTP/);
});

test.run();
