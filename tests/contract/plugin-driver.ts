import { decode, encode } from "../../provider/engines/pulumi-values";
import type { Kind } from "../../provider/generated/types";
import type { EngineDriver, Planned, State } from "./engine-driver";
import { keeping } from "./init-failed";
import { PluginProcess } from "./plugin-process";

/** The plugin's process, driven in the core's terms. */
export class PluginDriver implements EngineDriver {
  private constructor(readonly process: PluginProcess) {}

  static async start(config: State = {}, environment: NodeJS.ProcessEnv = {}): Promise<PluginDriver> {
    return new PluginDriver(await PluginProcess.start(config, environment));
  }

  async plan(kind: Kind, inputs: State, prior?: State): Promise<Planned> {
    const checked = await this.checked(kind, inputs, prior);
    const create = async () => decode((await this.process.create(kind, checked, { preview: true })).properties);
    if (!prior) return { action: "create", state: await create() };
    const olds = encode(prior);
    const { changes, replaces } = await this.process.diff(kind, olds, checked);
    if (!changes) return { action: "unchanged", state: prior };
    if (replaces.length) return { action: "replace", state: await create() };
    const { properties } = await this.process.update(kind, olds, checked, { preview: true });
    return { action: "update", state: decode(properties) };
  }

  async create(kind: Kind, inputs: State): Promise<State> {
    const checked = await this.checked(kind, inputs);
    return decode((await keeping(this.process.create(kind, checked))).properties);
  }

  async update(kind: Kind, prior: State, inputs: State): Promise<State> {
    const checked = await this.checked(kind, inputs, prior);
    return decode((await keeping(this.process.update(kind, encode(prior), checked))).properties);
  }

  async read(kind: Kind, state: State): Promise<State | undefined> {
    const { id, properties } = await this.process.read(kind, encode(state));
    return id ? decode(properties) : undefined;
  }

  async import(kind: Kind, id: string): Promise<State> {
    const { id: found, properties } = await this.process.import(kind, id, id.replace(/^.*\//, ""));
    if (!found) throw new Error(`there is no ${kind} ${id}`);
    return decode(properties);
  }

  delete(kind: Kind, state: State): Promise<void> {
    return this.process.delete(kind, encode(state));
  }

  end(): Promise<number> {
    return this.process.end();
  }

  private async checked(kind: Kind, inputs: State, prior: State = {}): Promise<State> {
    const { inputs: checked, failures } = await this.process.check(kind, encode(inputs), encode(prior));
    if (failures.length) throw new Error(failures.map(({ property, reason }) => `${property} ${reason}`).join("\n"));
    return checked;
  }
}
