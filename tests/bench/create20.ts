import type { MicroVMInputs } from "../../provider/generated/types";
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
  const khz = await clockOf(host);
  const byHand = await inFlight(names, 1, async (name, n) => {
    const inputs = await world.declare<MicroVMInputs & { name: string }>(
      "MicroVM",
      name,
      world.smallMicroVM(basics, small),
    );
    return { inputs, decided: { addresses: [`172.30.0.${100 + n}`], macs: macsOf(inputs), tscKhz: khz } };
  });
  const script = createByHand(byHand);
  const create = async () => {
    await startCold();
    return timed(() => inFlight(names, engineParallelism, (name) => world.microVM(name, basics, small)));
  };
  progress(`creating ${count} microVMs in turns: by the provider, by one script`);
  let roundTrips = "";
  const times = await inTurns(rounds, {
    create: async () => {
      const { value, trips } = await roundTripsOf(create);
      roundTrips = countByKind(trips);
      await inFlight(names, engineParallelism, (name) => world.remove("MicroVM", name));
      return value;
    },
    oneScript: async () => {
      const millis = await timed(() => connectAndRun(host, "sh -s", script));
      await startCold();
      const states = byHand.map(({ inputs }) => ({ ...inputs, state: "running" }));
      await inFlight(states, engineParallelism, async (state) => {
        const found = (await read("MicroVM", state)) as { drift: string[] } | undefined;
        if (found?.drift.length !== 0)
          throw new Error(`the script did not make what the provider makes: ${found?.drift}`);
      });
      await inFlight(states, engineParallelism, (state) => remove("MicroVM", state));
      return millis;
    },
  });
  return [
    {
      key: "create20.vsOneScript",
      value: ratio(times.create, times.oneScript),
      atMost: 1.5,
      detail: `${spread(times.create)} (${roundTrips}) to ${spread(times.oneScript)}`,
    },
  ];
}

/** kHz of the host's clock, which emulated guests are told. */
async function clockOf(host: Site["host"]): Promise<number> {
  return Math.round(
    Number(await connectAndRun(host, "sed -n 's/^cpu MHz[^:]*: *//p' /proc/cpuinfo | head -n 1")) * 1000,
  );
}
