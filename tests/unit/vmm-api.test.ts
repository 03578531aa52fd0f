import * as assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { suite } from "uvu";
import { requests } from "../../provider/vmm/rest";
import { skip } from "../skip";

const program = join(__dirname, "../../host-setup/vmm-api");
const test = suite<{ directory: string; servers: Server[]; sockets: Socket[] }>("the client of VMMs' REST APIs");

test.before.each((context) => {
  context.directory = mkdtempSync(join(tmpdir(), "microvm-api-"));
  context.servers = [];
  context.sockets = [];
});
test.after.each(({ directory, servers }) => {
  for (const server of servers) server.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A VMM that answers each request with the next text, byte for byte; `undefined` is silence, an empty text hangs up. */
async function vmm(
  { directory, servers, sockets }: { directory: string; servers: Server[]; sockets: Socket[] },
  answers: (string | undefined)[],
  name = "fc.sock",
): Promise<{ path: string; heard: string[]; connections: () => number }> {
  const path = join(directory, name);
  const heard: string[] = [];
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    sockets.push(socket);
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

function run(
  args: string[],
  input = "",
  command = program,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
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

/** What a driver would have a host's shell do, done by this one. */
function tell(path: string, body: object) {
  const lines = requests(path, ["PUT", "/mmds", body]).join("\n");
  return run(["-eu", "-s"], `${lines.replace("/usr/lib/microvm/vmm-api", program)}\n`, "/bin/sh");
}

test("what a driver tells reaches the VMM byte by byte, whatever it holds", async (context) => {
  let answers = 0;
  const text = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.constantFrom("$(id)", "`id`", "'\"\\", "\nMV-END\n", "%s", "\0"),
  );
  await fc.assert(
    fc.asyncProperty(fc.dictionary(text, text), async (body) => {
      const { path, heard } = await vmm(context, [ok], `${answers++}-fc.sock`);
      assert.deepEqual(await tell(path, body), { code: 0, stdout: "", stderr: "" });
      const [head = "", said = ""] = heard.join("").split("\r\n\r\n");
      assert.match(head, new RegExp(`\r\nContent-Length: ${Buffer.byteLength(JSON.stringify(body))}$`));
      assert.deepEqual(JSON.parse(said), JSON.parse(JSON.stringify(body)));
    }),
    { numRuns: 40 },
  );
});

test("a request that is refused fails the step that it is of", async (context) => {
  const { path } = await vmm(context, [json("400 Bad", '{"fault_message":"why"}')]);
  const { code, stderr } = await tell(path, { a: 1 });
  assert.equal(code, 1);
  assert.match(stderr, /PUT \/mmds: why/);
});

if (process.platform !== "linux") skip("what is told is in no argument list", "there is no /proc");
else {
  test("what is told is in no argument list", async (context) => {
    const secret = `secret-${process.pid}-${Date.now()}`;
    const { path, heard } = await vmm(context, [undefined]);
    const telling = tell(path, { secret });
    while (!heard.join("").includes(secret)) await new Promise((resolve) => setTimeout(resolve, 20));
    const lists = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, "utf8");
        } catch {
          // It has ended.
          return "";
        }
      });
    // The client is among them: it waits for the answer.
    assert.ok(lists.some((list) => list.includes(path)));
    assert.ok(lists.every((list) => !list.includes(secret)));
    for (const socket of context.sockets) socket.destroy();
    assert.equal((await telling).code, 1);
  });
}

test("a socket without a VMM is told", async ({ directory }) => {
  const { code, stderr } = await run([join(directory, "none")], "GET /x\n");
  assert.equal(code, 1);
  assert.match(stderr, /cannot reach .*No such file/);
});

test("states are asked of all at the same time, and who is silent holds nobody up", async (context) => {
  const silent = await vmm(context, [undefined], "a-fc.sock");
  const other = await vmm(context, [undefined], "b-ch.sock");
  const third = await vmm(context, [undefined], "h-fc.sock");
  const running = await vmm(context, [json("200 OK", '{"id":"x","state":"Running"}')], "c-fc.sock");
  const paused = await vmm(context, [json("200 OK", '{"config":{},"state":"Paused"}')], "d-ch.sock");
  const fresh = await vmm(context, [json("200 OK", '{"id":"x","state":"Not started"}')], "e-fc.sock");
  const empty = await vmm(context, [json("404 Not Found", '["VM is not created"]')], "f-ch.sock");
  const gone = join(context.directory, "g-ch.sock");
  const began = Date.now();
  const sockets = [silent, other, third, running, paused, fresh, empty].map(({ path }) => path);
  const { code, stdout } = await run(["--status", ...sockets, gone]);
  // Each is given a second; in turn, three that say nothing would take three.
  assert.ok(Date.now() - began < 2500);
  assert.equal(code, 0);
  assert.deepEqual(
    stdout.trim().split("\n").sort(),
    [
      `vmm\t${silent.path}\tsilent`,
      `vmm\t${other.path}\tsilent`,
      `vmm\t${third.path}\tsilent`,
      `vmm\t${running.path}\trunning`,
      `vmm\t${paused.path}\tpaused`,
      `vmm\t${fresh.path}\tstopped`,
      `vmm\t${empty.path}\tstopped`,
      `vmm\t${gone}\tsilent`,
    ].sort(),
  );
  assert.match(running.heard[0] ?? "", /^GET \/ HTTP/);
  assert.match(paused.heard[0] ?? "", /^GET \/api\/v1\/vm\.info HTTP/);
});

test.run();
