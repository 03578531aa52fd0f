import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import SSHConfig from "ssh-config";
import { MicrovmError } from "../errors";
import type { Endpoint } from "./contract";
import { type KnownAs, wildcard } from "./host-keys";

/** An endpoint with everything settled that a connection needs. */
export interface Target {
  /** As the user names it. */
  alias: string;
  hostName: string;
  port: number;
  user: string;
  identityFiles: string[];
  agent?: string;
  knownHosts: string[];
  knownAs: KnownAs;
  trustOnFirstUse: boolean;
  jump: Endpoint[];
  boot: number;
  dial: number;
  authentication: number;
  command: number;
}

const defaultIdentities = ["id_ed25519", "id_ecdsa", "id_rsa"];

/** Settles an endpoint: what is given, then the SSH client configuration, then SSH's defaults. */
export function resolveTarget(endpoint: Endpoint): Target {
  const config = readConfig(endpoint);
  const home = (path: string) => (path.startsWith("~/") ? join(homedir(), path.slice(2)) : path);
  const one = (key: string) => {
    const value = config[key.toLowerCase()];
    return Array.isArray(value) ? value[0] : value;
  };
  const many = (key: string) => {
    const value = config[key.toLowerCase()];
    return value === undefined ? [] : Array.isArray(value) ? value : [value];
  };
  const hostName = (one("HostName") ?? endpoint.address).replaceAll("%h", endpoint.address);
  const user = endpoint.user ?? one("User") ?? userInfo().username;
  const port = endpoint.port ?? (Number(one("Port")) || 22);
  const expand = (path: string) =>
    home(path)
      .replaceAll("%d", homedir())
      .replaceAll("%h", hostName)
      .replaceAll("%r", user)
      .replaceAll("%u", userInfo().username);
  const agent = endpoint.agent ?? fromEnvironment(one("IdentityAgent")) ?? process.env.SSH_AUTH_SOCK;
  const configured = many("IdentityFile").map(expand);
  const identityFiles = endpoint.privateKeyFile
    ? [home(endpoint.privateKeyFile)]
    : configured.length
      ? configured
      : defaultIdentities.map((name) => join(homedir(), ".ssh", name));
  const knownHosts =
    endpoint.knownHosts === false
      ? []
      : endpoint.knownHosts
        ? [home(endpoint.knownHosts)]
        : (one("UserKnownHostsFile")?.split(/\s+/).map(expand) ?? [join(homedir(), ".ssh", "known_hosts")]).concat(
            "/etc/ssh/ssh_known_hosts",
          );
  const timeout = Number(one("ConnectTimeout")) * 1000;
  return {
    alias: endpoint.address,
    hostName,
    port,
    user,
    identityFiles: identityFiles.filter((path) => endpoint.privateKeyFile !== undefined || existsSync(path)),
    agent: agent && agent !== "none" ? expand(agent) : undefined,
    knownHosts,
    knownAs: knownAs(one("HostKeyAlias"), hostName, port),
    trustOnFirstUse:
      endpoint.trustOnFirstUse ?? ["no", "off", "accept-new"].includes(one("StrictHostKeyChecking") ?? ""),
    jump: endpoint.jump ?? proxyJump(one("ProxyJump"), endpoint),
    boot: endpoint.deadlines?.boot ?? 0,
    dial: endpoint.deadlines?.dial ?? (timeout || 15_000),
    authentication: endpoint.deadlines?.authentication ?? 20_000,
    command: endpoint.deadlines?.command ?? 600_000,
  };
}

/** As OpenSSH looks it up: with a port that is not 22, and failing that without. */
function knownAs(alias: string | undefined, hostName: string, port: number): KnownAs {
  const name = (alias ?? hostName).toLowerCase();
  return alias || port === 22 ? [name] : [`[${name}]:${port}`, name];
}

/** IdentityAgent may name a variable: `SSH_AUTH_SOCK` or `$NAME`. */
function fromEnvironment(value: string | undefined): string | undefined {
  if (value === "SSH_AUTH_SOCK") return process.env.SSH_AUTH_SOCK;
  return value?.startsWith("$") ? process.env[value.slice(1).replace(/^\{(.*)\}$/, "$1")] : value;
}

function readConfig(endpoint: Endpoint): Record<string, string | string[] | undefined> {
  if (endpoint.sshConfig === false) return {};
  const path = endpoint.sshConfig ?? join(homedir(), ".ssh", "config");
  if (!existsSync(path)) return {};
  const parsed = SSHConfig.parse(withIncludes(readFileSync(path, "utf8"), dirname(path)));
  const computed = parsed.compute({ Host: endpoint.address, ...(endpoint.user ? { User: endpoint.user } : {}) });
  return Object.fromEntries(
    Object.entries(computed).map(([key, value]) => [key.toLowerCase(), value as string | string[]]),
  );
}

/** Puts the files in that `Include` names, as far as it stands before the first Host, where nearly all of them stand. */
function withIncludes(text: string, directory: string, depth = 0): string {
  const lines = text.split("\n");
  const first = lines.findIndex((line) => /^\s*(Host|Match)\b/i.test(line));
  return lines
    .map((line, index) => {
      const include = /^\s*Include\s+(.+?)\s*$/i.exec(line)?.[1];
      if (!include || depth >= 16 || (first >= 0 && index > first)) return line;
      const texts = include
        .split(/\s+/)
        .flatMap((pattern) => filesOf(resolve(directory, pattern.replaceAll('"', "").replace(/^~(?=\/)/, homedir()))))
        .map((file) => withIncludes(readFileSync(file, "utf8"), directory, depth + 1));
      return [...texts, "Host *"].join("\n");
    })
    .join("\n");
}

/** The files that a path names, whose last part may hold `*` and `?`. */
function filesOf(path: string): string[] {
  if (!/[*?]/.test(path)) return existsSync(path) ? [path] : [];
  const directory = dirname(path);
  if (!existsSync(directory)) return [];
  const matching = readdirSync(directory).filter(
    (name) => wildcard(basename(path)).test(name) && !name.startsWith("."),
  );
  return matching.sort().map((name) => join(directory, name));
}

/** `user@host:port,host2` as ssh_config writes it. The password is the target's own: no jump host gets to see it. */
function proxyJump(value: string | undefined, endpoint: Endpoint): Endpoint[] {
  if (!value || value.toLowerCase() === "none") return [];
  const { password: _, ...keys } = endpoint.credentials ?? {};
  return value.split(",").map((hop) => {
    const match = /^(?:ssh:\/\/)?(?:([^@]+)@)?(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(hop.trim());
    if (!match) {
      throw new MicrovmError({
        code: "ssh-config-invalid",
        verb: "connect to",
        subject: `host ${endpoint.address}`,
        cause: `its ProxyJump ${hop} is not of the form [user@]host[:port]`,
        hint: "Correct it in the SSH configuration, or give jump.",
      });
    }
    const [, user, address = "", port] = match;
    return {
      address: address.replace(/^\[|\]$/g, ""),
      user,
      port: port ? Number(port) : undefined,
      sshConfig: endpoint.sshConfig,
      knownHosts: endpoint.knownHosts,
      credentials: keys,
      agent: endpoint.agent,
      deadlines: endpoint.deadlines,
    };
  });
}
