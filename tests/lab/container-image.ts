import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { cacheRoot } from "./lab";

/** What an image tells of how its containers run. */
export interface ContainerImageOptions {
  /** Name that `ctr image import` gives it. */
  name?: string;
  entrypoint?: string[];
  cmd?: string[];
  env?: Record<string, string>;
  workdir?: string;
  /** `root` and `app` (1000) are in its /etc/passwd. */
  user?: string;
}

export interface ContainerImage {
  name: string;
  /** The archive: an OCI layout with a single image. */
  path: string;
  /** Digest of its manifest: `sha256:…` */
  digest: string;
}

/**
 * A small image, the same bytes each time: this machine's static busybox under the names of its applets. It is written
 * here, so that a machine that runs tests needs no tool for images.
 */
export function containerImage(options: ContainerImageOptions = {}): ContainerImage {
  const { name = "lab.test/busybox:1", entrypoint = [], cmd = ["sh"], env = {}, workdir = "/", user = "" } = options;
  const busybox = readFileSync("/bin/busybox");
  const layer = tar([
    { path: "bin/", mode: 0o755 },
    { path: "bin/busybox", mode: 0o755, content: busybox },
    ...applets().map((applet) => ({ path: `bin/${applet}`, mode: 0o777, target: "busybox" })),
    { path: "etc/", mode: 0o755 },
    { path: "etc/group", mode: 0o644, content: Buffer.from("root:x:0:\napp:x:1000:\n") },
    {
      path: "etc/passwd",
      mode: 0o644,
      content: Buffer.from("root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/:/bin/sh\n"),
    },
    { path: "root/", mode: 0o700 },
    { path: "tmp/", mode: 0o1777 },
  ]);
  const packed = blob("application/vnd.oci.image.layer.v1.tar+gzip", gzipSync(layer));
  const config = json("application/vnd.oci.image.config.v1+json", {
    created: "1970-01-01T00:00:00Z",
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    config: {
      Env: ["PATH=/bin", ...Object.entries(env).map(([key, value]) => `${key}=${value}`)],
      Entrypoint: entrypoint,
      Cmd: cmd,
      WorkingDir: workdir,
      User: user,
    },
    rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
    history: [{ created: "1970-01-01T00:00:00Z", created_by: "pulumi-microvm's tests" }],
  });
  const manifestType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = json(manifestType, {
    schemaVersion: 2,
    mediaType: manifestType,
    config: config.descriptor,
    layers: [packed.descriptor],
  });
  const { digest } = manifest.descriptor;
  const annotations = {
    "io.containerd.image.name": name,
    "org.opencontainers.image.ref.name": name.replace(/.*:/, ""),
  };
  const index = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [{ ...manifest.descriptor, annotations }],
  };
  const archive = tar([
    { path: "blobs/", mode: 0o755 },
    { path: "blobs/sha256/", mode: 0o755 },
    ...[config, manifest, packed].map(({ descriptor, content }) => ({
      path: `blobs/${descriptor.digest.replace(":", "/")}`,
      mode: 0o644,
      content,
    })),
    { path: "index.json", mode: 0o644, content: Buffer.from(JSON.stringify(index)) },
    { path: "oci-layout", mode: 0o644, content: Buffer.from('{"imageLayoutVersion":"1.0.0"}') },
  ]);
  const path = join(cacheRoot(), "container-images", `${digestOf(archive).slice(7, 23)}.tar`);
  if (!existsSync(path)) {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(`${path}.${process.pid}`, archive);
    renameSync(`${path}.${process.pid}`, path);
  }
  return { name, path, digest };
}

function applets(): string[] {
  const names = execFileSync("/bin/busybox", ["--list"], { encoding: "utf8" }).trim().split("\n");
  return names.filter((name) => name !== "busybox").sort();
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

function blob(mediaType: string, content: Buffer) {
  return { descriptor: { mediaType, digest: digestOf(content), size: content.length }, content };
}

function json(mediaType: string, value: object) {
  return blob(mediaType, Buffer.from(JSON.stringify(value)));
}

/** A path that ends in a slash is a directory's; one with a target is a link's. */
interface TarEntry {
  path: string;
  mode: number;
  content?: Buffer;
  target?: string;
}

/** A ustar archive; all is root's and of 1970. */
function tar(entries: TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(tarEntry), Buffer.alloc(1024)]);
}

function tarEntry({ path, mode, content = Buffer.alloc(0), target = "" }: TarEntry): Buffer[] {
  const header = Buffer.alloc(512);
  const octal = (value: number, at: number, length: number) =>
    header.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1");
  header.write(path, 0, "latin1");
  octal(mode, 100, 8);
  octal(0, 108, 8); // user
  octal(0, 116, 8); // group
  octal(content.length, 124, 12);
  octal(0, 136, 12); // time of change
  header.fill(" ", 148, 156); // the checksum counts itself as spaces
  header.write(path.endsWith("/") ? "5" : target ? "2" : "0", 156, "latin1");
  header.write(target, 157, "latin1");
  header.write("ustar\x0000", 257, "latin1");
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return [header, content, Buffer.alloc(-content.length & 511)];
}
