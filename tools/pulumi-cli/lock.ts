import { createHash } from "node:crypto";
import { createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Runs `work` while no other process runs work on the same `path`. The lock is a name in Linux's abstract socket
 * namespace: the kernel gives it back however its holder ends.
 *
 * @param waiting called once if another process has the lock
 */
export async function locked<T>(path: string, waiting: () => void, work: () => Promise<T>): Promise<T> {
  const name = `\0pulumi-microvm-${createHash("sha256").update(path).digest("hex").slice(0, 32)}`;
  let held = await listen(name);
  if (!held) waiting();
  while (!held) {
    await sleep(500);
    held = await listen(name);
  }
  try {
    return await work();
  } finally {
    held.close();
  }
}

function listen(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen(name, () => resolve(server));
  });
}
