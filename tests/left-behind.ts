import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runRoot } from "./lab/lab";

/**
 * What tests make on this machine and must take away again, a line each: compared before the first test and after the
 * last one. Each is known by a name that only tests give.
 */
export function testTraces(): string[] {
  const lines = (command: string, ...args: string[]) =>
    (spawnSync(command, args, { encoding: "utf8" }).stdout ?? "").split("\n");
  return [
    ...processes().map((args) => `process ${args}`),
    ...readFileSync("/proc/self/mounts", "utf8")
      .split("\n")
      .filter((line) => line.includes(runRoot))
      .map((line) => `mount ${line.split(" ")[1]}`),
    ...lines("ip", "netns", "list")
      .filter((line) => line.startsWith("mvlab-"))
      .map((line) => `namespace ${line}`),
    ...lines("ip", "-o", "link")
      .flatMap((line) => line.match(/ ((?:mvb-|mvt-|vb-)[^:@]*)/)?.[1] ?? [])
      .map((name) => `interface ${name}`),
    ...lines("nft", "list", "tables")
      .filter((line) => line.includes(" microvm"))
      .map((line) => `rules ${line}`),
    ...lines("losetup", "-a")
      .filter((line) => line.includes(runRoot))
      .map((line) => `loop device ${line}`),
    ...lines("getent", "passwd")
      .flatMap((line) => line.match(/^(?:mvtest|mvnosh|mv-)[^:]*/)?.[0] ?? [])
      .map((name) => `user ${name}`),
    ...names("/sys/fs/cgroup/systemd", /^lab-/).map((name) => `control group ${name}`),
    ...names(runRoot, /./).map((name) => `lab ${name}`),
    ...names(tmpdir(), /^microvm-/).map((name) => `file ${name}`),
  ].sort();
}

/** Processes whose arguments or environment lead to a lab or to a test's Pulumi. */
function processes(): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    try {
      const args = readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim();
      const environment = readFileSync(`/proc/${pid}/environ`, "latin1");
      const ours =
        args.includes(runRoot) || args.includes("mvlab-") || /PULUMI_HOME=\S*\/microvm-pulumi-/.test(environment);
      return ours ? [args.slice(0, 200)] : [];
    } catch {
      return []; // Not a process, ended, or another user's.
    }
  });
}

function names(directory: string, pattern: RegExp): string[] {
  return existsSync(directory)
    ? readdirSync(directory).filter((name) => pattern.test(name) && existsSync(join(directory, name)))
    : [];
}
