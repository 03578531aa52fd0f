import { existsSync, readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import SSHConfig from "ssh-config";
import type { Endpoint } from "./contract";

/** An endpoint with everything settled that a connection needs. */
export interface Target {
  /** As the user names it; known_hosts is asked by it. */
  alias: string;
  hostName: string;
  port: number;
  user: string;
  identityFiles: string[];
  agent?: string;
  knownHosts: string[];
  trustOnFirstUse: boolean;
  jump: Endpoint[];
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
  const agent = endpoint.agent ?? one("IdentityAgent") ?? process.env.SSH_AUTH_SOCK;
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
    trustOnFirstUse:
      endpoint.trustOnFirstUse ?? ["no", "off", "accept-new"].includes(one("StrictHostKeyChecking") ?? ""),
    jump: endpoint.jump ?? proxyJump(one("ProxyJump"), endpoint),
    dial: endpoint.deadlines?.dial ?? (timeout || 15_000),
    authentication: endpoint.deadlines?.authentication ?? 20_000,
    command: endpoint.deadlines?.command ?? 600_000,
  };
}

function readConfig(endpoint: Endpoint): Record<string, string | string[] | undefined> {
  if (endpoint.sshConfig === false) return {};
  const path = endpoint.sshConfig ?? join(homedir(), ".ssh", "config");
  if (!existsSync(path)) return {};
  const parsed = SSHConfig.parse(readFileSync(path, "utf8"));
  const computed = parsed.compute({ Host: endpoint.address, ...(endpoint.user ? { User: endpoint.user } : {}) });
  return Object.fromEntries(
    Object.entries(computed).map(([key, value]) => [key.toLowerCase(), value as string | string[]]),
  );
}

/** `user@host:port,host2` as ssh_config writes it. */
function proxyJump(value: string | undefined, endpoint: Endpoint): Endpoint[] {
  if (!value || value.toLowerCase() === "none") return [];
  return value.split(",").map((hop) => {
    const match = /^(?:ssh:\/\/)?(?:([^@]+)@)?(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(hop.trim());
    if (!match) throw new TypeError(`ProxyJump ${hop} is not of the form [user@]host[:port]`);
    const [, user, address = "", port] = match;
    return {
      address: address.replace(/^\[|\]$/g, ""),
      user,
      port: port ? Number(port) : undefined,
      sshConfig: endpoint.sshConfig,
      knownHosts: endpoint.knownHosts,
      credentials: endpoint.credentials,
      deadlines: endpoint.deadlines,
    };
  });
}
