import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { cacheRoot } from "./lab";

/** What an image of the tests is made of. */
export interface ContainerImageOptions {
  /** Name that `ctr image import` gives it. */
  name?: string;
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
  /** Whether it has busybox at /bin, under these names too. Default: all of its own; none for no busybox. */
  applets?: string[];
  /** Makes it one of an index that says it is for these. */
  offeredFor?: string[];
  /** In which form. Default: an OCI archive. */
  form?: "oci" | "docker";
}

export interface ContainerImage {
  name: string;
  /** The archive. */
  path: string;
  /** Digest of its manifest, or of its index: `sha256:…` */
  digest: string;
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

/**
 * A small image, the same bytes each time: this machine's static busybox, and files. It is written here, so that a
 * machine that runs tests needs no tool for images.
 */
export function containerImage(options: ContainerImageOptions): ContainerImage {
  const { archive, digest: top } = options.form === "docker" ? dockerArchive(options) : ociArchive(options);
  const path = join(cacheRoot(), "container-images", `${digest(archive).slice(7, 23)}.tar`);
  if (!existsSync(path)) {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(`${path}.${process.pid}`, archive);
    renameSync(`${path}.${process.pid}`, path);
  }
  return { name: options.name ?? defaultName, path, digest: top };
}

const defaultName = "lab.test/image:1";

function allApplets(): string[] {
  const names = execFileSync("/bin/busybox", ["--list"], { encoding: "utf8" }).trim().split("\n");
  return names.filter((name) => name !== "busybox").sort();
}

function layerOf({ files = {}, applets = allApplets() }: ContainerImageOptions): Buffer {
  const all: Record<string, ContainerFile> = {};
  if (applets.length) all["/bin/busybox"] = { content: readFileSync("/bin/busybox"), mode: 0o755 };
  for (const name of applets) all[`/bin/${name}`] = { link: "busybox" };
  for (const [path, file] of Object.entries(files)) all[path] = typeof file === "string" ? { content: file } : file;
  return tar(Object.entries(all).map(([path, file]) => [path.slice(1), file]));
}

function configOf(image: ContainerImageOptions, layer: Buffer): Buffer {
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

function ociArchive(image: ContainerImageOptions): { archive: Buffer; digest: string } {
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
  const name = image.name ?? defaultName;
  const annotations = {
    "io.containerd.image.name": name,
    "org.opencontainers.image.ref.name": name.replace(/.*:/, ""),
  };
  const archive = tar([
    ["oci-layout", { content: json({ imageLayoutVersion: "1.0.0" }) }],
    ["index.json", { content: json({ schemaVersion: 2, manifests: [{ ...top, annotations }] }) }],
    ...[config, packed, manifest, ...(offers ? [list] : [])].map(blob),
  ]);
  return { archive, digest: top.digest };
}

/** As `docker save` made them before it made OCI archives. */
function dockerArchive(image: ContainerImageOptions): { archive: Buffer; digest: string } {
  const layer = layerOf(image);
  const config = configOf(image, layer);
  const name = `${digest(config).slice(7)}.json`;
  const archive = tar([
    ["manifest.json", { content: json([{ Config: name, RepoTags: ["test:1"], Layers: ["layer.tar"] }]) }],
    [name, { content: config }],
    ["layer.tar", { content: layer }],
  ]);
  return { archive, digest: digest(config) };
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
