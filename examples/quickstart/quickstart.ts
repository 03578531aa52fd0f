import { spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { Lab } from "../../tests/lab/lab";
import { pulumiCli } from "../../tools/pulumi-cli/install";
import { installed, installPackages, missingPackages, systemPath } from "./prerequisites";

const root = resolve(__dirname, "../..");
const labId = "quick";

/** What of the configuration tells the way to a host: none of an earlier run may be left. */
const hostKeys = ["address", "port", "user", "privateKeyFile", "hostKey"].map((key) => `host:${key}`);

/** Where the microVM goes, and where this stack's state is kept. */
interface Target {
  stack: string;
  /** Values of the stack's configuration. */
  config: Record<string, string>;
  directory: string;
  /** A command line that logs in to the host. */
  host: string;
  /** For people. */
  name: string;
}

function say(text: string): void {
  process.stdout.write(`==> ${text}\n`);
}

/** Runs a program on this terminal. Ctrl-C reaches it too; its end is waited for. */
function run(command: string, args: string[], env: NodeJS.ProcessEnv = process.env, cwd = root): Promise<number> {
  const patient = () => {};
  process.on("SIGINT", patient);
  return new Promise<number>((done, fail) => {
    const child = spawn(command, args, { stdio: "inherit", env, cwd });
    child.once("error", fail);
    child.once("close", (code) => done(code ?? 130));
  }).finally(() => process.off("SIGINT", patient));
}

async function main(): Promise<number> {
  const action = process.argv[2] ?? "up";
  if (!["up", "down"].includes(action) || process.argv.length > 3) {
    process.stderr.write("usage: npm run quickstart [-- up|down]; MICROVM_HOST=user@server uses your own server\n");
    return 64;
  }
  const server = process.env.MICROVM_HOST;
  if (server) parseServer(server);
  // What belongs to this checkout is made before anything runs as root.
  await compile();
  const { bin, version, how } = await pulumiCli({ progress: (line) => say(line) });
  say(`Pulumi CLI ${version} (${{ path: "on PATH", download: "downloaded", built: "built here" }[how]}, ${bin})`);
  process.env.PATH = `${bin}${delimiter}${systemPath}`;
  if (!server && process.getuid?.() !== 0) return await asRoot(action);
  return await (action === "up" ? up(server) : down(server));
}

/** The lab host is booted by root: everything else is done in this same program run by sudo, which asks once. */
async function asRoot(action: string): Promise<number> {
  if (!installed("sudo")) {
    throw new Error(
      "the lab host is booted by root, and there is no sudo: run this as root, or use your own server with MICROVM_HOST=user@server",
    );
  }
  const packages = missingPackages();
  const also = packages.length ? `, and to install ${packages.map(({ name }) => name).join(", ")}` : "";
  say(`root is needed to boot the lab host${also}; sudo may ask for your password, once`);
  const kept = ["PATH", "MICROVM_TRACE"].flatMap((name) => (process.env[name] ? [`${name}=${process.env[name]}`] : []));
  return await run("sudo", ["-H", "env", ...kept, process.execPath, require.resolve("tsx/cli"), __filename, action]);
}

/** The package as programs import it. */
async function compile(): Promise<void> {
  const made = join(root, "dist/sdk/index.js");
  if (existsSync(made)) {
    const newer = spawnSync("find", ["provider", "sdk", "-name", "*.ts", "-newer", made, "-print", "-quit"], {
      cwd: root,
      encoding: "utf8",
    });
    if (newer.status === 0 && !newer.stdout) return;
  }
  say("compiling pulumi-microvm");
  const status = await run(process.execPath, [require.resolve("typescript/bin/tsc"), "-p", "tsconfig.build.json"]);
  if (status !== 0) throw new Error("pulumi-microvm does not compile; what the compiler said is above");
}

async function up(server: string | undefined): Promise<number> {
  const target = server ? serverTarget(server) : await labTarget();
  const { stack } = target;
  const first = !existsSync(join(target.directory, "guest.pub"));
  const publicKeyFile = guestKey(target.directory);
  const env = pulumiEnvironment(target.directory);
  const pulumi = (...args: string[]) => run("pulumi", args, env, __dirname);
  if ((await pulumi("stack", "select", "--create", stack)) !== 0) return 1;
  if ((await pulumi("config", "rm-all", "--stack", stack, ...hostKeys)) !== 0) return 1;
  const values = Object.entries({ ...target.config, "guest:publicKeyFile": publicKeyFile });
  const set = values.flatMap(([key, value]) => ["--plaintext", `${key}=${value}`]);
  if ((await pulumi("config", "set-all", "--stack", stack, ...set)) !== 0) return 1;
  belongsToCaller(stackFile(stack));
  say(
    `pulumi up of examples/quickstart on ${target.name}${first ? "; this takes minutes, most of them for the Debian image" : ""}`,
  );
  const status = await pulumi("up", "--yes", "--skip-preview", "--stack", stack);
  belongsToCaller(stackFile(stack));
  if (status !== 0) {
    say("that did not work; what is said above tells why. Run the same again to go on from here.");
    if (server) say(`Does \`${sshTo(server)} true\` work? Doing that once makes the server's key known.`);
    return status;
  }
  show(target, env);
  return 0;
}

/** Ends with what a user wants to know. */
function show(target: Target, env: NodeJS.ProcessEnv): void {
  const ran = spawnSync("pulumi", ["stack", "output", "--json", "--stack", target.stack], {
    env,
    cwd: __dirname,
    encoding: "utf8",
  });
  if (ran.status !== 0) throw new Error(`the stack's outputs cannot be read: ${ran.stderr}`);
  const outputs = JSON.parse(ran.stdout) as Record<string, string | number>;
  const { address, bootMillis, virtualization, evidence } = outputs;
  const sudo = process.env.SUDO_UID ? "sudo " : "";
  const server = process.env.MICROVM_HOST ? `MICROVM_HOST=${process.env.MICROVM_HOST} ` : "";
  const lines = [
    "",
    `The microVM runs on ${target.name}.`,
    `  address      ${address}`,
    `  boot time    ${(Number(bootMillis) / 1000).toFixed(2)} s from the start of the VMM until SSH answered`,
    `  accelerator  ${virtualization === "kvm" ? "KVM" : "software emulation, slow and no security boundary"}`,
    `               ${evidence}`,
    "",
    `Look inside:       ${sudo}ssh -F ${sshConfiguration(target, String(address))} vm`,
    `Look at its host:  ${sudo}${target.host}`,
    "Change it:         edit examples/quickstart/index.ts, then run `npm run quickstart` again",
    `Take it all back:  ${server}npm run quickstart -- down`,
    "",
  ];
  process.stdout.write(lines.join("\n"));
}

/** Writes the way to the microVM down for OpenSSH's client: through the host, and nothing else leads there. */
function sshConfiguration({ host, directory }: Target, address: string): string {
  const path = join(directory, "ssh_config");
  const lines = [
    "Host vm",
    `  HostName ${address}`,
    "  User root",
    `  IdentityFile ${join(directory, "guest")}`,
    `  ProxyCommand ${host} -W %h:%p`,
    // Its key is a new one whenever it is replaced; the host, which is verified, leads to no other machine.
    "  StrictHostKeyChecking no",
    "  UserKnownHostsFile /dev/null",
    "  LogLevel ERROR",
    "",
  ];
  writeFileSync(path, lines.join("\n"), { mode: 0o600 });
  return path;
}

async function down(server: string | undefined): Promise<number> {
  const lab = server ? undefined : Lab.find(labId);
  const stack = stackFor(server);
  const directory = server ? serverDirectory(server) : lab && join(lab.directory, "pulumi");
  let status = 0;
  if (directory && existsSync(directory)) {
    const env = pulumiEnvironment(directory);
    const pulumi = (...args: string[]) => run("pulumi", args, env, __dirname);
    say("pulumi destroy");
    status = await pulumi("destroy", "--yes", "--skip-preview", "--stack", stack);
    if (status === 0) status = await pulumi("stack", "rm", "--yes", stack);
    if (status !== 0 && server) {
      say("that did not work; the state is kept. Run the same again to go on from here.");
      return status;
    }
    rmSync(directory, { recursive: true, force: true });
  } else if (server) {
    say(`there is nothing of the quickstart on ${server}`);
  }
  if (lab) {
    say("ending the lab host");
    await lab.close();
  }
  rmSync(stackFile(stack), { force: true });
  say(
    `${server ? server : "this machine"} runs nothing of it any more; what was downloaded or built stays in ~/.cache/pulumi-microvm`,
  );
  return status;
}

async function labTarget(): Promise<Target> {
  const packages = missingPackages();
  for (const { name, purpose } of packages) say(`installing ${name}: ${purpose}`);
  if (packages.length) installPackages(packages.map(({ name }) => name));
  const reason = Lab.unavailable();
  if (reason)
    throw new Error(`a lab host cannot be booted here: ${reason}. Use your own server with MICROVM_HOST=user@server`);
  if (!Lab.find(labId)) say("booting a lab host: a Debian system of its own on this machine");
  const lab = await Lab.open(labId, (line) => say(line));
  const host = await lab.host("metal");
  say("the lab host answers");
  // The state goes when the lab goes, be it by a reboot: it would tell of a host that is no more.
  const directory = join(lab.directory, "pulumi");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const known = join(directory, "known_hosts");
  writeFileSync(known, `[127.0.0.1]:${host.port} ${host.hostKey}\n`);
  return {
    name: "a lab host on this machine",
    host: `ssh -i ${host.privateKeyFile} -p ${host.port} -o UserKnownHostsFile=${known} root@127.0.0.1`,
    stack: stackFor(undefined),
    directory,
    config: {
      "host:address": "127.0.0.1",
      "host:port": String(host.port),
      "host:user": "root",
      "host:privateKeyFile": host.privateKeyFile,
      "host:hostKey": host.hostKey,
    },
  };
}

function serverTarget(server: string): Target {
  const { user, address, port } = parseServer(server);
  const directory = serverDirectory(server);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return {
    name: server,
    host: sshTo(server),
    stack: stackFor(server),
    directory,
    config: { "host:address": address, ...(user ? { "host:user": user } : {}), ...(port ? { "host:port": port } : {}) },
  };
}

function parseServer(server: string): { user?: string; address: string; port?: string } {
  const parts = /^(?:([A-Za-z0-9_][A-Za-z0-9._-]*)@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_][A-Za-z0-9._-]*)(?::(\d+))?$/.exec(
    server,
  );
  if (!parts) throw new Error(`MICROVM_HOST is ${server}, which is not [user@]server[:port]`);
  return { user: parts[1], address: (parts[2] as string).replace(/^\[|\]$/g, ""), port: parts[3] };
}

/** How the user's own SSH client, with its configuration, reaches the server. */
function sshTo(server: string): string {
  const { user, address, port } = parseServer(server);
  const key = process.env.MICROVM_PRIVATE_KEY_FILE;
  return `ssh ${key ? `-i ${key} ` : ""}${port ? `-p ${port} ` : ""}${user ? `${user}@` : ""}${address}`;
}

function serverDirectory(server: string): string {
  const state = process.env.XDG_STATE_HOME || join(homedir(), ".local", "state");
  return join(state, "pulumi-microvm", "quickstart", stackFor(server));
}

/** Lab and servers are stacks of their own, each with its own configuration. */
function stackFor(server: string | undefined): string {
  return server ? parseServer(server).address.replaceAll(":", "_") : "lab";
}

function stackFile(stack: string): string {
  return join(__dirname, `Pulumi.${stack}.yaml`);
}

/** A backend of files, a home and a passphrase of the quickstart's own: nothing of the user's Pulumi is touched. */
function pulumiEnvironment(directory: string): NodeJS.ProcessEnv {
  const backend = join(directory, "backend");
  mkdirSync(backend, { recursive: true });
  return {
    ...process.env,
    PULUMI_HOME: join(directory, "home"),
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE: "quickstart",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    // Pulumi asks git about the checkout; as root it must not write there.
    GIT_OPTIONAL_LOCKS: "0",
  };
}

/** The key that opens the microVM: made once. */
function guestKey(directory: string): string {
  const file = join(directory, "guest");
  if (!existsSync(`${file}.pub`)) {
    const made = spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "quickstart", "-f", file], {
      encoding: "utf8",
    });
    if (made.status !== 0) throw new Error(`ssh-keygen failed: ${made.stderr || made.error?.message}`);
    chmodSync(file, 0o600);
  }
  return `${file}.pub`;
}

/** Under sudo, a file in the checkout still belongs to who called it. */
function belongsToCaller(path: string): void {
  const { SUDO_UID, SUDO_GID } = process.env;
  if (SUDO_UID && SUDO_GID && existsSync(path)) chownSync(path, Number(SUDO_UID), Number(SUDO_GID));
}

main().then(
  (status) => {
    process.exitCode = status;
  },
  (error: Error) => {
    process.stderr.write(`quickstart: ${error.message}\n`);
    process.exitCode = 1;
  },
);
