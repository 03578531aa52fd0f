import { MicrovmError } from "../errors";
import { kit } from "../host/kit";
import type { Facts, Snapshot } from "../host/snapshot";

/** Refuses a machine that nothing of ours can run on, and says what is missing. */
export function requirePlatform(facts: Facts, host: string): void {
  const fail = (code: string, cause: string, hint: string): never => {
    throw new MicrovmError({ code, verb: "use", subject: `host ${host}`, cause, hint });
  };
  if (facts.system !== "Linux")
    fail("host-not-linux", `it runs ${facts.system || "an unknown system"}`, "A host must run Linux.");
  if (!facts.systemd)
    fail(
      "host-without-systemd",
      "systemd does not run there as its first process",
      "A host must be booted with systemd.",
    );
  if (facts.systemd < 250) {
    fail(
      "host-systemd-old",
      `its systemd is ${facts.systemd}`,
      "A host needs systemd 250 or newer (Debian 12, Ubuntu 22.04.2 or newer).",
    );
  }
  if (!facts.machineId)
    fail("host-without-identity", "it has no /etc/machine-id", "Run systemd-machine-id-setup on it.");
}

/** Refuses a host that no Host resource has set up. */
export function requireHost(snapshot: Snapshot, subject: string, host: string): void {
  requirePlatform(snapshot.facts, host);
  if (snapshot.facts.kit === `microvm-${kit().hash}`) return;
  throw new MicrovmError({
    code: "host-not-set-up",
    verb: "create",
    subject: `${subject} on host ${host}`,
    cause: snapshot.facts.kit
      ? "the host has the kit of another version of the provider"
      : "the host has no kit of the provider",
    hint: "Run `pulumi refresh`, then `pulumi up`: the Host resource installs it.",
  });
}

/** What the probe of the host's KVM showed when the Host was last set up. */
export function usableKvm(snapshot: Snapshot): { virtualization: string; evidence: string } {
  for (const [path, text] of snapshot.notes) {
    if (!path.startsWith("/etc/microvm/hosts/")) continue;
    const values = probeValues(text);
    return { virtualization: values.virtualization ?? "none", evidence: values.evidence ?? "the probe gave no answer" };
  }
  return { virtualization: "none", evidence: "the host has not been probed" };
}

/** The probe prints `key value` lines. */
export function probeValues(text: string): Record<string, string | undefined> {
  return Object.fromEntries(
    text.split("\n").flatMap((line) => {
      const space = line.indexOf(" ");
      return space > 0 ? [[line.slice(0, space), line.slice(space + 1)]] : [];
    }),
  );
}
