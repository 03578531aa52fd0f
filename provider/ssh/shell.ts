import { MicrovmError } from "../errors";
import type { ExecOptions, ExecResult } from "./contract";
import { quote } from "./quote";
import { redact } from "./redact";

/** Printed before anything else: what answers without it is no POSIX shell, or did not get as far. */
const mark = "MV-SHELL-READY";

/** Becomes root where asked and needed, without a round trip of its own to find out. */
export function shellCommand(root: boolean): string {
  const shell = root ? 'if [ "$(id -u)" = 0 ]; then exec sh -s; else exec sudo -n -- sh -s; fi' : "exec sh -s";
  return `exec sh -c ${quote(shell)}`;
}

/**
 * A shell runs what it has read of its standard input, even where a cut link ended it early. As one compound command
 * the script is read whole before any of it runs.
 */
export function wholeScript(script: string): string {
  return `{\necho ${mark}\n${script}\n} < /dev/null\n`;
}

/** Collects what a shell prints, within bounds, and hands whole lines on. */
export class OutputCollector {
  #out: Buffer[] = [];
  #err: Buffer[] = [];
  #outBytes = 0;
  #errBytes = 0;
  #line = "";
  #ready = false;
  truncated = false;
  bytesIn = 0;
  readonly #decoder = new TextDecoder();

  constructor(
    private readonly limit: number,
    private readonly onLine?: (line: string) => void,
  ) {}

  stdout(chunk: Buffer): void {
    this.bytesIn += chunk.length;
    if (this.#outBytes < this.limit) this.#out.push(chunk);
    else this.truncated = true;
    this.#outBytes += chunk.length;
    if (!this.onLine) return;
    this.#line += this.#decoder.decode(chunk, { stream: true });
    const lines = this.#line.split("\n");
    this.#line = lines.pop() ?? "";
    for (const line of lines) {
      if (this.#ready) this.onLine(line);
      else this.#ready = line === mark;
    }
  }

  stderr(chunk: Buffer): void {
    this.bytesIn += chunk.length;
    this.#err.push(chunk);
    this.#errBytes += chunk.length;
    // The end of an error output says most.
    while (this.#errBytes > this.limit / 16 && this.#err.length > 1) {
      this.#errBytes -= (this.#err.shift() as Buffer).length;
      this.truncated = true;
    }
  }

  /** Throws where no shell ran the script. */
  result(
    options: ExecOptions,
    host: string,
    user: string,
    end: { code: number | null; signal?: string; millis: number },
  ): ExecResult {
    const all = Buffer.concat(this.#out).toString("utf8");
    const stderr = redact(Buffer.concat(this.#err).toString("utf8"), options.redact);
    const start = all.indexOf(`${mark}\n`);
    if (start < 0) throw notRun(options, host, user, all, stderr, end.code);
    const stdout = options.redact?.length
      ? redact(all.slice(start + mark.length + 1), options.redact)
      : all.slice(start + mark.length + 1);
    return { ...end, stdout, stderr, truncated: this.truncated };
  }
}

function notRun(
  options: ExecOptions,
  host: string,
  user: string,
  stdout: string,
  stderr: string,
  code: number | null,
): MicrovmError {
  if (/(^|\n)sudo: |sudo: not found|sudo: command not found/.test(stderr) || code === 127) {
    return new MicrovmError({
      code: "sudo-needed",
      verb: options.purpose,
      subject: `on ${host}`,
      cause: `user ${user} is not root and may not become it without a password`,
      hint: `Log in as root, or let it: as root on the host, run  echo '${user} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/${user}  (sudo must be installed).`,
      remote: stderr,
    });
  }
  return new MicrovmError({
    code: "not-a-shell",
    verb: options.purpose,
    subject: `on ${host}`,
    cause: `no POSIX shell answered for user ${user} (status ${code ?? "none"})`,
    hint: "The user must have a login shell, and no forced command in authorized_keys.",
    remote: [stdout, stderr].filter(Boolean).join("\n").slice(-2000),
  });
}
