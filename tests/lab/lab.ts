import { execFile, execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../free-port";
import { until } from "../until";
import { defineBase, ensureBase, type Suite } from "./base-image";

const run = promisify(execFile);

/** A Debian machine of the lab: systemd, sshd, an address of its own. */
export interface LabHost {
  name: string;
  /** Address inside the lab's network namespace. */
  address: string;
  /** Port on this machine's loopback that leads to its sshd. */
  port: number;
  /** Private key that root may log in with. */
  privateKeyFile: string;
  /** `ssh-ed25519 AAAA…` */
  hostKey: string;
  /** Its root directory as seen from here. */
  root: string;
}

interface ProcessMark {
  pid: number;
  /** In clock ticks since boot: tells a process from a later one of the same number. */
  started: string;
}

/** What a lab host is made as. */
export interface HostOptions {
  /** Debian's release; bookworm unless told. */
  suite?: Suite;
  /**
   * Whether it can run containers. Their layers are overlays, which cannot be made on the overlay that a host's root
   * is: all of /var/lib is then on the machine's own filesystem.
   */
  containers?: boolean;
}

interface HostState extends LabHost, HostOptions {
  supervisor?: ProcessMark;
  forwards: ProcessMark[];
}

interface LabState {
  id: string;
  processes: ProcessMark[];
  proxyPort: number;
  hosts: Record<string, HostState>;
}

const controllers = ["pids", "cpu", "cpuacct", "devices", "freezer", "blkio", "cpuset", "memory"];

/** Where labs keep what they need while they are up. */
export const runRoot = "/var/tmp/microvm-lab";

export function cacheRoot(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "pulumi-microvm");
}

/** One or several lab hosts in a network namespace of their own. Needs root; leaves nothing behind. */
export class Lab {
  private constructor(
    private readonly state: LabState,
    private readonly progress: (text: string) => void = () => {},
  ) {}

  /** Why a lab cannot be had on this machine; undefined when it can. */
  static unavailable(): string | undefined {
    if (process.platform !== "linux") return "lab hosts need Linux";
    if (process.getuid?.() !== 0) return "lab hosts are booted by root";
    const missing = ["systemd-nspawn", "mmdebstrap", "ip", "nft", "socat", "ssh-keygen"].filter(
      (name) => !onPath(name),
    );
    return missing.length ? `missing programs: ${missing.join(", ")}` : undefined;
  }

  /** Opens the lab of that name: a new one, or the one that another process left up. */
  static async open(id: string, progress: (text: string) => void = () => {}): Promise<Lab> {
    if (!/^[a-z0-9]{1,8}$/.test(id)) throw new TypeError("a lab's name is 1 to 8 lower-case letters and digits");
    const reason = Lab.unavailable();
    if (reason) throw new Error(reason);
    const existing = Lab.find(id, progress);
    const based = ({ suite }: HostOptions) => existsSync(defineBase(suite ?? "bookworm").directory);
    if (existing?.state.processes.every(alive) && Object.values(existing.state.hosts).every(based)) return existing;
    await existing?.close();
    const state: LabState = { id, processes: [], proxyPort: await freePort(), hosts: {} };
    const lab = new Lab(state, progress);
    mkdirSync(lab.directory, { recursive: true });
    lab.#save();
    await lab.#network();
    await lab.#proxy();
    return lab;
  }

  /** The lab of that name as its state tells, whoever opened it. */
  static find(id: string, progress?: (text: string) => void): Lab | undefined {
    const path = join(runRoot, id, "state.json");
    return existsSync(path) ? new Lab(JSON.parse(readFileSync(path, "utf8")), progress) : undefined;
  }

  static all(): Lab[] {
    if (!existsSync(runRoot)) return [];
    return readdirSync(runRoot).flatMap((id) => Lab.find(id) ?? []);
  }

  get id(): string {
    return this.state.id;
  }

  get directory(): string {
    return join(runRoot, this.state.id);
  }

  get namespace(): string {
    return `mvlab-${this.state.id}`;
  }

  /** Address of this machine in the lab's network. */
  get gateway(): string {
    return "10.91.0.1";
  }

  get hosts(): LabHost[] {
    return Object.values(this.state.hosts);
  }

  #save(): void {
    const path = join(this.directory, "state.json");
    writeFileSync(`${path}.new`, JSON.stringify(this.state, null, 2));
    renameSync(`${path}.new`, path);
  }

  #outerProxy(): string {
    return `http://127.0.0.1:${this.state.proxyPort}`;
  }

  async #network(): Promise<void> {
    const { namespace } = this;
    await run("ip", ["netns", "add", namespace]);
    const inside = (...args: string[]) => run("ip", ["-n", namespace, ...args]);
    await inside("link", "set", "lo", "up");
    await inside("link", "add", "br0", "type", "bridge");
    await inside("addr", "add", `${this.gateway}/24`, "dev", "br0");
    await inside("link", "set", "br0", "up");
  }

  /** A caching way to the package mirrors: the namespace has no other way out. */
  async #proxy(): Promise<void> {
    const socket = join(this.directory, "apt.sock");
    const program = join(__dirname, "package-proxy.mjs");
    const cache = join(cacheRoot(), "packages");
    this.#start(
      [process.execPath, program, String(this.state.proxyPort), socket, cache],
      join(this.directory, "proxy.log"),
    );
    this.serve(["socat", `TCP-LISTEN:3142,bind=${this.gateway},fork,reuseaddr`, `UNIX-CONNECT:${socket}`]);
    await until(() => canConnect(this.state.proxyPort), 10_000, "the package proxy");
  }

  /** Starts a program in the lab's network, which ends with the lab; the function ends it before that. */
  serve(command: string[], log?: string): () => void {
    const mark = this.#start(["nsenter", `--net=/run/netns/${this.namespace}`, ...command], log);
    return () => {
      end(mark);
      this.state.processes = this.state.processes.filter((kept) => kept !== mark);
      this.#save();
    };
  }

  #start(command: string[], log?: string, keep: ProcessMark[] = this.state.processes): ProcessMark {
    const out = log ? openSync(log, "a") : undefined;
    const child = spawn(command[0] as string, command.slice(1), {
      detached: true,
      stdio: ["ignore", out ?? "ignore", out ?? "ignore"],
      cwd: "/",
    });
    if (out !== undefined) closeSync(out);
    if (!child.pid) throw new Error(`${command[0]} could not be started`);
    child.unref();
    const mark = { pid: child.pid, started: startTime(child.pid) ?? "" };
    keep.push(mark);
    this.#save();
    return mark;
  }

  /** A host of that name, booted: a new one, or the one that is there, whatever it was made as. */
  async host(name: string, { suite = "bookworm", containers = false }: HostOptions = {}): Promise<LabHost> {
    const known = this.state.hosts[name];
    if (known) {
      if (!alive(known.supervisor)) await this.#boot(known);
      return known;
    }
    if (!/^[a-z][a-z0-9]{0,5}$/.test(name))
      throw new TypeError("a lab host's name is 1 to 6 lower-case letters and digits");
    const directory = join(this.directory, name);
    this.progress(`making the lab host ${name}`);
    const base = await ensureBase(this.#outerProxy(), this.progress, suite);
    for (const part of ["upper", "work", "root"]) mkdirSync(join(directory, part), { recursive: true });
    if (containers) await run("cp", ["-a", join(base, "var/lib"), join(directory, "lib")]);
    const root = join(directory, "root");
    await run("mount", [
      "-t",
      "overlay",
      `lab-${this.id}-${name}`,
      "-o",
      `lowerdir=${base},upperdir=${directory}/upper,workdir=${directory}/work`,
      root,
    ]);
    const key = join(directory, "id");
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", key]);
    await run("ssh-keygen", [
      "-q",
      "-t",
      "ed25519",
      "-N",
      "",
      "-C",
      name,
      "-f",
      join(root, "etc/ssh/ssh_host_ed25519_key"),
    ]);
    const port = await freePort();
    // Nothing is waited for until the host is in the list: hosts that are made at once get addresses of their own.
    const address = this.#freeAddress();
    writeFileSync(join(root, "etc/hostname"), `${name}\n`);
    writeFileSync(join(root, "etc/hosts"), `127.0.0.1 localhost\n127.0.1.1 ${name}\n`);
    writeFileSync(join(root, "etc/machine-id"), `${randomUUID().replaceAll("-", "")}\n`);
    mkdirSync(join(root, "root/.ssh"), { recursive: true, mode: 0o700 });
    writeFileSync(join(root, "root/.ssh/authorized_keys"), readFileSync(`${key}.pub`), { mode: 0o600 });
    writeFileSync(
      join(root, "etc/systemd/network/10-host0.network"),
      `[Match]\nName=host0\n\n[Network]\nAddress=${address}/24\nGateway=${this.gateway}\nLinkLocalAddressing=no\n`,
    );
    writeFileSync(
      join(root, "etc/apt/apt.conf.d/00lab-proxy"),
      `Acquire::http::Proxy "http://${this.gateway}:3142";\n`,
    );
    const host: HostState = {
      name,
      address,
      port,
      privateKeyFile: key,
      hostKey: readFileSync(join(root, "etc/ssh/ssh_host_ed25519_key.pub"), "utf8").split(" ").slice(0, 2).join(" "),
      root,
      suite,
      containers,
      forwards: [],
    };
    this.state.hosts[name] = host;
    this.#save();
    await this.#boot(host);
    return host;
  }

  #freeAddress(): string {
    const taken = new Set(this.hosts.map(({ address }) => address));
    for (let number = 10; ; number++) if (!taken.has(`10.91.0.${number}`)) return `10.91.0.${number}`;
  }

  /** Boots it, and boots it again whenever it reboots itself, until it is powered off. */
  async #boot(host: HostState): Promise<void> {
    const { name, root } = host;
    const directory = join(this.directory, name);
    const group = `lab-${this.id}-${name}`;
    const groups = ["systemd", "unified", ...controllers].map((c) => `/sys/fs/cgroup/${c}`).filter(existsSync);
    // A hierarchy of its own for each: two systemds in one group would manage each other's services.
    const join_ = groups
      .map(
        (g) =>
          `mkdir -p ${g}/${group} && { [ ! -e ${g}/cpuset.mems ] || { cat ${g}/cpuset.mems > ${g}/${group}/cpuset.mems; cat ${g}/cpuset.cpus > ${g}/${group}/cpuset.cpus; }; } && echo $$ > ${g}/${group}/cgroup.procs`,
      )
      .join("; ");
    const nspawn = [
      "systemd-nspawn",
      "-q",
      "-M",
      `${this.id}-${name}`,
      "-D",
      root,
      "-b",
      "--register=no",
      "--keep-unit",
      "--resolv-conf=off",
      "--network-bridge=br0",
      "--capability=all",
      "--system-call-filter=bpf @keyring perf_event_open landlock_create_ruleset landlock_add_rule landlock_restrict_self",
      ...(host.containers ? [`--bind=${join(directory, "lib")}:/var/lib`] : []),
    ];
    const script = [
      "while :; do",
      `  sh -c '${join_}; echo $$ > ${directory}/nspawn.pid; exec nsenter --net=/run/netns/${this.namespace} "$@"' sh "$@"`,
      "  rc=$?",
      // systemd-nspawn asks for a reboot with status 133 where it does not boot again by itself.
      "  [ $rc = 133 ] || exit $rc",
      "done",
    ].join("\n");
    host.supervisor = this.#start(["sh", "-c", script, "sh", ...nspawn], join(directory, "console"), []);
    if (!host.forwards.some(alive)) {
      const socket = join(directory, "ssh.sock");
      this.#start(
        [
          "nsenter",
          `--net=/run/netns/${this.namespace}`,
          "socat",
          `UNIX-LISTEN:${socket},fork,unlink-early`,
          // Without nodelay each small packet waits for the acknowledgement of the one before: 40 ms a time.
          `TCP:${host.address}:22,nodelay`,
        ],
        undefined,
        host.forwards,
      );
      this.#start(
        ["socat", `TCP-LISTEN:${host.port},bind=127.0.0.1,fork,reuseaddr,nodelay`, `UNIX-CONNECT:${socket}`],
        undefined,
        host.forwards,
      );
    }
    this.#save();
    await this.ready(name);
  }

  /** Waits until it answers over SSH. */
  async ready(name: string): Promise<void> {
    await until(
      async () => (await this.ssh(name, "true", 5000).catch(() => undefined))?.code === 0,
      60_000,
      `lab host ${name}`,
    ).catch((error: Error) => {
      const console_ = readFileSync(join(this.directory, name, "console"), "utf8")
        .split("\n")
        .slice(-12)
        .join("\n");
      throw new Error(`${error.message}; the end of its console:\n${console_}`);
    });
  }

  #host(name: string): HostState {
    const host = this.state.hosts[name];
    if (!host) throw new Error(`lab ${this.id} has no host ${name}`);
    return host;
  }

  /** Arguments for OpenSSH's client that lead to a host. */
  sshArguments(name: string): string[] {
    const { port, privateKeyFile } = this.#host(name);
    return [
      "-i",
      privateKeyFile,
      "-p",
      String(port),
      "-o",
      "StrictHostKeyChecking=no",
      "-o",
      "UserKnownHostsFile=/dev/null",
      "-o",
      "LogLevel=ERROR",
      "-o",
      "ConnectTimeout=5",
      "-o",
      "BatchMode=yes",
      "root@127.0.0.1",
    ];
  }

  /** Runs a script on a host over OpenSSH's own client. */
  async ssh(name: string, script: string, timeout = 60_000): Promise<{ code: number; stdout: string; stderr: string }> {
    return finish(run("ssh", [...this.sshArguments(name), script], { timeout, maxBuffer: 1 << 26 }));
  }

  /** Runs a script inside a host without its sshd: from outside, through its first process. */
  async exec(name: string, script: string): Promise<{ code: number; stdout: string; stderr: string }> {
    return finish(
      run("nsenter", ["-t", String(this.leader(name)), "-m", "-u", "-i", "-n", "-p", "-C", "sh", "-c", script], {
        maxBuffer: 1 << 26,
      }),
    );
  }

  /** What a script that must not fail prints. */
  async output(name: string, script: string): Promise<string> {
    const { code, stdout, stderr } = await this.exec(name, script);
    if (code !== 0) throw new Error(`${script}: ${stderr}`);
    return stdout;
  }

  /** The packet filter's rules on a host, a line each, read from outside: the host need not have nft. */
  async rules(name: string): Promise<string[]> {
    const { stdout } = await run("nsenter", ["-t", String(this.leader(name)), "-n", "nft", "list", "ruleset"]);
    return stdout.split("\n").filter(Boolean);
  }

  /** Pid of the host's first process, as seen from here. */
  leader(name: string): number {
    const nspawn = readFileSync(join(this.directory, name, "nspawn.pid"), "utf8").trim();
    const children = readFileSync(`/proc/${nspawn}/task/${nspawn}/children`, "utf8").trim().split(" ");
    return Number(children[0]);
  }

  /** Reboots it as its administrator would, and waits for it. */
  async reboot(name: string): Promise<void> {
    const before = (await this.ssh(name, "cat /proc/sys/kernel/random/boot_id")).stdout;
    // A timer may else be late by up to a minute.
    await this.ssh(name, "systemd-run -q --on-active=0.2 --timer-property=AccuracySec=10ms systemctl reboot");
    await until(
      async () => {
        const now = await this.ssh(name, "cat /proc/sys/kernel/random/boot_id", 5000).catch(() => undefined);
        return now?.code === 0 && now.stdout !== before;
      },
      120_000,
      `the reboot of lab host ${name}`,
    );
  }

  /** Pulls the plug, and boots it again. */
  async powerLoss(name: string): Promise<void> {
    const host = this.#host(name);
    const nspawn = Number(readFileSync(join(this.directory, name, "nspawn.pid"), "utf8"));
    const victims = [host.supervisor?.pid, this.leader(name), nspawn];
    for (const pid of victims) if (pid) killQuietly(pid, "SIGKILL");
    await until(async () => !existsSync(`/proc/${nspawn}`), 20_000, `the end of lab host ${name}`);
    // The kernel takes its link away when it comes to it; until then a new one of that name cannot be made.
    const gone = () =>
      run("ip", ["-n", this.namespace, "link", "show", "dev", this.#link(name)]).then(
        () => false,
        () => true,
      );
    await until(gone, 20_000, `the end of the link of lab host ${name}`);
    await this.#boot(host);
  }

  /** Cuts its link: packets are lost in both directions, nobody is told. */
  async cut(name: string): Promise<void> {
    await run("ip", ["-n", this.namespace, "link", "set", this.#link(name), "down"]);
  }

  async heal(name: string): Promise<void> {
    await run("ip", ["-n", this.namespace, "link", "set", this.#link(name), "up"]);
    await run("tc", ["-n", this.namespace, "qdisc", "del", "dev", this.#link(name), "root"]).catch(() => {});
  }

  /** Slows what goes to it, in bits a second. */
  async slow(name: string, bitsPerSecond: number): Promise<void> {
    await run("tc", [
      "-n",
      this.namespace,
      "qdisc",
      "replace",
      "dev",
      this.#link(name),
      "root",
      "tbf",
      "rate",
      `${bitsPerSecond}bit`,
      "burst",
      "32kb",
      "latency",
      "400ms",
    ]);
  }

  #link(name: string): string {
    return `vb-${this.id}-${name}`.slice(0, 15);
  }

  /** Puts a small filesystem over a directory of the host; `heal` of a full disk is to unmount it. */
  async smallDisk(name: string, path: string, mib: number): Promise<void> {
    await this.exec(name, `mkdir -p ${path} && mount -t tmpfs -o size=${mib}m small ${path}`);
  }

  /** Kills sshd and all its sessions, which since OpenSSH 9.8 are programs of their own; systemd starts it again. */
  async killSshd(name: string): Promise<void> {
    await this.exec(name, "pkill -KILL -f '^sshd(-session|-auth)?: ' || true");
  }

  async down(name: string): Promise<void> {
    const host = this.#host(name);
    const directory = join(this.directory, name);
    if (alive(host.supervisor)) {
      const nspawn = Number(readFileSync(join(directory, "nspawn.pid"), "utf8"));
      killQuietly(nspawn, "SIGTERM");
      await until(async () => !existsSync(`/proc/${nspawn}`), 30_000, "it to power off").catch(() => {
        for (const pid of [host.supervisor?.pid, this.leader(name), nspawn]) if (pid) killQuietly(pid, "SIGKILL");
      });
      await until(async () => !alive(host.supervisor), 10_000, "its supervisor").catch(() => end(host.supervisor));
    }
    for (const mark of host.forwards) end(mark);
    await until(async () => removeGroups(`lab-${this.id}-${name}`), 10_000, "its control groups");
    await run("umount", ["-R", host.root]).catch(() => run("umount", ["-R", "-l", host.root]).catch(() => {}));
    rmSync(directory, { recursive: true, force: true });
    delete this.state.hosts[name];
    this.#save();
  }

  /** Ends everything that belongs to the lab. */
  async close(): Promise<void> {
    for (const name of Object.keys(this.state.hosts)) await this.down(name);
    for (const mark of this.state.processes) end(mark);
    await run("ip", ["netns", "del", this.namespace]).catch(() => {});
    rmSync(this.directory, { recursive: true, force: true });
    if (existsSync(runRoot) && readdirSync(runRoot).length === 0) rmSync(runRoot, { recursive: true });
  }
}

async function finish(
  child: Promise<{ stdout: string; stderr: string }>,
): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const { stdout, stderr } = await child;
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout = "", stderr = "" } = error as { code?: number | string; stdout?: string; stderr?: string };
    return { code: typeof code === "number" ? code : -1, stdout, stderr: stderr || String(error) };
  }
}

function onPath(name: string): boolean {
  return ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/bin"].some((directory) =>
    existsSync(join(directory, name)),
  );
}

function startTime(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")[19];
  } catch {
    return undefined;
  }
}

function alive(mark: ProcessMark | undefined): boolean {
  return (
    mark !== undefined &&
    startTime(mark.pid) === mark.started &&
    !/^State:\s+Z/m.test(readFileSync(`/proc/${mark.pid}/status`, "utf8"))
  );
}

/** Ends a process of ours and those it forked, and never one that took its number since. */
function end(mark: ProcessMark | undefined): void {
  if (mark && alive(mark)) killQuietly(-mark.pid, "SIGKILL");
}

function killQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

function removeGroups(name: string): boolean {
  for (const hierarchy of readdirSync("/sys/fs/cgroup")) {
    const path = `/sys/fs/cgroup/${hierarchy}/${name}`;
    if (!existsSync(path) || !statSync(path).isDirectory()) continue;
    try {
      execFileSync("find", [path, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+"], { stdio: "ignore" });
    } catch {
      return false;
    }
  }
  return true;
}

function canConnect(port: number): Promise<boolean> {
  return run("socat", ["-u", "OPEN:/dev/null", `TCP:127.0.0.1:${port},connect-timeout=1`]).then(
    () => true,
    () => false,
  );
}
