import { MicrovmError } from "../errors";
import type { VolumeInputs, VolumeState } from "../generated/types";
import { command } from "../host/change";
import { objectDirectory, recordPath } from "../host/record";
import { ChangeError, type HostSession } from "../host/session";
import type { Snapshot } from "../host/snapshot";
import type { Plan } from "../plan";
import type { Progress, Recorded, Resource } from "../resource";
import { driverOf, type VmmKind } from "../vmm";
import { requireHost } from "./host-requirements";
import { beginLines, explainOwnership, isAnothers, isOurs, ownLines } from "./ownership";

/** A disk whose data nothing here empties: it is made once, grows, and goes only where its program says so. */
export const volume: Resource<VolumeInputs, VolumeState> = { kind: "Volume", plan, observe, recall, converge, remove };

const mib = 1048576;

function disk(name: string): { directory: string; path: string } {
  const directory = `/var/lib/microvm/volumes/${name}`;
  return { directory, path: `${directory}/disk.img` };
}

function plan(prior: VolumeState, inputs: Partial<VolumeInputs>, generic: Plan): Plan {
  const { size } = inputs;
  if (typeof size === "number" && typeof prior.bytes === "number" && size * mib < prior.bytes) {
    throw new MicrovmError({
      code: "volume-shrinks",
      verb: "change",
      subject: `Volume ${prior.name}`,
      cause: `it has ${Math.ceil(prior.bytes / mib)} MiB and cannot shrink to ${size}`,
      hint: "Keep its size; or make a smaller volume of another name and copy the data.",
    });
  }
  return generic;
}

async function observe(host: HostSession, state: VolumeState): Promise<VolumeState | undefined> {
  const snapshot = await host.snapshot();
  const name = state.name as string;
  const { path } = disk(name);
  const file = snapshot.files.get(path);
  if (!isOurs(snapshot, "Volume", name, state.owner)) return undefined;
  const drift: string[] = [];
  if (!file) drift.push(`its disk ${path} is missing, and with it the data; the next up makes an empty one`);
  else if (file.size < state.size * mib)
    drift.push(`its disk has ${Math.floor(file.size / mib)} MiB, not ${state.size}`);
  return { ...state, bytes: file?.size ?? 0, drift };
}

function outputs(inputs: VolumeInputs, bytes: number): VolumeState {
  return { ...inputs, path: disk(inputs.name as string).path, bytes, drift: [] };
}

async function recall(host: HostSession, inputs: VolumeInputs, { record }: Recorded): Promise<VolumeState> {
  const { files } = await host.snapshot();
  return outputs(inputs, files.get(disk(record.name).path)?.size ?? 0);
}

/** The running microVM that has the volume, and the place that the volume has there. */
function attachedTo(
  snapshot: Snapshot,
  name: string,
): { vm: string; kind: VmmKind; index: number; running: boolean } | undefined {
  for (const record of snapshot.records.values()) {
    if (record.kind !== "MicroVM") continue;
    const volumes = (record.inputs.volumes ?? []) as { volume?: { name?: string } }[];
    const index = volumes.findIndex((item) => item.volume?.name === name);
    if (index < 0) continue;
    const running = snapshot.units.get(`microvm@${record.name}.service`)?.activeState === "active";
    const { kind } = record.inputs.vmm as { kind: VmmKind };
    return { vm: record.name, kind, index, running };
  }
  return undefined;
}

async function converge(
  host: HostSession,
  inputs: VolumeInputs,
  prior: VolumeState | undefined,
  progress: Progress,
): Promise<VolumeState> {
  const name = inputs.name as string;
  const snapshot = await host.snapshot();
  requireHost(snapshot, `Volume ${name}`, host.name);
  const { directory, path } = disk(name);
  const adopt = inputs.adopt ?? false;
  const existing = snapshot.files.has(path);
  if (existing && !adopt && !snapshot.records.has(recordPath("Volume", name)) && !prior) {
    throw new MicrovmError({
      code: "volume-exists",
      verb: "create",
      subject: `Volume ${name}`,
      cause: "the host has a disk of that name, kept from a former volume",
      hint: "Choose another name; or, to use that disk with its data, say adopt: true.",
    });
  }
  const bytes = inputs.size * mib;
  const fresh = `${path}.new`;
  const user = attachedTo(snapshot, name);
  const ext4 = (inputs.filesystem ?? "ext4") === "ext4";
  try {
    const values = await host.apply(
      {
        purpose: `${prior ? "update" : "create"} Volume ${name}`,
        prepare: [
          ...beginLines("Volume", inputs, prior),
          command("mv_packages", objectDirectory("Volume", name), "e2fsprogs"),
          command("mv_dir", directory, "0711", "root:root"),
          // Made under another name: a run that is cut off leaves no half-made disk in the place of one with data.
          `if [ ! -f ${path} ]; then`,
          `rm -f ${fresh}; truncate -s ${bytes} ${fresh}; chmod 0600 ${fresh}`,
          ...(ext4 ? [`mkfs.ext4 -q -F -L ${command(name.slice(0, 16))} ${fresh}`] : []),
          `mv -T ${fresh} ${path}`,
          "fi",
          `mv_bytes=$(stat -c %s ${path})`,
          `if [ "$mv_bytes" -gt ${bytes} ]; then mv_fail volume-shrinks "$mv_bytes"; fi`,
          `if [ "$mv_bytes" -lt ${bytes} ]; then`,
          `truncate -s ${bytes} ${path}`,
          ...grow(user, path, bytes, ext4),
          "fi",
          `mv_result bytes "$(stat -c %s ${path})"`,
        ],
      },
      progress,
    );
    return outputs(inputs, Number(values.bytes));
  } catch (error) {
    if (error instanceof ChangeError && error.code === "volume-shrinks") {
      throw new MicrovmError({
        code: "volume-shrinks",
        verb: "create",
        subject: `Volume ${name}`,
        cause: `the disk on the host has ${Math.ceil(Number(error.said) / mib)} MiB and cannot shrink to ${inputs.size}`,
        hint: "Declare at least the size that it has.",
      });
    }
    throw explainOwnership(error, "Volume", name);
  }
}

/** A running guest is told of the new size, and grows its filesystem itself; else it is grown here. */
function grow(user: ReturnType<typeof attachedTo>, path: string, bytes: number, ext4: boolean): string[] {
  if (user?.running) return driverOf(user.kind).grow(user.vm, `vol-${user.index}`, bytes);
  if (!ext4) return [];
  return [`e2fsck -f -p ${path} 1>&2 || [ $? -le 2 ]`, `resize2fs ${path} 1>&2`];
}

async function remove(host: HostSession, state: VolumeState): Promise<void> {
  const name = state.name as string;
  const snapshot = await host.snapshot();
  const object = objectDirectory("Volume", name);
  if (!snapshot.files.has(object) || isAnothers(snapshot, "Volume", name, state.owner)) return;
  const user = attachedTo(snapshot, name);
  if (user) {
    throw new MicrovmError({
      code: "volume-in-use",
      verb: "delete",
      subject: `Volume ${name}`,
      cause: `microVM ${user.vm} has it`,
      hint: "Take it from the microVM first.",
    });
  }
  const { directory, path } = disk(name);
  const ext4 = (state.filesystem ?? "ext4") === "ext4";
  // A fresh ext4 holds its eleven reserved inodes and no journal to replay; a blank disk has nothing but zeros.
  const empty = ext4
    ? `[ "$(dumpe2fs -h ${path} 2> /dev/null | awk -F: '/^Inode count/ { all = $2 } /^Free inodes/ { free = $2 } END { print all - free }')" = 11 ] && ! dumpe2fs -h ${path} 2> /dev/null | grep -q needs_recovery`
    : `[ "$(stat -c %b ${path})" = 0 ] || cmp -s -n "$(stat -c %s ${path})" ${path} /dev/zero`;
  const rules: Record<string, string[]> = {
    refuse: [
      `if [ -f ${path} ]; then if ${empty}; then :; else mv_fail volume-has-data ${command(name)}; fi; fi`,
      command("mv_gone", directory),
    ],
    retain: [`if [ -f ${path} ]; then if ${empty}; then mv_gone ${directory}; fi; fi`],
    delete: [command("mv_gone", directory)],
  };
  try {
    await host.apply({
      purpose: `delete Volume ${name}`,
      prepare: [...ownLines("Volume", name, [state.owner]), ...(rules[state.onDelete ?? "refuse"] as string[])],
      commit: [
        command("mv_release", object),
        command("mv_gone", object),
        command("mv_rmdir", "/var/lib/microvm/volumes"),
      ],
    });
  } catch (error) {
    if (error instanceof ChangeError && error.code === "volume-has-data") {
      throw new MicrovmError({
        code: "volume-has-data",
        verb: "delete",
        subject: `Volume ${name}`,
        cause: "it holds data",
        hint: 'To destroy the data set onDelete: "delete", to keep the disk on the host set onDelete: "retain"; run `pulumi up`, then delete it.',
      });
    }
    throw explainOwnership(error, "Volume", name);
  }
}
