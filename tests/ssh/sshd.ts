import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../free-port";
import { until } from "../until";

/** Why a real sshd cannot be run here; undefined when it can. */
export function sshdUnavailable(): string | undefined {
  if (process.getuid?.() !== 0) return "an sshd that logs users in must be run by root";
  return existsSync("/usr/sbin/sshd") ? undefined : "OpenSSH's server is not installed";
}

export interface TestServer {
  port: number;
  directory: string;
  /** Private key that root may log in with. */
  keyFile: string;
  /** Its public half as text. */
  publicKey: string;
  /** `ssh-ed25519 AAAA…` */
  hostKey: string;
  process: ChildProcess;
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** Lines of its configuration, ahead of the usual ones. */
  extra?: string[];
  /** What its sessions have in their environment, beside a home that holds nothing. */
  environment?: Record<string, string>;
  /** One that has stopped: started again with its keys and its port. */
  reuse?: TestServer;
  /** Whether its sessions see a machine on which systemd does not run. */
  withoutSystemd?: boolean;
}

/** A real OpenSSH server on a free loopback port, with keys of its own. */
export async function startSshd(options: ServerOptions = {}): Promise<TestServer> {
  const directory = options.reuse?.directory ?? mkdtempSync(join(tmpdir(), "microvm-sshd-"));
  const file = (name: string) => join(directory, name);
  if (!options.reuse) {
    keygen(file("host"));
    keygen(file("user"));
    // sshd reads the keys as the user that logs in.
    chmodSync(directory, 0o755);
    writeFileSync(file("authorized_keys"), readFileSync(file("user.pub")), { mode: 0o644 });
  }
  mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const port = options.reuse?.port ?? (await freePort());
  // A shell that sshd starts reads what is in its user's home, and that may take longer than all that is tested here.
  const environment = { HOME: file("home"), ...options.environment };
  mkdirSync(file("home"), { recursive: true, mode: 0o755 });
  writeFileSync(
    file("sshd_config"),
    [
      // The first mention of a setting counts.
      ...(options.extra ?? []),
      `SetEnv ${Object.entries(environment)
        .map(([name, value]) => `${name}=${value}`)
        .join(" ")}`,
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${file("host")}`,
      `PidFile ${file("pid")}`,
      `AuthorizedKeysFile ${file("authorized_keys")}`,
      "StrictModes no",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "UsePAM no",
      "PermitRootLogin yes",
      "",
    ].join("\n"),
  );
  const server = ["/usr/sbin/sshd", "-D", "-e", "-f", file("sshd_config")];
  const hidden = '[ ! -d /run/systemd ] || mount -t tmpfs none /run/systemd; exec "$@"';
  const [program = "", ...args] = options.withoutSystemd
    ? ["unshare", "-m", "sh", "-c", hidden, "sh", ...server]
    : server;
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr?.on("data", (chunk) => {
    log += chunk;
  });
  await listening(port, child, () => log);
  return {
    port,
    directory,
    keyFile: file("user"),
    publicKey: readFileSync(file("user.pub"), "utf8").trim(),
    hostKey: readFileSync(file("host.pub"), "utf8").split(" ").slice(0, 2).join(" "),
    process: child,
    stop: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        await ended;
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export function keygen(path: string, passphrase = "", type = "ed25519"): void {
  execFileSync("ssh-keygen", ["-q", "-t", type, "-N", passphrase, "-C", "test", "-f", path]);
}

/** Fingerprint of a public key file, as OpenSSH prints it. */
export function fingerprintOf(path: string): string {
  return execFileSync("ssh-keygen", ["-lf", path], { encoding: "utf8" }).split(" ")[1] as string;
}

async function listening(port: number, server: ChildProcess, log: () => string): Promise<void> {
  const up = () => {
    // Another one may have taken the port meanwhile.
    if (server.exitCode !== null) throw new Error(`sshd has ended:\n${log()}`);
    return accepts(port);
  };
  await until(up, 30_000, "sshd");
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dial({ port, host: "127.0.0.1" });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
