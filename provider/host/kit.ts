import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { command, installFile } from "./change";

/** The host kit: what `host-setup/` puts on a host, with its content hash. */
export interface Kit {
  /** First 16 hexadecimal digits of the SHA-256 over all paths and contents. */
  hash: string;
  /** By path relative to the kit. */
  files: Map<string, Buffer>;
}

/** Sent with each request rather than installed, so that what asks and what answers always fit. */
const sentEachTime = ["observe.sh", "lib.sh"];
/** Kit files that systemd reads; they are copied to where it looks. */
const unitDirectory = "units";

let loaded: Kit | undefined;

export function kit(): Kit {
  if (loaded) return loaded;
  const root = kitSource();
  const files = new Map<string, Buffer>();
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const relative = path.slice(root.length + 1);
    if (!sentEachTime.includes(relative)) files.set(relative, readFileSync(path));
  }
  const hash = createHash("sha256");
  for (const path of [...files.keys()].sort()) {
    hash.update(`${path}\0${files.get(path)?.length}\0`).update(files.get(path) as Buffer);
  }
  loaded = { hash: hash.digest("hex").slice(0, 16), files };
  return loaded;
}

/** The text of a script that is sent rather than installed. */
export function sentScript(name: "observe.sh" | "lib.sh" | "kvm-probe"): string {
  return readFileSync(join(kitSource(), name), "utf8");
}

/** `host-setup/` lies beside the compiled code's `dist/` as beside the sources. */
function kitSource(): string {
  for (let directory = __dirname; ; directory = dirname(directory)) {
    const candidate = join(directory, "host-setup");
    if (existsSync(join(candidate, "lib.sh"))) return candidate;
    if (dirname(directory) === directory) throw new Error("host-setup/ is missing from the pulumi-microvm package");
  }
}

const link = "/usr/lib/microvm";

/** Where each unit file of the kit is installed, by its path in the kit. */
export function unitPaths(): Map<string, string> {
  const units = [...kit().files.keys()].filter((path) => dirname(path) === unitDirectory);
  return new Map(units.map((path) => [path, `/etc/systemd/system/${path.slice(unitDirectory.length + 1)}`]));
}

/** Installs the kit: into a directory named by its hash, which then takes the place of the former in one rename. */
export function installKit(): string[] {
  const { hash, files } = kit();
  const directory = `${link}-${hash}`;
  const lines = [...files].map(([path, content]) =>
    installFile(`${directory}/${path}`, content, dirname(path) === unitDirectory ? "0644" : "0755"),
  );
  for (const [path, installed] of unitPaths()) {
    lines.push(installFile(installed, files.get(path) as Buffer));
  }
  lines.push(
    `[ -L ${link} ] || mv_gone ${link}`,
    command("ln", "-sfnT", `microvm-${hash}`, `${link}.new`),
    command("mv", "-fT", `${link}.new`, link),
    `for mv_old in ${link}-*; do [ "$mv_old" = ${directory} ] || mv_gone "$mv_old"; done`,
  );
  return lines;
}

export function removeKit(): string[] {
  return [command("mv_gone", ...unitPaths().values(), link), `for mv_old in ${link}-*; do mv_gone "$mv_old"; done`];
}
