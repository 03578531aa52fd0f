import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Kind } from "../../provider/generated/types";
import { read } from "../../provider/lifecycle";
import { engineParallelism, inFlight } from "../lab/in-flight";
import { countByKind, roundTripsOf, startCold } from "../lab/round-trips";
import { inTurns, type Measurement, ratio, spread, timed } from "./measurement";
import { connectAndRun } from "./plain-ssh";
import type { Site } from "./site";

const objects = 100;
const networks = 4;
const volumes = 12;
const running = 4;
const rounds = 5;

/** Reading 100 objects on one host, as a refresh does, against two other ways to learn the same. */
export async function refresh100(site: Site): Promise<Measurement[]> {
  const { host, world, progress } = site;
  progress(`making ${objects} objects`);
  const made = await populate(site);
  try {
    const all = world.objects;
    const commands = all.map(({ kind, state }) => commandFor(kind, state));
    const script = readFileSync(join(__dirname, "by-hand", "observe.sh"), "utf8");
    const refresh = async () => {
      await startCold();
      return timed(async () => {
        await inFlight(all, engineParallelism, async ({ kind, state }) => {
          const found = (await read(kind, state)) as { drift: string[] } | undefined;
          if (found?.drift.length !== 0) throw new Error(`${kind} ${state.name} is not as it was made`);
        });
      });
    };
    progress("reading them in turns: by refresh, by a connection each, by one script");
    const times = await inTurns(rounds, {
      refresh,
      connectPerOperation: () =>
        timed(() => inFlight(commands, engineParallelism, (command) => connectAndRun(host, command))),
      oneScript: () => timed(() => connectAndRun(host, "sh -s", script)),
    });
    const { trips } = await roundTripsOf(refresh);
    const ours = spread(times.refresh);
    return [
      { key: "refresh100.roundTrips", value: trips.length, atMost: 5, detail: countByKind(trips) },
      {
        key: "refresh100.vsConnectPerOperation",
        value: ratio(times.connectPerOperation, times.refresh),
        atLeast: 10,
        detail: `${spread(times.connectPerOperation)} to ${ours}`,
      },
      {
        key: "refresh100.vsOneScript",
        value: ratio(times.refresh, times.oneScript),
        atMost: 1.5,
        detail: `${ours} to ${spread(times.oneScript)}`,
      },
    ];
  } finally {
    progress("removing them");
    await inFlight(made.microVMs, engineParallelism, (name) => world.remove("MicroVM", name));
    for (const name of made.volumes) await world.remove("Volume", name);
    for (const name of made.networks) await world.remove("Network", name);
  }
}

/** As a real host has it: most of them microVMs, on several networks, some with a volume. A few run. */
async function populate({ world, basics }: Site) {
  const names = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}-${n}`);
  const made = { networks: names("net", networks - 1), volumes: names("data", volumes), microVMs: [] as string[] };
  const further = await inFlight(made.networks, engineParallelism, (name, n) =>
    world.make<typeof basics.network>("Network", name, { cidr: `172.30.${n + 1}.0/24` }),
  );
  const disks = await inFlight(made.volumes, engineParallelism, (name) =>
    world.make<object>("Volume", name, { size: 16, onDelete: "delete" }),
  );
  const lans = [basics.network, ...further];
  made.microVMs = names("vm", objects - world.objects.length);
  await inFlight(made.microVMs, engineParallelism, (name, n) =>
    world.microVM(
      name,
      { ...basics, network: lans[n % lans.length] as typeof basics.network },
      {
        state: n < running ? "running" : "stopped",
        ready: undefined,
        memory: 64,
        rootDisk: { size: 16 },
        volumes: disks[n] ? [{ volume: disks[n], mountPath: "/data" }] : [],
      },
    ),
  );
  return made;
}

/** A short command that tells the facts of one object that a refresh compares: what would be a remote command each. */
function commandFor(kind: Kind, state: Record<string, unknown>): string {
  const { name, digest, path, bridge } = state;
  const record = (directory: string) => `cat /etc/microvm/${directory}/${name}/record.json`;
  const stored = `cd /var/lib/microvm/store; stat -c '%i %s %Y %Z' ${digest}; cat ${digest}.verified`;
  const enabled = (...units: string[]) =>
    `systemctl is-enabled ${units.join(" ")}; systemctl is-active ${units.join(" ")} || true`;
  const table = `microvm_${String(name).replaceAll("-", "_")}`;
  const vm = `/var/lib/microvm/vms/${name}`;
  const commands: Record<Kind, string[]> = {
    Host: [
      "cat /etc/os-release /etc/machine-id; uname -mr; nproc; readlink /usr/lib/microvm",
      "find /usr/lib/microvm/ /etc/systemd/system/microvm* -type f -exec sha256sum {} +",
    ],
    Vmm: [record("vmms"), `stat -c '%a %s' ${path}`],
    Kernel: [record("kernels"), stored],
    RootfsImage: [record("images"), stored],
    Network: [
      record("networks"),
      `sha256sum $(find /etc/microvm/networks/${name} -maxdepth 1 -type f)`,
      `ip address show dev ${bridge}`,
      `for family in bridge inet ip; do nft -s list table $family ${table} | sha256sum; done`,
      enabled(`microvm-network@${name}`, `microvm-dhcp@${name}`),
    ],
    Volume: [record("volumes"), `stat -c '%s %b' ${path}`],
    MicroVM: [
      record("vms"),
      `sha256sum $(find /etc/microvm/vms/${name} -type f) /etc/systemd/system/microvm@${name}.service.d/*`,
      `stat -c '%n %s' ${vm}/*.img; cat ${vm}/host-key.pub ${vm}/boot-millis /run/microvm/boot/${name}/* || true`,
      `systemctl show microvm@${name} --property=ActiveState,UnitFileState,Result,NeedDaemonReload`,
      `ip link show dev mvt-${name}0 || true`,
      `if [ -S /run/microvm/vm/${name}/qmp.sock ]; then /usr/lib/microvm/qmp --status /run/microvm/vm/${name}/qmp.sock; fi`,
    ],
    ContainerEngine: [record("engines")],
    GVisor: [record("gvisors")],
    Container: [record("containers")],
    Snapshot: [record("snapshots"), `stat -c '%n %i %s %Y %Z' ${path}/* ${path}/disks/*; cat ${path}/verified`],
    KataRuntime: [
      record("katas"),
      `sha256sum $(find /etc/microvm/katas/${name} -type f); readlink /etc/microvm/katas/${name}/handlers`,
      `find /var/lib/microvm/kata/${digest} -printf '%i %s %T@ %C@\\n' | sha256sum`,
    ],
  };
  return commands[kind].join("; ");
}
