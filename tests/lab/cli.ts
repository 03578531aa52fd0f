import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { isSuite, suites } from "./base-image";
import { Lab } from "./lab";

const usage = `npm run lab -- COMMAND        lab hosts: Debian machines with systemd and sshd on this one
  up [NAME…]                boots hosts (default: h1); what is up stays
     --suite SUITE          Debian's release: bookworm (default), trixie
     --containers           hosts that can run containers
  down [NAME…]              ends hosts, or the whole lab
  status                    lists labs and hosts, and how to reach them
  shell NAME                logs in
  ssh NAME -- COMMAND…      runs a command
  fault NAME FAULT          reboot, power-loss, cut, heal, slow BITS-PER-SECOND, small-disk PATH MIB, kill-sshd
The lab's name is in MICROVM_LAB (default: dev).
`;

const id = process.env.MICROVM_LAB ?? "dev";
const say = (text: string) => process.stdout.write(`${text}\n`);

function describe(lab: Lab): void {
  say(`lab ${lab.id}, network namespace ${lab.namespace}`);
  for (const host of lab.hosts) {
    say(`  ${host.name}  ${host.address}  ssh ${lab.sshArguments(host.name).join(" ")}`);
    say(`      host key ${host.hostKey}`);
  }
}

function present(): Lab {
  const lab = Lab.find(id);
  if (!lab) throw new Error(`there is no lab ${id}; npm run lab -- up`);
  return lab;
}

async function fault(lab: Lab, name: string, kind: string, rest: string[]): Promise<void> {
  const faults: Record<string, () => Promise<void>> = {
    reboot: () => lab.reboot(name),
    "power-loss": () => lab.powerLoss(name),
    cut: () => lab.cut(name),
    heal: () => lab.heal(name),
    slow: () => lab.slow(name, Number(rest[0] ?? 1_000_000)),
    "small-disk": () => lab.smallDisk(name, rest[0] ?? "/var/lib/microvm", Number(rest[1] ?? 8)),
    "kill-sshd": () => lab.killSshd(name),
  };
  const run = faults[kind];
  if (!run) throw new Error(`there is no fault ${kind}; there are ${Object.keys(faults).join(", ")}`);
  await run();
  say(`${name}: ${kind}`);
}

async function main([command, ...rest]: string[]): Promise<number> {
  const [name = "", ...more] = rest;
  switch (command) {
    case "up": {
      const { values, positionals } = parseArgs({
        args: rest,
        allowPositionals: true,
        options: { suite: { type: "string" }, containers: { type: "boolean" } },
      });
      const { suite = "bookworm" } = values;
      if (!isSuite(suite)) throw new Error(`there is no suite ${suite}; there are ${suites.join(", ")}`);
      const lab = await Lab.open(id, say);
      const options = { suite, containers: values.containers };
      for (const wanted of positionals.length ? positionals : ["h1"]) await lab.host(wanted, options);
      describe(lab);
      return 0;
    }
    case "down": {
      const lab = Lab.find(id);
      if (!lab) return 0;
      if (rest.length) for (const wanted of rest) await lab.down(wanted);
      else await lab.close();
      return 0;
    }
    case "status":
      for (const lab of Lab.all()) describe(lab);
      return 0;
    case "shell":
      return spawnSync("ssh", ["-t", ...present().sshArguments(name)], { stdio: "inherit" }).status ?? 1;
    case "ssh":
      return (
        spawnSync("ssh", [...present().sshArguments(name), ...more.filter((word) => word !== "--")], {
          stdio: "inherit",
        }).status ?? 1
      );
    case "fault":
      await fault(present(), name, more[0] ?? "", more.slice(1));
      return 0;
    default:
      process.stderr.write(usage);
      return command === undefined || command === "help" ? 0 : 2;
  }
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  },
);
