import { MicrovmError } from "../errors";
import type { MicroVMInputs, SnapshotInputs, SnapshotState } from "../generated/types";
import { command, installFile } from "../host/change";
import { objectDirectory, recordPath } from "../host/record";
import { ChangeError, type HostSession } from "../host/session";
import type { Snapshot as HostView } from "../host/snapshot";
import type { Plan } from "../plan";
import type { Problem, Progress, Recorded, Resource } from "../resource";
import { isUnknown } from "../schema/unknown";
import { driverOf, type Machine, type VmmKind } from "../vmm";
import { refusal, vmmName } from "../vmm/capabilities";
import { lines } from "../vmm/driver";
import { requireHost } from "./host-requirements";
import { type Decided, machineFor, ownDisks, places } from "./micro-vm-layout";
import { explainOwnership, isAnothers, isOurs, ownLines, recordLines } from "./ownership";
import { recordedInputs } from "./recorded-inputs";
import { resultsOf } from "./results";
import { isStored } from "./stored";

/**
 * A microVM's memory, devices and disks at one moment. Once taken it never changes: what is damaged is taken anew only
 * where nobody uses it, and else where a program says so.
 */
export const snapshot: Resource<SnapshotInputs, SnapshotState> = {
  kind: "Snapshot",
  check,
  plan,
  observe,
  recall,
  converge,
  remove,
};

/** What is settled before it is taken, and kept in its record. */
type Settled = Pick<SnapshotState, "vmm" | "kernel" | "rootfs" | "guest" | "findings">;

function check({ base }: Partial<SnapshotInputs>): Problem[] {
  const kind = base && !isUnknown(base) && base.vmm && !isUnknown(base.vmm) ? base.vmm.kind : undefined;
  const reason = kind && !isUnknown(kind) ? refusal(kind, "trackDirtyPages", true) : undefined;
  return reason ? [{ property: "base", reason }] : [];
}

/** What was taken with a base is complete without it: the program may forget it. */
function plan(_prior: SnapshotState, inputs: Partial<SnapshotInputs>, generic: Plan): Plan {
  if (generic.action !== "replace" || inputs.base !== undefined) return generic;
  const others = generic.changes.filter(({ property, effect }) => effect === "replace" && property !== "base");
  if (others.length) return generic;
  const reason = "base is not needed any more";
  return {
    action: "update",
    changes: generic.changes.map((change) =>
      change.property === "base" ? { property: "base", effect: "live", reason } : change,
    ),
  };
}

function directory(name: string): string {
  return `/var/lib/microvm/snapshots/${name}`;
}

/** Where it is made. */
function fresh(name: string): string {
  return `/var/lib/microvm/snapshots/.${name}.new`;
}

async function observe(host: HostSession, state: SnapshotState): Promise<SnapshotState | undefined> {
  const view = await host.snapshot();
  const name = state.name as string;
  if (!isOurs(view, "Snapshot", name, state.owner)) return undefined;
  const taken = view.taken.get(name);
  const drift: string[] = [];
  if (!taken) drift.push("its files are missing");
  else if (!taken.intact) drift.push("its files are damaged");
  else if (state.digest && taken.digest !== state.digest) drift.push("it is another one by now");
  return { ...state, drift };
}

/** What there is of a snapshot by what was settled before it was taken, and what its taking handed back. */
function outputs(inputs: SnapshotInputs, settled: Settled, values: Record<string, string>): SnapshotState {
  const name = inputs.name as string;
  const { digest, bytes, pauseMillis } = values;
  if (!digest)
    throw new ChangeError(
      { code: "snapshot-failed", verb: "take", subject: `Snapshot ${name}`, cause: "its host tells nothing of it" },
      "",
    );
  return {
    ...inputs,
    ...settled,
    digest,
    path: directory(name),
    bytes: Number(bytes),
    pauseMillis: Number(pauseMillis),
    drift: [],
  };
}

async function recall(_host: HostSession, inputs: SnapshotInputs, recorded: Recorded): Promise<SnapshotState> {
  return outputs(inputs, recorded.record.decided as unknown as Settled, resultsOf(recorded));
}

async function converge(
  host: HostSession,
  inputs: SnapshotInputs,
  prior: SnapshotState | undefined,
  progress: Progress,
): Promise<SnapshotState> {
  const name = inputs.name as string;
  const view = await host.snapshot();
  requireHost(view, `Snapshot ${name}`, host.name);
  const former = view.records.get(recordPath("Snapshot", name));
  // What was taken stays, also where its microVM is gone by now.
  const kept = former && view.taken.get(name)?.intact ? (former.decided as unknown as Settled) : undefined;
  if (!kept && prior?.digest) requireUnused(view, name, host.name);
  const source = kept ? undefined : sourceOf(view, inputs, host.name);
  const settled = kept ?? settle(source as Source);
  const object = objectDirectory("Snapshot", name);
  const owner = inputs.owner as string;
  try {
    const values = await host.apply(
      {
        purpose: `${prior ? "update" : "create"} Snapshot ${name}`,
        deadline: 14_400_000,
        prepare: [
          ...ownLines("Snapshot", name, [owner, prior?.owner], inputs.adopt),
          ...recordLines({
            v: 1,
            kind: "Snapshot",
            name,
            owner,
            inputs: recordedInputs(inputs),
            decided: { ...settled },
          }),
          ...(source ? takeFiles(object, inputs, source) : []),
        ],
        // Writing memory takes its time, and holds up nobody else.
        wait: [
          "mv_rc=0",
          `/usr/lib/microvm/snapshot-take ${command(name)} > "$mv_work/$mv_n.taken" || mv_rc=$?`,
          `case $mv_rc in 0) ;; ${failures} *) mv_fail snapshot-failed ${command(name)} ;; esac`,
          'while read -r mv_key mv_value; do mv_result "$mv_key" "$mv_value"; done < "$mv_work/$mv_n.taken"',
        ],
        keeps: { object },
      },
      progress,
    );
    if (!kept) for (const finding of settled.findings) progress(finding, "lasting");
    return outputs(inputs, settled, values);
  } catch (error) {
    throw explain(explainOwnership(error, "Snapshot", name), inputs);
  }
}

/** How `snapshot-take` ends where it does not take one. */
const failures = Object.entries({
  3: "snapshot-source-stopped",
  4: "snapshot-base-outdated",
  5: "snapshot-base-damaged",
  6: "snapshot-disturbed",
})
  .map(([status, code]) => `${status}) mv_fail ${code} '' ;;`)
  .join(" ");

/** One that is damaged is not taken anew under its clones: they would have to be made anew too. */
function requireUnused(view: HostView, name: string, host: string): void {
  const clones = [...view.records.values()].filter(
    ({ kind, inputs }) => kind === "MicroVM" && (inputs.snapshot as { name?: string } | undefined)?.name === name,
  );
  if (!clones.length) return;
  throw new MicrovmError({
    code: "snapshot-damaged",
    verb: "use",
    subject: `Snapshot ${name} on host ${host}`,
    cause: `its files are not what they were when it was taken, and it has clones: ${clones.map((clone) => clone.name).join(", ")}`,
    hint: "Give it another `revision`: it is taken anew, and its clones are made anew. Clones that have gone on from it once run on without it.",
  });
}

interface Source {
  inputs: MicroVMInputs & { name: string };
  decided: Decided;
  machine: Machine;
  /** Whether it is to be paused: what it happens to be may be another snapshot's doing. */
  paused: boolean;
  sshHostKey: string;
}

/** The microVM as its record tells it. */
function sourceOf(view: HostView, { name, microVM, base }: SnapshotInputs, host: string): Source {
  const vm = microVM.name as string;
  const fail = (code: string, cause: string, hint: string): never => {
    throw new MicrovmError({ code, verb: "take", subject: `Snapshot ${name} on host ${host}`, cause, hint });
  };
  const record = view.records.get(recordPath("MicroVM", vm));
  if (!record) return fail("snapshot-source-missing", `microVM ${vm} is not on the host`, "Declare it there first.");
  const inputs = record.inputs as unknown as Source["inputs"];
  const decided = record.decided as unknown as Decided;
  if (base && !inputs.trackDirtyPages) {
    fail(
      "snapshot-untracked",
      `it has a base, and nobody has recorded which memory microVM ${vm} has changed since`,
      "Set trackDirtyPages: true on the microVM, and take its base again; or leave the base out.",
    );
  }
  const [type = "", key = ""] = (view.notes.get(`${places(vm).state}/host-key.pub`) ?? "").split(" ");
  return {
    inputs,
    decided,
    machine: machineFor(inputs, decided),
    paused: inputs.state === "paused",
    sshHostKey: `${type} ${key}`.trim(),
  };
}

function settle({ inputs, decided, sshHostKey }: Source): Settled {
  const { vmm, kernel, rootfs, vcpus = 1, memory = 256, kernelArgs, rootDisk, snapshot: origin } = inputs;
  const { machine = "microvm", accelerator = "kvm", interfaces = [], maxVcpus, maxMemory, balloon } = inputs;
  const volumes = (inputs.volumes ?? []).map(({ readOnly }) => ({ readOnly: readOnly ?? false }));
  return {
    vmm,
    kernel,
    rootfs,
    guest: {
      machine,
      accelerator,
      vcpus,
      maxVcpus,
      memory,
      maxMemory,
      balloon,
      kernelArgs,
      rootDisk: { mode: rootDisk?.mode ?? "overlay", size: rootDisk?.size },
      metadata: inputs.metadata !== undefined,
      // A clone's guest knows nothing of the addresses that are its own outside.
      interfaces: interfaces.map(
        ({ network }, index) =>
          decided.inside?.[index] ?? {
            mac: decided.macs[index] as string,
            address: decided.addresses[index] as string,
            gateway: network.gatewayAddress as string,
          },
      ),
      volumes: origin?.guest?.volumes ?? volumes,
      sshHostKey,
    },
    findings: findings(vmm.kind as VmmKind, machine),
  };
}

/** What is to know before clones are made. VMGenID: Linux has a driver for it since 5.18. */
function findings(kind: VmmKind, machine: string): string[] {
  const shared =
    "its clones share all that the guest has in memory and on its disks: SSH host keys, sessions, tokens, the seeds of random numbers that programs keep; what must be unique is to be made after a clone has started";
  const told = kind === "firecracker" || (kind === "qemu" && machine === "q35");
  const who = kind === "qemu" ? `QEMU's ${machine}` : vmmName(kind);
  const numbers = told
    ? `${who} tells each clone that it is another machine now (VMGenID): Linux 5.18 and newer reseeds its random numbers, an older one draws the same numbers in all of them`
    : `${who} has no VMGenID: the kernels of its clones go on with the same random numbers; Firecracker, and QEMU with machine "q35", have it`;
  return [shared, numbers];
}

function takeFiles(object: string, { name, base }: SnapshotInputs, { inputs, machine, paused }: Source): string[] {
  const { name: vm, program, accelerator } = machine;
  const driver = driverOf(inputs.vmm.kind as VmmKind);
  const file = (path: string, content: string[]) => installFile(`${object}/${path}`, lines(content), "0600");
  const used = [
    program,
    machine.jailer,
    machine.kernel,
    machine.vmlinux,
    machine.initramfs ?? "",
    ...machine.disks.map(({ path }) => path),
  ];
  return [
    file("vm", [vm]),
    file("machine", [`${program} ${accelerator}`]),
    file("base", base ? [base.name as string] : []),
    file("pause", driver.pause(vm)),
    file("resume", paused ? [] : driver.resume(vm)),
    file("take", driver.snapshots.take(machine, fresh(name as string), base !== undefined)),
    file(
      "disks",
      ownDisks(machine).map(({ file, path }) => `${file} ${path}`),
    ),
    // Clones are made of it when the microVM's own parts may be gone.
    ...used.filter(isStored).map((path) => command("mv_claim_stored", object, path.split("/").at(-1) as string)),
  ];
}

async function remove(host: HostSession, state: SnapshotState): Promise<void> {
  const name = state.name as string;
  const view = await host.snapshot();
  const object = objectDirectory("Snapshot", name);
  if (!view.files.has(object) || isAnothers(view, "Snapshot", name, state.owner)) return;
  try {
    await host.apply({
      purpose: `delete Snapshot ${name}`,
      deadline: 1_800_000,
      prepare: [
        ...ownLines("Snapshot", name, [state.owner]),
        "mv_users=",
        `for mv_user in $(ls ${object}/users 2> /dev/null); do if [ -e /etc/microvm/vms/$mv_user/record.json ]; then mv_users="$mv_users $mv_user"; fi; done`,
        '[ -z "$mv_users" ] || mv_fail snapshot-in-use "$mv_users"',
      ],
      commit: [
        command("mv_gone", directory(name), fresh(name)),
        command("mv_rmdir", "/var/lib/microvm/snapshots"),
        command("mv_settle_stored", object),
        command("mv_gone", object),
      ],
    });
  } catch (error) {
    throw explain(explainOwnership(error, "Snapshot", name), state);
  }
}

function explain(error: unknown, { name, microVM, base }: SnapshotInputs): unknown {
  if (!(error instanceof ChangeError)) return error;
  const vm = microVM.name;
  const known: Record<string, [verb: string, cause: string, hint: string]> = {
    "snapshot-source-stopped": [
      "take",
      `microVM ${vm} does not run`,
      'A snapshot is of a running guest: declare the microVM with state "running" or "paused".',
    ],
    "snapshot-base-outdated": [
      "take",
      `snapshot ${base?.name} is not the last one of this run of microVM ${vm}, so what has changed since is not known`,
      "Name the last one as its base, or leave the base out.",
    ],
    "snapshot-base-damaged": [
      "take",
      `the files of snapshot ${base?.name}, its base, are not what they were when that was taken`,
      "Leave the base out.",
    ],
    "snapshot-disturbed": [
      "take",
      `microVM ${vm} went on, or ended, while it was written down`,
      "Does another program change it? Run the same again.",
    ],
    "snapshot-failed": [
      "take",
      `microVM ${vm} could not be written down`,
      "What its VMM and the host said is below. Is there room on the host's disk for its memory and its disks?",
    ],
    "snapshot-in-use": [
      "delete",
      `microVMs go on from it: ${error.said.trim().split(/\s+/).join(", ")}`,
      "Delete those first.",
    ],
  };
  const [verb, cause, hint] = known[error.code] ?? [];
  if (!verb || !cause) return error;
  return new MicrovmError(
    { code: error.code, verb, subject: `Snapshot ${name}`, cause, hint, remote: error.parts.remote },
    { cause: error },
  );
}
