import { MicrovmError } from "../errors";
import { command } from "./change";
import { currentOperation } from "./operation";
import type { HostSession } from "./session";

/** Reads files of a host in one round trip, by path; those that are not there are not among them. */
export async function readFiles(host: HostSession, paths: readonly string[]): Promise<Map<string, Buffer>> {
  if (!paths.length) return new Map();
  const lines = paths.map((path, index) => {
    const quoted = command(path);
    return `if [ -f ${quoted} ]; then printf '%s ' ${index}; base64 -w0 < ${quoted}; echo; fi`;
  });
  const connection = await host.connection();
  const script = `${["set -e", ...lines].join("\n")}\necho end\n`;
  const { stdout, stderr } = await connection.exec({
    script,
    purpose: "read files",
    signal: currentOperation()?.signal,
  });
  const answer = stdout.trimEnd().split("\n");
  if (answer.pop() !== "end") {
    throw new MicrovmError({
      code: "observe-failed",
      verb: "read",
      subject: `files of host ${host.name}`,
      cause: "its answer is cut short",
      remote: stderr,
    });
  }
  return new Map(
    answer.map((line) => {
      const space = line.indexOf(" ");
      return [paths[Number(line.slice(0, space))] as string, Buffer.from(line.slice(space + 1), "base64")];
    }),
  );
}
