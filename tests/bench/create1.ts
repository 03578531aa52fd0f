import { countByKind, roundTripsOf, startCold } from "../lab/round-trips";
import { tinyGuestSays } from "../lab/tiny-guest";
import type { Measurement } from "./measurement";
import type { Site } from "./site";

/** Creating one microVM in a process that has just begun, and waiting until it says that it is ready. */
export async function create1({ world, basics, progress }: Site): Promise<Measurement[]> {
  progress("creating one microVM");
  await startCold();
  const { trips } = await roundTripsOf(() =>
    world.microVM("one", basics, { memory: 64, ready: { serial: tinyGuestSays, timeout: 60 } }),
  );
  await world.remove("MicroVM", "one");
  const besidesUploads = trips.filter(({ kind }) => kind !== "upload");
  return [{ key: "create1.roundTrips", value: besidesUploads.length, atMost: 3, detail: countByKind(trips) }];
}
