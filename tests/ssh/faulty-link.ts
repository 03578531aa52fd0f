import { connect, createServer, type Server, type Socket } from "node:net";

/** A TCP path that can be cut, stalled and slowed: what real links do. */
export class FaultyLink {
  readonly #sockets = new Set<Socket>();
  #stalled = false;
  #bytesPerSecond = Number.POSITIVE_INFINITY;
  /** Bytes that have gone from client to server. */
  forwarded = 0;
  /** Cuts the link once that many bytes have gone to the server. */
  cutAfter = Number.POSITIVE_INFINITY;

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
      this.forwarded += chunk.length;
      if (this.forwarded > this.cutAfter) return this.cut();
      this.pass(client, target, chunk);
    });
    target.on("data", (chunk) => this.pass(target, client, chunk));
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
    this.cutAfter = Number.POSITIVE_INFINITY;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Keeps connections open and passes nothing. */
  stall(stalled = true): void {
    this.#stalled = stalled;
  }

  slow(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
