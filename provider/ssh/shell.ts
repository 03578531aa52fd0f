import { MicrovmError } from "../errors";
import type { ExecOptions, ExecResult } from "./contract";
import { quote } from "./quote";
import { redact } from "./redact";

/** Printed before anything else: what answers without it is no POSIX shell, or did not get as far. */
const mark = "MV-SHELL-READY";

/**
 * Becomes root where asked and needed, without a round trip of its own to find out. The host keeps the deadline
 * (milliseconds) too, a little later: sshd does not end what a lost or closed channel has started.
 */
export function shellCommand(root: boolean, deadline: number): string {
  const limit = `t=; if command -v timeout > /dev/null; then t='timeout -k 10 ${Math.ceil(deadline / 1000) + 1}'; fi`;
  const shell = root ? 'if [ "$(id -u)" = 0 ]; then exec $t sh -s; else exec sudo -n -- $t sh -s; fi' : "exec $t sh -s";
  return `exec sh -c ${quote(`${limit}; ${shell}`)}`;
}

/**
 * A shell runs what it has read of its standard input, even where a cut link ended it early. As one compound command
 * the script is read whole before any of it runs.
 */
export function wholeScript(script: string): string {
  return `{\necho ${mark}\n${script}\n} < /dev/null\n`;
}

/** The beginning and the end of a stream, within bounds. */
class BoundedOutput {
  readonly #head: Buffer[] = [];
  #headRoom: number;
  readonly #tail: Buffer[] = [];
  #tailBytes = 0;
  #dropped = 0;

  constructor(private readonly limit: number) {
    this.#headRoom = Math.ceil(limit / 2);
  }

  get truncated(): boolean {
    return this.#dropped > 0;
  }

  add(chunk: Buffer): void {
    const head = chunk.subarray(0, this.#headRoom);
    this.#headRoom -= head.length;
    if (head.length) this.#head.push(head);
    if (head.length === chunk.length) return;
    this.#tail.push(chunk.subarray(head.length));
    this.#tailBytes += chunk.length - head.length;
    const room = Math.floor(this.limit / 2);
    while (this.#tailBytes > room) {
      const first = this.#tail[0] as Buffer;
      const excess = Math.min(this.#tailBytes - room, first.length);
      if (excess === first.length) this.#tail.shift();
      else this.#tail[0] = first.subarray(excess);
      this.#tailBytes -= excess;
      this.#dropped += excess;
    }
  }

  text(): string {
    const marker = this.truncated ? [Buffer.from(`\n[${this.#dropped} bytes dropped]\n`)] : [];
    return Buffer.concat([...this.#head, ...marker, ...this.#tail]).toString("utf8");
  }
}

/** Collects what a shell prints, within bounds, and hands whole lines on. */
export class OutputCollector {
  readonly #out: BoundedOutput;
  readonly #err: BoundedOutput;
  #line = "";
  #ready = false;
  bytesIn = 0;
  readonly #decoder = new TextDecoder();

  constructor({ maxOutput, onStdoutLine }: Pick<ExecOptions, "maxOutput" | "onStdoutLine">) {
    this.#out = new BoundedOutput((maxOutput ?? 64 << 20) + 2 * mark.length);
    this.#err = new BoundedOutput(maxOutput ?? 1 << 20);
    this.onLine = onStdoutLine;
  }

  private readonly onLine?: (line: string) => void;

  stdout(chunk: Buffer): void {
    this.bytesIn += chunk.length;
    this.#out.add(chunk);
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
    this.#err.add(chunk);
  }

  /** Throws where no shell ran the script. */
  result(
    options: ExecOptions,
    host: string,
    user: string,
    end: { code: number | null; signal?: string; millis: number },
  ): ExecResult {
    const all = this.#out.text();
    const stderr = redact(this.#err.text(), options.redact);
    const start = all.indexOf(`${mark}\n`);
    if (start < 0) throw notRun(options, host, user, all, stderr, end.code);
    // A last line without its newline is a line too.
    if (this.#line) this.onLine?.(this.#line);
    const text = all.slice(start + mark.length + 1);
    const stdout = options.redact?.length ? redact(text, options.redact) : text;
    return { ...end, stdout, stderr, truncated: this.#out.truncated || this.#err.truncated };
  }
}

/** Whether an error output is sudo's own refusal. */
export function lacksSudo(stderr: string): boolean {
  return /(^|\n)sudo: |sudo: (command )?not found/.test(stderr);
}

export function sudoNeeded(verb: string, subject: string, user: string, stderr: string): MicrovmError {
  // sudo ignores files whose names hold a dot.
  const file = `/etc/sudoers.d/${user.replace(/[^A-Za-z0-9_-]/g, "_")}`;
  return new MicrovmError({
    code: "sudo-needed",
    verb,
    subject,
    cause: `user ${user} is not root and may not become it without a password`,
    hint: `Log in as root, or let it: as root on the host, run  echo '${user} ALL=(ALL) NOPASSWD: ALL' > ${file}  (sudo must be installed).`,
    remote: stderr,
  });
}

function notRun(
  options: ExecOptions,
  host: string,
  user: string,
  stdout: string,
  stderr: string,
  code: number | null,
): MicrovmError {
  if (lacksSudo(stderr)) return sudoNeeded(options.purpose, `on ${host}`, user, stderr);
  return new MicrovmError({
    code: "not-a-shell",
    verb: options.purpose,
    subject: `on ${host}`,
    cause: `no POSIX shell answered for user ${user} (status ${code ?? "none"})`,
    hint: "The user must have a login shell, and no forced command in authorized_keys.",
    remote: [stdout, stderr].filter(Boolean).join("\n").slice(-2000),
  });
}
