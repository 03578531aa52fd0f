import { createHash } from "node:crypto";
import { MicrovmError } from "../errors";
import type { KataRuntimeInputs, KataRuntimeState } from "../generated/types";
import { command, installFile } from "../host/change";
import { objectDirectory } from "../host/record";
import { ChangeError, type HostSession } from "../host/session";
import type { Snapshot } from "../host/snapshot";
import { ConfigurationError, dropIn, type Written } from "../kata/configuration";
import {
  type Archive,
  archiveOf,
  archivesOf,
  configPath,
  configurationPaths,
  engineHandlers,
  type Handler,
  handlersDirectory,
  heedsEnvironment,
  overhead,
  prefix,
  releaseUrl,
  runtimeOf,
  shimPath,
  shims,
  shippedProgram,
  treePath,
} from "../kata/layout";
import { lint, vulnerable } from "../kata/lint";
import { verdict } from "../kata/verification";
import type { Progress, Recorded, Resource } from "../resource";
import { isUnknown } from "../schema/unknown";
import { explain as explainEngine, recordedEngines, registrationDrift, registrations } from "./container-engine";
import { requireHost, usableKvm } from "./host-requirements";
import { fileDigest } from "./local-source";
import { beginLines, explainOwnership, isAnothers, isOurs, ownLines } from "./ownership";
import { resultsOf } from "./results";
import { requireUnused } from "./runtime-users";
import { explainSource, sendFile } from "./stored";

/**
 * A release of Kata and its handlers. Handlers are switched by one link, all at once, and neither their configurations'
 * paths nor the names of their shims change with the release: containers that run keep what they have, and no engine is
 * restarted for it.
 */
export const kataRuntime: Resource<KataRuntimeInputs, KataRuntimeState> = {
  kind: "KataRuntime",
  check: lint,
  settle,
  foretell,
  observe,
  recall,
  converge,
  remove,
};

const halfHour = 1_800_000;
/** Kernel modules whose devices a guest's agent and network use. */
const modules = ["vhost_vsock", "vhost_net"];
const dropInPath = "config.d/50-microvm.toml";

async function settle(inputs: Partial<KataRuntimeInputs>): Promise<Partial<KataRuntimeInputs>> {
  const digest = async (source: KataRuntimeInputs["source"]) =>
    !source || isUnknown(source) || !source.file || isUnknown(source.file)
      ? undefined
      : fileDigest(source.file, source.sha256);
  const [sourceDigest, goSourceDigest] = await Promise.all([digest(inputs.source), digest(inputs.goSource)]);
  return {
    ...inputs,
    ...(sourceDigest ? { sourceDigest } : {}),
    ...(goSourceDigest ? { goSourceDigest } : {}),
  };
}

function foretell({ version, handlers }: Partial<KataRuntimeInputs>): Partial<KataRuntimeState> {
  if (!version || isUnknown(version) || !handlers || isUnknown(handlers)) return {};
  const known = handlers.every((handler) => !isUnknown(handler) && !isUnknown(handler.name) && !isUnknown(handler.vmm));
  return known ? { runtimeClasses: runtimeClassesOf(handlers, version) } : {};
}

/**
 * With the overhead and the label that Kata's own guides give their classes; and, since that label says nothing of which
 * handlers a node has, one of the handler.
 */
function runtimeClassesOf(handlers: Handler[], version: string): KataRuntimeState["runtimeClasses"] {
  return handlers.map(({ name, vmm }) => ({
    name,
    handler: name,
    overhead: overhead(vmm, version),
    nodeSelector: { "katacontainers.io/kata-runtime": "true", [`microvm.dev/${name}`]: "true" },
  }));
}

function owner(name: string): string {
  return `KataRuntime-${name}`;
}

/** An archive that is to be on the host. */
interface Wanted {
  archive: Archive;
  source: NonNullable<KataRuntimeInputs["source"]>;
  digest: string;
}

function wantedArchives(inputs: KataRuntimeInputs): Wanted[] {
  const needed = new Set(inputs.handlers.flatMap((handler) => archivesOf(handler, inputs.version)));
  return (["static", "go"] as const)
    .filter((archive) => needed.has(archive))
    .map((archive) => {
      const [source = {}, local] =
        archive === "go" ? [inputs.goSource, inputs.goSourceDigest] : [inputs.source, inputs.sourceDigest];
      return { archive, source, digest: (source.file ? local : source.sha256) as string };
    });
}

async function observe(host: HostSession, state: KataRuntimeState): Promise<KataRuntimeState | undefined> {
  const snapshot = await host.snapshot();
  const name = state.name as string;
  if (!isOurs(snapshot, "KataRuntime", name, state.owner)) return undefined;
  const drift = [
    ...treeDrift(snapshot, state),
    ...handlerDrift(snapshot, state),
    ...(state.engines ?? []).flatMap((engine) =>
      registrationDrift(snapshot, engine, owner(name), engineHandlers(name, state.handlers)),
    ),
  ];
  return { ...state, drift };
}

function treeDrift(snapshot: Snapshot, state: KataRuntimeState): string[] {
  const digests = [state.digest, state.goDigest].filter(Boolean);
  const drift = digests.flatMap((digest) => {
    const tree = snapshot.trees.get(digest);
    if (!tree) return [`the files of Kata ${state.installedVersion} are missing from ${treePath(digest)}`];
    return tree.intact ? [] : [`the files of Kata ${state.installedVersion} in ${treePath(digest)} were changed`];
  });
  const claimed = (snapshot.notes.get(`${objectDirectory("KataRuntime", state.name as string)}/trees`) ?? "").split(
    "\n",
  );
  for (const digest of claimed) {
    const tree = snapshot.trees.get(digest);
    if (tree && !tree.running && !digests.includes(digest))
      drift.push(`nothing runs from the former release in ${treePath(digest)} any more, and it is still there`);
  }
  return drift;
}

function handlerDrift(snapshot: Snapshot, state: KataRuntimeState): string[] {
  const name = state.name as string;
  const slot = snapshot.links.get(handlersDirectory(name));
  if (!slot) return [`${handlersDirectory(name)} is missing`];
  const place = `${objectDirectory("KataRuntime", name)}/${slot}`;
  const drift = Object.entries(state.files ?? {}).flatMap(([path, digest]) => {
    const file = snapshot.files.get(`${place}/${path}`);
    if (!file) return [`${handlersDirectory(name)}/${path} is missing`];
    return file.digest === digest ? [] : [`${handlersDirectory(name)}/${path} was changed`];
  });
  for (const [path, { type }] of snapshot.files) {
    const inside = path.startsWith(`${place}/`) && type !== "directory" ? path.slice(place.length + 1) : undefined;
    if (!inside || inside in (state.files ?? {})) continue;
    drift.push(
      `${handlersDirectory(name)}/${inside} is not ours${inside.includes("/config.d/") ? ", and Kata reads it" : ""}`,
    );
  }
  for (const handler of state.handlers) {
    if (snapshot.links.get(shimPath(handler.name)) !== `${handlersDirectory(name)}/${handler.name}/shim`)
      drift.push(`${shimPath(handler.name)} does not lead to the shim of ${handler.name}`);
  }
  return drift;
}

async function converge(
  host: HostSession,
  inputs: KataRuntimeInputs,
  prior: KataRuntimeState | undefined,
  progress: Progress,
): Promise<KataRuntimeState> {
  const name = inputs.name as string;
  const snapshot = await host.snapshot();
  requireHost(snapshot, `KataRuntime ${name}`, host.name);
  requireMemory(snapshot, inputs);
  const purpose = `${prior ? "update" : "create"} KataRuntime ${name}`;
  const wanted = wantedArchives(inputs);
  try {
    const installed = await install(host, inputs, { prior, wanted, snapshot, purpose, progress });
    return outputs(inputs, await configure(host, inputs, installed, { prior, purpose, progress }));
  } catch (error) {
    const declared = wanted.filter(({ source }) => !source.file).map(({ digest }) => digest);
    const explained = explainSource(
      explainOwnership(error, "KataRuntime", name),
      `KataRuntime ${name}`,
      declared.join(" or "),
    );
    throw explain(explained, inputs);
  }
}

function requireMemory({ facts }: Snapshot, { name, handlers }: KataRuntimeInputs): void {
  const total = Math.floor(facts.memoryKiB / 1024);
  const large = handlers.find(({ defaultMemory }) => (defaultMemory ?? 0) > total);
  if (!large || !total) return;
  throw new MicrovmError({
    code: "host-memory",
    verb: "create",
    subject: `KataRuntime ${name}`,
    cause: `handler ${large.name} gives each guest ${large.defaultMemory} MiB, and the host has ${total}`,
    hint: "Lower its defaultMemory.",
  });
}

/** What the archives on the host hold of what the handlers need. */
interface Installed {
  wanted: Wanted[];
  /** Paths below `/opt/kata/`, by archive. */
  files: Map<Archive, Set<string>>;
  /** By handler. */
  shipped: Map<string, { path: string; text: string; digest: string; hypervisorVersion: string }>;
  runtimes: string[];
  snapshot: Snapshot;
}

async function install(
  host: HostSession,
  inputs: KataRuntimeInputs,
  {
    prior,
    wanted,
    snapshot,
    purpose,
    progress,
  }: {
    prior: KataRuntimeState | undefined;
    wanted: Wanted[];
    snapshot: Snapshot;
    purpose: string;
    progress: Progress;
  },
): Promise<Installed> {
  const name = inputs.name as string;
  const { version } = inputs;
  const object = objectDirectory("KataRuntime", name);
  const work = `/var/lib/microvm/.kata-${name}`;
  const { architecture } = snapshot.facts;
  await host.apply(
    {
      purpose,
      deadline: halfHour,
      prepare: [
        ...beginLines("KataRuntime", inputs, prior),
        // Nothing is unpacked for what cannot be installed.
        command("mv_kata_names", name, ...inputs.handlers.map((handler) => handler.name)),
        command("mv_kata_free", object, ...inputs.handlers.map((handler) => handler.name)),
        command("mv_packages", object, "xz-utils", "zstd"),
        command("mv_claim_tree", object, ...wanted.map(({ digest }) => digest)),
      ],
    },
    progress,
  );
  const lacking = wanted.filter(({ digest }) => !snapshot.trees.get(digest)?.intact);
  for (const { archive, source } of lacking) {
    if (source.file) await sendFile(host, source.file, `${work}.source-${archive}`, `KataRuntime ${name}`, progress);
  }
  const values = await host.apply(
    {
      purpose,
      deadline: halfHour,
      builds: `kata-${name}`,
      build: [
        `rm -rf ${work}; mkdir -p ${work}`,
        ...lacking.flatMap(({ archive, source, digest }) => [
          ...obtain(archive, source, { digest, version, architecture, work, name }),
          command("mv_progress", `unpacking Kata ${version}`),
          `/usr/lib/microvm/unpack-kata ${work}/source ${digest} ${command(version)} 2> "$mv_work/kata-error" || { cat "$mv_work/kata-error" 1>&2; mv_said=$(tail -n 1 "$mv_work/kata-error"); rm -rf ${work} ${work}.source*; mv_fail kata-broken "$mv_said"; }`,
          `rm -f ${work}/source`,
        ]),
        ...wanted.flatMap(({ archive, digest }) => [
          `mv_result files-${archive} "$(cd ${treePath(digest)}${prefix} && find . \\( -type f -o -type l \\) -printf '%P\\n')"`,
        ]),
        ...inputs.handlers.flatMap((handler, index) => readShipped(handler, index, wanted, inputs, architecture)),
        `rm -rf ${work} ${work}.source*`,
      ],
    },
    progress,
  );
  const files = new Map(
    wanted.map(({ archive }) => [archive, new Set((values[`files-${archive}`] ?? "").split("\n"))] as const),
  );
  const runtimes = (["go", "rust"] as const).filter((runtime) =>
    [...files.values()].some((paths) => paths.has(shims[runtime].slice(prefix.length - 1))),
  );
  const shipped: Installed["shipped"] = new Map();
  inputs.handlers.forEach((handler, index) => {
    const [digest = "", path = ""] = (values[`config-${index}`] ?? "").split(" ");
    if (!path) throw incomplete(inputs, handler, "its configuration");
    shipped.set(handler.name, {
      path,
      digest,
      text: values[`text-${index}`] ?? "",
      hypervisorVersion: hypervisorVersion(inputs, handler, values[`version-${index}`]),
    });
  });
  return { wanted, files, shipped, runtimes, snapshot };
}

/** Shell lines that leave an archive at `source` below the work directory. */
function obtain(
  archive: Archive,
  source: Wanted["source"],
  of: { digest: string; version: string; architecture: string; work: string; name: string },
): string[] {
  const { digest, version, architecture, work, name } = of;
  if (source.file) return [`mv ${work}.source-${archive} ${work}/source`];
  const url = source.url ?? releaseUrl(archive, version, architecture);
  if (!url) {
    throw new MicrovmError({
      code: "architecture-unknown",
      verb: "install",
      subject: `KataRuntime ${name}`,
      cause: `nothing is known of Kata's releases for ${architecture}`,
      hint: "x86_64 and aarch64 hosts are supported.",
    });
  }
  return [command("mv_fetch", url, digest, `${work}/source`)];
}

/** Shell lines that hand back a handler's shipped configuration, and what its VMM says its version is. */
function readShipped(
  handler: Handler,
  index: number,
  wanted: Wanted[],
  { version }: KataRuntimeInputs,
  architecture: string,
): string[] {
  const own = treeOf(handler, wanted, version);
  const paths = configurationPaths(handler.vmm, runtimeOf(handler, version));
  const program = handler.monitor ? undefined : shippedProgram(handler.vmm, architecture);
  return [
    `for mv_path in ${paths.join(" ")}; do if [ -f ${own}/$mv_path ]; then`,
    `mv_result config-${index} "$(sha256sum < ${own}/$mv_path | cut -c 1-64) $mv_path"; mv_result text-${index} "$(cat ${own}/$mv_path)"; break; fi; done`,
    ...(program
      ? [
          `for mv_tree in ${wanted.map(({ digest }) => treePath(digest)).join(" ")}; do if [ -f $mv_tree/${program} ]; then`,
          `mv_result version-${index} "$(timeout 20 $mv_tree/${program} --version 2>&1 < /dev/null | head -n 1)"; break; fi; done`,
        ]
      : []),
  ];
}

function treeOf(handler: Handler, wanted: Wanted[], version: string): string {
  const own = archiveOf(handler, version);
  return treePath(wanted.find(({ archive }) => archive === own)?.digest ?? "");
}

/** Refuses a VMM that does not run, or that has published flaws. */
function hypervisorVersion(inputs: KataRuntimeInputs, handler: Handler, said: string | undefined): string {
  const { monitor, vmm, name } = handler;
  const found = monitor ? monitor.installedVersion : (/\bv?(\d+(?:\.\d+)+)/.exec(said ?? "")?.[1] ?? "");
  if (!monitor && vmm !== "dragonball") {
    if (said === undefined) throw incomplete(inputs, handler, `${vmm}'s program`);
    if (!found) throw incomplete(inputs, handler, `a ${vmm} that runs on this host: it said ${JSON.stringify(said)}`);
  }
  const whose = monitor ? `handler ${name}'s` : `handler ${name} would use Kata's own VMM:`;
  const reason = inputs.allowVulnerable ? undefined : vulnerable(vmm, found, whose);
  // It is on the host by now, as any change that failed half-way.
  if (reason) {
    const subject = `KataRuntime ${inputs.name}`;
    throw new ChangeError({ code: "vmm-vulnerable", verb: "install", subject, cause: reason }, reason);
  }
  return found;
}

function incomplete({ name, version }: KataRuntimeInputs, handler: Handler, what: string): ChangeError {
  const cause = `Kata ${version} as it was given has not what handler ${handler.name} needs: ${what}`;
  const hint = "Use the official archive for the host's architecture, or another vmm or runtime.";
  return new ChangeError(
    { code: "kata-incomplete", verb: "install", subject: `KataRuntime ${name}`, cause, hint },
    what,
  );
}

/** What is settled before the handlers take their place, from more than an import would fetch. */
interface Settled {
  runtimes: string[];
  /** By handler, in order. */
  hypervisors: { path: string; version: string }[];
  /** Digests, by path below the handlers' directory. */
  files: Record<string, string>;
  virtualization: string;
  evidence: string;
}

/** What there is of a Kata by what was settled, and what the host has handed back. */
function outputs(inputs: KataRuntimeInputs, values: Record<string, string>): KataRuntimeState {
  const { version, handlers } = inputs;
  const name = inputs.name as string;
  const { runtimes, hypervisors, files, virtualization, evidence } = JSON.parse(values.settled ?? "") as Settled;
  const wanted = wantedArchives(inputs);
  const digestOf = (archive: Archive) => wanted.find((item) => item.archive === archive)?.digest ?? "";
  return {
    ...inputs,
    installedVersion: version,
    digest: digestOf("static"),
    goDigest: digestOf("go"),
    runtimes,
    installedHandlers: handlers.map((handler, index) => ({
      name: handler.name,
      vmm: handler.vmm,
      runtime: runtimeOf(handler, version),
      configPath: configPath(name, handler.name),
      shim: shimPath(handler.name),
      hypervisorPath: hypervisors[index]?.path ?? "",
      hypervisorVersion: hypervisors[index]?.version ?? "",
      snapshotter: handler.snapshotter ?? "",
      verified: verdict({
        runtime: runtimeOf(handler, version),
        configuration: values[`read-${index}`] ?? "",
        check: values[`check-${index}`] ?? "",
        virtualization,
        evidence,
      }),
    })),
    runtimeClasses: runtimeClassesOf(handlers, version),
    findings: modules
      .filter((module) => values[module] === "missing")
      .map((module) => `the host has not loaded ${module}, which guests need: name it in the Host's \`kernelModules\``),
    files,
    drift: [],
  };
}

async function recall(_host: HostSession, inputs: KataRuntimeInputs, recorded: Recorded): Promise<KataRuntimeState> {
  return outputs(inputs, resultsOf(recorded));
}

/** Writes all handlers anew beside those in use, has Kata read them, and lets them take their place at once. */
async function configure(
  host: HostSession,
  inputs: KataRuntimeInputs,
  installed: Installed,
  { prior, purpose, progress }: { prior: KataRuntimeState | undefined; purpose: string; progress: Progress },
): Promise<Record<string, string>> {
  const name = inputs.name as string;
  const { version, handlers } = inputs;
  const { wanted, shipped, snapshot } = installed;
  const object = objectDirectory("KataRuntime", name);
  const fresh = `${object}/.new`;
  const written = new Map(handlers.map((handler) => [handler.name, write(inputs, handler, installed)]));
  const names = handlers.map((handler) => handler.name);
  const stored = handlers.flatMap(({ monitor, kernel }) => [
    ...(monitor ? [monitor.digest, monitor.jailerDigest] : []),
    ...(kernel ? [kernel.digest, kernel.vmlinuxDigest] : []),
  ]);
  const digests = [...new Set(stored.filter(Boolean))];
  const files: Record<string, string> = {};
  const install = (handler: string, path: string, content: string, mode?: string) => {
    files[`${handler}/${path}`] = createHash("sha256").update(content).digest("hex");
    return installFile(`${fresh}/${handler}/${path}`, content, mode);
  };
  const registered = registrations(
    { engines: inputs.engines, former: prior?.engines },
    owner(name),
    engineHandlers(name, handlers),
  );
  const installing = handlers.flatMap((handler, index) => {
    const { text, needs } = written.get(handler.name) as Written;
    const { path, digest } = shipped.get(handler.name) as { path: string; digest: string };
    files[`${handler.name}/configuration.toml`] = digest;
    const tree = treeOf(handler, wanted, version);
    return [
      ...needs.map((needed) => `[ -f ${command(needed)} ] || mv_fail kata-file-missing ${command(needed)}`),
      install(handler.name, dropInPath, text),
      install(handler.name, "shim", shimText(inputs, handler, tree), "0755"),
      `install -m 0644 ${tree}/${path} ${fresh}/${handler.name}/configuration.toml`,
      ...readConfiguration(handler, index, tree, fresh, version),
    ];
  });
  const { virtualization, evidence } = usableKvm(snapshot);
  const settled: Settled = {
    runtimes: installed.runtimes,
    hypervisors: handlers.map((handler) => ({
      path: written.get(handler.name)?.hypervisorPath ?? "",
      version: shipped.get(handler.name)?.hypervisorVersion ?? "",
    })),
    files,
    virtualization,
    evidence,
  };
  return host.apply(
    {
      purpose,
      deadline: halfHour,
      prepare: [
        // What a run that was cut off has left.
        command("mv_gone", fresh),
        command("mv_kata_names", name, ...names),
        command("mv_kata_free", object, ...names),
        ...digests.map((digest) => command("mv_claim_stored", object, digest)),
        ...installing,
        `find ${fresh} -type f -exec sync {} +`,
        ...registered.prepare,
      ],
      commit: [
        `if [ "$(readlink ${object}/handlers 2> /dev/null)" = a ]; then mv_slot=b mv_former=a; else mv_slot=a mv_former=b; fi`,
        `mv_gone ${object}/$mv_slot; mv -T ${fresh} ${object}/$mv_slot`,
        `ln -sfnT $mv_slot ${object}/.handlers; mv -fT ${object}/.handlers ${object}/handlers`,
        `mv_gone ${object}/$mv_former`,
        command("mv_kata_shims", name, ...names),
        command("mv_settle_trees", object, ...wanted.map(({ digest }) => digest)),
        command("mv_settle_stored", object, ...digests),
        ...modules.map((module) => `[ -e /dev/${module.replace("_", "-")} ] || mv_result ${module} missing`),
        ...registered.commit,
      ],
      wait: handlers.flatMap((handler, index) => checkHost(name, handler, index, wanted, version)),
      keeps: { object, values: { settled: JSON.stringify(settled) } },
    },
    progress,
  );
}

function write(inputs: KataRuntimeInputs, handler: Handler, { wanted, files, shipped }: Installed): Written {
  const { version, name } = inputs;
  const tree = treeOf(handler, wanted, version);
  const own = archiveOf(handler, version);
  const order = [own, ...wanted.map(({ archive }) => archive).filter((archive) => archive !== own)];
  const { text = "", path = "" } = shipped.get(handler.name) ?? {};
  try {
    const result = dropIn(text, {
      handler,
      tree,
      owner: `KataRuntime ${name}`,
      locate: (inside) => {
        const archive = order.find((candidate) => files.get(candidate)?.has(inside));
        const digest = wanted.find((item) => item.archive === archive)?.digest;
        return digest && `${treePath(digest)}${prefix}${inside}`;
      },
    });
    const [missing] = result.missing;
    if (missing) throw incomplete(inputs, handler, missing);
    return result;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw incomplete(inputs, handler, `a configuration that can be read, and of /${path}: ${error.message}`);
  }
}

/** Whoever starts a shim by its name starts this: it says whose the containers are, and leads to the release. */
function shimText({ name, version }: KataRuntimeInputs, handler: Handler, tree: string): string {
  const configuration = configPath(name as string, handler.name);
  return [
    "#!/bin/sh",
    `# The shim of handler ${handler.name} of KataRuntime ${name}: Kata ${version}. What it starts is known by this.`,
    `MICROVM_KATA=${name}/${handler.name}`,
    "export MICROVM_KATA",
    // Later ones would refuse it, and take it from their engine only.
    ...(heedsEnvironment(version) ? [`KATA_CONF_FILE=${configuration}`, "export KATA_CONF_FILE"] : []),
    `exec ${tree}/${shims[runtimeOf(handler, version)]} "$@"`,
    "",
  ].join("\n");
}

/**
 * Kata's own program reads the configuration as a shim would. What it says for the host's sake is no fault of the
 * configuration: it looks for vsock devices too, and for a system log.
 */
function readConfiguration(handler: Handler, index: number, tree: string, fresh: string, version: string): string[] {
  if (runtimeOf(handler, version) !== "go") return [];
  const program = `${tree}/opt/kata/bin/kata-runtime`;
  return [
    `if [ -x ${program} ]; then`,
    `if timeout 60 ${program} --config ${fresh}/${handler.name}/configuration.toml env --json > "$mv_work/kata-env" 2> "$mv_work/kata-error" < /dev/null; then mv_result read-${index} accepted; else`,
    'mv_said=$(tail -n 3 "$mv_work/kata-error")',
    `case $mv_said in *vsock* | *syslog*) mv_result read-${index} "$mv_said" ;;`,
    `*) cat "$mv_work/kata-error" 1>&2; mv_gone ${fresh}; mv_fail kata-refused ${command(`${handler.name}: `)}"$mv_said" ;; esac`,
    "fi",
    "fi",
  ];
}

/** Kata's check of the host. That it fails is told, and is no error: the host may get its KVM later. */
function checkHost(name: string, handler: Handler, index: number, wanted: Wanted[], version: string): string[] {
  const bin = `${treeOf(handler, wanted, version)}/opt/kata/bin`;
  const [program, words] =
    runtimeOf(handler, version) === "go"
      ? [`${bin}/kata-runtime`, `--config ${configPath(name, handler.name)} check -n`]
      : [`${bin}/kata-ctl`, "check no-network-checks"];
  return [
    `if [ -x ${program} ]; then`,
    `if timeout 120 ${program} ${words} > "$mv_work/kata-check-$mv_n" 2>&1 < /dev/null; then mv_result check-${index} passed; else mv_said=$(tail -n 5 "$mv_work/kata-check-$mv_n"); mv_result check-${index} "\${mv_said:-it said nothing}"; fi`,
    "fi",
  ];
}

async function remove(host: HostSession, state: KataRuntimeState): Promise<void> {
  const name = state.name as string;
  const object = objectDirectory("KataRuntime", name);
  const snapshot = await host.snapshot();
  if (!snapshot.files.has(object) || isAnothers(snapshot, "KataRuntime", name, state.owner)) return;
  const programs = state.handlers.map((handler) => shimPath(handler.name));
  requireUnused(snapshot, "KataRuntime", name, programs);
  const left = registrations({ former: recordedEngines(snapshot, "KataRuntime", state) }, owner(name), []);
  try {
    await host.apply({
      purpose: `delete KataRuntime ${name}`,
      deadline: halfHour,
      prepare: [...ownLines("KataRuntime", name, [state.owner]), command("mv_kata_free", object), ...left.prepare],
      commit: [
        ...left.commit,
        command("mv_kata_shims", name),
        command("mv_gone", ...["handlers", ".handlers", "a", "b", ".new"].map((part) => `${object}/${part}`)),
        `rm -rf /var/lib/microvm/.kata-${name} /var/lib/microvm/.kata-${name}.source*`,
        command("mv_settle_trees", object),
        command("mv_settle_stored", object),
        command("mv_release", object),
        command("mv_gone", object),
      ],
    });
  } catch (error) {
    throw explain(explainOwnership(error, "KataRuntime", name), state);
  }
}

function explain(given: unknown, { name, version, engines }: KataRuntimeInputs): unknown {
  const [engine] = engines ?? [];
  const error = explainEngine(given, { kind: engine?.kind ?? "containerd", name: engine?.name });
  if (!(error instanceof ChangeError)) return error;
  const { said } = error;
  const known: Record<string, [cause: string, hint: string]> = {
    "kata-broken": [said, "Correct the source, or use the official release for the host's architecture."],
    "kata-refused": [
      `Kata ${version} refuses the configuration of handler ${said}`,
      "The handlers are as they were. Correct what it names, and run the same again.",
    ],
    "kata-file-missing": [`the host has no file ${said}`, "Put it there, or name another."],
    "kata-name-taken": [
      `the handler's shim cannot have its name: ${said} is there already, and not ours to change`,
      "Choose another name for the handler, or remove what has it.",
    ],
    "kata-in-use": [
      `containers run of handlers that would go: ${said}`,
      "Stop them, or their pods, then run the same again.",
    ],
  };
  const [cause, hint] = known[error.code] ?? [];
  if (!cause) return error;
  const { verb, remote } = error.parts;
  return new MicrovmError(
    { code: error.code, verb, subject: `KataRuntime ${name}`, cause, hint, remote },
    { cause: error },
  );
}
