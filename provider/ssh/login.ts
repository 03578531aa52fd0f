import { readFileSync } from "node:fs";
import { connect as dialTcp, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type AuthenticationType, Client, type ServerHostKeyAlgorithm, utils } from "ssh2";
import { MicrovmError } from "../errors";
import type { Target } from "./client-config";
import type { Credentials, Endpoint } from "./contract";
import { fingerprint, judge, knownTypes } from "./host-keys";

/** Dials, within the deadline for it. */
export function openSocket(target: Target): Promise<Socket> {
  const subject = `host ${target.alias}`;
  return new Promise((resolve, reject) => {
    const socket = dialTcp({ host: target.hostName, port: target.port, noDelay: true });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(
        new MicrovmError({
          code: "dial-timeout",
          verb: "connect to",
          subject,
          cause: `${target.hostName} port ${target.port} did not answer within ${target.dial / 1000} s`,
          hint: "Is the machine up, the address right, and the port open to here?",
          retryable: true,
        }),
      );
    }, target.dial);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.removeAllListeners("error");
      resolve(socket);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(
        new MicrovmError(
          {
            code: "dial-failed",
            verb: "connect to",
            subject,
            cause: `${target.hostName} port ${target.port}: ${error.code ?? error.message}`,
            hint: "Is the machine up, the address right, and sshd listening there?",
            retryable: true,
          },
          { cause: error },
        ),
      );
    });
  });
}

interface Method {
  label: string;
  value: { type: AuthenticationType | "agent"; username: string } & Record<string, unknown>;
}

/** Every way to log in that there is, in the order in which to try them, and what looks like one but is not. */
function methods(target: Target, endpoint: Endpoint): { usable: Method[]; unusable: string[] } {
  const { privateKey, passphrase, password }: Credentials = endpoint.credentials ?? {};
  const username = target.user;
  const usable: Method[] = [];
  const unusable: string[] = [];
  const key = (label: string, text: string | Buffer) => {
    const parsed = utils.parseKey(text, passphrase);
    if (parsed instanceof Error) unusable.push(`${label} (${parsed.message})`);
    else usable.push({ label, value: { type: "publickey", username, key: text, passphrase } });
  };
  const agent = () => {
    const label = `the agent at ${target.agent}`;
    if (target.agent) usable.push({ label, value: { type: "agent", username, agent: target.agent } });
  };
  const files = () => {
    for (const file of target.identityFiles) {
      try {
        key(file, readFileSync(file));
      } catch (error) {
        unusable.push(`${file} (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`);
      }
    }
  };
  // A key that is named comes before what the agent holds; servers take few tries.
  const order = privateKey
    ? [() => key("the private key given", privateKey)]
    : endpoint.privateKeyFile
      ? [files, agent]
      : [agent, files];
  for (const add of order) add();
  if (password !== undefined) {
    usable.push({ label: "the password", value: { type: "password", username, password } });
    usable.push({
      label: "the password, asked for interactively",
      value: {
        type: "keyboard-interactive",
        username,
        prompt: (...args: unknown[]) => (args.at(-1) as (answers: string[]) => void)([password]),
      },
    });
  }
  return { usable, unusable };
}

/** A connection that is logged in. */
export interface LoggedIn {
  client: Client;
  transport: Duplex;
  /** The host's public key, as it is on the wire. */
  hostKey: Buffer;
}

/**
 * Verifies the host's key and logs in.
 * @param keyTypes the only types of host key to accept; default all, those that are known of the host first
 */
export function logIn(
  endpoint: Endpoint,
  target: Target,
  transport: Duplex,
  keyTypes?: ServerHostKeyAlgorithm[],
): Promise<LoggedIn> {
  const { usable, unusable } = methods(target, endpoint);
  const client = new Client();
  const tried: string[] = [];
  let offered: string[] = [];
  let hostKey: Buffer | undefined;
  let refusal: MicrovmError | undefined;
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      clearTimeout(timer);
      client.destroy();
      transport.destroy();
      reject(refusal ?? error);
    };
    const timer = setTimeout(() => {
      fail(
        new MicrovmError({
          code: "authentication-timeout",
          verb: "connect to",
          subject: `host ${target.alias}`,
          cause: `it accepted the connection, but logging in was not done within ${target.authentication / 1000} s`,
          hint: "Is it really an SSH server, and is the machine overloaded?",
          retryable: true,
        }),
      );
    }, target.authentication);
    const closed = () =>
      fail(loginError(new Error("the server closed the connection"), target, tried, offered, unusable));
    const broken = (error: Error & { level?: string }) => {
      // ssh2 goes on with the next way to log in.
      if (error.level === "agent") unusable.push(`the agent at ${target.agent} (${error.message})`);
      else fail(loginError(error, target, tried, offered, unusable));
    };
    client.on("error", broken);
    client.once("close", closed);
    client.once("ready", () => {
      clearTimeout(timer);
      client.off("error", broken);
      client.off("close", closed);
      resolve({ client, transport, hostKey: hostKey as Buffer });
    });
    const queue = [...usable];
    let asked = false;
    try {
      client.connect({
        sock: transport,
        username: target.user,
        readyTimeout: 0,
        hostVerifier: (key: Buffer, verify: (valid: boolean) => void) => {
          hostKey = key;
          refusal = keyRefusal(key, endpoint, target);
          verify(!refusal);
        },
        algorithms: {
          serverHostKey: keyTypes ?? preferKnown(endpoint, target),
          // Hardware does these: a gigabyte costs a fraction of a second.
          cipher: { prepend: ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com"], append: [], remove: [] },
        },
        authHandler: ((left: AuthenticationType[] | null, _partial: boolean, next: (method: unknown) => void) => {
          if (left) offered = left;
          if (!asked) {
            // Tells what the server offers, for the message if nothing works.
            asked = true;
            return next({ type: "none", username: target.user });
          }
          const agreeable = ({ value: { type } }: Method) =>
            !offered.length || offered.includes(type === "agent" ? "publickey" : type);
          let method = queue.shift();
          while (method && !agreeable(method)) method = queue.shift();
          if (!method) return next(false);
          tried.push(method.label);
          next(method.value);
        }) as never,
      });
    } catch (error) {
      fail(loginError(error as Error, target, tried, offered, unusable));
    }
  });
}

/** All types of host key that are understood, a list for each family. */
export const keyFamilies: ServerHostKeyAlgorithm[][] = [
  ["ssh-ed25519"],
  ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"],
  ["rsa-sha2-512", "rsa-sha2-256"],
];

/** The types of key that are known of the host come first: a key of another type would look like a changed one. */
function preferKnown(endpoint: Endpoint, target: Target): ServerHostKeyAlgorithm[] {
  const known = knownTypes(pins(endpoint), target.knownHosts, target.knownAs).flatMap((type) =>
    type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [type],
  );
  const all = keyFamilies.flat();
  return [...all.filter((type) => known.includes(type)), ...all.filter((type) => !known.includes(type))];
}

/** The keys that an endpoint pins. */
export function pins(endpoint: Endpoint): string[] {
  return endpoint.hostKey === undefined ? [] : [endpoint.hostKey].flat();
}

/** Why a host that shows this key is not to be talked to; undefined when it is. */
export function keyRefusal(key: Buffer, endpoint: Endpoint, target: Target): MicrovmError | undefined {
  const pinned = pins(endpoint);
  const verdict = judge(key, pinned, target.knownHosts, target.knownAs);
  const subject = `host ${target.alias}`;
  const shown = fingerprint(key);
  switch (verdict.outcome) {
    case "accepted":
      return undefined;
    case "unknown":
      if (target.trustOnFirstUse) return undefined;
      return new MicrovmError({
        code: "host-key-unknown",
        verb: "connect to",
        subject,
        cause: `nothing is known of its host key, ${shown}`,
        hint: `Compare it with the host's own (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then give hostKey: "${shown}", add it to known_hosts, or accept it once with trustOnFirstUse: true.`,
      });
    case "revoked":
      return new MicrovmError({
        code: "host-key-revoked",
        verb: "connect to",
        subject,
        cause: `its host key ${shown} is marked @revoked in ${verdict.where}`,
        hint: "Do not trust this machine until you know why.",
      });
    case "changed":
      return new MicrovmError({
        code: "host-key-changed",
        verb: "connect to",
        subject,
        cause: `its host key is ${shown}, and the one that is trusted is ${verdict.expected.join(" or ")}`,
        hint: pinned.length
          ? `If the machine was reinstalled, set hostKey: "${shown}"; if not, somebody may be in between.`
          : "If the machine was reinstalled, remove its line from known_hosts; if not, somebody may be in between.",
      });
  }
}

function loginError(
  error: Error & { level?: string },
  target: Target,
  tried: string[],
  offered: string[],
  unusable: string[],
): MicrovmError {
  if (error instanceof MicrovmError) return error;
  const subject = `host ${target.alias}`;
  if (error.level === "client-authentication") {
    const what = tried.length ? `tried ${tried.join(", ")}` : "there was nothing to try";
    const unread = unusable.length ? `; could not use ${unusable.join(", ")}` : "";
    return new MicrovmError(
      {
        code: "authentication-failed",
        verb: "log in to",
        subject,
        cause: `user ${target.user} was refused (${what}${unread}); the server takes ${offered.join(", ") || "nothing that is known"}`,
        hint: tried.length
          ? "Is the public half in the user's authorized_keys, and is the user right?"
          : "Give privateKeyFile, privateKey or password, start an agent, or name an IdentityFile in ~/.ssh/config.",
      },
      { cause: error },
    );
  }
  return new MicrovmError(
    {
      code: "dial-failed",
      verb: "connect to",
      subject,
      cause: error.message,
      hint: "Is there an SSH server at that port?",
      retryable: true,
    },
    { cause: error },
  );
}
