import { decode, encode } from "../../provider/engines/pulumi-values";
import { stubOf } from "../../provider/engines/stub";
import type { Kind } from "../../provider/generated/types";
import type { EngineDriver, Planned, State } from "./engine-driver";
import { keeping } from "./init-failed";
import { ProviderProcess } from "./provider-process";

/** The dynamic provider's process, driven in the core's terms. */
export class DynamicDriver implements EngineDriver {
  private constructor(readonly process: ProviderProcess) {}

  static async start(config: Record<string, string> = {}, environment: NodeJS.ProcessEnv = {}): Promise<DynamicDriver> {
    return new DynamicDriver(await ProviderProcess.start(config, environment));
  }

  /** This form previews no outputs: what it plans is what is declared. */
  async plan(kind: Kind, inputs: State, prior?: State): Promise<Planned> {
    const checked = await this.checked(kind, inputs);
    const state = decode(checked);
    if (!prior) return { action: "create", state };
    const { changes, replaces } = await this.process.diff(stubOf(kind), encode(prior), checked);
    if (!changes) return { action: "unchanged", state: prior };
    return { action: replaces.length ? "replace" : "update", state };
  }

  async create(kind: Kind, inputs: State): Promise<State> {
    const checked = await this.checked(kind, inputs);
    return decode((await keeping(this.process.create(stubOf(kind), checked))).properties);
  }

  async update(kind: Kind, prior: State, inputs: State): Promise<State> {
    const checked = await this.checked(kind, inputs);
    return decode((await keeping(this.process.update(stubOf(kind), encode(prior), checked))).properties);
  }

  async read(kind: Kind, state: State): Promise<State | undefined> {
    const { id, properties } = await this.process.read(stubOf(kind), encode(state));
    return id ? decode(properties) : undefined;
  }

  async import(kind: Kind): Promise<State> {
    throw new Error(`${kind}: a dynamic resource cannot be imported`);
  }

  delete(kind: Kind, state: State): Promise<void> {
    return this.process.delete(stubOf(kind), encode(state));
  }

  end(): Promise<number> {
    return this.process.end();
  }

  private async checked(kind: Kind, inputs: State): Promise<State> {
    const { inputs: checked, failures } = await this.process.check(stubOf(kind), encode(inputs));
    if (failures.length) throw new Error(failures.map(({ property, reason }) => `${property} ${reason}`).join("\n"));
    return checked;
  }
}
