import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { MicrovmError } from "../errors";
import type { HostInputs, HostState } from "../generated/types";
import { command, installFile } from "../host/change";
import { installKit, kit, removeKit, unitPaths } from "../host/kit";
import { objectDirectory, recordPath } from "../host/record";
import { ChangeError, type HostSession } from "../host/session";
import { fileDrift, type Snapshot } from "../host/snapshot";
import type { Progress, Recorded, Resource } from "../resource";
import { askedFor, findings, hardeningDrift } from "./host-hardening";
import { probeValues, requirePlatform } from "./host-requirements";
import { recordLines } from "./ownership";
import { resultsOf } from "./results";

/**
 * A machine. Several programs may have a Host for the same one: each has a record of its own, and the last that goes
 * takes the kit with it.
 */
export const host: Resource<HostInputs, HostState> = { kind: "Host", keeps, observe, recall, converge, remove };

/** The inputs that say how the host is reached, but for its key. */
const way = [
  "address",
  "port",
  "user",
  "privateKeyFile",
  "agent",
  "knownHosts",
  "sshConfig",
  "jump",
  "deadlines",
] as const;

/** How a host is reached, as its inputs say it. */
export function wayTo(inputs: Omit<HostInputs, "name">): Pick<HostInputs, (typeof way)[number]> {
  return Object.fromEntries(way.map((name) => [name, inputs[name]])) as Pick<HostInputs, (typeof way)[number]>;
}

/** What everything on a host refers to stays while the way there does. */
function keeps(prior: HostState, inputs: Partial<HostInputs>): (keyof HostState)[] {
  const same = [...way, "hostKey" as const].every((name) => isDeepStrictEqual(prior[name], inputs[name]));
  return same ? ["connection", "fingerprint"] : [];
}

/** What every resource of the provider needs; small, and part of most systems. */
const basePackages = ["nftables", "iproute2", "e2fsprogs", "openssh-client", "zstd", "ca-certificates", "curl"];

/** Keeps what manages the host's own network off our bridges and taps. */
const unmanaged = {
  "/etc/systemd/network/05-microvm.network": "[Match]\nName=mvb-* mvt-*\n\n[Link]\nUnmanaged=yes\n",
  "/etc/NetworkManager/conf.d/90-microvm.conf":
    "[keyfile]\nunmanaged-devices+=interface-name:mvb-*;interface-name:mvt-*\n",
};

const hardenUnit = "microvm-harden.service";
const trimTimer = "microvm-console-trim.timer";

function key({ name, owner }: HostInputs): string {
  return `${name}-${createHash("sha256")
    .update(owner ?? "")
    .digest("hex")
    .slice(0, 8)}`;
}

/** Where a Host says what is to be off; the kit's script reads those of all. */
function hardeningPath(inputs: HostInputs): string {
  return `${objectDirectory("Host", key(inputs))}/hardening`;
}

function files(inputs: HostInputs): Map<string, string> {
  const id = key(inputs);
  const found = new Map<string, string>();
  const off = askedFor(inputs);
  if (off.length) found.set(hardeningPath(inputs), off.map((setting) => `${setting}\n`).join(""));
  if (inputs.kernelModules?.length) {
    found.set(`/etc/modules-load.d/microvm-${id}.conf`, inputs.kernelModules.map((module) => `${module}\n`).join(""));
  }
  const sysctls = Object.entries(inputs.sysctls ?? {}).sort();
  if (sysctls.length) {
    found.set(`/etc/sysctl.d/90-microvm-${id}.conf`, sysctls.map(([name, value]) => `${name} = ${value}\n`).join(""));
  }
  return found;
}

async function observe(session: HostSession, state: HostState): Promise<HostState | undefined> {
  const snapshot = await session.snapshot();
  if (!snapshot.records.has(recordPath("Host", key(state)))) return undefined;
  const { identity } = await session.connection();
  const drift: string[] = [];
  if (snapshot.facts.kit !== `microvm-${kit().hash}`) drift.push("its kit is not this version's");
  for (const [path, content] of kit().files) drift.push(...fileDrift(snapshot, `/usr/lib/microvm/${path}`, content));
  for (const [path, installed] of unitPaths())
    drift.push(...fileDrift(snapshot, installed, kit().files.get(path) as Buffer));
  for (const [path, content] of files(state)) drift.push(...fileDrift(snapshot, path, content));
  for (const [name, value] of Object.entries(state.sysctls ?? {})) {
    const actual = snapshot.sysctls.get(name);
    if (actual !== undefined && words(actual) !== words(value)) drift.push(`${name} is ${actual}, not ${value}`);
  }
  drift.push(...hardeningDrift(snapshot.facts, state));
  if (askedFor(state).length && !snapshot.enabled.has(`/etc/systemd/system/multi-user.target.wants/${hardenUnit}`)) {
    drift.push("it would not be hardened when it boots");
  }
  for (const module of state.kernelModules ?? []) {
    if (!snapshot.modules.has(module)) drift.push(`kernel module ${module} is not loaded`);
  }
  return { ...state, ...describe(snapshot, identity, state), drift };
}

function words(value: string): string {
  return value.trim().split(/\s+/).join(" ");
}

/** What there is of a machine by what it shows, and what the change that set it up handed back. */
function outputs(
  inputs: HostInputs,
  described: ReturnType<typeof describe>,
  values: Record<string, string>,
): HostState {
  const probe = probeValues(values.probe ?? "");
  return {
    ...inputs,
    ...described,
    virtualization: (probe.virtualization as HostState["virtualization"]) ?? "none",
    virtualizationEvidence: probe.evidence ?? "",
    nested: (probe.nested as HostState["nested"]) ?? "unknown",
    kit: values.kit ?? "",
    installedPackages: (values.packages ?? "").split(/\s+/).filter(Boolean).sort(),
    drift: [],
  } as HostState;
}

async function recall(session: HostSession, inputs: HostInputs, recorded: Recorded): Promise<HostState> {
  const { identity } = await session.connection();
  return outputs(inputs, describe(await session.snapshot(), identity, inputs), resultsOf(recorded));
}

async function converge(
  session: HostSession,
  inputs: HostInputs,
  prior: HostState | undefined,
  progress: Progress,
): Promise<HostState> {
  const name = inputs.name as string;
  const snapshot = await session.snapshot();
  requirePlatform(snapshot.facts, name);
  requireSameMachine(snapshot, prior, name);
  if (!snapshot.facts.aptGet) {
    throw new MicrovmError({
      code: "host-without-apt",
      verb: "set up",
      subject: `host ${name}`,
      cause: `it has no apt-get (${snapshot.facts.osName})`,
      hint: "Debian and Ubuntu are supported today.",
    });
  }
  const { identity } = await session.connection();
  const id = key(inputs);
  const object = objectDirectory("Host", id);
  const owner = inputs.owner as string;
  const { credentials: _, ...recorded } = withoutSecrets(inputs);
  const former = prior && key(prior) !== id ? [command("mv_gone", objectDirectory("Host", key(prior)))] : [];
  const wanted = files(inputs);
  let values: Record<string, string>;
  try {
    values = await session.apply(
      {
        purpose: `${prior ? "update" : "create"} Host ${name}`,
        deadline: 1_800_000,
        prepare: [
          ...recordLines({ v: 1, kind: "Host", name: id, owner, inputs: recorded, decided: {} }),
          command("mv_packages", object, ...basePackages, ...(inputs.packages ?? [])),
          ...installKit(),
          command("mv_dir", "/var/lib/microvm", "0755", "root:root"),
          ...Object.entries(unmanaged).map(
            ([path, content]) => `if [ -d ${path.replace(/\/[^/]*$/, "")} ]; then ${installFile(path, content)}\nfi`,
          ),
          // What is asked for no more is as it was.
          command("mv_undo", `${object}/sysctls-before`, "sysctl -q -w", ...Object.keys(inputs.sysctls ?? {})),
          command("mv_undo", `${object}/modules-loaded`, "modprobe -q -r", ...(inputs.kernelModules ?? [])),
          ...rememberSysctls(object, inputs),
          ...[...wanted].map(([path, content]) => installFile(path, content)),
          ...[`/etc/modules-load.d/microvm-${id}.conf`, `/etc/sysctl.d/90-microvm-${id}.conf`, hardeningPath(inputs)]
            .filter((path) => !wanted.has(path))
            .map((path) => command("mv_gone", path)),
          ...loadModules(object, inputs),
          ...Object.entries(inputs.sysctls ?? {}).map(
            ([name, value]) =>
              `${command("sysctl", "-q", "-w", `${name}=${value}`)} || mv_fail sysctl-refused ${command(name)}`,
          ),
          ...former,
        ],
        commit: [
          ...(prior ? ["mv_unneeded"] : []),
          "mv_reload",
          command("systemctl", "enable", "-q", "--now", trimTimer),
          // Only a host that is to be hardened has something to do at boot.
          `if ls /etc/microvm/hosts/*/hardening > /dev/null 2>&1; then systemctl enable -q ${hardenUnit}; else systemctl disable -q ${hardenUnit}; fi`,
          `/usr/lib/microvm/host-harden 2> ${object}/harden.error || mv_fail hardening-refused "$(cat ${object}/harden.error)"; rm -f ${object}/harden.error`,
          "if systemctl is-active -q systemd-networkd; then networkctl reload 2> /dev/null || true; fi",
          `/usr/lib/microvm/kvm-probe > ${object}/probe.new`,
          `mv -f ${object}/probe.new ${object}/probe`,
          `mv_result probe "$(cat ${object}/probe)"`,
          `mv_result packages "$(cut -d : -f 2- /etc/microvm/packages 2> /dev/null || true)"`,
        ],
        keeps: { object, values: { kit: kit().hash } },
      },
      progress,
    );
  } catch (error) {
    throw explain(error, name);
  }
  // Hardening changes what there is to tell.
  const now = askedFor(inputs).length || (prior && askedFor(prior).length) ? await session.snapshot() : snapshot;
  return outputs(inputs, describe(now, identity, inputs), values);
}

function withoutSecrets(inputs: HostInputs): Record<string, unknown> {
  const { privateKey: _, passphrase: __, password: ___, owner: ____, ...rest } = inputs;
  return rest;
}

function requireSameMachine(snapshot: Snapshot, prior: HostState | undefined, name: string): void {
  if (!prior?.machineId || prior.machineId === snapshot.facts.machineId) return;
  throw new MicrovmError({
    code: "machine-changed",
    verb: "update",
    subject: `host ${name}`,
    cause: `the machine that answers is ${snapshot.facts.machineId}, and the one in the state is ${prior.machineId}`,
    hint: "Correct the address; or, if the machine was replaced, replace the resource (pulumi up --replace).",
  });
}

/** The values before ours, each noted once, for delete to put back. */
function rememberSysctls(object: string, inputs: HostInputs): string[] {
  const former = `${object}/sysctls-before`;
  return Object.keys(inputs.sysctls ?? {}).map(
    (name) =>
      `grep -q ${command(`^${name.replaceAll(".", "\\.")}=`)} ${former} 2> /dev/null || printf '%s=%s\\n' ${command(name)} "$(${command("sysctl", "-n", name)})" >> ${former}`,
  );
}

function loadModules(object: string, inputs: HostInputs): string[] {
  return (inputs.kernelModules ?? []).map((module) => {
    const path = `/sys/module/${module.replaceAll("-", "_")}`;
    return `if [ ! -d ${path} ]; then modprobe ${module} || mv_fail module-missing ${module}; printf '%s\\n' ${module} >> ${object}/modules-loaded; fi`;
  });
}

function explain(error: unknown, name: string): unknown {
  if (!(error instanceof ChangeError)) return error;
  const causes: Record<string, [string, string]> = {
    "module-missing": [
      `kernel module ${error.said} cannot be loaded`,
      "Does the host's kernel have it? Containers cannot load modules.",
    ],
    "hardening-refused": [
      `the host cannot be hardened as declared: ${error.said}`,
      "Take what it cannot do out of `hardening`, or change it on the host or in its firmware.",
    ],
    "sysctl-refused": [`kernel parameter ${error.said} cannot be set`, "Is the name right, and the value in range?"],
    "package-missing": [
      `apt does not know a package:${error.said}`,
      "Is the name right, and do the host's apt sources work?",
    ],
    "package-conflict": [
      `installing would remove ${error.said}`,
      "Resolve the conflict on the host, or drop the package.",
    ],
  };
  const [cause, hint] = causes[error.code] ?? [];
  if (!cause) return error;
  return new MicrovmError(
    {
      code: error.code,
      verb: "set up",
      subject: `host ${name}`,
      cause,
      hint,
      remote: error.parts.remote,
    },
    { cause: error },
  );
}

/** What the snapshot and the connection tell of the machine. */
export function describe(
  snapshot: Snapshot,
  identity: { hostKey: string; fingerprint: string },
  inputs: Omit<HostInputs, "name">,
) {
  const { facts } = snapshot;
  const connection = Object.entries({
    ...wayTo(inputs),
    hostKey: identity.hostKey || undefined,
  });
  return {
    machineId: facts.machineId,
    connection: Object.fromEntries(
      connection.filter(([, value]) => value !== undefined),
    ) as unknown as HostState["connection"],
    fingerprint: identity.fingerprint,
    os: facts.osName,
    architecture: facts.architecture,
    kernelVersion: facts.kernelVersion,
    cpus: facts.cpus,
    cpuModel: facts.cpuModel,
    memory: Math.floor(facts.memoryKiB / 1024),
    cgroups: facts.cgroups,
    hardeningFindings: findings(facts),
  };
}

async function remove(session: HostSession, state: HostState): Promise<void> {
  session.forget();
  const snapshot = await session.snapshot();
  const id = key(state);
  const object = objectDirectory("Host", id);
  if (!snapshot.files.has(object)) return;
  const otherHosts = [...snapshot.records].some(
    ([path, record]) => record.kind === "Host" && path !== recordPath("Host", id),
  );
  const objects = [...snapshot.records.values()].filter((record) => record.kind !== "Host");
  if (!otherHosts && objects.length) {
    throw new MicrovmError({
      code: "host-in-use",
      verb: "delete",
      subject: `host ${state.name}`,
      cause: `there is still something of ours on it: ${objects.map((o) => `${o.kind} ${o.name} (${o.owner})`).join(", ")}`,
      hint: "Delete that first: with the program it belongs to, or by declaring it here with adopt: true and destroying it.",
    });
  }
  await session.apply({
    purpose: `delete Host ${state.name}`,
    deadline: 1_800_000,
    prepare: [
      command("mv_undo", `${object}/sysctls-before`, "sysctl -q -w"),
      command("mv_gone", `/etc/sysctl.d/90-microvm-${id}.conf`, `/etc/modules-load.d/microvm-${id}.conf`),
      command("mv_undo", `${object}/modules-loaded`, "modprobe -q -r"),
      command("mv_gone", hardeningPath(state)),
      // What another Host asks for, and this machine refuses, is no reason to keep this one.
      "if [ -x /usr/lib/microvm/host-harden ]; then /usr/lib/microvm/host-harden 1>&2 || true; fi",
      ...(otherHosts
        ? []
        : [trimTimer, hardenUnit].map(
            (unit) => `if [ -e /etc/systemd/system/${unit} ]; then systemctl disable -q --now ${unit}; fi`,
          )),
    ],
    commit: [
      command("mv_release", object),
      ...(otherHosts
        ? []
        : [
            ...removeKit(),
            command("mv_gone", ...Object.keys(unmanaged)),
            "mv_reload",
            "if systemctl is-active -q systemd-networkd; then networkctl reload 2> /dev/null || true; fi",
          ]),
      command("mv_gone", object),
      ...(otherHosts
        ? []
        : [
            command("mv_gone", "/run/microvm/boot", "/run/microvm/vm", "/run/microvm/network"),
            "for mv_place in /etc/microvm /var/lib/microvm; do find $mv_place -depth -type d -empty -delete 2> /dev/null || true; done",
          ]),
    ],
  });
}
