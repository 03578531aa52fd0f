import { command } from "../host/change";

/** One request to a VMM's REST API. */
export type Request = readonly [method: "GET" | "PUT" | "PATCH", path: string, body?: object];

/**
 * Shell lines that send requests over a unix socket, in order, up to the first that is refused. Bodies go over standard
 * input: what a guest is told may be secret. `--patient` before the socket waits for a VMM that is only starting, and as
 * long as it takes for its answer.
 */
export function requests(socket: string | ["--patient", string], ...list: Request[]): string[] {
  const lines = list.map(([method, path, body]) => `${method} ${path}${body ? ` ${JSON.stringify(body)}` : ""}`);
  return [`${command("/usr/lib/microvm/vmm-api", ...[socket].flat())} > /dev/null <<'MV-END'`, ...lines, "MV-END"];
}
