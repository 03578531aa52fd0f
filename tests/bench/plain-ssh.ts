import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { Client } from "ssh2";
import type { LabHost } from "../lab/lab";

/**
 * SSH without anything of the provider: what the ways that it is compared with use. The library is the same, so that
 * the way of working makes the difference and not the cipher's speed.
 */
export async function plainConnection(host: LabHost): Promise<Client> {
  const client = new Client();
  await new Promise<void>((resolve, reject) => {
    client.once("ready", resolve);
    client.once("error", reject);
    client.connect({
      // As Go's SSH has it, and the provider: a small packet does not wait for company.
      sock: connect({ host: "127.0.0.1", port: host.port, noDelay: true }),
      username: "root",
      privateKey: readFileSync(host.privateKeyFile),
      hostVerifier: (key: Buffer) => host.hostKey.endsWith(` ${key.toString("base64")}`),
    });
  });
  return client;
}

/** Runs a command with a text for its standard input and returns what it prints. Rejects where its status is not 0. */
export function run(client: Client, command: string, input = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    client.exec(command, (failure, channel) => {
      if (failure) return reject(failure);
      let [stdout, stderr, status] = ["", "", -1];
      channel.on("data", (chunk: Buffer) => {
        stdout += chunk.toString("utf8");
      });
      channel.stderr.on("data", (chunk: Buffer) => {
        stderr += chunk.toString("utf8");
      });
      channel.on("exit", (code: number) => {
        status = code;
      });
      channel.on("close", () => {
        if (status === 0) resolve(stdout);
        else reject(new Error(`${command} ended with status ${status}: ${stderr.slice(-2000)}`));
      });
      channel.end(input);
    });
  });
}

/** Connects, runs one command, and closes the connection, as `@pulumi/command` does for each of its resources. */
export async function connectAndRun(host: LabHost, command: string, input = ""): Promise<string> {
  const client = await plainConnection(host);
  try {
    return await run(client, command, input);
  } finally {
    client.end();
  }
}
