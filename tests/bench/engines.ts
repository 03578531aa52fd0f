import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attributeName } from "../../provider/engines/terraform-names";
import { openTofu } from "../../tools/opentofu/install";
import { DynamicDriver } from "../contract/dynamic-driver";
import type { EngineDriver, State } from "../contract/engine-driver";
import { PluginDriver } from "../contract/plugin-driver";
import { TerraformProcess } from "../contract/terraform-process";
import { PulumiProject } from "../e2e/pulumi";
import { TerraformProject } from "../e2e/terraform";
import { inTurns, type Measurement, median, ratio, spread, timed } from "./measurement";
import type { Site } from "./site";

const startRounds = 5;
const rounds = 2;
const counts = [1, 20, 100];

/** What an engine is asked to do with so many objects, one after another. */
const operations = ["up", "noOp", "refresh", "destroy"] as const;
type Operation = (typeof operations)[number];

/** An engine with a stack of volumes; each operation tells how long it took, in milliseconds. */
type Stack = Record<Operation, () => Promise<number>> & { close(): void };

interface Engine {
  /** Its process, alone. */
  start(): Promise<EngineDriver>;
  stack(volumes: number, host: State, privateKeyFile: string): Promise<Stack>;
}

/** All are compared with the first. */
const engines: Record<string, Engine> = {
  dynamic: { start: () => DynamicDriver.start(), stack: (...given) => pulumiStack("dynamic", ...given) },
  plugin: { start: () => PluginDriver.start(), stack: (...given) => pulumiStack("plugin", ...given) },
  opentofu: { start: () => TerraformProcess.start(), stack: tofuStack },
};

/** How long each engine's process takes to its first answer, and what each takes to make, keep and read volumes. */
export async function engineComparison({ world, host, progress }: Site): Promise<Measurement[]> {
  const reference = referenceOf(world.state<State>("Host", "h1"));
  const volume = { host: reference, name: "bench-start", size: 8, filesystem: "none" };
  progress("starting each engine's process");
  const starts = await inTurns(
    startRounds,
    eachEngine(({ start }) => async () => {
      let driver: EngineDriver | undefined;
      const millis = await timed(async () => {
        driver = await start();
        await driver.plan("Volume", volume);
      });
      await driver?.end();
      return millis;
    }),
  );
  const measurements = compared("engines.start", starts);
  for (const count of counts) {
    progress(`${count} volumes with each engine`);
    const times = await life(count, reference, host.privateKeyFile);
    for (const operation of operations) {
      measurements.push(...compared(`engines.${operation}${count}`, times[operation]));
    }
  }
  return measurements;
}

/** Every operation of every engine, in turns; the first round only warms caches. */
async function life(count: number, host: State, privateKeyFile: string) {
  const times = Object.fromEntries(
    operations.map((operation) => [operation, eachEngine(() => [] as number[])]),
  ) as Record<Operation, Record<string, number[]>>;
  for (let round = 0; round <= rounds; round++) {
    for (const [name, engine] of Object.entries(engines)) {
      const stack = await engine.stack(count, host, privateKeyFile);
      try {
        for (const operation of operations) {
          const millis = await stack[operation]();
          if (round > 0) times[operation][name]?.push(millis);
        }
      } finally {
        stack.close();
      }
    }
  }
  return times;
}

async function pulumiStack(form: string, volumes: number, host: State, privateKeyFile: string): Promise<Stack> {
  const project = await PulumiProject.create({
    files: { "index.ts": program(volumes, host), "Pulumi.yaml": settings },
  });
  await project.config("microvm:form", form);
  await project.config("microvm:privateKeyFile", privateKeyFile);
  return {
    up: () => timed(() => project.up()),
    noOp: () => timed(() => project.up()),
    refresh: () => timed(() => project.refresh()),
    destroy: () => timed(() => project.destroy()),
    close: () => project.close(),
  };
}

async function tofuStack(volumes: number, host: State, privateKeyFile: string): Promise<Stack> {
  const configuration = mkdtempSync(join(tmpdir(), "microvm-bench-"));
  writeFileSync(join(configuration, "main.tf"), tofuProgram);
  const variables = { volumes, host: inTerraform(host), private_key_file: privateKeyFile };
  const project = TerraformProject.create(await openTofu(), configuration, variables);
  rmSync(configuration, { recursive: true });
  await project.run(["init"]);
  return {
    up: () => timed(() => project.apply()),
    noOp: () => timed(() => project.apply()),
    refresh: () => timed(() => project.apply({}, "-refresh-only")),
    destroy: () => timed(() => project.destroy()),
    close: () => project.close(),
  };
}

/** A value with its properties called as Terraform has them. */
function inTerraform(value: unknown): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [attributeName(name), inTerraform(item)]));
}

const tofuProgram = `
terraform {
  required_providers {
    microvm = { source = "microvm.local/pulumi-microvm/microvm" }
  }
}
variable "volumes" { type = number }
variable "host" { type = any }
variable "private_key_file" { type = string }
provider "microvm" { private_key_file = var.private_key_file }
resource "microvm_volume" "bench" {
  count      = var.volumes
  name       = "bench-\${count.index}"
  host       = var.host
  size       = 8
  filesystem = "none"
  on_delete  = "delete"
}
`;

const settings = `name: bench
runtime:
  name: nodejs
  options:
    typescript: false
    nodeargs: --require tsx/cjs
plugins:
  providers:
    - name: microvm
      path: node_modules/pulumi-microvm/plugin
`;

function program(volumes: number, host: State): string {
  return `
    import * as microvm from "pulumi-microvm";
    const host = ${JSON.stringify(host)};
    for (let n = 0; n < ${volumes}; n++) {
      new microvm.Volume(\`bench-\${n}\`, { host, size: 8, filesystem: "none", onDelete: "delete" });
    }
  `;
}

function referenceOf({ name, machineId, connection }: State): State {
  return { name, machineId, connection };
}

function eachEngine<T>(make: (engine: Engine) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(engines).map(([name, engine]) => [name, make(engine)]));
}

/** Each engine's times as a ratio to those of the first. */
function compared(key: string, times: Record<string, number[]>): Measurement[] {
  const [[first = "", base = []] = [], ...others] = Object.entries(times);
  return others.map(([name, own]) => ({
    key: `${key}.${name}`,
    value: ratio(own, base),
    detail: `${spread(own)} to ${spread(base)} of ${first}, ${Math.round(median(own) - median(base))} ms apart`,
  }));
}
