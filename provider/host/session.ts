import { MicrovmError } from "../errors";
import type { Connection as ConnectionInputs, Credentials } from "../generated/types";
import { type Connection, connect, type Endpoint } from "../ssh";
import { type BatchEvent, batchScript, type Change, endScript, parseBatchLine } from "./change";
import { sentScript } from "./kit";
import { currentOperation, ended, type Operation, untilEnded } from "./operation";
import { parseSnapshot, type Snapshot } from "./snapshot";

/** How a host is reached: what its reference says, and the secrets to log in with. */
export interface HostTarget {
  /** Name for messages. */
  name: string;
  connection: ConnectionInputs;
  credentials?: Credentials;
  /** Refuse a machine with another identity. */
  machineId?: string;
  trustOnFirstUse?: boolean;
}

/** How long a snapshot may answer reads, in milliseconds. It is dropped at once when this process changes the host. */
const snapshotLife = 10_000;
/** How long a change waits for others to share its round trip, in milliseconds: engines start several at a time. */
const batchWindow = 8;

interface Reading {
  /** When it began; absent while it waits for the one before it. */
  began?: number;
  value: Promise<Snapshot>;
}

/** How long what was asked to end may take to say so, in milliseconds. */
const endPatience = 20_000;

interface Pending {
  change: Change;
  operation: Operation;
  /** What it has handed back so far, and what it keeps besides. */
  values: Record<string, string>;
  /** Whether it is on its way to the host. */
  sent?: boolean;
  /** Ends it on the host, while it runs there. */
  end?: () => void;
  /** Runs since it is to end. */
  patience?: NodeJS.Timeout;
  progress: (text: string) => void;
  resolve: (values: Record<string, string>) => void;
  reject: (error: Error) => void;
}

/**
 * One host in one process: answers all reads from one snapshot, and sends changes that come together as one batch.
 */
export class HostSession {
  #reading: Reading | undefined;
  #lastReading: Promise<unknown> = Promise.resolve();
  #queue: Pending[] = [];
  #sending = false;
  readonly #reservations = new Map<string, string>();

  constructor(
    readonly name: string,
    readonly target: HostTarget,
    readonly connection: () => Promise<Connection>,
  ) {}

  /**
   * Everything of ours on the host. One round trip, however many ask within seconds. Readings take turns: objects that
   * are made one after another drop it in quick succession, and whoever comes while the host is being read shares the next.
   */
  async snapshot(): Promise<Snapshot> {
    const { began } = this.#reading ?? {};
    if (!this.#reading || (began !== undefined && Date.now() - began > snapshotLife)) {
      const reading: Reading = {
        value: this.#lastReading.then(() => {
          reading.began = Date.now();
          return this.#read();
        }),
      };
      this.#reading = reading;
      this.#lastReading = reading.value.catch(() => {
        if (this.#reading === reading) this.#reading = undefined;
      });
    }
    return untilEnded(this.#reading.value, `read host ${this.name}`);
  }

  /** Drops the snapshot: the next read asks the host. A reading that has yet to begin will see all that was done. */
  forget(): void {
    if (this.#reading?.began !== undefined) this.#reading = undefined;
  }

  /**
   * Carries a change out and returns the values that it handed back with `mv_result`, and those that it keeps
   * besides. Rejects with a `MicrovmError` whose code is the script's own (`mv_fail`) or `change-failed`. Where its operation is ended, what waits its turn is
   * dropped, what builds or waits on the host is ended there, and what changes the host comes to its end.
   */
  apply(change: Change, progress: (text: string) => void = () => {}): Promise<Record<string, string>> {
    this.forget();
    const operation = currentOperation() ?? { begun: false };
    const { signal } = operation;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(ended(signal, change.purpose));
      const values = { ...change.keeps?.values };
      const end = () => (pending.sent ? pending.end?.() : pending.reject(ended(signal as AbortSignal, change.purpose)));
      // The signal lives as long as the engine's process, and the change must not.
      const over = () => {
        pending.end = undefined;
        clearTimeout(pending.patience);
        signal?.removeEventListener("abort", end);
      };
      const pending: Pending = {
        ...{ change, operation, values, progress },
        resolve: (all) => {
          over();
          resolve(all);
        },
        reject: (error) => {
          over();
          reject(error);
        },
      };
      signal?.addEventListener("abort", end);
      // What builds for minutes must not keep others waiting.
      if (change.build) {
        void this.#send([pending], () => {});
        return;
      }
      this.#queue.push(pending);
      if (this.#sending) return;
      this.#sending = true;
      setTimeout(() => this.#sendQueue(), batchWindow);
    });
  }

  /** What a Perl program of the kit prints that reads, and changes nothing; it need not be installed. */
  async ask(program: "kvm-probe", purpose: string): Promise<string> {
    const connection = await untilEnded(this.connection(), purpose);
    const script = `perl - <<'MV-END'\n${sentScript(program)}\nMV-END\n`;
    const { stdout } = await connection.exec({ script, purpose, signal: currentOperation()?.signal });
    return stdout;
  }

  /**
   * Claims a value (an address, say) for a holder until this process ends, so that objects that are made at the same
   * time do not choose the same one before the host knows of either. False when another holder has it.
   */
  reserve(key: string, holder: string): boolean {
    const held = this.#reservations.get(key);
    if (held !== undefined && held !== holder) return false;
    this.#reservations.set(key, holder);
    return true;
  }

  release(holder: string): void {
    for (const [key, value] of this.#reservations) if (value === holder) this.#reservations.delete(key);
  }

  async #read(): Promise<Snapshot> {
    const connection = await this.connection();
    const result = await connection.exec({ script: sentScript("observe.sh"), purpose: "observe host" });
    const snapshot = parseSnapshot(result.stdout);
    if (!snapshot) {
      throw new MicrovmError({
        code: "observe-failed",
        verb: "read",
        subject: `host ${this.name}`,
        cause: result.truncated ? "its answer is too long" : `the reading script ended with status ${result.code}`,
        hint: "The host must be Linux with a POSIX shell, GNU coreutils and findutils.",
        remote: result.stderr,
      });
    }
    const { machineId } = this.target;
    if (machineId && snapshot.facts.machineId !== machineId) {
      throw new MicrovmError({
        code: "machine-changed",
        verb: "use",
        subject: `host ${this.name}`,
        cause: `the machine at ${this.target.connection.address} is ${snapshot.facts.machineId || "one without a machine-id"}, and the one in the state is ${machineId}`,
        hint: "Correct the address; or, if the machine was really replaced, replace the Host resource (pulumi up --replace).",
      });
    }
    return snapshot;
  }

  #sendQueue(): void {
    void this.#send(this.#queue.splice(0), () => {
      this.#sending = this.#queue.length > 0;
      if (this.#sending) setTimeout(() => this.#sendQueue(), batchWindow);
    });
  }

  /** `next` is called once, when the host's lock is free again. */
  async #send(waiting: Pending[], next: () => void): Promise<void> {
    let batch = waiting;
    const settled = new Set<Pending>();
    const failures = new Map<number, { code: string; text: string }>();
    // A change that arrives while the host's lock is held waits for the lock anyway, and shares the next batch.
    let unlocked = false;
    const unlock = () => {
      if (unlocked) return;
      unlocked = true;
      next();
    };
    let lockHolder: string | undefined;
    let work = "";
    const take = (event: BatchEvent) => {
      if (event.type === "unlocked") return unlock();
      if (event.type === "begun") {
        work = event.work;
        for (const pending of batch) if (pending.operation.signal?.aborted) pending.end?.();
        return;
      }
      if (event.type === "locked") {
        lockHolder = event.holder;
        return;
      }
      const pending = batch[event.n];
      if (!pending) return;
      if (event.type === "result") pending.values[event.key] = event.value;
      else if (event.type === "progress") pending.progress(event.text);
      else if (event.type === "failure") failures.set(event.n, { code: event.code, text: event.text });
      else {
        settled.add(pending);
        this.forget();
        const failure = failures.get(event.n);
        const { change, operation } = pending;
        const stopped = operation.signal?.aborted && failure?.code === "ended";
        if (!stopped || failure.text !== "unbegun") operation.begun = true;
        if (event.status === 0) pending.resolve(pending.values);
        else if (stopped) pending.reject(ended(operation.signal as AbortSignal, change.purpose));
        else pending.reject(changeFailed(this.name, change, event, failure));
      }
    };
    try {
      const connection = await this.connection();
      batch = waiting.filter(({ operation }) => !operation.signal?.aborted);
      if (!batch.length) return;
      batch.forEach((pending, n) => {
        pending.sent = true;
        pending.end = () => void this.#end(connection, work, n, pending);
      });
      const deadlines = batch.map((pending) => pending.change.deadline ?? 0);
      const result = await connection.exec({
        script: sentScript("lib.sh") + batchScript(batch.map((pending) => pending.change)),
        purpose: batch.map((pending) => pending.change.purpose).join(", "),
        redact: batch.flatMap((pending) => pending.change.secrets ?? []),
        deadline: Math.max(...deadlines) || undefined,
        onStdoutLine: (line) => {
          const event = parseBatchLine(line);
          if (event) take(event);
        },
      });
      for (const pending of batch) {
        if (settled.has(pending)) continue;
        pending.operation.begun = true;
        pending.reject(
          lockHolder === undefined
            ? changeCut(this.name, pending.change, result.code, result.stderr)
            : hostLocked(this.name, pending.change, lockHolder),
        );
      }
    } catch (error) {
      for (const pending of batch) {
        if (settled.has(pending)) continue;
        pending.operation.begun ||= pending.sent ?? false;
        pending.reject(error as Error);
      }
    } finally {
      this.forget();
      unlock();
    }
  }

  /**
   * Asks the host to end a change, and waits for its word only so long: what changes the host is not cut. Without a place
   * where it works it has not said yet that it has begun, and is asked again when it does.
   */
  async #end(connection: Connection, work: string, n: number, pending: Pending): Promise<void> {
    const { change, operation } = pending;
    const giveUp = () => {
      operation.begun = true;
      pending.reject(ended(operation.signal as AbortSignal, change.purpose));
    };
    pending.patience ??= setTimeout(giveUp, endPatience).unref();
    if (!work) return;
    const script = sentScript("lib.sh") + endScript(work, n);
    // What is to end may hold every place that there is.
    await connection.exec({ script, purpose: `end ${change.purpose}`, urgent: true }).catch(giveUp);
  }
}

/** Failed changes carry the script's own code and text, for the resource to word. */
export class ChangeError extends MicrovmError {
  constructor(
    details: ConstructorParameters<typeof MicrovmError>[0],
    /** What the script said with its code, e.g. the owner for `not-ours`. */
    readonly said: string,
  ) {
    super(details);
  }
}

function changeFailed(
  host: string,
  change: Change,
  event: { status: number; stderr: string },
  failure: { code: string; text: string } | undefined,
): ChangeError {
  const [verb = "change", ...subject] = change.purpose.split(" ");
  const stderr = redacted(event.stderr, change.secrets);
  // Whatever a script made of it: apt, mkfs, cp, tar and what is written in Go each have words of their own.
  const full = /no space left on device|enough free space/i.test(stderr);
  return new ChangeError(
    {
      code: full ? "disk-full" : (failure?.code ?? "change-failed"),
      verb,
      subject: `${subject.join(" ")} on host ${host}`,
      cause: full ? "the host's disk is full" : (failure?.text ?? `a step ended with status ${event.status}`),
      hint: full
        ? "Free some space on the host and run the same again; what was made so far is recorded and is used."
        : undefined,
      remote: stderr.split("\n").slice(-20).join("\n"),
    },
    failure?.text ?? "",
  );
}

function changeCut(host: string, change: Change, code: number | null, stderr: string): MicrovmError {
  const [verb = "change", ...subject] = change.purpose.split(" ");
  return new MicrovmError({
    code: "change-cut",
    verb,
    subject: `${subject.join(" ")} on host ${host}`,
    cause: `the remote shell ended early, with status ${code}`,
    hint: "Run the same again: it goes on from what the host shows.",
    remote: redacted(stderr, change.secrets).split("\n").slice(-20).join("\n"),
    retryable: true,
  });
}

function hostLocked(host: string, change: Change, holder: string): MicrovmError {
  const [verb = "change", ...subject] = change.purpose.split(" ");
  return new MicrovmError({
    code: "host-locked",
    verb,
    subject: `${subject.join(" ")} on host ${host}`,
    cause: `another program has been changing the host for five minutes (${holder || "unknown"})`,
    hint: "Wait for it to end, or end that process on the host, then run the same again.",
    retryable: true,
  });
}

function redacted(text: string, secrets: readonly string[] = []): string {
  return secrets.reduce((result, secret) => (secret ? result.replaceAll(secret, "[secret]") : result), text);
}

const sessions = new Map<string, HostSession[]>();

/**
 * The session of a host in this process. A Host and what lives on it know the same machine by more or less (the pinned
 * key, the machine's identity): they share a session unless they contradict each other.
 */
export function openHost(target: HostTarget): HostSession {
  const { address, port, user, privateKeyFile, agent, jump } = target.connection;
  const key = JSON.stringify([address, port, user, privateKeyFile, agent, jump, target.credentials]);
  const known = sessions.get(key) ?? [];
  const found = known.find(
    (session) =>
      agree(session.target.connection.hostKey, target.connection.hostKey) &&
      agree(session.target.machineId, target.machineId),
  );
  if (found) {
    found.target.connection.hostKey ??= target.connection.hostKey;
    found.target.machineId ??= target.machineId;
    return found;
  }
  const own: HostTarget = { ...target, connection: { ...target.connection } };
  const session = new HostSession(own.name, own, () => connect(endpoint(own)));
  sessions.set(key, [...known, session]);
  return session;
}

/** Drops the snapshots of all hosts: for what changes a host by other ways than this process's sessions. */
export function forgetSnapshots(): void {
  for (const session of [...sessions.values()].flat()) session.forget();
}

function agree(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}

function endpoint({ connection, credentials, trustOnFirstUse }: HostTarget): Endpoint {
  const { deadlines, sshConfig, jump, ...rest } = connection;
  return {
    ...rest,
    credentials,
    trustOnFirstUse,
    sshConfig: sshConfig === "none" ? false : sshConfig,
    jump: jump?.map((hop) => ({ ...hop, credentials })),
    deadlines: deadlines && {
      boot: milliseconds(deadlines.boot),
      dial: milliseconds(deadlines.dial),
      authentication: milliseconds(deadlines.authentication),
      command: milliseconds(deadlines.command),
    },
  };
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}
