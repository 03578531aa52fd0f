import type { SshConnection } from "./connection";
import type { Connection, Endpoint } from "./contract";
import { dial } from "./dial";
import { LocalConnection } from "./local";

export type {
  Connection,
  Credentials,
  Deadlines,
  Endpoint,
  ExecOptions,
  ExecResult,
  Identity,
  UploadOptions,
  UploadResult,
} from "./contract";
export { digestFile } from "./digest";
export { quote } from "./quote";
export { redact } from "./redact";

interface Pooled {
  connection: Promise<SshConnection>;
  /** The endpoint for which it was dialled, with all that it trusts. */
  endpoint: string;
}

const pool = new Map<string, Pooled>();

/**
 * A connection to an endpoint: one for each target, user and credentials in a process; what an endpoint trusts is
 * verified at every call. One that was lost is not handed out again; the next call dials. While nothing uses it, it does
 * not keep the process from ending. Rejects with a `MicrovmError`: `dial-failed`, `dial-timeout`,
 * `authentication-failed`, `authentication-timeout`, `host-key-unknown`, `host-key-changed`, `host-key-revoked`,
 * `jump-failed`.
 */
export async function connect(endpoint: Endpoint): Promise<Connection> {
  if (endpoint.address === "local") return new LocalConnection(endpoint);
  const { hostKey: _, knownHosts: __, trustOnFirstUse: ___, ...rest } = endpoint;
  const key = canonical(rest);
  const whole = canonical(endpoint);
  for (;;) {
    const pooled = pool.get(key);
    if (!pooled) break;
    const connection = await pooled.connection.catch((error: unknown) => {
      // What another endpoint does not trust, this one may.
      if (pooled.endpoint === whole) throw error;
    });
    if (connection?.alive) {
      connection.verifyFor(endpoint);
      return connection;
    }
    if (pool.get(key) === pooled) pool.delete(key);
  }
  const connection = dial(endpoint);
  const pooled = { connection, endpoint: whole };
  pool.set(key, pooled);
  connection.catch(() => {
    if (pool.get(key) === pooled) pool.delete(key);
  });
  return connection;
}

/** The same text for the same values, in whatever order they were given. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part) =>
    part && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** Closes every connection of this process. */
export async function closeAll(): Promise<void> {
  const connections = await Promise.allSettled([...pool.values()].map((pooled) => pooled.connection));
  pool.clear();
  await Promise.all(connections.map((result) => (result.status === "fulfilled" ? result.value.close() : undefined)));
}
