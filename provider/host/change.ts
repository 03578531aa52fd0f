import { quote } from "../ssh";

/**
 * One object's share of a change to a host: pieces of shell over the functions of `host-setup/lib.sh`. `build` makes
 * what takes long, without the host's lock and in a batch of its own; `prepare` puts files in place, `commit` starts,
 * stops, loads and removes, both under the host's lock; `wait` runs without it, at the same time as other objects' waits.
 */
export interface Change {
  /** What the change is for, e.g. `create MicroVM web`. */
  purpose: string;
  build?: string[];
  /** What `build` builds: a name without spaces or slashes. One run at a time builds it. */
  builds?: string;
  prepare?: string[];
  commit?: string[];
  wait?: string[];
  /** What is left on the host for imports once all of it has succeeded; for the last change that an object is made by. */
  keeps?: Kept;
  /** Values that must not show in an error. */
  secrets?: string[];
  /** Milliseconds. Default: the host's command deadline. */
  deadline?: number;
}

/** What an object's directory keeps of what its change handed back. */
export interface Kept {
  /** Directory of the object below /etc/microvm. */
  object: string;
  /** What is handed back besides: what earlier changes of the same object did, and what was known without asking. */
  values?: Record<string, string>;
}

/** The shell text of several changes, to be run after `lib.sh`. A change that builds is alone in its batch. */
export function batchScript(changes: readonly Change[]): string {
  const functions = changes.flatMap((change, n) =>
    (["build", "prepare", "commit", "wait"] as const)
      .filter((phase) => change[phase]?.length)
      .map((phase) => `${phase}_${n}() {\n${change[phase]?.join("\n")}\n}`)
      .concat(change.keeps ? keepFunctions(change.keeps, n) : []),
  );
  const [builds] = changes.flatMap((change) => change.builds ?? []);
  return `${functions.join("\n")}\n${command("mv_batch", changes.length, ...(builds ? [builds] : []))}\n`;
}

/** The shell text that ends a change of a batch that runs, where it may be left; to be run after `lib.sh`. */
export function endScript(work: string, n: number): string {
  return `${command("mv_end", work, n)}\n`;
}

function keepFunctions({ object, values = {} }: Kept, n: number): string[] {
  const known = Object.entries(values).map(([key, value]) => `${key}:${Buffer.from(value).toString("base64")}`);
  return [
    `seal_${n}() {\n${command("mv_seal", object)}\n}`,
    `keep_${n}() {\n${command("mv_keep", object, ...known)}\n}`,
  ];
}

/** A command line from words, each quoted. */
export function command(...words: (string | number)[]): string {
  return words.map((word) => quote(String(word))).join(" ");
}

/** Installs a small file: content in the script itself, never in an argument. */
export function installFile(path: string, content: string | Buffer, mode = "0644", owner = "root:root"): string {
  const lines =
    Buffer.from(content)
      .toString("base64")
      .match(/.{1,1024}/g) ?? [];
  return [`${command("mv_file", path, mode, owner)} <<'MV-END'`, ...lines, "MV-END"].join("\n");
}

/** One line of what `lib.sh` prints while a batch runs. */
export type BatchEvent =
  | { type: "begun"; work: string }
  | { type: "result"; n: number; key: string; value: string }
  | { type: "progress"; n: number; text: string }
  | { type: "failure"; n: number; code: string; text: string }
  | { type: "done"; n: number; status: number; stderr: string }
  | { type: "unlocked" }
  | { type: "locked"; holder: string };

export function parseBatchLine(line: string): BatchEvent | undefined {
  const [tag, a = "", b = "", c = ""] = line.split("\t");
  const text = (base64: string) => Buffer.from(base64, "base64").toString("utf8");
  switch (tag) {
    case "begun":
      return { type: "begun", work: a };
    case "result":
      return { type: "result", n: Number(a), key: b, value: text(c) };
    case "progress":
      return { type: "progress", n: Number(a), text: text(b) };
    case "failure":
      return { type: "failure", n: Number(a), code: b, text: text(c) };
    case "done":
      return { type: "done", n: Number(a), status: Number(b), stderr: text(c) };
    case "unlocked":
      return { type: "unlocked" };
    case "locked":
      return { type: "locked", holder: a };
    default:
      return undefined;
  }
}
