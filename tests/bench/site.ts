import type { Lab, LabHost } from "../lab/lab";
import { type Basics, World } from "../lab/world";

/** Where benchmarks run: a lab host that is set up, and what its microVMs share. */
export interface Site {
  lab: Lab;
  host: LabHost;
  world: World;
  basics: Basics;
  /** Tells whoever waits what goes on. */
  progress: (text: string) => void;
}

export async function prepareSite(lab: Lab, progress: (text: string) => void): Promise<Site> {
  progress("booting a lab host");
  const host = await lab.host("h1");
  await lab.ssh("h1", "apt-get update -q");
  progress("setting it up");
  const world = new World(lab, "h1", "bench");
  await world.host();
  return { lab, host, world, basics: await world.tinyBasics(), progress };
}
