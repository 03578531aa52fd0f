import type { Runtime } from "./layout";

/** What Kata's own programs said of a handler, and what can be told by it. Pure. */
export interface Verification {
  runtime: Runtime;
  /** How the program that reads configurations ended: `accepted`, empty where there is none, else what it needs of the host. */
  configuration: string;
  /** How the check of the host ended: `passed`, empty where there is none, else the end of what it said. */
  check: string;
  /** Whether guests can run on the host as the provider's own probe showed, and what it saw. */
  virtualization: string;
  evidence: string;
}

export const checkPassed = "check passed";

/** `check passed`, or sentences: what could not be verified, and why. */
export function verdict({ runtime, configuration, check, virtualization, evidence }: Verification): string {
  const sentences: string[] = [];
  if (!configuration)
    sentences.push(
      runtime === "rust"
        ? "the release holds no program that reads a configuration of the Rust runtime, so its first container will show whether it is right"
        : "the release holds no kata-runtime, so its first container will show whether the configuration is right",
    );
  else if (configuration !== "accepted")
    sentences.push(`the configuration could not be read to its end, because of the host: ${firstLine(configuration)}`);
  if (check && check !== "passed") sentences.push(`Kata's check of the host failed: ${lastLine(check)}`);
  if (virtualization !== "kvm") sentences.push(`the host has no KVM that guests can use: ${evidence}`);
  return sentences.length ? sentences.join("; ") : checkPassed;
}

/** Kata's programs log in lines of `key=value`; what is wrong is in `msg` or in `error`. */
export function saidBy(line: string): string {
  const value = (key: string) => {
    const [, quoted, bare] = new RegExp(`(?:^|\\s)${key}=(?:"((?:[^"\\\\]|\\\\.)*)"|(\\S+))`).exec(line) ?? [];
    return (quoted ?? bare)?.replace(/\\(.)/g, "$1");
  };
  const [message, error] = [value("msg"), value("error")];
  return [message, error].filter(Boolean).join(": ") || line.trim();
}

function firstLine(text: string): string {
  return saidBy(text.split("\n").find((line) => line.trim()) ?? "");
}

function lastLine(text: string): string {
  return saidBy(
    text
      .split("\n")
      .filter((line) => line.trim())
      .at(-1) ?? "",
  );
}
