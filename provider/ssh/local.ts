import { type ChildProcess, spawn } from "node:child_process";
import { connect } from "node:net";
import { hostname, userInfo } from "node:os";
import type { Duplex } from "node:stream";
import { MicrovmError } from "../errors";
import { aborted } from "./connection";
import type { Connection, Endpoint, ExecOptions, ExecResult, Identity, UploadOptions, UploadResult } from "./contract";
import { OutputCollector, shellCommand, wholeScript } from "./shell";
import { trace } from "./trace";
import { uploadThrough } from "./upload";

/** This machine, by child processes instead of SSH: the same scripts, the same contract. */
export class LocalConnection implements Connection {
  readonly identity: Identity = {
    hostKey: "",
    fingerprint: "",
    user: userInfo().username,
    becomesRoot: process.getuid?.() === 0 ? "root" : "sudo",
  };

  constructor(readonly endpoint: Endpoint) {}

  exec(options: ExecOptions): Promise<ExecResult> {
    const began = performance.now();
    const host = hostname();
    const output = new OutputCollector(options);
    const script = wholeScript(options.script);
    const deadline = options.deadline ?? this.endpoint.deadlines?.command ?? 600_000;
    return new Promise<ExecResult>((resolve, reject) => {
      const child = spawn("sh", ["-c", shellCommand(options.root ?? true, deadline)], { detached: true, cwd: "/" });
      const fail = (error: MicrovmError) => {
        stopGroup(child);
        settle(() => reject(error), error.code);
      };
      const settle = (action: () => void, code: number | string | null) => {
        clearTimeout(timer);
        options.signal?.removeEventListener("abort", abort);
        trace({
          host,
          kind: "exec",
          purpose: options.purpose,
          millis: performance.now() - began,
          bytesOut: script.length,
          bytesIn: output.bytesIn,
          code,
        });
        action();
      };
      const abort = () => fail(aborted(options.purpose, host));
      const timer = setTimeout(() => {
        fail(
          new MicrovmError({
            code: "command-deadline",
            verb: options.purpose,
            subject: "on this machine",
            cause: `it took longer than ${Math.round(deadline / 1000)} s`,
            hint: "Give the Host longer deadlines.command, and run the same again.",
            retryable: true,
          }),
        );
      }, deadline);
      options.signal?.addEventListener("abort", abort);
      if (options.signal?.aborted) abort();
      child.stdout.on("data", (chunk: Buffer) => output.stdout(chunk));
      child.stderr.on("data", (chunk: Buffer) => output.stderr(chunk));
      child.stdin.on("error", () => {}); // A shell that ends early says so by its status.
      child.on("error", reject);
      child.on("close", (code, signal) =>
        settle(() => {
          try {
            const end = { code, signal: signal ?? undefined, millis: performance.now() - began };
            resolve(output.result(options, host, this.identity.user, end));
          } catch (error) {
            reject(error);
          }
        }, code),
      );
      child.stdin.end(script);
    });
  }

  upload(options: UploadOptions): Promise<UploadResult> {
    return uploadThrough(options, {
      host: hostname(),
      user: this.identity.user,
      compress: false,
      open: async (command) => {
        const child = spawn("sh", ["-c", command], { cwd: "/" });
        return {
          stdin: child.stdin,
          stdout: child.stdout,
          stderr: child.stderr,
          stop: () => void child.kill(),
          code: () => child.exitCode,
          lost: new Promise<never>(() => {}),
        };
      },
    });
  }

  async forwardTcp(host: string, port: number): Promise<Duplex> {
    return opened(connect({ host, port }), `${host}:${port}`);
  }

  async forwardUnix(path: string): Promise<Duplex> {
    return opened(connect({ path }), path);
  }

  async close(): Promise<void> {}
}

/** Ends a child and what it started. What runs under sudo is not ours to signal: it ends with its standard input. */
function stopGroup(child: ChildProcess): void {
  try {
    if (child.pid) process.kill(-child.pid, "SIGTERM");
  } catch (error) {
    if (!["ESRCH", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

function opened(socket: ReturnType<typeof connect>, where: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    socket.once("connect", () => resolve(socket));
    socket.once("error", (error) =>
      reject(
        new MicrovmError(
          { code: "forward-failed", verb: "connect to", subject: where, cause: error.message },
          { cause: error },
        ),
      ),
    );
  });
}
