import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { cacheRoot } from "./lab";

/** What an image of the tests is made of. */
export interface ContainerImage {
  entrypoint?: string[];
  cmd?: string[];
  env?: string[];
  user?: string;
  workdir?: string;
  stopSignal?: string;
  /** Default: this machine's. */
  architecture?: string;
  /** By absolute path. */
  files?: Record<string, string | ContainerFile>;
  /** Whether it has busybox at /bin, under these names too. Default: what a shell script needs; none for no busybox. */
  applets?: string[];
  /** Makes it one of an index that says it is for these. */
  offeredFor?: string[];
  /** In which form. Default: an OCI archive. */
  form?: "oci" | "docker";
}

export interface ContainerFile {
  content?: string | Buffer;
  /** Makes it a symbolic link. */
  link?: string;
  /** Makes it a file of this many zeros. */
  zeros?: number;
  mode?: number;
  uid?: number;
  gid?: number;
}

const shell = ["sh", "cat", "echo", "env", "id", "ls", "sleep", "touch", "wc", "grep", "tr"];

/** A container image as an archive, made once. The same image gives the same bytes. */
export function containerImage(image: ContainerImage): string {
  const key = createHash("sha256")
    .update(JSON.stringify(image))
    .update(readFileSync("/bin/busybox"))
    .digest("hex")
    .slice(0, 16);
  const path = join(cacheRoot(), `container-image-1-${key}.tar`);
  if (!existsSync(path)) {
    mkdirSync(cacheRoot(), { recursive: true });
    writeFileSync(`${path}.${process.pid}`, image.form === "docker" ? dockerArchive(image) : ociArchive(image));
    renameSync(`${path}.${process.pid}`, path);
  }
  return path;
}

function layerOf({ files = {}, applets = shell }: ContainerImage): Buffer {
  const all: Record<string, ContainerFile> = {};
  if (applets.length) all["/bin/busybox"] = { content: readFileSync("/bin/busybox"), mode: 0o755 };
  for (const name of applets) all[`/bin/${name}`] = { link: "busybox" };
  for (const [path, file] of Object.entries(files)) all[path] = typeof file === "string" ? { content: file } : file;
  return tar(Object.entries(all).map(([path, file]) => [path.slice(1), file]));
}

function configOf(image: ContainerImage, layer: Buffer): Buffer {
  const { entrypoint, cmd, env, user, workdir, stopSignal } = image;
  const architecture = image.architecture ?? (process.arch === "arm64" ? "arm64" : "amd64");
  return json({
    created: "2020-01-02T03:04:05Z",
    architecture,
    os: "linux",
    config: { Entrypoint: entrypoint, Cmd: cmd, Env: env, User: user, WorkingDir: workdir, StopSignal: stopSignal },
    rootfs: { type: "layers", diff_ids: [digest(layer)] },
  });
}

function ociArchive(image: ContainerImage): Buffer {
  const layer = layerOf(image);
  const packed = gzipSync(layer);
  const config = configOf(image, layer);
  const type = (name: string) => `application/vnd.oci.image.${name}`;
  const described = (mediaType: string, blob: Buffer) => ({ mediaType, digest: digest(blob), size: blob.length });
  const manifest = json({
    schemaVersion: 2,
    mediaType: type("manifest.v1+json"),
    config: described(type("config.v1+json"), config),
    layers: [described(type("layer.v1.tar+gzip"), packed)],
  });
  const single = described(type("manifest.v1+json"), manifest);
  const offers = image.offeredFor?.map((architecture) => ({ ...single, platform: { architecture, os: "linux" } }));
  const list = json({ schemaVersion: 2, mediaType: type("index.v1+json"), manifests: offers });
  const top = offers ? described(type("index.v1+json"), list) : single;
  const blob = (content: Buffer): [string, ContainerFile] => [`blobs/sha256/${digest(content).slice(7)}`, { content }];
  return tar([
    ["oci-layout", { content: json({ imageLayoutVersion: "1.0.0" }) }],
    ["index.json", { content: json({ schemaVersion: 2, manifests: [top] }) }],
    ...[config, packed, manifest, ...(offers ? [list] : [])].map(blob),
  ]);
}

/** As `docker save` made them before it made OCI archives. */
function dockerArchive(image: ContainerImage): Buffer {
  const layer = layerOf(image);
  const config = configOf(image, layer);
  const name = `${digest(config).slice(7)}.json`;
  return tar([
    ["manifest.json", { content: json([{ Config: name, RepoTags: ["test:1"], Layers: ["layer.tar"] }]) }],
    [name, { content: config }],
    ["layer.tar", { content: layer }],
  ]);
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

export function digest(content: Buffer): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

/** A tar archive of files and links by their paths. Written here, so that owners need no root and members may be odd. */
export function tar(members: [path: string, file: ContainerFile][]): Buffer {
  const parts = members.flatMap(([path, { content = "", link, zeros = 0, mode = 0o644, uid = 0, gid = 0 }]) => {
    const body = Buffer.concat([Buffer.from(content), Buffer.alloc(zeros)]);
    const header = Buffer.alloc(512);
    const octal = (value: number, at: number, length: number) =>
      header.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1");
    header.write(path, 0, 100);
    octal(mode, 100, 8);
    octal(uid, 108, 8);
    octal(gid, 116, 8);
    octal(body.length, 124, 12);
    octal(1577934245, 136, 12);
    header.write(" ".repeat(8), 148);
    header.write(link === undefined ? "0" : "2", 156);
    header.write(link ?? "", 157, 100);
    header.write("ustar\x0000", 257, "latin1");
    octal(
      header.reduce((sum, byte) => sum + byte, 0),
      148,
      7,
    );
    return [header, body, Buffer.alloc(-body.length & 511)];
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}
