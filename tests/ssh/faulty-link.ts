import { spawn } from "node:child_process";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A TCP path that can be cut, stalled and slowed: what real links do. */
export class FaultyLink {
  readonly #sockets = new Set<Socket>();
  #stalled = false;
  #bytesPerSecond = Number.POSITIVE_INFINITY;
  #gathering = 0;
  #gatheringAnswers = 0;
  readonly #held = new Map<Socket, Buffer[]>();
  /** Bytes that have gone from client to server. */
  forwarded = 0;
  /** Holds the link once that many bytes have gone to the server: no more of them go. */
  holdAfter = Number.POSITIVE_INFINITY;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async to(port: number, host = "127.0.0.1"): Promise<FaultyLink> {
    let link: FaultyLink | undefined;
    const server = createServer((client) => link?.join(client, connect({ port, host })));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    link = new FaultyLink(server, (server.address() as { port: number }).port);
    return link;
  }

  private join(client: Socket, target: Socket): void {
    for (const socket of [client, target]) {
      this.#sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        this.#sockets.delete(socket);
        client.destroy();
        target.destroy();
      });
    }
    client.on("data", (chunk) => {
      const taken = chunk.subarray(0, Math.max(0, this.holdAfter - this.forwarded));
      this.forwarded += taken.length;
      if (taken.length) this.send(client, target, taken, this.#gathering);
      if (taken.length === chunk.length) return;
      client.pause();
      client.unshift(chunk.subarray(taken.length));
    });
    target.on("data", (chunk) => this.send(target, client, chunk, this.#gatheringAnswers));
  }

  private send(from: Socket, to: Socket, chunk: Buffer, gathering: number): void {
    if (gathering) this.gatherUp(from, to, chunk, gathering);
    else this.pass(from, to, chunk);
  }

  private gatherUp(from: Socket, to: Socket, chunk: Buffer, gathering: number): void {
    const held = this.#held.get(to);
    if (held) {
      held.push(chunk);
      return;
    }
    const first = [chunk];
    this.#held.set(to, first);
    setTimeout(() => {
      this.#held.delete(to);
      this.pass(from, to, Buffer.concat(first));
    }, gathering);
  }

  private pass(from: Socket, to: Socket, chunk: Buffer): void {
    if (this.#stalled) return; // Swallowed, as by a router that has lost its way.
    to.write(chunk);
    if (!Number.isFinite(this.#bytesPerSecond)) return;
    from.pause();
    setTimeout(() => from.resume(), (chunk.length / this.#bytesPerSecond) * 1000);
  }

  /** Resets all connections, and lets new ones through. */
  cut(): void {
    this.holdAfter = Number.POSITIVE_INFINITY;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Lets go on what was held. */
  release(): void {
    this.holdAfter = Number.POSITIVE_INFINITY;
    for (const socket of this.#sockets) socket.resume();
  }

  /** Keeps connections open and passes nothing. */
  stall(stalled = true): void {
    this.#stalled = stalled;
  }

  slow(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Hands the server in one piece what comes within so many milliseconds, as a busy one reads it. */
  gather(millis: number): void {
    this.#gathering = millis;
  }

  /** The same for what the server sends. */
  gatherAnswers(millis: number): void {
    this.#gatheringAnswers = millis;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** A port at which nobody accepts and whose queue is full: to who dials, a machine that is not there. */
export class UnansweringPort {
  private constructor(
    readonly port: number,
    readonly close: () => Promise<void>,
  ) {}

  static async open(): Promise<UnansweringPort> {
    const program = `
      const server = require("node:net").createServer();
      server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
        require("node:fs").writeSync(1, String(server.address().port));
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      });`;
    const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    const port = await new Promise<number>((resolve) => child.stdout.once("data", (text) => resolve(Number(text))));
    const fillers = Array.from({ length: 8 }, () => connect({ port, host: "127.0.0.1" }).on("error", () => {}));
    await new Promise((resolve) => setTimeout(resolve, 200));
    return new UnansweringPort(port, async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      for (const filler of fillers) filler.destroy();
      child.kill("SIGKILL");
      await ended;
    });
  }
}
