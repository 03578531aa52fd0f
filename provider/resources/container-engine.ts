import { createHash } from "node:crypto";
import { MicrovmError } from "../errors";
import type { ContainerEngineInputs, ContainerEngineReference, ContainerEngineState } from "../generated/types";
import { command, installFile } from "../host/change";
import { objectDirectory, recordPath } from "../host/record";
import { ChangeError, type HostSession } from "../host/session";
import type { Snapshot } from "../host/snapshot";
import {
  type ConfigFile,
  type Configuration,
  ConfigurationError,
  type EngineDriver,
  type EngineKind,
  engineDriver,
  leadsTo,
} from "../kata/container-engines";
import type { Handler } from "../kata/handler";
import type { Problem, Progress, Recorded, Resource } from "../resource";
import { isUnknown } from "../schema/unknown";
import { requireHost } from "./host-requirements";
import { beginLines, explainOwnership, isAnothers, isOurs, ownLines } from "./ownership";
import { resultsOf } from "./results";

/**
 * A container engine. Its drop-in is put together on the host from what each runtime has registered, since programs and
 * resources that know nothing of each other register with the same engine.
 */
export const containerEngine: Resource<ContainerEngineInputs, ContainerEngineState> = {
  kind: "ContainerEngine",
  check,
  observe,
  recall,
  converge,
  remove,
};

function check({ kind, install }: Partial<ContainerEngineInputs>): Problem[] {
  if (install !== true || kind === undefined || isUnknown(kind) || kind === "containerd") return [];
  const reason = {
    docker: "is for containerd: Docker changes the host's packet filter and more, which nothing takes back",
    "cri-o": "is for containerd: distributions have no package of CRI-O",
  }[kind];
  return [{ property: "install", reason: `${reason}; install it yourself` }];
}

function directory(name: string): string {
  return objectDirectory("ContainerEngine", name);
}

function placesOf({ kind, configFile }: ContainerEngineInputs): { driver: EngineDriver; main: string; dropIn: string } {
  const driver = engineDriver(kind as EngineKind);
  const main = configFile ?? driver.configFile;
  return { driver, main, dropIn: driver.dropIn(main) };
}

/** What the drop-in is made with, by file. */
function desiredFiles(
  inputs: ContainerEngineInputs,
  configuration: Configuration,
  before: string | undefined,
): [path: string, content: string][] {
  const { driver, main, dropIn } = placesOf(inputs);
  const { head, separator, tail, bare, cri, images } = configuration;
  const shell = (lines: string[]) => lines.map((line) => `${line}\n`).join("");
  return Object.entries({
    target: `${dropIn}\n`,
    main: `${main}\n`,
    // Docker's one file is the drop-in itself.
    "main-wanted": main === dropIn ? "" : (configuration.main ?? ""),
    "main-before": before === undefined ? "none" : createHash("sha256").update(before).digest("hex"),
    unit: `${driver.unit}\n`,
    head,
    separator,
    tail,
    bare,
    cri,
    images,
    check: shell(driver.check(main, dropIn)),
    survives: shell([driver.survives]),
    restart: shell([driver.restart]),
    try: shell(driver.try),
  }).map(([file, content]) => [`${directory(inputs.name as string)}/${file}`, content]);
}

/** The engine's files as the snapshot shows them, the main one first. */
function shownFiles(snapshot: Snapshot, main: string): ConfigFile[] {
  const others = [...snapshot.contents].filter(([path]) => path !== main);
  return [{ path: main, text: snapshot.contents.get(main) }, ...others.map(([path, text]) => ({ path, text }))];
}

const unfinished = "it was not made to the end";

async function observe(host: HostSession, state: ContainerEngineState): Promise<ContainerEngineState | undefined> {
  const snapshot = await host.snapshot();
  const name = state.name as string;
  if (!isOurs(snapshot, "ContainerEngine", name, state.owner)) return undefined;
  // A run that was cut off knows too little to compare.
  if (!state.version) return { ...state, drift: [unfinished] };
  const { driver, main, dropIn } = placesOf(state);
  const at = directory(name);
  const drift: string[] = [];
  const applied = snapshot.notes.get(`${at}/applied`);
  const target = snapshot.files.get(dropIn);
  if (!target) drift.push(`${dropIn} is missing`);
  else if (target.digest !== applied) drift.push(`${dropIn} is not what was put there`);
  const unit = snapshot.units.get(driver.unit);
  if (unit && unit.activeState !== "active") drift.push(`${driver.unit} does not run`);
  if (!drift.length) drift.push(...configurationDrift(snapshot, state, { driver, main, dropIn }));
  return { ...state, handlers: registeredHandlers(snapshot, name), drift };
}

/** What its administrator has changed since is a reason to put the drop-in together anew. */
function configurationDrift(
  snapshot: Snapshot,
  state: ContainerEngineState,
  { driver, main, dropIn }: ReturnType<typeof placesOf>,
): string[] {
  // Docker's own file is both, and was looked at as such.
  if (main === dropIn) return [];
  try {
    const files = shownFiles(snapshot, main);
    const patterns = driver.alsoRead(files, dropIn);
    const reads = [main, ...patterns].map((path) => `${path}\n`).join("");
    if (snapshot.contents.get(`${directory(state.name as string)}/reads`) !== reads) {
      return [`${main} reads other files than when ${dropIn} was put together`];
    }
    const read = files.filter(
      ({ path }) => path === main || (path !== dropIn && patterns.some((pattern) => leadsTo(pattern, path))),
    );
    const configuration = driver.configure(read, dropIn, state.version, []);
    if (configuration.main !== undefined && configuration.main !== files[0]?.text) {
      return [`${main} does not lead to ${dropIn} any more`];
    }
    const head = snapshot.contents.get(`${directory(state.name as string)}/head`);
    return head === configuration.head ? [] : [`${main} has changed since ${dropIn} was put together from it`];
  } catch (error) {
    if (error instanceof ConfigurationError) return [error.message];
    throw error;
  }
}

function outputs(
  inputs: ContainerEngineInputs,
  values: Record<string, string>,
  handlers: string[],
): ContainerEngineState {
  const { version = "", packages = "" } = values;
  const installedPackages = packages.split(/\s+/).filter(Boolean).sort();
  return { ...inputs, version, dropIn: placesOf(inputs).dropIn, handlers, installedPackages, drift: [] };
}

async function recall(
  host: HostSession,
  inputs: ContainerEngineInputs,
  recorded: Recorded,
): Promise<ContainerEngineState> {
  const handlers = registeredHandlers(await host.snapshot(), inputs.name as string);
  return outputs(inputs, resultsOf(recorded), handlers);
}

/** Prints a file as a line of its path and its content. */
function readLines(paths: string): string {
  return `for mv_read in ${paths}; do if [ -f "$mv_read" ]; then printf '%s %s\\n' "$mv_read" "$(base64 -w0 "$mv_read")"; fi; done`;
}

function parseRead(text: string): ConfigFile[] {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [path = "", content = ""] = line.split(" ");
      return { path, text: Buffer.from(content, "base64").toString("utf8") };
    });
}

async function converge(
  host: HostSession,
  inputs: ContainerEngineInputs,
  prior: ContainerEngineState | undefined,
  progress: Progress,
): Promise<ContainerEngineState> {
  const name = inputs.name as string;
  const snapshot = await host.snapshot();
  requireHost(snapshot, `ContainerEngine ${name}`, host.name);
  const { driver, main, dropIn } = placesOf(inputs);
  const at = directory(name);
  const purpose = `${prior ? "update" : "create"} ContainerEngine ${name}`;
  try {
    const found = await host.apply(
      {
        purpose,
        deadline: 1_800_000,
        prepare: [
          ...beginLines("ContainerEngine", inputs, prior),
          ...(inputs.install && driver.package ? [command("mv_packages", at, driver.package)] : []),
          `mv_version=$(${driver.version}) && [ -n "$mv_version" ] || mv_fail engine-missing ${command(inputs.kind)}`,
          'mv_result version "$mv_version"',
          `mv_result files "$(${readLines(command(main))})"`,
          `mv_result packages "$(sed -n 's/^${driver.package ?? ""}://p' /etc/microvm/packages 2> /dev/null || true)"`,
        ],
      },
      progress,
    );
    const version = found.version ?? "";
    const [known] = parseRead(found.files ?? "");
    let files: ConfigFile[] = [{ path: main, text: known?.text }];
    const also = driver.alsoRead(files, dropIn);
    if (also.length) {
      const { files: more = "" } = await host.apply({
        purpose,
        prepare: [`mv_result files "$(${readLines(also.map(escapePattern).join(" "))})"`],
      });
      files = [...files, ...parseRead(more).filter(({ path }) => path !== dropIn)];
    }
    const handlers = registeredHandlers(snapshot, name);
    const configuration = driver.configure(files, dropIn, version, handlers);
    const values = await host.apply(
      {
        purpose,
        deadline: 600_000,
        prepare: [
          // What the administrator's file says may be nobody else's to read.
          ...desiredFiles(inputs, configuration, known?.text).map(([path, content]) =>
            installFile(path, content, "0600"),
          ),
          installFile(`${at}/reads`, [main, ...also].map((path) => `${path}\n`).join("")),
          ...(main === dropIn
            ? [`[ -e ${at}/original ] || cp -p ${main} ${at}/original 2> /dev/null || : > ${at}/original`]
            : []),
          command("mv_dir", `${at}/handlers`, "0755", "root:root"),
        ],
        commit: [
          ...applyLines(name),
          `[ ! -s ${at}/main-wanted ] || cmp -s ${at}/main-wanted ${command(main)} || mv_fail engine-config-changed ${command(`${main} has changed`)}`,
        ],
        keeps: { object: at, values: { version, packages: found.packages ?? "" } },
      },
      progress,
    );
    return outputs(inputs, values, handlers);
  } catch (error) {
    throw explain(explainOwnership(error, "ContainerEngine", name), inputs);
  }
}

/** A pattern is expanded by the host's shell; the rest of it is what it says. */
function escapePattern(pattern: string): string {
  return pattern
    .split(/([*?])/)
    .map((part) => (part === "*" || part === "?" || part === "" ? part : command(part)))
    .join("");
}

/** Names of the handlers that whatever resources have registered with an engine. */
export function registeredHandlers(snapshot: Snapshot, name: string): string[] {
  const parts = `${directory(name)}/handlers/`;
  return [...snapshot.contents.keys()]
    .filter((path) => path.startsWith(parts))
    .map((path) => path.slice(path.lastIndexOf(".") + 1))
    .sort();
}

/** Puts another text in the place of the main file, unless somebody else has meanwhile. */
function installMain(path: string, former: string | undefined, wanted: string | undefined): string[] {
  if (wanted === undefined || wanted === former) return [];
  const unchanged =
    former === undefined
      ? `[ ! -e ${command(path)} ]`
      : `[ "$(base64 -w0 ${command(path)})" = ${Buffer.from(former).toString("base64")} ]`;
  return [
    `${unchanged} || mv_fail engine-config-changed ${command(`${path} has changed`)}`,
    // It keeps who may read it.
    `mv_mode=$(stat -c 0%a ${command(path)} 2> /dev/null || echo 0644); mv_owner=$(stat -c %U:%G ${command(path)} 2> /dev/null || echo root:root)`,
    installFile(path, wanted).replace("0644 root:root", '"$mv_mode" "$mv_owner"'),
  ];
}

/**
 * Has the engine read what is registered; of the changes in one batch, the first does it for all. Where the engine does
 * not take that, the fault may be another's: then each is for itself.
 */
function applyLines(name: string, otherwise: string[] = []): string[] {
  return [
    `mv_apply() { mv_status=0; /usr/lib/microvm/engine-apply ${name} 2> "$mv_work/engine" || mv_status=$?; }`,
    "mv_apply",
    `case $mv_status in 0 | 3 | 5) ;; *) if mv_swap_later ${name}; then mv_apply; mv_swap_later ${name}; fi ;; esac`,
    `if [ $mv_status != 0 ]; then cat "$mv_work/engine" 1>&2; mv_said=$(grep -v '^$' "$mv_work/engine" | head -n 1)`,
    ...otherwise,
    `case $mv_status in 3) mv_fail engine-broken "$mv_said" ;; 4) mv_fail drop-in-refused "$mv_said" ;; 5) mv_fail engine-ends-containers ${command(name)} ;; *) mv_fail engine-not-working "$mv_said" ;; esac`,
    "fi",
  ];
}

/**
 * Registers the handlers of an object, and takes away those that it has no more. Where the engine does not take them,
 * those that it had before are back.
 */
function registerLines(
  engine: ContainerEngineReference,
  owner: string,
  handlers: Handler[],
): { prepare: string[]; commit: string[] } {
  const driver = engineDriver(engine.kind as EngineKind);
  const at = directory(engine.name as string);
  const mine = `${at}/handlers/${owner}`;
  const former = `"$mv_work/$mv_n.${engine.name}"`;
  const kept = handlers.map(({ name }) => `! -name ${command(`${owner}.${name}`)}`).join(" ");
  return {
    prepare: [
      `[ -d ${at}/handlers ] || mv_fail engine-gone ${command(engine.name as string)}`,
      ...handlers.map(
        ({ name }) =>
          `for mv_other in ${at}/handlers/*.${name}; do case $mv_other in ${mine}.${name} | *'*'*) ;; *) mv_fail handler-taken "${name} of $(basename "$mv_other" .${name})" ;; esac; done`,
      ),
      `mkdir ${former}; cp -p ${mine}.* ${former} 2> /dev/null || true; printf '%s\\n' ${owner} > ${former}.owner`,
      `find ${at}/handlers -name ${command(`${owner}.*`)} ${kept} -delete`,
      ...handlers.map((handler) => installFile(`${mine}.${handler.name}`, driver.part(handler))),
    ],
    commit: applyLines(engine.name as string, [
      `rm -f ${mine}.*; cp -p ${former}/* ${at}/handlers/ 2> /dev/null || true`,
    ]),
  };
}

function unregisterLines(engine: ContainerEngineReference, owner: string): { prepare: string[]; commit: string[] } {
  const at = directory(engine.name as string);
  // An engine that is gone has nothing of it any more.
  return {
    prepare: [`rm -f ${at}/handlers/${owner}.*`],
    commit: [`if [ -d ${at}/handlers ]; then`, ...applyLines(engine.name as string), "fi"],
  };
}

/** Registers an object's handlers with the engines that it has now, and takes them out of those that it had before. */
export function registrations(
  { engines = [], former = [] }: { engines?: ContainerEngineReference[]; former?: ContainerEngineReference[] },
  owner: string,
  handlers: Handler[],
): { prepare: string[]; commit: string[] } {
  const left = former.filter(({ name }) => !engines.some((engine) => engine.name === name));
  const all = [
    ...engines.map((engine) => registerLines(engine, owner, handlers)),
    ...left.map((engine) => unregisterLines(engine, owner)),
  ];
  return { prepare: all.flatMap(({ prepare }) => prepare), commit: all.flatMap(({ commit }) => commit) };
}

/** The engines that an object was last registered with: what the host's record says beats what the state does. */
export function recordedEngines(
  snapshot: Snapshot,
  kind: string,
  { name, engines = [] }: { name?: string; engines?: ContainerEngineReference[] },
): ContainerEngineReference[] {
  const record = snapshot.records.get(recordPath(kind, name as string));
  return (record?.inputs.engines as ContainerEngineReference[] | undefined) ?? engines;
}

/** How what an engine was told differs from what it should know, a sentence each. */
export function registrationDrift(
  snapshot: Snapshot,
  engine: ContainerEngineReference,
  owner: string,
  handlers: Handler[],
): string[] {
  const driver = engineDriver(engine.kind as EngineKind);
  const at = directory(engine.name as string);
  return handlers.flatMap((handler) => {
    const path = `${at}/handlers/${owner}.${handler.name}`;
    const actual = snapshot.contents.get(path);
    return actual === driver.part(handler) ? [] : [`${engine.kind} does not know runtime ${handler.name} as declared`];
  });
}

async function remove(host: HostSession, state: ContainerEngineState): Promise<void> {
  const snapshot = await host.snapshot();
  const name = state.name as string;
  const at = directory(name);
  if (!snapshot.files.has(at) || isAnothers(snapshot, "ContainerEngine", name, state.owner)) return;
  const { driver, main, dropIn } = placesOf(state);
  const text = snapshot.contents.get(main);
  const without = text === undefined ? undefined : driver.unlink(text, dropIn);
  try {
    requireUnlinked(main, without, driver, dropIn);
    await host.apply({
      purpose: `delete ContainerEngine ${name}`,
      deadline: 1_800_000,
      prepare: [
        ...ownLines("ContainerEngine", name, [state.owner]),
        ...(state.kind === "containerd" ? stillRunning(driver) : []),
        `for mv_other in ${at}/handlers/* ${at}/containers/*; do [ ! -e "$mv_other" ] || mv_fail engine-in-use "$(basename "$mv_other" | tr . ' ')"; done`,
      ],
      commit: [
        // Without handlers the drop-in says nothing: what leads to it can go without the engine being asked.
        ...(main === dropIn ? giveBack(main, at, driver) : installMain(main, text, without)),
        ...(without === "" ? [`[ -s ${command(main)} ] || mv_gone ${command(main)}`] : []),
        ...(main === dropIn ? [] : [command("mv_gone", dropIn), command("mv_rmdir", dropIn.replace(/\/[^/]*$/, ""))]),
        ...cameForUs(driver),
        command("mv_release", at),
        // With an engine that came for us go its images, and what it has made of its own.
        `if [ -n "$mv_came" ] && [ -z "$(${driver.version} 2> /dev/null)" ]; then mv_gone /var/lib/containerd /run/containerd; [ -s ${driver.configFile} ] || mv_gone ${driver.configFile}; mv_rmdir /etc/containerd /etc/cni/net.d /etc/cni; fi`,
        command("mv_gone", at),
      ],
    });
  } catch (error) {
    throw explain(explainOwnership(error, "ContainerEngine", name), state);
  }
}

/** Whether its package came for us: the host knows it, also of an engine that was never made to the end. */
function cameForUs({ package: name }: EngineDriver): string[] {
  return [name ? `mv_came=$(sed -n 's/^${name}://p' /etc/microvm/packages 2> /dev/null || true)` : "mv_came="];
}

/** An engine that came for us goes with all that is in it, so that nothing may run there any more. */
function stillRunning(driver: EngineDriver): string[] {
  // Not asked of the engine, which need not run for its containers to.
  return [
    ...cameForUs(driver),
    `for mv_task in /run/containerd/io.containerd.runtime.v2.task/*/*; do if [ -n "$mv_came" ] && [ -e "$mv_task" ]; then mv_fail engine-in-use "container $(basename "$mv_task") of $(basename "$(dirname "$mv_task")")"; fi; done`,
  ];
}

/** An engine does not start where its main file leads nowhere. */
function requireUnlinked(main: string, text: string | undefined, driver: EngineDriver, dropIn: string): void {
  if (text === undefined || main === dropIn) return;
  if (!driver.alsoRead([{ path: main, text }], "").includes(dropIn)) return;
  throw new ConfigurationError(
    main,
    `it still imports ${dropIn}`,
    "Take that out of `imports`, then run the same again.",
  );
}

/** The very bytes that were there, unless somebody has changed them since. */
function giveBack(path: string, at: string, { restart }: EngineDriver): string[] {
  const applied = `[ "$(sha256sum < ${path} | cut -c 1-64)" = "$(cat ${at}/applied)" ]`;
  return [
    `if [ -e ${at}/original ] && ${applied}; then if [ -s ${at}/original ]; then cp -p ${at}/original ${path}; else rm -f ${path}; fi; ${restart} || true; fi`,
  ];
}

/** Words what `registerLines` and the engine itself refuse. */
export function explain(error: unknown, { kind, name }: { kind: string; name?: string }): unknown {
  const subject = `ContainerEngine ${name}`;
  if (error instanceof ConfigurationError) {
    const { path, reason, remedy } = error;
    return new MicrovmError({
      code: "engine-config",
      verb: "configure",
      subject,
      cause: `${path}: ${reason}`,
      hint: remedy,
    });
  }
  if (!(error instanceof ChangeError)) return error;
  const { said } = error;
  const known: Record<string, [cause: string, hint: string]> = {
    "engine-missing": [
      `there is no ${kind} on the host`,
      kind === "containerd"
        ? "Install it there; or say `install: true`: then the distribution's package is installed."
        : "Install it there.",
    ],
    "engine-gone": [`container engine ${said} is not set up on the host`, "Run `pulumi refresh`, then `pulumi up`."],
    "engine-config-changed": [`${said} while it was looked at`, "Run the same again."],
    "engine-broken": [
      `${kind} refuses the configuration that it has: ${said}`,
      "Correct it on the host, then run the same again.",
    ],
    "drop-in-refused": [`${kind} refuses what would be added to its configuration: ${said}`, "Nothing was changed."],
    "engine-ends-containers": [
      `its service would end all containers when it is restarted`,
      "Set KillMode=process in a drop-in of its unit, as its project does, then run the same again.",
    ],
    "engine-not-working": [`${kind} did not work with it: ${said}`, "The former configuration is in effect again."],
    "handler-taken": [`there is runtime ${said} already`, "Choose another name for the handler."],
    "engine-in-use": [`it is still used: ${said}`, "Delete that first."],
  };
  const [cause, hint] = known[error.code] ?? [];
  if (!cause) return error;
  const { remote } = error.parts;
  return new MicrovmError({ code: error.code, verb: "configure", subject, cause, hint, remote }, { cause: error });
}
