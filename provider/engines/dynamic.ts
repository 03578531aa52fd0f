import { MicrovmError } from "../errors";
import type { Kind } from "../generated/types";
import * as lifecycle from "../lifecycle";
import type { Plan } from "../plan";
import { UnfinishedError } from "../resource";
import { isUnknown } from "../schema/unknown";
import { redact } from "../ssh";
import { closeOnExit } from "./closing";
import { accessFrom, type Configuration } from "./configuration";
import { replacedBy } from "./pulumi-diff";
import { decode, encode, providerKey } from "./pulumi-values";
import { declaredSecrets, secretTexts } from "./secrets";
import { wording } from "./wording";

/** The Pulumi dynamic provider: translates between what Pulumi sends and what the core understands, and no more. */

type Properties = Record<string, unknown>;

/** What the core does for an engine; tests give another. */
export type Core = Pick<typeof lifecycle, "check" | "diff" | "converge" | "read" | "remove" | "useAccess">;

/** The operations of a dynamic provider, with what Pulumi passes to each and expects back. */
export class DynamicProvider {
  private configured: string[] = [];
  private readonly said = new Set<string>();

  constructor(
    private readonly kind: Kind,
    private readonly core: Core = lifecycle,
  ) {}

  /**
   * Pulumi hands a provider out before its `configure` has ended. Everything here happens before the first await, so
   * nobody ever sees one that is not configured.
   */
  async configure({ config }: { config: Configuration }): Promise<void> {
    const access = accessFrom(config);
    this.configured = Object.values(access.credentials ?? {});
    this.core.useAccess(access);
  }

  async check(_olds: Properties, news: Properties) {
    return this.translated("check", news, async (inputs) => {
      const { inputs: full, problems } = await this.core.check(this.kind, inputs);
      return { inputs: encode(full), failures: problems };
    });
  }

  async diff(_id: string, olds: Properties, news: Properties) {
    return this.translated("compare", news, async (inputs) => {
      const plan = this.core.diff(this.kind, decode(olds), inputs);
      // What the plugin has made can be neither read nor deleted by this form until the state has its provider.
      if (plan.action === "unchanged" && wasPlugins(olds)) return { changes: true };
      // The protocol carries no reasons. What interrupts a running object is said nevertheless, once.
      const changes = plan.action === "unchanged" ? [] : plan.changes;
      for (const { effect, reason } of changes) if (effect !== "live") this.say(inputs, reason);
      return diffResult(plan);
    });
  }

  async create(news: Properties) {
    return this.translated("create", news, async (inputs) => {
      const state = await this.converge(inputs, undefined);
      return { id: inputs.name as string, outs: encode({ ...inputs, ...state }) };
    });
  }

  async update(_id: string, olds: Properties, news: Properties) {
    return this.translated("update", news, async (inputs) => {
      const prior = decode(olds);
      if (wasPlugins(olds) && this.core.diff(this.kind, prior, inputs).action === "unchanged") {
        return { outs: encode({ ...prior, ...inputs }) };
      }
      const state = await this.converge(inputs, prior);
      return { outs: encode({ ...inputs, ...state }) };
    });
  }

  /** An empty id says that the object is gone; a host that cannot be asked is an error. */
  async read(id: string, olds: Properties) {
    return this.translated("read", olds, async (prior) => {
      const state = await this.core.read(this.kind, prior);
      for (const sentence of (state?.drift ?? []) as string[]) this.say(prior, `drift: ${sentence}`);
      return state ? { id, props: encode({ ...prior, ...state }) } : { id: "", props: {} };
    });
  }

  async delete(_id: string, olds: Properties): Promise<void> {
    await this.translated("delete", olds, (state) => this.core.remove(this.kind, state));
  }

  private converge(inputs: Properties, prior: Properties | undefined): Promise<Properties> {
    return this.core.converge(this.kind, inputs, prior, (message) => this.write(inputs, message));
  }

  private say(own: Properties, message: string): void {
    const text = `${String(own.name)} ${message}`;
    if (!this.said.has(text)) this.write(own, message);
    this.said.add(text);
  }

  private write(own: Properties, message: string): void {
    process.stderr.write(`${this.kind} ${String(own.name)}: ${redact(message, this.secrets(own))}\n`);
  }

  private secrets(own: Properties): string[] {
    return [...secretTexts(own, declaredSecrets(this.kind)), ...this.configured];
  }

  private async translated<T>(verb: string, given: Properties, work: (own: Properties) => Promise<T>): Promise<T> {
    const own = decode(given);
    try {
      return await work(own);
    } catch (error) {
      const name = isUnknown(own.name) ? "" : String(own.name ?? "");
      throw forPulumi(error, `${verb} ${this.kind} ${name}`.trim(), given, this.secrets(own));
    }
  }
}

/** Whether a state was written by the plugin, from which its stack has been moved to this form. */
function wasPlugins(olds: Properties): boolean {
  return olds[providerKey] === undefined;
}

function diffResult(plan: Plan) {
  if (plan.action === "unchanged") return { changes: false };
  if (plan.action === "update") return { changes: true };
  return { changes: true, replaces: replacedBy(plan.changes), deleteBeforeReplace: plan.deleteFirst };
}

/**
 * An error as Pulumi shows it. One that carries an id and properties means "made, but not as declared": Pulumi keeps
 * them and calls `update` next time.
 */
function forPulumi(error: unknown, what: string, given: Properties, secrets: string[]): Error {
  const known = error instanceof MicrovmError;
  const message = wording(error, what, secrets);
  const result = new Error(message, { cause: error });
  // Pulumi prints `${error}: ${error.stack}` beside the message; a stack helps only where the fault is ours.
  result.toString = () => what;
  result.stack = known ? error.code : redact(error instanceof Error ? (error.stack ?? "") : "", secrets);
  if (!(error instanceof UnfinishedError)) return result;
  const state = error.state as Properties;
  return Object.assign(result, {
    id: String(state.name),
    // Without its provider the object could be neither read nor deleted.
    properties: { ...encode({ ...decode(given), ...state }), [providerKey]: given[providerKey] },
    reasons: [message],
  });
}

const providers = new Map<Kind, DynamicProvider>();

export type Operation = "configure" | "check" | "diff" | "create" | "update" | "read" | "delete";

/**
 * Entry of every stub that any released version wrote into a state: what it takes and gives is frozen.
 * `args` are those of the dynamic provider's method of the same name.
 */
export async function dispatch(kind: Kind, operation: Operation, ...args: unknown[]): Promise<unknown> {
  let provider = providers.get(kind);
  if (!provider) {
    closeOnExit();
    provider = new DynamicProvider(kind);
    providers.set(kind, provider);
  }
  return (provider[operation] as (...args: unknown[]) => Promise<unknown>).apply(provider, args);
}
