import { dial, type SshConnection } from "./connection";
import type { Connection, Endpoint } from "./contract";
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

const pool = new Map<string, Promise<SshConnection>>();

/**
 * A connection to an endpoint: one for each distinct endpoint in a process. One that was lost is not handed out again;
 * the next call dials. Rejects with a `MicrovmError`: `dial-failed`, `dial-timeout`, `authentication-failed`,
 * `authentication-timeout`, `host-key-unknown`, `host-key-changed`, `host-key-revoked`, `jump-failed`.
 */
export async function connect(endpoint: Endpoint): Promise<Connection> {
  if (endpoint.address === "local") return new LocalConnection(endpoint);
  const key = JSON.stringify(endpoint);
  const pooled = pool.get(key);
  if (pooled) {
    const connection = await pooled;
    if (connection.alive) return connection;
    if (pool.get(key) === pooled) pool.delete(key);
    return connect(endpoint);
  }
  const dialled = dial(endpoint);
  pool.set(key, dialled);
  dialled.catch(() => pool.delete(key));
  return dialled;
}

/** Closes every connection of this process. */
export async function closeAll(): Promise<void> {
  const connections = await Promise.allSettled(pool.values());
  pool.clear();
  await Promise.all(connections.map((result) => (result.status === "fulfilled" ? result.value.close() : undefined)));
}
