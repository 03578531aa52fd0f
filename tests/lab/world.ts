import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { schemas } from "../../provider/generated/schemas";
import type {
  HostReference,
  HostState,
  KernelState,
  Kind,
  MicroVMState,
  NetworkState,
  RootfsImageState,
  VmmState,
} from "../../provider/generated/types";
import { forgetSnapshots } from "../../provider/host/session";
import { check, converge, diff, read, remove } from "../../provider/lifecycle";
import type { Plan } from "../../provider/plan";
import { registry } from "../../provider/registry";
import { UnfinishedError } from "../../provider/resource";
import { cacheRoot, type Lab } from "./lab";
import { tinyGuest } from "./tiny-guest";

type Inputs = Record<string, unknown>;
type State = Inputs & { drift: string[] };

/** A program without an engine: declares objects on one lab host, through the core that every engine calls. */
export class World {
  readonly #made = new Map<string, { kind: Kind; inputs: Inputs; state: State }>();
  hostReference!: HostReference;

  constructor(
    readonly lab: Lab,
    readonly hostName: string,
    readonly program = "test",
  ) {}

  owner(kind: Kind, name: string): string {
    return `organization/${this.program}/dev::${kind}::${name}`;
  }

  /** Inputs as a resource gets them: checked, with their defaults. */
  async declare<I = Inputs>(kind: Kind, name: string, given: Inputs): Promise<I> {
    const hosted = kind === "Host" ? {} : { host: this.hostReference };
    const all = { name, owner: this.owner(kind, name), ...hosted, ...given };
    const { inputs, problems } = await check(kind, all);
    if (problems.length) throw new Error(problems.map((p) => `${p.property}: ${p.reason}`).join("\n"));
    return inputs as I;
  }

  /** Checks, plans and makes an object, or changes the one that is there. */
  async make<S>(kind: Kind, name: string, given: Inputs): Promise<S> {
    const inputs = await this.declare(kind, name, given);
    const prior = this.#made.get(`${kind}/${name}`)?.state;
    const keep = (state: object) => this.#made.set(`${kind}/${name}`, { kind, inputs, state: state as State });
    try {
      const state = await converge(kind, inputs, prior, () => {});
      keep(state);
      return state as S;
    } catch (error) {
      // As engines do: what was begun is recorded.
      if (error instanceof UnfinishedError) keep(error.state);
      throw error;
    }
  }

  async host(): Promise<HostState> {
    const { port, privateKeyFile, hostKey } = await this.lab.host(this.hostName);
    const state = await this.make<HostState>("Host", this.hostName, {
      address: "127.0.0.1",
      port,
      user: "root",
      privateKeyFile,
      hostKey,
    });
    this.hostReference = { name: this.hostName, machineId: state.machineId, connection: state.connection };
    return state;
  }

  /** What a small guest needs: QEMU, the distribution's kernel, the fast root filesystem, a network. */
  async basics(cidr = "172.30.0.0/24"): Promise<Basics> {
    const vmm = await this.make<VmmState>("Vmm", "qemu", { kind: "qemu" });
    const [kernel, rootfs, network] = await Promise.all([
      this.make<KernelState>("Kernel", "linux", { source: { distribution: "default" } }),
      this.make<RootfsImageState>("RootfsImage", "fast", { source: { tarball: fastGuest() } }),
      this.make<NetworkState>("Network", "lan", { cidr }),
    ]);
    return { vmm, kernel, rootfs, network };
  }

  /** Parts of microVMs of which only the host's side matters. */
  async tinyBasics(cidr = "172.30.0.0/24"): Promise<Basics> {
    const vmm = await this.make<VmmState>("Vmm", "qemu", { kind: "qemu" });
    const [kernel, rootfs, network] = await Promise.all([
      this.make<KernelState>("Kernel", "tiny", { source: { file: tinyGuest() } }),
      this.make<RootfsImageState>("RootfsImage", "fast", { source: { tarball: fastGuest() } }),
      this.make<NetworkState>("Network", "lan", { cidr }),
    ]);
    return { vmm, kernel, rootfs, network };
  }

  microVM(name: string, basics: Basics, more: Inputs = {}): Promise<MicroVMState> {
    return this.make<MicroVMState>("MicroVM", name, this.smallMicroVM(basics, more));
  }

  /** What is given for a microVM of the tests. */
  smallMicroVM({ network, ...basics }: Basics, more: Inputs = {}): Inputs {
    return {
      ...basics,
      accelerator: "tcg",
      memory: 128,
      stopTimeout: 0,
      interfaces: [{ network }],
      sshAuthorizedKeys: [this.guestKey()],
      ready: { ssh: true, timeout: 60 },
      ...more,
    };
  }

  /** The lab host's own key logs in to guests: it need not travel. */
  guestKey(): string {
    const { privateKeyFile } = this.lab.hosts.find(({ name }) => name === this.hostName) as { privateKeyFile: string };
    return execFileSync("ssh-keygen", ["-y", "-f", privateKeyFile], { encoding: "utf8" }).trim();
  }

  state<S>(kind: Kind, name: string): S {
    return this.#made.get(`${kind}/${name}`)?.state as S;
  }

  /** What was declared of it. */
  inputs(kind: Kind, name: string): Inputs {
    return this.#made.get(`${kind}/${name}`)?.inputs ?? {};
  }

  /** All that was made, in that order. */
  get objects(): { kind: Kind; state: State }[] {
    return [...this.#made.values()];
  }

  /** What the host shows of it; undefined when it is gone. */
  async read(kind: Kind, name: string): Promise<State | undefined> {
    forgetSnapshots();
    const made = this.#made.get(`${kind}/${name}`);
    return made && ((await read(kind, made.state)) as State | undefined);
  }

  /** Refresh: all drift, by object. */
  async drift(): Promise<Record<string, string[]>> {
    forgetSnapshots();
    const found: Record<string, string[]> = {};
    for (const [key, made] of this.#made) {
      const state = (await read(made.kind, made.state)) as State | undefined;
      if (!state) found[key] = ["gone"];
      else {
        made.state = state;
        if (state.drift.length) found[key] = state.drift;
      }
    }
    return found;
  }

  /** Up: what the plan asks for, in the order in which the objects were declared. */
  async up(): Promise<Record<string, Plan["action"]>> {
    const done: Record<string, Plan["action"]> = {};
    for (const [key, made] of this.#made) {
      const { action } = diff(made.kind, made.state, made.inputs);
      if (action === "unchanged") continue;
      done[key] = action;
      made.state = (await converge(made.kind, made.inputs, made.state, () => {})) as State;
    }
    return done;
  }

  async remove(kind: Kind, name: string): Promise<void> {
    const key = `${kind}/${name}`;
    const made = this.#made.get(key);
    if (!made) return;
    await remove(kind, made.state);
    this.#made.delete(key);
  }

  /** Destroy: everything, what uses others first. */
  async destroy(): Promise<void> {
    const clones = [...this.#made].filter(([, { inputs }]) => inputs.snapshot).map(([key]) => key);
    const rest = (Object.keys(registry) as Kind[])
      .reverse()
      .flatMap((kind) => [...this.#made].filter(([, made]) => made.kind === kind).map(([key]) => key));
    for (const key of [...clones, ...rest]) {
      const [kind, name] = key.split("/") as [Kind, string];
      await this.remove(kind, name);
    }
  }

  /** Runs a command in a guest, from its host, over the guest's own SSH server. */
  async inGuest(vm: MicroVMState, script: string): Promise<{ code: number; stdout: string; stderr: string }> {
    const { privateKeyFile } = this.lab.hosts.find(({ name }) => name === this.hostName) as { privateKeyFile: string };
    const key = execFileSync("base64", ["-w0", privateKeyFile], { encoding: "utf8" });
    const options =
      "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=5 -o BatchMode=yes";
    const quoted = `'${script.replaceAll("'", `'\\''`)}'`;
    return this.lab.ssh(
      this.hostName,
      `umask 077; k=$(mktemp); echo ${key} | base64 -d > $k; timeout 20 ssh -i $k ${options} root@${vm.ipAddress} ${quoted}; c=$?; rm -f $k; exit $c`,
    );
  }
}

/** What another resource sees of one. */
export function reference(kind: Kind, state: object): Record<string, unknown> {
  const outputs = state as Record<string, unknown>;
  return Object.fromEntries(schemas[kind].reference.properties.map((name) => [name, outputs[name]]));
}

export interface Basics {
  vmm: VmmState;
  kernel: KernelState;
  rootfs: RootfsImageState;
  network: NetworkState;
}

/** A root filesystem whose guest answers in seconds under software emulation; made once. */
export function fastGuest(): string {
  const path = join(cacheRoot(), "fast-guest-1.tar");
  if (!existsSync(path)) {
    mkdirSync(cacheRoot(), { recursive: true });
    execFileSync("sh", [join(__dirname, "fast-guest.sh"), path], { stdio: ["ignore", "ignore", "inherit"] });
  }
  return path;
}
