import { createHash } from "node:crypto";
import { MicrovmError } from "../errors";
import type { MicroVMInputs, MicroVMState, NetworkReference } from "../generated/types";
import { type Change, command, installFile } from "../host/change";
import { readFiles } from "../host/files";
import { tapName, userName } from "../host/names";
import { objectDirectory, recordPath } from "../host/record";
import { ChangeError, type HostSession } from "../host/session";
import { fileDrift, type Snapshot } from "../host/snapshot";
import { type Progress, type Recorded, type Resource, UnfinishedError } from "../resource";
import { driverOf, type Setting, type VmmKind } from "../vmm";
import { savingDirectory, snapshotShown } from "../vmm/driver";
import { requireHost, usableKvm } from "./host-requirements";
import { chooseAddresses, formerNetworks } from "./interface-addresses";
import { type Decided, guestFilePath, type Layout, layout, macsOf, places, settingLine } from "./micro-vm-layout";
import { check, effect, plan } from "./micro-vm-plan";
import { attachLines, attachmentDrift, detachLines, explainNetwork } from "./network";
import { explainOwnership, isAnothers, ownLines, recordLines } from "./ownership";

type Inputs = MicroVMInputs & { name: string };

export const microVM: Resource<MicroVMInputs, MicroVMState> = {
  kind: "MicroVM",
  check,
  effect,
  plan,
  observe,
  recall,
  converge,
  remove,
};

async function observe(host: HostSession, state: MicroVMState): Promise<MicroVMState | undefined> {
  const snapshot = await host.snapshot();
  const name = state.name as string;
  const place = places(name);
  const record = snapshot.records.get(recordPath("MicroVM", name));
  const unit = snapshot.units.get(place.unit);
  if (!record && !snapshot.files.has(place.desired) && !isActive(snapshot, name)) return undefined;
  if (isAnothers(snapshot, "MicroVM", name, state.owner)) return undefined;
  const decided = record?.decided as Decided | undefined;
  const drift: string[] = [];
  if (!record || !decided) drift.push("its record is missing");
  const actual = actualState(snapshot, name);
  if (decided) {
    const wanted = layout(state as Inputs, decided);
    drift.push(...wanted.files.flatMap(({ path, content }) => fileDrift(snapshot, path, content)));
    wanted.attachments.forEach((attachment, index) => {
      const network = state.interfaces?.[index]?.network as NetworkReference;
      const all = attachmentDrift(snapshot, network, attachment);
      // A stopped microVM has no taps.
      drift.push(...(actual === "stopped" ? all.filter((sentence) => !sentence.includes(attachment.tap)) : all));
    });
    if (wanted.privateDisk) {
      const disk = snapshot.files.get(wanted.privateDisk.path);
      if (!disk) drift.push("its private disk is missing");
      else if (disk.size < wanted.privateDisk.mib * 1048576) drift.push("its private disk is smaller than declared");
    }
    const booted = snapshot.notes.get(`${place.notes}/boot-digest`);
    if (actual !== "stopped" && booted !== undefined) {
      if (booted !== wanted.bootDigest) drift.push("it runs with other settings than declared");
      else drift.push(...untold(snapshot, name, wanted).map((setting) => `its ${setting.name} is not as declared`));
    }
  }
  // What was declared, not what an earlier look has found.
  const shouldRun = (record?.inputs.state ?? state.state) !== "stopped";
  if (shouldRun !== snapshot.enabled.has(place.enabled)) {
    drift.push(shouldRun ? "it would not start when the host boots" : "it would start when the host boots");
  }
  if (unit?.needsReload) drift.push("systemd has not read its changed unit");
  if (actual === "stopped" && shouldRun) {
    drift.push(`it is not running${howItEnded(snapshot, name)}`);
  }
  const millis = Number(snapshot.notes.get(`${place.state}/boot-millis`));
  return {
    ...state,
    state: actual,
    bootMillis: Number.isFinite(millis) && millis > 0 ? millis : state.bootMillis,
    drift,
  };
}

/** Told apart by what systemd saw of the VMM's end. */
function howItEnded(snapshot: Snapshot, name: string): string {
  const unit = snapshot.units.get(places(name).unit);
  const [result, code, status] = (snapshot.notes.get(`${places(name).state}/ended`) ?? "").split(" ");
  const often = unit?.result === "start-limit-hit" ? ", again and again" : "";
  if (code === "killed" || code === "dumped") return ` (its VMM was ended by signal ${status}${often})`;
  if (code === "exited" && status !== "0") return ` (its VMM failed with status ${status}${often})`;
  if (often) return " (it was started too often)";
  if (code === "exited" && result === "success") return " (its guest powered off)";
  return "";
}

/** The settings that the running VMM has not been told. */
function untold(snapshot: Snapshot, name: string, wanted: Layout): Setting[] {
  const told = new Set((snapshot.notes.get(`${places(name).notes}/settings`) ?? "").split("\n"));
  return wanted.settings.filter((setting) => !told.has(settingLine(setting)));
}

function isActive(snapshot: Snapshot, name: string): boolean {
  return ["active", "activating", "reloading"].includes(snapshot.units.get(places(name).unit)?.activeState ?? "");
}

/** Whichever VMM it has, only one socket answers. */
function isPaused(snapshot: Snapshot, name: string): boolean {
  return [...snapshot.vmmStates].some(([path, state]) => path.startsWith(`${places(name).run}/`) && state === "paused");
}

function actualState(snapshot: Snapshot, name: string): MicroVMState["state"] {
  if (!isActive(snapshot, name)) return "stopped";
  return isPaused(snapshot, name) ? "paused" : "running";
}

/** What its record does not say of its files, since they may hold anything, is read where its guest has it from. */
async function recall(host: HostSession, given: MicroVMInputs, { record }: Recorded): Promise<MicroVMState> {
  const recordedFiles = given.files ?? [];
  const name = given.name as string;
  const found = await readFiles(
    host,
    recordedFiles.map(({ path }) => guestFilePath(name, path)),
  );
  const files = recordedFiles.flatMap(({ path, mode, uid, gid }) => {
    const content = found.get(guestFilePath(name, path))?.toString();
    return content === undefined ? [] : [{ path, content, mode, uid, gid }];
  });
  const inputs = { ...given, ...(given.files ? { files } : {}) } as Inputs;
  const { notes } = await host.snapshot();
  const { state } = places(name);
  return stateOf(host, inputs, layout(inputs, record.decided as unknown as Decided), {
    hostKey: notes.get(`${state}/host-key.pub`) ?? "",
    bootMillis: notes.get(`${state}/boot-millis`) ?? "",
  });
}

async function converge(
  host: HostSession,
  given: MicroVMInputs,
  prior: MicroVMState | undefined,
  progress: Progress,
): Promise<MicroVMState> {
  const inputs = given as Inputs;
  const { name } = inputs;
  const snapshot = await host.snapshot();
  requireHost(snapshot, `MicroVM ${name}`, host.name);
  requireParts(snapshot, inputs, host.name);
  const decided = decide(host, snapshot, inputs);
  const wanted = layout(inputs, decided);
  const change = changeFor(snapshot, inputs, prior, decided, wanted);
  let values: Record<string, string>;
  try {
    values = await host.apply(change, progress);
  } catch (error) {
    if (error instanceof ChangeError && ["not-ready", "vm-ended", "vm-start-failed"].includes(error.code)) {
      // What a guest tells only once it is ready is not known: nobody may take it for said.
      const { sshHostKey, bootMillis } = prior ?? {};
      throw unfinished(error, inputs, { ...stateOf(host, inputs, wanted, {}), sshHostKey, bootMillis });
    }
    throw explainAddress(explainOwnership(explainNetwork(error, `MicroVM ${name}`), "MicroVM", name), inputs);
  } finally {
    host.release(`MicroVM ${name}`);
  }
  return stateOf(host, inputs, wanted, values, prior);
}

/** What is to be on the host before a microVM can be made there. */
function requireParts(snapshot: Snapshot, inputs: Inputs, host: string): void {
  const fail = (code: string, cause: string, hint: string): never => {
    throw new MicrovmError({ code, verb: "create", subject: `MicroVM ${inputs.name} on host ${host}`, cause, hint });
  };
  if ((inputs.accelerator ?? "kvm") === "kvm") {
    const { virtualization, evidence } = usableKvm(snapshot);
    if (virtualization !== "kvm") {
      fail(
        "no-usable-kvm",
        `the host cannot run it with KVM: ${evidence}`,
        'Use a host with working KVM; or, where speed and isolation do not matter, say accelerator: "tcg".',
      );
    }
  }
  const needed = (inputs.memory ?? 256) * 1024;
  if (needed > snapshot.facts.memoryKiB) {
    fail(
      "host-memory",
      `it is to have ${inputs.memory} MiB and the host has ${Math.floor(snapshot.facts.memoryKiB / 1024)} MiB in all`,
      "Give it less memory, or a larger host.",
    );
  }
  for (const [kind, object] of [
    ["Vmm", inputs.vmm],
    ["Kernel", inputs.kernel],
    ["RootfsImage", inputs.rootfs],
  ] as const) {
    // A package of the distribution has none.
    if (kind === "Vmm" && !object.digest) continue;
    const actual = snapshot.stored.get(object.digest as string);
    if (actual === undefined || actual !== object.digest) {
      fail(
        "part-damaged",
        `its ${kind} ${object.name} is ${actual === undefined ? "missing from the host's store" : "not what it was when it was stored"}`,
        "Run `pulumi refresh`, then `pulumi up`: it repairs the store first.",
      );
    }
  }
  const taken = inputs.snapshot && snapshot.taken.get(inputs.snapshot.name as string);
  if (needsSnapshot(snapshot, inputs) && (!taken?.intact || taken.digest !== inputs.snapshot.digest)) {
    const { name } = inputs.snapshot;
    fail(
      "snapshot-unfit",
      `its Snapshot ${name} is ${!taken ? "missing from the host" : taken.intact ? "another one by now" : "damaged"}`,
      "Give the snapshot another `revision`: it is taken anew, and its clones are made anew.",
    );
  }
  (inputs.volumes ?? []).forEach(({ volume }) => {
    for (const record of snapshot.records.values()) {
      if (record.kind !== "MicroVM" || record.name === inputs.name) continue;
      const others = (record.inputs.volumes ?? []) as { volume?: { name?: string } }[];
      if (others.some((other) => other.volume?.name === volume.name)) {
        fail(
          "volume-in-use",
          `volume ${volume.name} belongs to microVM ${record.name}`,
          "A volume serves one microVM at a time: take it from the other, or declare another volume.",
        );
      }
    }
  });
}

/** Whether its next start goes on from its snapshot: once it has, it has disks of its own. */
function needsSnapshot(
  snapshot: Snapshot,
  inputs: Inputs,
): inputs is Inputs & { snapshot: NonNullable<Inputs["snapshot"]> } {
  if (!inputs.snapshot) return false;
  const restored = snapshot.files.get(`${places(inputs.name).state}/restored`)?.size;
  return inputs.restore === "always" || !restored;
}

/** Addresses and the rest that stay for the microVM's life: those of its record, and new ones where it has none. */
function decide(host: HostSession, snapshot: Snapshot, inputs: Inputs): Decided {
  const record = snapshot.records.get(recordPath("MicroVM", inputs.name));
  const former = record?.decided as Partial<Decided> | undefined;
  const addresses = chooseAddresses(host, snapshot, { kind: "MicroVM", ...inputs }, former?.addresses);
  return {
    addresses,
    macs: macsOf(inputs),
    inside: inputs.snapshot?.guest?.interfaces,
    tscKhz: former?.tscKhz ?? Math.round(snapshot.facts.cpuMHz * 1000),
    kvmGroup: snapshot.facts.kvmGroup,
    cgroups: snapshot.facts.cgroups,
    landlock: snapshot.facts.landlock > 0,
  };
}

function changeFor(
  snapshot: Snapshot,
  inputs: Inputs,
  prior: MicroVMState | undefined,
  decided: Decided,
  wanted: Layout,
): Change {
  const { name } = inputs;
  const place = places(name);
  const secrets = (inputs.files ?? []).map((file) => file.content);
  const attached = wanted.attachments.map((attachment, index) =>
    attachLines(inputs.interfaces?.[index]?.network as NetworkReference, attachment),
  );
  const networks = new Set((inputs.interfaces ?? []).map(({ network }) => network.name));
  const left = formerNetworks(snapshot, "MicroVM", { name, prior: prior?.interfaces }).filter(
    (network) => !networks.has(network),
  );
  const detached = left.map((network) => detachLines(network, name));
  const owner = inputs.owner as string;
  return {
    purpose: `${prior ? "update" : "create"} MicroVM ${name}`,
    secrets,
    deadline: ((inputs.ready?.timeout ?? 120) + (inputs.stopTimeout ?? 20) + (inputs.snapshot ? 7200 : 300)) * 1000,
    prepare: [
      ...ownLines("MicroVM", name, [owner, prior?.owner], inputs.adopt),
      ...recordLines({ v: 1, kind: "MicroVM", name, owner, inputs: recorded(inputs), decided: { ...decided } }),
      command("mv_user", wanted.user),
      command("mv_dir", place.state, "0750", `root:${wanted.user}`),
      command("mv_dir", savingDirectory(place.state), "0700", `${wanted.user}:${wanted.user}`),
      ...(inputs.snapshot ? cloneLines(inputs, place.state) : hostKey(inputs, place)),
      // What the VMM's user reads is in directories that only root and its group may enter.
      command("mv_dir", place.desired, "0750", `root:${wanted.user}`),
      ...(driverOf(inputs.vmm.kind as VmmKind).directories ?? []).map((path) =>
        command("mv_dir", path, "0755", "root:root"),
      ),
      ...(inputs.snapshot ? [] : seedReset(wanted, place.desired)),
      ...wanted.files.map((file) => installFile(file.path, file.content, file.mode, file.owner)),
      ...privateDisk(inputs, wanted),
      ...attached.flatMap((item) => item.prepare),
      ...detached.flatMap((item) => item.prepare),
    ],
    commit: [
      "mv_reload",
      ...attached.flatMap((item) => item.commit),
      ...(inputs.state === "stopped" ? stop(place.unit) : start(snapshot, inputs, wanted)),
      ...detached.flatMap((item) => item.commit),
    ],
    wait:
      inputs.state === "stopped" ? [`mv_result hostKey "$(cat ${place.state}/host-key.pub)"`] : waitFor(inputs, wanted),
  };
}

/** What the record keeps of the inputs: nothing secret, and not how the host is reached. */
function recorded(inputs: Inputs): Record<string, unknown> {
  const { credentials: _, host, adopt: __, owner: ___, files, ...rest } = inputs;
  return {
    ...rest,
    host: { name: host.name, machineId: host.machineId },
    files: files?.map(({ content, ...file }) => ({
      ...file,
      sha256: createHash("sha256").update(content).digest("hex"),
    })),
  };
}

/** The guest's SSH identity is made on the host and never leaves it but for its public half. */
function hostKey({ name }: Inputs, place: ReturnType<typeof places>): string[] {
  const key = `${place.state}/host-key`;
  return [
    `if [ ! -f ${key} ]; then rm -f ${key}.new ${key}.new.pub; ${command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", `${key}.new`)}; mv -f ${key}.new.pub ${key}.pub; mv -f ${key}.new ${key}; fi`,
  ];
}

/** A clone lays claim to its snapshot, and is known by the key that its guest has in its memory. */
function cloneLines({ name, snapshot }: Inputs, state: string): string[] {
  const { name: taken, path } = snapshot as NonNullable<Inputs["snapshot"]>;
  const object = objectDirectory("Snapshot", taken as string);
  const key = (suffix: string, mode: string) =>
    `[ -e ${state}/host-key${suffix} ] || ${command("install", "-m", mode, `${path}/host-key${suffix}`, `${state}/host-key${suffix}`)}`;
  return [
    command("mkdir", "-p", `${object}/users`),
    `: > ${command(`${object}/users/${name}`)}`,
    command("mv_dir", snapshotShown(state), "0755", "root:root"),
    key("", "0600"),
    key(".pub", "0644"),
  ];
}

/** The seed holds what is declared and no more: what is there from a former time goes. */
function seedReset(wanted: Layout, desired: string): string[] {
  const seed = `${desired}/seed`;
  const key = `${seed}/root/etc/ssh/ssh_host_ed25519_key`;
  const kept = [
    ...wanted.files.map((file) => file.path).filter((path) => path.startsWith(`${seed}/`)),
    key,
    `${key}.pub`,
  ];
  const state = desired.replace("/etc/microvm", "/var/lib/microvm");
  return [
    command("mv_dir", seed, "0700", "root:root"),
    ...(kept.some((path) => path.startsWith(`${seed}/root/root/.ssh/`))
      ? [
          command("mkdir", "-p", `${seed}/root/root/.ssh`),
          command("chmod", "0700", `${seed}/root/root`, `${seed}/root/root/.ssh`),
        ]
      : []),
    command("mkdir", "-p", `${seed}/root/etc/ssh`),
    command("install", "-m", "0600", `${state}/host-key`, key),
    command("install", "-m", "0644", `${state}/host-key.pub`, `${key}.pub`),
    `find ${command(seed)} -type f ${kept.map((path) => `! -path ${command(escapeGlob(path))}`).join(" ")} -delete`,
    `find ${command(seed)} -mindepth 1 -type d -empty -delete`,
  ];
}

/** `find -path` takes a pattern. */
function escapeGlob(path: string): string {
  return path.replace(/[*?[\]\\]/g, "\\$&");
}

function privateDisk(inputs: Inputs, wanted: Layout): string[] {
  const disk = wanted.privateDisk;
  if (!disk) return [];
  const path = command(disk.path);
  const fresh = `${path}.new`;
  const make =
    disk.from === "image"
      ? [`cp --sparse=always ${command(inputs.rootfs.path as string)} ${fresh}`, `truncate -s '>${disk.mib}M' ${fresh}`]
      : [`truncate -s ${disk.mib}M ${fresh}`, `mkfs.ext4 -q -F -L upper ${fresh}`];
  const running = `systemctl is-active -q ${command(places(inputs.name).unit)}`;
  return [
    `if [ ! -f ${path} ]; then`,
    ...make,
    ...(disk.from === "image" ? [`resize2fs -f ${fresh} > /dev/null 2>&1 || true`] : []),
    `mv -f ${fresh} ${path}`,
    // Grown while nothing uses it: the restart that a new size asks for comes first.
    `elif [ "$(stat -c %s ${path})" -lt ${disk.mib * 1048576} ]; then`,
    `if ${running}; then systemctl stop ${command(places(inputs.name).unit)}; fi`,
    `truncate -s ${disk.mib}M ${path}; e2fsck -f -p ${path} > /dev/null || [ $? -le 2 ]; resize2fs ${path} > /dev/null 2>&1`,
    "fi",
    `chown ${command(`${wanted.user}:${wanted.user}`)} ${path}`,
    `chmod 0600 ${path}`,
  ];
}

function stop(unit: string): string[] {
  return [
    command("systemctl", "disable", "-q", "--now", unit),
    `systemctl reset-failed ${command(unit)} 2> /dev/null || true`,
  ];
}

function start(snapshot: Snapshot, inputs: Inputs, wanted: Layout): string[] {
  const { name } = inputs;
  const { unit, notes, desired, enabled } = places(name);
  const driver = driverOf(inputs.vmm.kind as VmmKind);
  const active = isActive(snapshot, name);
  const changed = active ? untold(snapshot, name, wanted) : [];
  // Those of interfaces that are only now plugged in are still to be made.
  const tapsGone = wanted.attachments.some(
    ({ tap, index }) => !snapshot.interfaces.has(tap) && !changed.some((setting) => setting.name === `net eth${index}`),
  );
  const other = snapshot.notes.get(`${notes}/boot-digest`) !== wanted.bootDigest;
  const stale = active && (other || tapsGone || changed.some((setting) => falls(snapshot, name, setting)));
  const paused = active && !stale && isPaused(snapshot, name);
  // What `systemctl enable` does, without having systemd read all units again for what only the next boot looks at.
  const lines = [command("ln", "-sfn", "/etc/systemd/system/microvm@.service", enabled)];
  if (!active && snapshot.units.has(unit)) lines.push(`systemctl reset-failed ${command(unit)} 2> /dev/null || true`);
  // Whatever does not run is started by `wait`, where the microVMs of one batch start side by side.
  if (stale) lines.push(command("systemctl", "restart", "--no-block", unit));
  else if (changed.length) {
    lines.push(...changed.flatMap(({ tell }) => tell), command("cp", `${desired}/settings`, `${notes}/settings`));
  }
  if (paused && inputs.state !== "paused") lines.push(...driver.resume(name));
  // Of interfaces that it has no more.
  for (let index = wanted.attachments.length; snapshot.interfaces.has(tapName(name, index)); index++) {
    lines.push(`ip link delete dev ${tapName(name, index)} 2> /dev/null || true`);
  }
  return lines;
}

/** Whether a setting that a running VMM can only raise is to be lowered. */
function falls(snapshot: Snapshot, name: string, { name: which, value, onlyGrows }: Setting): boolean {
  const told = (snapshot.notes.get(`${places(name).notes}/settings`) ?? "").split("\n");
  const before = told.find((line) => line.startsWith(`${which}\t`))?.slice(which.length + 1);
  return onlyGrows === true && before !== undefined && Number(value) < Number(before);
}

function waitFor(inputs: Inputs, wanted: Layout): string[] {
  const { name, ready } = inputs;
  const { unit, state, notes, consoleLog } = places(name);
  const address = wanted.attachments[0]?.address ?? "";
  const readiness: (string | number)[] = ready?.serial
    ? ["serial", ready.serial]
    : ready?.ssh
      ? ["banner", address, 22, "SSH-"]
      : ready?.tcp
        ? ["tcp", address, ready.tcp]
        : ["running"];
  const driver = driverOf(inputs.vmm.kind as VmmKind);
  const console_ = `printf 'The last of its console:\\n' 1>&2; tail -c 3000 ${consoleLog} 1>&2`;
  return [
    `systemctl start ${unit} || { journalctl -u ${unit} -n 12 -o cat --no-pager 1>&2; ${console_}; mv_fail vm-start-failed 'its VMM did not start'; }`,
    `mv_result hostKey "$(cat ${state}/host-key.pub)"`,
    // Ready before, and running since: there is nothing to wait for.
    `if [ ! -e ${notes}/ready ]; then mv_progress 'waiting until it is ready'; mv_rc=0; ${command("/usr/lib/microvm/vm-wait", name, ready?.timeout ?? 120, ...readiness)} > /dev/null || mv_rc=$?`,
    `case $mv_rc in 0) ;; 3) journalctl -u ${unit} -n 12 -o cat --no-pager 1>&2; ${console_}; mv_fail vm-ended 'its VMM ended before it was ready' ;; *) ${console_}; mv_fail not-ready 'it was made, but not ready within ${ready?.timeout ?? 120} s' ;; esac; fi`,
    `mv_result bootMillis "$(cat ${state}/boot-millis)"`,
    ...(inputs.state === "paused" ? driver.pause(name) : []),
  ];
}

function stateOf(
  host: HostSession,
  inputs: Inputs,
  wanted: Layout,
  values: Record<string, string>,
  prior?: MicroVMState,
): MicroVMState {
  const { name } = inputs;
  const place = places(name);
  const ipAddress = wanted.attachments[0]?.address ?? "";
  const [type = "", key = ""] = (values.hostKey ?? "").trim().split(" ");
  return {
    ...inputs,
    state: inputs.state ?? "running",
    drift: [],
    ipAddress,
    addresses: wanted.attachments.map(({ address, mac, tap }, index) => ({
      network: inputs.interfaces?.[index]?.network.name as string,
      mac,
      address,
      tap,
    })),
    bootMillis: Number(values.bootMillis) || prior?.bootMillis || 0,
    consoleLog: place.consoleLog,
    sshCommand: ipAddress && sshCommand(host, ipAddress),
    sshHostKey: key ? `${type} ${key}` : (prior?.sshHostKey ?? ""),
    unit: place.unit,
  } as MicroVMState;
}

/** A command line that works from where the program runs. */
function sshCommand(host: HostSession, address: string): string {
  const { connection } = host.target;
  if (connection.address === "local") return `ssh root@${address}`;
  const user = connection.user ? `${connection.user}@` : "";
  const port = connection.port && connection.port !== 22 ? ` -p ${connection.port}` : "";
  const key = connection.privateKeyFile ? ` -i ${connection.privateKeyFile}` : "";
  return `ssh -o ProxyCommand="ssh${key}${port} -W %h:%p ${user}${connection.address}" root@${address}`;
}

function unfinished(error: ChangeError, { name, state }: Inputs, made: Partial<MicroVMState>): UnfinishedError {
  const hints: Record<string, string> = {
    "not-ready":
      "It is kept as it is: look at its console, then run the same again, with a longer `ready.timeout` if it is only slow.",
    "vm-ended": "Look at the end of its console; run the same again once the cause is gone.",
    "vm-start-failed": "The journal's last lines are above; run the same again once the cause is gone.",
  };
  return new UnfinishedError(
    {
      code: error.code,
      verb: "start",
      subject: `MicroVM ${name}`,
      cause: error.said,
      hint: hints[error.code],
      remote: error.parts.remote,
    },
    { ...made, state: error.code === "not-ready" ? (state ?? "running") : "stopped", drift: [error.said] },
    { cause: error },
  );
}

function explainAddress(error: unknown, inputs: Inputs): unknown {
  if (!(error instanceof ChangeError) || error.code !== "address-in-use") return error;
  return new MicrovmError(
    {
      code: "address-in-use",
      verb: "create",
      subject: `MicroVM ${inputs.name}`,
      cause: `one of its addresses is another's on the host: ${error.said}`,
      hint: "Give it another address, or none: then a free one is chosen.",
    },
    { cause: error },
  );
}

async function remove(host: HostSession, state: MicroVMState): Promise<void> {
  const snapshot = await host.snapshot();
  const name = state.name as string;
  const place = places(name);
  const record = snapshot.records.get(recordPath("MicroVM", name));
  const networks = formerNetworks(snapshot, "MicroVM", { name, prior: state.interfaces });
  const detached = networks.map((network) => detachLines(network, name));
  if (!record && !snapshot.files.has(place.desired) && !snapshot.files.has(place.state) && !isActive(snapshot, name))
    return;
  if (isAnothers(snapshot, "MicroVM", name, state.owner)) return;
  try {
    await host.apply({
      purpose: `delete MicroVM ${name}`,
      deadline: ((state.stopTimeout ?? 20) + 300) * 1000,
      // Asked to stop in the first phase, waited for in the second: microVMs of one batch stop side by side.
      prepare: [
        ...ownLines("MicroVM", name, [state.owner]),
        `systemctl disable -q --now --no-block ${place.unit} 2> /dev/null || true`,
      ],
      commit: [
        `if systemctl cat ${place.unit} > /dev/null 2>&1; then systemctl stop ${place.unit}; systemctl reset-failed ${place.unit} 2> /dev/null || true; fi`,
        ...detached.flatMap((item) => [...item.prepare, ...item.commit]),
        command("mv_gone", place.enabled, place.dropIn, place.state, place.notes),
        command("mv_rmdir", place.dropIn.replace(/\/[^/]*$/, "")),
        command("mv_no_user", userName(name)),
        `rm -f ${objectDirectory("Snapshot", "*")}/users/${name}`,
        command("mv_gone", place.desired),
      ],
    });
  } catch (error) {
    throw explainOwnership(error, "MicroVM", name);
  }
}
