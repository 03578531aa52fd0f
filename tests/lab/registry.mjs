// A registry of container images that are in DIRECTORY, by plain HTTP: what clients need to pull. They cannot push.
//   node registry.mjs ADDRESS PORT DIRECTORY [USER:PASSWORD]   says `listening`, then each request, a line each
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const [address, port, directory, credentials] = process.argv.slice(2);
const name = "[a-z0-9]+(?:[._-][a-z0-9]+)*";
const path = new RegExp(`^/v2/(${name}(?:/${name})*)/(manifests|blobs|tags)/(sha256:[0-9a-f]{64}|\\w[\\w.-]*)$`);

function refuse(outgoing, status, code, headers = {}) {
  outgoing.writeHead(status, { "content-type": "application/json", ...headers });
  outgoing.end(JSON.stringify({ errors: [{ code, message: code }] }));
}

function answer(incoming, outgoing) {
  const granted = `Basic ${Buffer.from(credentials ?? "").toString("base64")}`;
  if (credentials && incoming.headers.authorization !== granted)
    return refuse(outgoing, 401, "UNAUTHORIZED", { "www-authenticate": 'Basic realm="lab"' });
  if (!["GET", "HEAD"].includes(incoming.method)) return refuse(outgoing, 405, "UNSUPPORTED");
  if (incoming.url === "/v2/") return outgoing.writeHead(200, { "content-type": "application/json" }).end("{}");
  const [, repository, kind, reference] = incoming.url.match(path) ?? [];
  const tags = join(directory, "tags", repository ?? "");
  if (!repository || !existsSync(tags)) return refuse(outgoing, 404, "NAME_UNKNOWN");
  if (kind === "tags") {
    outgoing.writeHead(200, { "content-type": "application/json" });
    return outgoing.end(JSON.stringify({ name: repository, tags: readdirSync(tags) }));
  }
  const tag = join(tags, reference);
  const digest = kind === "manifests" && existsSync(tag) ? readFileSync(tag, "utf8") : reference;
  const file = join(directory, "blobs", digest.replace(":", "/"));
  if (!digest.startsWith("sha256:") || !existsSync(file)) return refuse(outgoing, 404, "MANIFEST_UNKNOWN");
  const type = kind === "manifests" ? JSON.parse(readFileSync(file, "utf8")).mediaType : "application/octet-stream";
  outgoing.writeHead(200, {
    "content-type": type,
    "content-length": statSync(file).size,
    "docker-content-digest": digest,
  });
  if (incoming.method === "HEAD") return outgoing.end();
  return createReadStream(file).pipe(outgoing);
}

createServer((incoming, outgoing) => {
  outgoing.on("close", () => process.stdout.write(`${incoming.method} ${incoming.url} ${outgoing.statusCode}\n`));
  answer(incoming, outgoing);
}).listen(Number(port), address, () => process.stdout.write("listening\n"));
