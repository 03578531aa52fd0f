import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../until";
import type { ContainerImage } from "./container-image";
import type { Lab } from "./lab";

/**
 * A registry in a lab's network, by plain HTTP. It runs beside the hosts, not on one: what hosts are made of stays as
 * it is. It ends with the lab.
 */
export class Registry {
  private constructor(
    /** As hosts reach it: `ADDRESS:PORT` */
    readonly address: string,
    private readonly directory: string,
    private readonly end: () => void,
  ) {}

  /** With credentials, `USER:PASSWORD`, it asks for them. */
  static async start(lab: Lab, { port = 5000, credentials = "" } = {}): Promise<Registry> {
    const directory = join(lab.directory, `registry-${port}`);
    mkdirSync(directory);
    const program = join(__dirname, "registry.mjs");
    const log = join(directory, "log");
    const end = lab.serve([process.execPath, program, lab.gateway, String(port), directory, credentials], log);
    await until(() => readFileSync(log, "utf8").startsWith("listening"), 10_000, "the registry");
    return new Registry(`${lab.gateway}:${port}`, directory, end);
  }

  /** Puts an image there as `NAME:TAG`, in place of what had that name; returns its reference for hosts. */
  push(image: ContainerImage, name: string): string {
    const [, repository, tag] = name.match(/^(.+):([^:/]+)$/) ?? [];
    if (!repository || !tag) throw new TypeError(`${name} is not NAME:TAG`);
    execFileSync("tar", ["-xf", image.path, "-C", this.directory, "blobs"]);
    mkdirSync(join(this.directory, "tags", repository), { recursive: true });
    writeFileSync(join(this.directory, "tags", repository, tag), image.digest);
    return `${this.address}/${name}`;
  }

  /** What it was asked for, `METHOD PATH STATUS` each. */
  requests(): string[] {
    return readFileSync(join(this.directory, "log"), "utf8").trim().split("\n").slice(1);
  }

  stop(): void {
    this.end();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
