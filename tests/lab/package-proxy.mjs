// A caching HTTP proxy for package mirrors: the only way out of a lab's network namespace. Files whose name says their
// content (pool/, by-hash/) are kept for good; everything else is passed through.
//   node package-proxy.mjs PORT SOCKET CACHE   listens on 127.0.0.1:PORT and on the unix socket
import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

const [port, socket, cache] = process.argv.slice(2);
mkdirSync(cache, { recursive: true });
rmSync(socket, { force: true });

async function answer(incoming, outgoing) {
  const url = new URL(incoming.url);
  if (url.protocol !== "http:" || !["GET", "HEAD"].includes(incoming.method)) {
    outgoing.writeHead(405).end();
    return;
  }
  const kept = incoming.method === "GET" && !incoming.headers.range && /\/(pool|by-hash)\//.test(url.pathname);
  const path = join(cache, createHash("sha256").update(url.pathname).digest("hex"));
  if (kept && existsSync(path)) {
    outgoing.writeHead(200, { "content-length": statSync(path).size });
    await pipeline(createReadStream(path), outgoing);
    return;
  }
  const headers = { ...incoming.headers };
  for (const name of ["proxy-connection", "connection", "proxy-authorization"]) delete headers[name];
  const response = await new Promise((resolve, reject) => {
    const upstream = request(url, { method: incoming.method, headers }, resolve);
    upstream.on("error", reject);
    upstream.end();
  });
  outgoing.writeHead(response.statusCode, response.headers);
  if (!kept || response.statusCode !== 200) {
    await pipeline(response, outgoing);
    return;
  }
  const part = `${path}.${randomUUID()}`;
  try {
    await pipeline(
      response,
      async function* (chunks) {
        const file = createWriteStream(part);
        for await (const chunk of chunks) {
          if (!file.write(chunk)) await new Promise((resolve) => file.once("drain", resolve));
          yield chunk;
        }
        await new Promise((resolve) => file.end(resolve));
      },
      outgoing,
    );
    renameSync(part, path);
  } finally {
    rmSync(part, { force: true });
  }
}

function handle(incoming, outgoing) {
  answer(incoming, outgoing).catch((error) => {
    if (!outgoing.headersSent) outgoing.writeHead(502);
    outgoing.end(String(error));
  });
}
createServer(handle).listen(Number(port), "127.0.0.1");
createServer(handle).listen(socket);
