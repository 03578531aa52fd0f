import { readFileSync } from "node:fs";
import { connect as dialTcp, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type AuthenticationType, Client, type ClientChannel, type ServerHostKeyAlgorithm } from "ssh2";
import { MicrovmError } from "../errors";
import { resolveTarget, type Target } from "./client-config";
import type {
  Connection,
  Credentials,
  Endpoint,
  ExecOptions,
  ExecResult,
  Identity,
  UploadOptions,
  UploadResult,
} from "./contract";
import { fingerprint, judge, knownTypes, publicKeyText } from "./host-keys";
import { OutputCollector, shellCommand, wholeScript } from "./shell";
import { Slots } from "./slots";
import { trace } from "./trace";
import { type Pipe, uploadThrough } from "./upload";

/** sshd's MaxSessions is 10; two are left to others. */
const channelsAtOnce = 8;
/** Milliseconds after which an unused connection is closed, so that it does not keep a process from ending. */
const idleLife = 20_000;

/** Dials, verifies the host's key and logs in, through the jump hosts if there are any. */
export async function dial(endpoint: Endpoint): Promise<SshConnection> {
  const target = resolveTarget(endpoint);
  const hops: SshConnection[] = [];
  try {
    let transport: Duplex | undefined;
    for (const [index, hop] of target.jump.entries()) {
      const before = hops.at(-1);
      const settled = { ...hop, jump: [] };
      const hopTarget = resolveTarget(settled);
      try {
        transport = before && (await before.openTransport(hopTarget.hostName, hopTarget.port));
        hops.push(await logIn(settled, hopTarget, transport, []));
      } catch (error) {
        throw new MicrovmError(
          {
            code: "jump-failed",
            verb: "connect to",
            subject: `host ${endpoint.address}`,
            cause: `jump host ${index + 1} of ${target.jump.length}, ${hop.address}, cannot be used: ${(error as Error).message}`,
          },
          { cause: error },
        );
      }
    }
    transport = await hops.at(-1)?.openTransport(target.hostName, target.port);
    return await logIn(endpoint, target, transport, hops);
  } catch (error) {
    await Promise.all(hops.map((hop) => hop.close()));
    throw error;
  }
}

async function logIn(
  endpoint: Endpoint,
  target: Target,
  transport: Duplex | undefined,
  hops: SshConnection[],
): Promise<SshConnection> {
  const began = performance.now();
  const done = (code: string | null) =>
    trace({
      host: target.alias,
      kind: "connect",
      purpose: "log in",
      millis: performance.now() - began,
      bytesOut: 0,
      bytesIn: 0,
      code,
    });
  try {
    const connection = await authenticate(endpoint, target, transport ?? (await openSocket(target)), hops);
    done(null);
    return connection;
  } catch (error) {
    done(error instanceof MicrovmError ? error.code : "error");
    throw error;
  }
}

function openSocket(target: Target): Promise<Socket> {
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
  value: Record<string, unknown>;
}

/** Every way to log in that there is, in the order in which OpenSSH tries them. */
function methods(target: Target, endpoint: Endpoint): { usable: Method[]; unusable: string[] } {
  const { privateKey, passphrase, password }: Credentials = endpoint.credentials ?? {};
  const username = target.user;
  const usable: Method[] = [];
  const unusable: string[] = [];
  if (privateKey)
    usable.push({
      label: "the private key given",
      value: { type: "publickey", username, key: privateKey, passphrase },
    });
  else if (target.agent && !endpoint.privateKeyFile) {
    usable.push({ label: `the agent at ${target.agent}`, value: { type: "agent", username, agent: target.agent } });
  }
  if (!privateKey) {
    for (const file of target.identityFiles) {
      try {
        usable.push({ label: file, value: { type: "publickey", username, key: readFileSync(file), passphrase } });
      } catch (error) {
        unusable.push(`${file} (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`);
      }
    }
  }
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

function authenticate(
  endpoint: Endpoint,
  target: Target,
  transport: Duplex,
  hops: SshConnection[],
): Promise<SshConnection> {
  const subject = `host ${target.alias}`;
  const { usable, unusable } = methods(target, endpoint);
  const pinned = endpoint.hostKey === undefined ? [] : [endpoint.hostKey].flat();
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
          subject,
          cause: `it accepted the connection, but logging in was not done within ${target.authentication / 1000} s`,
          hint: "Is it really an SSH server, and is the machine overloaded?",
          retryable: true,
        }),
      );
    }, target.authentication);
    client.once("ready", () => {
      clearTimeout(timer);
      client.removeAllListeners("error");
      const blob = hostKey as Buffer;
      resolve(
        new SshConnection(endpoint, target, client, hops, transport, {
          hostKey: publicKeyText(blob),
          fingerprint: fingerprint(blob),
          user: target.user,
          becomesRoot: target.user === "root" ? "root" : "sudo",
        }),
      );
    });
    client.on("error", (error: Error & { level?: string }) =>
      fail(loginError(error, target, tried, offered, unusable)),
    );
    client.once("close", () =>
      fail(loginError(new Error("the server closed the connection"), target, tried, offered, unusable)),
    );
    const queue = [...usable];
    let asked = false;
    const types = knownTypes(pinned, target.knownHosts, target.alias, target.port).flatMap((type) =>
      type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [type],
    );
    try {
      client.connect({
        sock: transport,
        username: target.user,
        readyTimeout: 0,
        keepaliveInterval: (endpoint.keepAliveSeconds ?? 10) * 1000,
        keepaliveCountMax: 3,
        hostVerifier: (key: Buffer, verify: (valid: boolean) => void) => {
          hostKey = key;
          refusal = keyRefusal(key, pinned, target);
          verify(!refusal);
        },
        algorithms: {
          // The kinds of key that are known of the host come first: another kind would look like a changed key.
          ...(types.length
            ? { serverHostKey: { prepend: types, append: [], remove: [] } as unknown as ServerHostKeyAlgorithm[] }
            : {}),
          cipher: { prepend: ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com"], append: [], remove: [] },
        },
        authHandler: ((left: AuthenticationType[] | null, _partial: boolean, next: (method: unknown) => void) => {
          if (left) offered = left;
          if (!asked) {
            // Tells what the server offers, for the message if nothing works.
            asked = true;
            return next({ type: "none", username: target.user });
          }
          let method = queue.shift();
          const agreeable = (m: Method) =>
            !offered.length || offered.includes((m.value.type === "agent" ? "publickey" : m.value.type) as string);
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

function keyRefusal(key: Buffer, pinned: string[], target: Target): MicrovmError | undefined {
  const verdict = judge(key, pinned, target.knownHosts, target.alias, target.port);
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
  const bad = /parse|passphrase|privateKey|private key|decrypt/i.test(error.message) && error.level !== "client-socket";
  if (error.level === "client-authentication" || bad) {
    const what = tried.length ? `tried ${tried.join(", ")}` : "there was nothing to try";
    const unread = unusable.length ? `; could not read ${unusable.join(", ")}` : "";
    return new MicrovmError(
      {
        code: "authentication-failed",
        verb: "log in to",
        subject,
        cause: `user ${target.user} was refused (${what}${unread}); the server takes ${offered.join(", ") || "nothing that is known"}${bad ? `; ${error.message}` : ""}`,
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

/** One authenticated connection. At most eight channels at a time; more wait. */
export class SshConnection implements Connection {
  readonly #slots = new Slots(channelsAtOnce);
  #idle: NodeJS.Timeout | undefined;
  #lost: Error | undefined;
  #users = 0;
  readonly #onLost = new Set<(error: Error) => void>();

  constructor(
    readonly endpoint: Endpoint,
    private readonly target: Target,
    private readonly client: Client,
    private readonly hops: SshConnection[],
    private readonly transport: Duplex,
    readonly identity: Identity,
  ) {
    const end = (error?: Error) => this.#end(error);
    client.on("error", end);
    client.on("end", () => end());
    client.on("close", () => end());
    this.#rest();
  }

  get alive(): boolean {
    return this.#lost === undefined;
  }

  #end(cause?: Error): void {
    if (this.#lost) return;
    this.#lost = this.#linkLost(cause);
    clearTimeout(this.#idle);
    for (const notify of this.#onLost) notify(this.#lost);
    this.client.destroy();
    this.transport.destroy();
    for (const hop of this.hops) void hop.close();
  }

  #linkLost(cause?: Error): MicrovmError {
    return new MicrovmError(
      {
        code: "link-lost",
        verb: "reach",
        subject: `host ${this.target.alias}`,
        cause: `the connection was lost${cause?.message ? ` (${cause.message})` : ""}`,
        hint: "Run the same again: every step starts from what the host shows.",
        retryable: true,
      },
      { cause },
    );
  }

  /** Ends the connection after a while without use. */
  #rest(): void {
    clearTimeout(this.#idle);
    if (this.#users === 0 && this.alive) {
      this.#idle = setTimeout(() => void this.close(), idleLife);
      this.#idle.unref();
    }
  }

  async #using<T>(work: () => Promise<T>): Promise<T> {
    this.#users++;
    clearTimeout(this.#idle);
    try {
      return await this.#slots.run(work);
    } finally {
      this.#users--;
      this.#rest();
    }
  }

  /** A channel whose end, by whatever cause, settles the promise. */
  #open<T>(start: (callback: (error: Error | undefined, value: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#lost) return reject(this.#lost);
      const lost = (error: Error) => reject(error);
      this.#onLost.add(lost);
      start((error, value) => {
        this.#onLost.delete(lost);
        if (error) reject(error);
        else resolve(value);
      });
    });
  }

  async exec(options: ExecOptions): Promise<ExecResult> {
    return this.#using(() => this.#exec(options));
  }

  async #exec(options: ExecOptions): Promise<ExecResult> {
    const began = performance.now();
    const output = new OutputCollector(options);
    const script = wholeScript(options.script);
    let code: number | string | null = null;
    try {
      const channel = await this.#open<ClientChannel>((done) =>
        this.client.exec(shellCommand(options.root ?? true), done),
      );
      channel.end(script);
      channel.on("data", (chunk: Buffer) => output.stdout(chunk));
      channel.stderr.on("data", (chunk: Buffer) => output.stderr(chunk));
      const end = await this.#finish(channel, options);
      code = end.code;
      return output.result(options, this.target.alias, this.identity.user, {
        ...end,
        millis: performance.now() - began,
      });
    } catch (error) {
      code = error instanceof MicrovmError ? error.code : "error";
      throw error;
    } finally {
      trace({
        host: this.target.alias,
        kind: "exec",
        purpose: options.purpose,
        millis: performance.now() - began,
        bytesOut: Buffer.byteLength(script),
        bytesIn: output.bytesIn,
        code,
      });
    }
  }

  #finish(channel: ClientChannel, options: ExecOptions): Promise<{ code: number | null; signal?: string }> {
    const deadline = options.deadline ?? this.target.command;
    return new Promise((resolve, reject) => {
      let status: { code: number | null; signal?: string } | undefined;
      const settle = (action: () => void) => {
        clearTimeout(timer);
        this.#onLost.delete(lost);
        options.signal?.removeEventListener("abort", abort);
        action();
      };
      const lost = (error: Error) => settle(() => reject(error));
      const abort = () => {
        channel.close();
        settle(() => reject(aborted(options.purpose, this.target.alias)));
      };
      const timer = setTimeout(() => {
        channel.close();
        settle(() =>
          reject(
            new MicrovmError({
              code: "command-deadline",
              verb: options.purpose,
              subject: `on host ${this.target.alias}`,
              cause: `it took longer than ${Math.round(deadline / 1000)} s`,
              hint: "The host may still be at it. Look there, give the Host longer deadlines.command, and run the same again.",
              retryable: true,
            }),
          ),
        );
      }, deadline);
      this.#onLost.add(lost);
      options.signal?.addEventListener("abort", abort);
      if (options.signal?.aborted) return abort();
      channel.on("exit", (code: number | null, signal?: string) => {
        status = { code, signal };
      });
      channel.on("close", () => settle(() => (status ? resolve(status) : reject(this.#lost ?? this.#linkLost()))));
    });
  }

  async upload(options: UploadOptions): Promise<UploadResult> {
    return this.#using(() =>
      uploadThrough(options, {
        host: this.target.alias,
        user: this.identity.user,
        compress: true,
        open: (command) => this.#pipe(command),
      }),
    );
  }

  async #pipe(command: string): Promise<Pipe> {
    const channel = await this.#open<ClientChannel>((done) => this.client.exec(command, done));
    const lost = new Promise<never>((_, reject) => {
      this.#onLost.add(reject);
      channel.once("close", () => this.#onLost.delete(reject));
    });
    lost.catch(() => channel.destroy());
    let code: number | null = null;
    channel.on("exit", (status: number | null) => {
      code = status;
    });
    return {
      stdin: channel,
      stdout: channel,
      stderr: channel.stderr,
      stop: () => channel.close(),
      code: () => code,
      lost,
    };
  }

  async forwardTcp(host: string, port: number): Promise<Duplex> {
    return this.#forward(`tcp ${host}:${port}`, (done) => this.client.forwardOut("127.0.0.1", 0, host, port, done));
  }

  async forwardUnix(path: string): Promise<Duplex> {
    return this.#forward(`unix ${path}`, (done) => this.client.openssh_forwardOutStreamLocal(path, done));
  }

  async #forward(
    purpose: string,
    start: (callback: (error: Error | undefined, channel: ClientChannel) => void) => void,
  ): Promise<Duplex> {
    const began = performance.now();
    const release = await this.#slots.take();
    this.#users++;
    clearTimeout(this.#idle);
    const free = () => {
      release();
      this.#users--;
      this.#rest();
    };
    let code: string | null = null;
    try {
      const channel = await this.#open<ClientChannel>(start);
      channel.once("close", free);
      return channel;
    } catch (error) {
      free();
      code = "forward-failed";
      if (error instanceof MicrovmError) throw error;
      throw new MicrovmError(
        {
          code,
          verb: "forward",
          subject: `${purpose} on host ${this.target.alias}`,
          cause: (error as Error).message,
          hint: "Something must listen there, and sshd must allow forwarding (AllowTcpForwarding, AllowStreamLocalForwarding).",
        },
        { cause: error },
      );
    } finally {
      trace({
        host: this.target.alias,
        kind: "forward",
        purpose,
        millis: performance.now() - began,
        bytesOut: 0,
        bytesIn: 0,
        code,
      });
    }
  }

  /** The way to a further host: lives as long as that host's connection, which closes this one. */
  async openTransport(host: string, port: number): Promise<Duplex> {
    return this.#forward(`tcp ${host}:${port}`, (done) => this.client.forwardOut("127.0.0.1", 0, host, port, done));
  }

  async close(): Promise<void> {
    if (this.#lost) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 2000);
      this.client.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      this.client.end();
    });
    this.#end();
  }
}

export function aborted(purpose: string, host: string): MicrovmError {
  return new MicrovmError({
    code: "cancelled",
    verb: purpose,
    subject: `on host ${host}`,
    cause: "it was cancelled",
    hint: "Run the same again: it goes on from what the host shows.",
    retryable: true,
  });
}
