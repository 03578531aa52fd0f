import type { HostInputs } from "../generated/types";
import type { Facts } from "../host/snapshot";

/** What a host should be like that runs guests of several tenants, and how far this one is from it. Pure. */

type Setting = keyof NonNullable<HostInputs["hardening"]>;

interface Check {
  /** What can be asked for to mend it. */
  setting?: Setting;
  /** What is wrong, a sentence; undefined where nothing is. */
  finding(facts: Facts): string | undefined;
}

/** In the order in which they are told. Each is in Firecracker's advice on hosts in production. */
const checks: readonly Check[] = [
  {
    setting: "smt",
    finding: ({ smtActive }) => (smtActive ? "SMT is active: guests on sibling threads share a core" : undefined),
  },
  {
    setting: "ksm",
    finding: ({ ksmRuns }) => (ksmRuns ? "KSM merges equal pages: guests can learn what others hold" : undefined),
  },
  {
    setting: "swap",
    finding: ({ swaps }) =>
      swaps.length ? `there is swap (${swaps.join(", ")}): memory of guests can be written to disk` : undefined,
  },
  {
    finding: ({ vulnerabilities }) =>
      vulnerabilities.length
        ? `the processor's flaws are not all mitigated: ${vulnerabilities.join(", ")}; kernel and microcode may be old`
        : undefined,
  },
];

/** The settings that a program asks for. */
export function askedFor({ hardening }: Pick<HostInputs, "hardening">): Setting[] {
  return checks.flatMap(({ setting }) => (setting && hardening?.[setting] === "off" ? [setting] : []));
}

/** Everything that falls short, whether it was asked for or not. */
export function findings(facts: Facts): string[] {
  return checks.flatMap((check) => check.finding(facts) ?? []);
}

/** What falls short of what was asked for. */
export function hardeningDrift(facts: Facts, inputs: Pick<HostInputs, "hardening">): string[] {
  const asked = new Set(askedFor(inputs));
  return checks.flatMap((check) => (check.setting && asked.has(check.setting) ? (check.finding(facts) ?? []) : []));
}
