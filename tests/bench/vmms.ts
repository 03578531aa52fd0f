import { inFlight } from "../lab/in-flight";
import { inTurns, type Measurement, median, ratio, spread, timed } from "./measurement";
import type { Site } from "./site";
import { consoleOf, type Measured, measuredVmms, startToWord } from "./vmm-kinds";

const rounds = 5;

/** What each VMM costs under us: its start against the bare program's, its memory, and how many come up in a second. */
export async function vmms(site: Site): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const measured of await measuredVmms(site)) {
    measurements.push(...(await startAndMemory(site, measured)), ...(await perSecond(site, measured)));
  }
  return measurements;
}

async function startAndMemory(site: Site, { kind, microVM, vmm }: Measured): Promise<Measurement[]> {
  const { lab, world, progress } = site;
  const name = `start-${kind}`;
  const unit = `microvm@${name}.service`;
  progress(`starting one microVM of ${kind} in turns: by its unit, by hand`);
  await microVM(name, "halt");
  const log = consoleOf(site, name);
  const desired = `/etc/microvm/vms/${name}`;
  // The same arguments; what leads Firecracker into its jail is ours, so its files are named as the host has them.
  const bare =
    kind === "firecracker"
      ? [
          `sed -e 's|"/vmlinux"|"'$(sed -n "s/^mount --bind \\([^ ]*\\) .*vmlinux$/\\1/p" ${desired}/enter)'"|; s|"/root"|"'$(sed -n "s/^mount --bind \\([^ ]*\\) .*root\\/root$/\\1/p" ${desired}/enter)'"|; s|"/seed"|"/var/lib/microvm/vms/${name}/seed.img"|' ${desired}/config.json > /run/bare.json`,
          `printf '%s\\n' ${vmm.path} --config-file /run/bare.json --api-sock /run/bare/fc.sock --log-path /run/bare.log --level Warning > /run/bare.argv`,
        ].join("; ")
      : `sed 's|/run/microvm/vm/${name}|/run/bare|g' ${desired}/argv > /run/bare.argv`;
  const stop = `systemctl stop ${unit} bare.service 2> /dev/null; systemctl reset-failed 2> /dev/null; mkdir -p /run/bare; rm -rf /run/bare/*`;
  // Stopped by hand, so that nothing but the program is different: the same supervisor tells when it has begun.
  const byHand = `${bare}; : > /run/bare.log; xargs -d '\\n' systemd-run -q --unit=bare --property=StandardOutput=append:/var/lib/microvm/vms/${name}/console.log < /run/bare.argv`;
  const times = await inTurns(rounds, {
    ours: async () => {
      await lab.output("h1", stop);
      return startToWord(site, unit, log, `systemctl start ${unit}`);
    },
    bare: async () => {
      await lab.output("h1", stop);
      return startToWord(site, "bare.service", log, byHand);
    },
  });
  await lab.output("h1", `${stop}; systemctl start ${unit}; sleep 1`);
  // All of its pages but the guest's own, each divided among those who share it.
  const beyond = await lab.output(
    "h1",
    `awk '/^[0-9a-f]+-/ { guest = 0 } /^Size:/ { guest = $2 >= 64 * 1024 && $2 < 128 * 1024 } /^Pss:/ && !guest { sum += $2 } END { printf "%.1f", sum / 1024 }' /proc/$(systemctl show -p MainPID --value ${unit})/smaps`,
  );
  await lab.output("h1", "rm -rf /run/bare /run/bare.*");
  await world.remove("MicroVM", name);
  return [
    {
      key: `vmms.${kind}.startVsBare`,
      value: ratio(times.ours, times.bare),
      atMost: 1.1,
      detail: `${spread(times.ours)} to ${spread(times.bare)}`,
    },
    {
      key: `vmms.${kind}.memoryBeyondGuest`,
      value: Number(beyond),
      detail: "MiB of the VMM's process beyond its guest's memory of 64 MiB",
    },
  ];
}

async function perSecond({ world, basics, progress }: Site, { kind, microVM }: Measured): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const count of [1, 8, 32]) {
    progress(`creating ${count} microVMs of ${kind} at once`);
    const names = Array.from({ length: count }, (_, n) => `rate-${kind.slice(0, 5)}-${n}`);
    const rates: number[] = [];
    for (let round = 0; round < 3; round++) {
      const millis = await timed(() =>
        inFlight(names, count, (name) => microVM(name, "halt", { interfaces: [{ network: basics.network }] })),
      );
      rates.push((count / millis) * 1000);
      await inFlight(names, count, (name) => world.remove("MicroVM", name));
    }
    measurements.push({
      key: `vmms.${kind}.perSecond.${count}`,
      value: Math.round(median(rates) * 10) / 10,
      detail: `microVMs created and ready a second (${rates.map((rate) => rate.toFixed(1)).join(", ")})`,
    });
  }
  return measurements;
}
