import type { KernelState, MicroVMState, SnapshotState } from "../../provider/generated/types";
import { inTurns, type Measurement, ratio, spread } from "./measurement";
import type { Site } from "./site";
import { consoleOf, measuredVmms, startToWord } from "./vmm-kinds";

const rounds = 5;

/** Going on from a snapshot against booting: until the guest's SSH server answers, and until a guest says a word at all. */
export async function restore(site: Site): Promise<Measurement[]> {
  const measurements = [await linuxGuest(site)];
  for (const { kind, microVM } of await measuredVmms(site)) {
    const { world, lab, progress } = site;
    progress(`booting and going on from a snapshot, in turns, under ${kind}`);
    const source = await microVM(`cold-${kind}`, "count");
    let snapshot: SnapshotState;
    try {
      snapshot = await world.make<SnapshotState>("Snapshot", kind, { microVM: source });
    } catch (error) {
      // An emulated KVM may not tell all that a snapshot of Cloud Hypervisor needs.
      progress(`${kind} is not measured: ${(error as Error).message.split("\n")[0]}`);
      await world.remove("Snapshot", kind);
      await world.remove("MicroVM", `cold-${kind}`);
      continue;
    }
    await clone(site, `warm-${kind}`, snapshot, {});
    const start = (name: string) => async () => {
      await lab.output(
        "h1",
        `systemctl stop microvm@${name}.service; systemctl reset-failed microvm@${name}.service || true`,
      );
      return startToWord(site, `microvm@${name}.service`, consoleOf(site, name), `systemctl start microvm@${name}`);
    };
    const times = await inTurns(rounds, { warm: start(`warm-${kind}`), cold: start(`cold-${kind}`) });
    measurements.push({
      key: `restore.${kind}.tinyGuestVsBoot`,
      value: ratio(times.warm, times.cold),
      detail: `${spread(times.warm)} to ${spread(times.cold)}, a guest of 175 bytes that boots in no time`,
    });
    await world.remove("MicroVM", `warm-${kind}`);
    await world.remove("Snapshot", kind);
    await world.remove("MicroVM", `cold-${kind}`);
  }
  return measurements;
}

async function linuxGuest({ world, basics, progress, ...site }: Site): Promise<Measurement> {
  progress("booting a Linux guest and going on from a snapshot of it, in turns, under qemu");
  const kernel = await world.make<KernelState>("Kernel", "linux", { source: { distribution: "default" } });
  const given = world.smallMicroVM({ ...basics, kernel });
  const cold = await world.make<MicroVMState>("MicroVM", "cold", given);
  const snapshot = await world.make<SnapshotState>("Snapshot", "linux", { microVM: cold });
  const more = { interfaces: [{ network: basics.network }], ready: { ssh: true, timeout: 60 } };
  const warm = (state: string) => clone({ world, basics, progress, ...site }, "warm", snapshot, { ...more, state });
  await warm("running");
  const times = await inTurns(rounds, {
    warm: async () => {
      await warm("stopped");
      return (await warm("running")).bootMillis;
    },
    cold: async () => {
      await world.make("MicroVM", "cold", { ...given, state: "stopped" });
      return (await world.make<MicroVMState>("MicroVM", "cold", given)).bootMillis;
    },
  });
  for (const [kind, name] of [
    ["MicroVM", "warm"],
    ["Snapshot", "linux"],
    ["MicroVM", "cold"],
    ["Kernel", "linux"],
  ] as const)
    await world.remove(kind, name);
  return {
    key: "restore.qemu.linuxVsBoot",
    value: ratio(times.warm, times.cold),
    detail: `${spread(times.warm)} to ${spread(times.cold)} until SSH answers; the guest was paused for ${snapshot.pauseMillis} ms`,
  };
}

function clone({ world }: Site, name: string, snapshot: SnapshotState, more: object): Promise<MicroVMState> {
  const { vmm, kernel, rootfs, guest } = snapshot;
  const { machine, accelerator, vcpus, memory, rootDisk } = guest;
  return world.make<MicroVMState>("MicroVM", name, {
    ...{ snapshot, vmm, kernel, rootfs, machine, accelerator, vcpus, memory, rootDisk },
    ...{ restore: "always", stopTimeout: 0, ...more },
  });
}
