import { Socket } from "node:net";
import { type Duplex, Writable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import type { Client, ClientChannel } from "ssh2";
import { MicrovmError } from "../errors";
import { resolveTarget, type Target } from "./client-config";
import type { Connection, Endpoint, ExecOptions, ExecResult, Identity, UploadOptions, UploadResult } from "./contract";
import { fingerprint, publicKeyText } from "./host-keys";
import { KeepAlive } from "./keep-alive";
import { keyRefusal, type LoggedIn } from "./login";
import { OutputCollector, shellCommand, wholeScript } from "./shell";
import { Slots } from "./slots";
import { trace } from "./trace";
import { type Pipe, uploadThrough } from "./upload";

/** sshd's MaxSessions is 10; two are left to others. It counts commands, not forwarded channels, which hold no slot. */
const commandsAtOnce = 8;
/** How often a session is asked for that sshd refuses while none of ours is open. */
const sessionTries = 5;
/** Milliseconds after which an unused connection is closed. */
const idleLife = 20_000;

interface Status {
  code: number | null;
  signal?: string;
}

/** A command that runs, and what it has ended with once it has. */
interface Session {
  channel: ClientChannel;
  status(): Status | undefined;
}

/** One authenticated connection. At most eight commands at a time; more wait. While unused it lets the process end. */
export class SshConnection implements Connection {
  readonly identity: Identity;
  private readonly client: Client;
  readonly #transport: Duplex;
  readonly #hostKey: Buffer;
  readonly #slots = new Slots(commandsAtOnce);
  readonly #keepAlive: KeepAlive;
  readonly #onLost = new Set<(error: Error) => void>();
  #idle: NodeJS.Timeout | undefined;
  #lost: Error | undefined;
  #closing = false;
  #users = 0;
  /** Commands whose channel is open. */
  #sessions = 0;
  /** Whether further hosts are reached through it. Then it lives as long as their connection. */
  #carries = false;

  constructor(
    readonly endpoint: Endpoint,
    private readonly target: Target,
    { client, transport, hostKey }: LoggedIn,
    private readonly hops: SshConnection[],
  ) {
    this.client = client;
    this.#transport = transport;
    this.#hostKey = hostKey;
    this.identity = {
      hostKey: publicKeyText(hostKey),
      fingerprint: fingerprint(hostKey),
      user: target.user,
      becomesRoot: target.user === "root" ? "root" : "sudo",
    };
    this.#keepAlive = new KeepAlive(
      endpoint.keepAliveSeconds ?? 10,
      // A question that ssh2 can ask and that every server answers, with a no.
      () => {
        try {
          client.unforwardIn("127.0.0.1", 1, () => this.#keepAlive.heard());
        } catch (error) {
          this.#end(error as Error); // The socket has ended, and ssh2 has not said so yet.
        }
      },
      () => this.#end(new Error("three keep-alive messages stayed without an answer")),
    );
    transport.on("data", () => this.#keepAlive.heard());
    const end = (error?: Error) => this.#end(error);
    client.on("error", end);
    client.on("end", () => end());
    client.on("close", () => end());
    this.#rest();
  }

  /** Throws where the host's key is not one that this endpoint accepts. */
  verifyFor(endpoint: Endpoint): void {
    const refusal = keyRefusal(this.#hostKey, endpoint, resolveTarget(endpoint));
    if (refusal) throw refusal;
  }

  /** Whether it can be used. One that is being closed cannot. */
  get alive(): boolean {
    return this.#lost === undefined && !this.#closing;
  }

  #end(cause?: Error): void {
    if (this.#lost) return;
    this.#lost = this.#linkLost(cause);
    clearTimeout(this.#idle);
    this.#keepAlive.stop();
    for (const notify of this.#onLost) notify(this.#lost);
    this.client.destroy();
    this.#transport.destroy();
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

  /** Returns what ends the use. */
  #use(): () => void {
    this.#users++;
    clearTimeout(this.#idle);
    this.#hold(true);
    let using = true;
    return () => {
      if (!using) return;
      using = false;
      this.#users--;
      this.#rest();
    };
  }

  /** Lets the process end, and ends the connection after a while without use. */
  #rest(): void {
    if (this.#users > 0 || !this.alive) return;
    this.#hold(false);
    if (this.#carries) return;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.close(), idleLife);
    this.#idle.unref();
  }

  /** Keeps the process from ending, or does not. */
  #hold(busy: boolean): void {
    if (this.#transport instanceof Socket) {
      if (busy) this.#transport.ref();
      else this.#transport.unref();
    }
    for (const hop of this.hops) hop.#hold(busy);
  }

  async #using<T>(signal: AbortSignal | undefined, purpose: string, work: () => Promise<T>): Promise<T> {
    const done = this.#use();
    try {
      return await this.#slots.run(() => {
        if (signal?.aborted) throw aborted(purpose, this.target.alias);
        return work();
      });
    } finally {
      done();
    }
  }

  /** A channel whose end, by whatever cause, settles the promise. */
  #open<T>(start: (callback: (error: Error | undefined, value?: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#lost) return reject(this.#lost);
      const lost = (error: Error) => reject(error);
      this.#onLost.add(lost);
      try {
        start((error, value) => {
          this.#onLost.delete(lost);
          if (error) reject(error);
          else resolve(value as T);
        });
      } catch (error) {
        this.#end(error as Error); // The socket has ended, and ssh2 has not said so yet.
      }
    });
  }

  /**
   * A channel that a command runs in. sshd counts one that has ended until it next looks around, which may be after it
   * has read what asks for others, and it may be set to allow fewer than we take: whoever is refused asks again as long
   * as others of ours have yet to end. What is refused has not begun.
   */
  async #session(command: string, { purpose, signal }: { purpose: string; signal?: AbortSignal }): Promise<Session> {
    for (let tries = 1, alone = 0; ; tries++) {
      try {
        return await this.#open<Session>((done) =>
          this.client.exec(command, (error, channel) => done(error, error ? undefined : this.#watch(channel))),
        );
      } catch (error) {
        if (!isOpenFailure(error)) throw error;
        if (this.#sessions === 0 && ++alone === sessionTries) throw this.#noSession(purpose, error);
        await pause(Math.min(25 * 2 ** tries, 1000));
        if (signal?.aborted) throw aborted(purpose, this.target.alias);
      }
    }
  }

  /** To be called as soon as ssh2 has the channel: what ends at once has its end in the same piece. */
  #watch(channel: ClientChannel): Session {
    let status: Status | undefined;
    this.#sessions++;
    channel.once("close", () => this.#sessions--);
    channel.on("exit", (code: number | null, signal?: string) => {
      status = { code, signal };
    });
    return { channel, status: () => status };
  }

  #noSession(purpose: string, cause: Error): MicrovmError {
    return new MicrovmError(
      {
        code: "no-session",
        verb: purpose,
        subject: `on host ${this.target.alias}`,
        cause: `its sshd opens no session (${cause.message})`,
        hint: "See its log, and what MaxSessions in its sshd_config is.",
        retryable: true,
      },
      { cause },
    );
  }

  async exec(options: ExecOptions): Promise<ExecResult> {
    if (!options.urgent) return this.#using(options.signal, options.purpose, () => this.#exec(options));
    const done = this.#use();
    return this.#exec(options).finally(done);
  }

  async #exec(options: ExecOptions): Promise<ExecResult> {
    const began = performance.now();
    const output = new OutputCollector(options);
    const script = wholeScript(options.script);
    const deadline = options.deadline ?? this.target.command;
    let code: number | string | null = null;
    try {
      const session = await this.#session(shellCommand(options.root ?? true, deadline), options);
      const { channel } = session;
      channel.on("error", () => {}); // A shell that ends before it has read all says so by its status.
      channel.end(script);
      channel.on("data", (chunk: Buffer) => output.stdout(chunk));
      channel.stderr.on("data", (chunk: Buffer) => output.stderr(chunk));
      const end = await this.#finish(session, options, deadline);
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

  #finish({ channel, status }: Session, options: ExecOptions, deadline: number): Promise<Status> {
    return new Promise((resolve, reject) => {
      const settle = (action: () => void) => {
        clearTimeout(timer);
        this.#onLost.delete(lost);
        options.signal?.removeEventListener("abort", abort);
        action();
      };
      const lost = (error: Error) => settle(() => reject(error));
      // Not every sshd signals what runs as root: that ends by the host's own count of the deadline, or by itself.
      const stop = () => {
        channel.signal("TERM");
        channel.close();
      };
      const abort = () => {
        stop();
        settle(() => reject(aborted(options.purpose, this.target.alias)));
      };
      const timer = setTimeout(() => {
        stop();
        settle(() =>
          reject(
            new MicrovmError({
              code: "command-deadline",
              verb: options.purpose,
              subject: `on host ${this.target.alias}`,
              cause: `it took longer than ${Math.round(deadline / 1000)} s`,
              hint: "The host ends it too. Give the Host longer deadlines.command if that is what it takes, and run the same again.",
              retryable: true,
            }),
          ),
        );
      }, deadline);
      if (this.#lost) return lost(this.#lost);
      this.#onLost.add(lost);
      options.signal?.addEventListener("abort", abort);
      if (options.signal?.aborted) return abort();
      channel.on("close", () => {
        const end = status();
        settle(() => (end ? resolve(end) : reject(this.#lost ?? this.#linkLost())));
      });
    });
  }

  async upload(options: UploadOptions): Promise<UploadResult> {
    return this.#using(options.signal, options.purpose, () =>
      uploadThrough(options, {
        host: this.target.alias,
        user: this.identity.user,
        compress: true,
        open: (command) => this.#pipe(command, options),
      }),
    );
  }

  async #pipe(command: string, options: UploadOptions): Promise<Pipe> {
    const { channel, status } = await this.#session(command, options);
    const lost = new Promise<never>((_, reject) => {
      if (this.#lost) return reject(this.#lost);
      this.#onLost.add(reject);
      channel.once("close", () => this.#onLost.delete(reject));
    });
    lost.catch(() => {}); // Whoever waits for it hears of it.
    return {
      stdin: writerOf(channel),
      stdout: channel,
      stderr: channel.stderr,
      stop: () => channel.close(),
      code: () => status()?.code ?? null,
      lost,
    };
  }

  async forwardTcp(host: string, port: number): Promise<Duplex> {
    return this.#inUse(() => this.#forwardTcp(host, port));
  }

  async forwardUnix(path: string): Promise<Duplex> {
    return this.#inUse(() =>
      this.#forward(`unix ${path}`, (done) => this.client.openssh_forwardOutStreamLocal(path, done)),
    );
  }

  /** The way to a further host: lives as long as that host's connection, which closes this one. */
  async openTransport(host: string, port: number): Promise<Duplex> {
    this.#carries = true;
    clearTimeout(this.#idle);
    this.#hold(true);
    return this.#forwardTcp(host, port);
  }

  /** Counts as a use until the channel closes. */
  async #inUse(open: () => Promise<ClientChannel>): Promise<Duplex> {
    const done = this.#use();
    try {
      const channel = await open();
      channel.once("close", done);
      return channel;
    } catch (error) {
      done();
      throw error;
    }
  }

  #forwardTcp(host: string, port: number): Promise<ClientChannel> {
    return this.#forward(`tcp ${host}:${port}`, (done) => this.client.forwardOut("127.0.0.1", 0, host, port, done));
  }

  async #forward(
    purpose: string,
    start: (callback: (error: Error | undefined, channel?: ClientChannel) => void) => void,
  ): Promise<ClientChannel> {
    const began = performance.now();
    let code: string | null = null;
    try {
      return await this.#open<ClientChannel>(start);
    } catch (error) {
      code = error instanceof MicrovmError ? error.code : "forward-failed";
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
      const millis = performance.now() - began;
      trace({ host: this.target.alias, kind: "forward", purpose, millis, bytesOut: 0, bytesIn: 0, code });
    }
  }

  async close(): Promise<void> {
    if (this.#lost) return;
    this.#closing = true;
    this.#keepAlive.stop();
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

/**
 * The way into a channel. ssh2 drops what is written to one that closes and never says so, not even when it is
 * destroyed: whoever writes would wait for ever, and what feeds it too.
 */
function writerOf(channel: ClientChannel): Writable {
  const writer = new Writable({
    write: (chunk, _encoding, done) => void channel.write(chunk, done),
    final: (done) => void channel.end(done),
  });
  channel.on("error", (error: Error) => writer.destroy(error));
  channel.once("close", () => writer.destroy());
  return writer;
}

/** Whether the server has refused a channel, which ssh2 tells by its reason. */
function isOpenFailure(error: unknown): error is Error {
  return error instanceof Error && typeof (error as { reason?: unknown }).reason === "number";
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
