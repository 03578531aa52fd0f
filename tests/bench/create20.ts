import type { MicroVMInputs, MicroVMState } from "../../provider/generated/types";
import { read, remove } from "../../provider/lifecycle";
import { macsOf } from "../../provider/resources/micro-vm-layout";
import { engineParallelism, inFlight } from "../lab/in-flight";
import { countByKind, roundTripsOf, startCold } from "../lab/round-trips";
import { tinyGuestSays } from "../lab/tiny-guest";
import { createByHand } from "./create-by-hand";
import { inTurns, type Measurement, ratio, spread, timed } from "./measurement";
import { connectAndRun } from "./plain-ssh";
import type { Site } from "./site";

const count = 20;
const rounds = 3;
const small = { memory: 64, rootDisk: { size: 64 }, ready: { serial: tinyGuestSays, timeout: 60 } };

/** Creating 20 microVMs and waiting until each says that it is ready, against one script that a person wrote for it. */
export async function create20({ host, world, basics, progress }: Site): Promise<Measurement[]> {
  const names = Array.from({ length: count }, (_, n) => `twenty-${n}`);
  let states: MicroVMState[] = [];
  let roundTrips = "";
  const create = async (parallelism: number) => {
    await startCold();
    const { value, trips } = await roundTripsOf(() =>
      timed(async () => {
        states = await inFlight(names, parallelism, (name) => world.microVM(name, basics, small));
      }),
    );
    roundTrips = countByKind(trips);
    await inFlight(names, engineParallelism, (name) => world.remove("MicroVM", name));
    return value;
  };
  const script = createByHand(await declared(host, world, names, basics));
  progress(`creating ${count} microVMs in turns: all at once, ${engineParallelism} at a time, by one script`);
  let [atOnce, afterAnother] = ["", ""];
  const times = await inTurns(rounds, {
    atOnce: async () => {
      const millis = await create(count);
      atOnce = roundTrips;
      return millis;
    },
    afterAnother: async () => {
      const millis = await create(engineParallelism);
      afterAnother = roundTrips;
      return millis;
    },
    oneScript: async () => {
      const millis = await timed(() => connectAndRun(host, "sh -s", script));
      await startCold();
      await inFlight(states, engineParallelism, async (state) => {
        const found = (await read("MicroVM", { ...state })) as { drift: string[] } | undefined;
        if (found?.drift.length !== 0) throw new Error(`the script made something else: ${found?.drift}`);
      });
      await inFlight(states, engineParallelism, (state) => remove("MicroVM", { ...state }));
      return millis;
    },
  });
  const byHand = spread(times.oneScript);
  return [
    {
      key: "create20.vsOneScript",
      value: ratio(times.atOnce, times.oneScript),
      atMost: 1.5,
      detail: `${spread(times.atOnce)} to ${byHand}; ${atOnce}`,
    },
    {
      key: "create20.eightInFlight.vsOneScript",
      value: ratio(times.afterAnother, times.oneScript),
      detail: `${spread(times.afterAnother)} to ${byHand}; ${afterAnother}`,
    },
  ];
}

/** The same microVMs as the provider is given, with what it would decide for them. */
async function declared(host: Site["host"], world: Site["world"], names: string[], basics: Site["basics"]) {
  const tscKhz = await clockOf(host);
  return inFlight(names, 1, async (name, n) => {
    const given = world.smallMicroVM(basics, small);
    const inputs = await world.declare<MicroVMInputs & { name: string }>("MicroVM", name, given);
    return { inputs, decided: { addresses: [`172.30.0.${100 + n}`], macs: macsOf(inputs), tscKhz } };
  });
}

/** kHz of the host's clock, which emulated guests are told. */
async function clockOf(host: Site["host"]): Promise<number> {
  return Math.round(
    Number(await connectAndRun(host, "sed -n 's/^cpu MHz[^:]*: *//p' /proc/cpuinfo | head -n 1")) * 1000,
  );
}
