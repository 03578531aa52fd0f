import { type Handler, isOciRuntime } from "./handler";
import { parseToml, type TomlTable, tomlText } from "./toml";

/** What the container engines are to the provider: how each is asked, configured, checked and tried. Pure. */

export type EngineKind = "containerd" | "cri-o" | "docker";

/** A file of an engine's configuration, as the host has it; one that is not there has no text. */
export interface ConfigFile {
  path: string;
  text?: string;
}

/** How the drop-in of an engine comes to be: `head`, a part for each handler with `separator` between, `tail`. */
export interface Configuration {
  /** The main file's text with what leads to the drop-in; undefined where nothing has to lead there. */
  main?: string;
  head: string;
  separator: string;
  tail: string;
  /** The drop-in where there is no handler. */
  bare: string;
  /** What the engine calls the plugins that `@cri@` and `@images@` stand for; without a name those lines are left out. */
  cri: string;
  images: string;
}

export interface EngineDriver {
  /** Package of the distribution that has it, where that can be removed without a trace. */
  package?: string;
  unit: string;
  /** Default of its main configuration file. */
  configFile: string;
  dropIn(configFile: string): string;
  /** Shell that prints its version, and fails where the engine is missing. */
  version: string;
  /** Files besides the main one that are read with it, as shell patterns. */
  alsoRead(files: ConfigFile[], dropIn: string): string[];
  /**
   * `registered` are the names of our handlers. Throws `ConfigurationError` where the host's files leave no way.
   */
  configure(files: ConfigFile[], dropIn: string, version: string, registered: string[]): Configuration;
  /** The main file without what leads to the drop-in. */
  unlink(text: string, dropIn: string): string;
  /** A handler's part of the drop-in. */
  part(handler: Handler): string;
  /** Shell that fails, and says why, where the engine would not take `$1` as its drop-in and `$2` as its main file. */
  check(configFile: string, dropIn: string): string[];
  /** Shell that makes it read its configuration. */
  restart: string;
  /** Whether containers run on while that happens, said by the status of this shell. */
  survives: string;
  /** Shell that fails where it does not work; a container is run where the host can. */
  try: string[];
}

/** A host's own configuration that nothing can be added to. */
export class ConfigurationError extends Error {
  constructor(
    readonly path: string,
    readonly reason: string,
    readonly remedy: string,
  ) {
    super(`${path}: ${reason}`);
  }
}

export function engineDriver(kind: EngineKind): EngineDriver {
  return drivers[kind];
}

/** Plugin of containerd that speaks Kubernetes' runtime interface, by the version of the configuration's format. */
const criPlugin: Record<number, { cri: string; images: string }> = {
  2: { cri: "io.containerd.grpc.v1.cri", images: "" },
  3: { cri: "io.containerd.cri.v1.runtime", images: "io.containerd.cri.v1.images" },
  4: { cri: "io.containerd.cri.v1.runtime", images: "io.containerd.cri.v1.images" },
};

/** KillMode says whether a service's other processes, here the containers' shims, are ended with it. */
const keepsShims = (unit: string) => `[ "$(systemctl show -P KillMode ${unit})" = process ]`;

/** Shell that waits until a command of the engine works. */
const answers = (asked: string) =>
  `tries=100; until ${asked}; do tries=$((tries - 1)); [ $tries -gt 0 ] || { echo 'it does not answer' 1>&2; exit 1; }; sleep 0.1; done`;

const containerd: EngineDriver = {
  package: "containerd",
  unit: "containerd.service",
  configFile: "/etc/containerd/config.toml",
  // In the directory that 2.2 and newer read by themselves where there is no main file; of what is there, the last.
  dropIn: (configFile) => `${configFile.replace(/\/[^/]*$/, "")}/conf.d/zz-microvm.toml`,
  version: "containerd --version | sed -n 's/^containerd [^ ]* v\\{0,1\\}\\([0-9][0-9.]*\\).*/\\1/p'",
  alsoRead: ([main], dropIn) => importsOf(main).filter((path) => path !== dropIn),
  configure: (files, dropIn, version) => {
    const [main] = files as [ConfigFile, ...ConfigFile[]];
    const release = Number(version.split(".")[0]);
    const format = formatOf(main, release);
    const plugins = criPlugin[format];
    if (!plugins) {
      throw new ConfigurationError(
        main.path,
        format < 2 ? "its format is version 1, which later files cannot add to" : `its format ${format} is not known`,
        format < 2 ? "Convert it with `containerd config migrate`." : "Use a newer version of the provider.",
      );
    }
    return {
      main: importsOf(main).some((path) => leadsTo(path, dropIn)) ? main.text : withImport(main.text ?? "", dropIn),
      head: [`version = ${format}\n`, ...(release < 2 ? [replacedPart(files, plugins.cri)] : [])].join(""),
      separator: "",
      tail: "",
      bare: `version = ${format}\n`,
      ...plugins,
    };
  },
  unlink: withoutImport,
  part: (handler) => {
    const { name, runtime, program, configPath, annotations = [], snapshotter } = handler;
    const table = `plugins."@cri@".containerd.runtimes.${name}`;
    const own: TomlTable | undefined = isOciRuntime(handler)
      ? { BinaryName: program }
      : configPath
        ? { ConfigPath: configPath }
        : undefined;
    return [
      `[${table}]`,
      tomlText({
        runtime_type: runtime,
        ...(isOciRuntime(handler) ? {} : { runtime_path: program, privileged_without_host_devices: true }),
        ...(annotations.length ? { pod_annotations: annotations } : {}),
        ...(snapshotter ? { snapshotter } : {}),
      }).trimEnd(),
      ...(own ? [`[${table}.options]`, tomlText(own).trimEnd()] : []),
      // Each line is left out where the format has no such plugin.
      ...(snapshotter
        ? [`[plugins."@images@".runtime_platforms.${name}]`, `${tomlText({ snapshotter }).trimEnd()} # of @images@`]
        : []),
      "",
    ].join("\n");
  },
  check: (configFile, dropIn) => {
    const directory = configFile.replace(/\/[^/]*$/, "");
    const [trial, trials] = [`${directory}/.microvm-check.toml`, `${directory}/.microvm-check.d`];
    return [
      // Beside the real ones, which may be named relative to the main file, and with all that a pattern finds.
      `trap 'rm -rf ${trial} ${trial}.dump ${trials}' EXIT`,
      `rm -rf ${trials}; mkdir ${trials}; cp ${directory}/conf.d/*.toml ${trials}/ 2> /dev/null || true; cp "$1" ${trials}/${dropIn.replace(/.*\//, "")}`,
      `{ if [ -e "$2" ]; then cat "$2"; else sed -n 1p "$1"; printf 'imports = ["%s"]\\n' ${dropIn}; fi; } | sed 's|conf\\.d/|.microvm-check.d/|g' > ${trial}`,
      `containerd --config ${trial} config dump > ${trial}.dump`,
      // What is written and not found in what it makes of all its files has been lost on the way.
      `sed -n 's/^\\[plugins\\."[^"]*"\\.containerd\\.runtimes\\.\\([^].]*\\)\\]$/\\1/p' "$1" | while read -r handler; do grep -Eq "runtimes\\.[\\"']?$handler[\\"']?\\]" ${trial}.dump || { echo "its configuration would not show runtime $handler" 1>&2; exit 1; }; done`,
    ];
  },
  restart: "systemctl restart containerd.service",
  survives: keepsShims("containerd.service"),
  try: [
    answers("ctr version > /dev/null 2>&1"),
    "if ctr plugins ls | grep -E '[[:space:]]cri[[:space:]].*error' 1>&2; then exit 1; fi",
    "/usr/lib/microvm/container-check",
  ],
};

const crio: EngineDriver = {
  unit: "crio.service",
  configFile: "/etc/crio/crio.conf",
  dropIn: (configFile) => `${configFile}.d/99-microvm.conf`,
  version:
    "crio --version | sed -n 's/^crio version \\([0-9][0-9.]*\\).*/\\1/p; s/^Version: *\\([0-9][0-9.]*\\).*/\\1/p' | head -n 1",
  alsoRead: () => [],
  configure: () => ({ head: "", separator: "", tail: "", bare: "", cri: "", images: "" }),
  unlink: (text) => text,
  part: (handler) => {
    const { name, program, configPath, annotations = [] } = handler;
    const oci = { runtime_path: program, runtime_type: "oci" };
    const vm = {
      runtime_path: program,
      runtime_type: "vm",
      runtime_root: "/run/vc",
      ...(configPath ? { runtime_config_path: configPath } : {}),
      privileged_without_host_devices: true,
    };
    const table = {
      ...(isOciRuntime(handler) ? oci : vm),
      ...(annotations.length ? { allowed_annotations: annotations } : {}),
    };
    return `[crio.runtime.runtimes.${name}]\n${tomlText(table)}`;
  },
  check: (configFile) => [
    // All of its drop-ins with ours in the place of the former one.
    "trial=$(mktemp -d)",
    "trap 'rm -rf \"$trial\"' EXIT",
    `cp ${configFile}.d/*.conf "$trial/" 2> /dev/null || true`,
    'cp "$1" "$trial/99-microvm.conf"',
    `crio --config ${configFile} --config-dir "$trial" config > /dev/null`,
  ],
  restart: "systemctl restart crio.service",
  survives: keepsShims("crio.service"),
  try: [answers("crio status info > /dev/null 2>&1")],
};

const docker: EngineDriver = {
  unit: "docker.service",
  configFile: "/etc/docker/daemon.json",
  // It reads one file only, so that is put together around what its administrator has there.
  dropIn: (configFile) => configFile,
  version: "dockerd --version | sed -n 's/^Docker version \\([0-9][0-9.]*\\).*/\\1/p'",
  alsoRead: () => [],
  configure: (files, _, version, registered) => {
    if (Number(version.split(".")[0]) < 23) {
      throw new ConfigurationError(
        "dockerd",
        `its version ${version} takes no runtimes with a shim of their own`,
        "Docker 23 and newer do.",
      );
    }
    return { ...dockerParts(files[0] as ConfigFile, registered), cri: "", images: "" };
  },
  unlink: (text) => text,
  part: (handler) => {
    const { name, runtime, program, configPath } = handler;
    const value = isOciRuntime(handler)
      ? { path: program }
      : { runtimeType: runtime, ...(configPath ? { options: { ConfigPath: configPath } } : {}) };
    return `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`;
  },
  check: () => ['said=$(dockerd --validate --config-file "$1" 2>&1) || { printf "%s\\n" "$said" 1>&2; exit 1; }'],
  // It reads its runtimes again on this signal, and nothing is restarted.
  restart: "systemctl reload docker.service",
  survives: "true",
  // Its command line is a package of its own; its socket is always there.
  try: [answers("curl -fsS --max-time 20 --unix-socket /run/docker.sock http://docker/info > /dev/null 2>&1")],
};

const drivers: Record<EngineKind, EngineDriver> = { containerd, "cri-o": crio, docker };

function parsed({ path, text = "" }: ConfigFile): TomlTable {
  try {
    return parseToml(text);
  } catch (error) {
    throw new ConfigurationError(path, `it is not TOML (${(error as Error).message.split("\n")[0]})`, "Correct it.");
  }
}

function formatOf(main: ConfigFile, release: number): number {
  const table = parsed(main);
  // Without a version it is 1; where nothing is said at all, it is what the engine likes best.
  if (typeof table.version === "number") return table.version;
  return Object.keys(table).some((key) => key !== "imports") ? 1 : release < 2 ? 2 : 3;
}

function importsOf(main: ConfigFile | undefined): string[] {
  const { imports } = main ? parsed(main) : {};
  return Array.isArray(imports) ? imports.filter((path): path is string => typeof path === "string") : [];
}

/** Whether a path is among what a shell pattern names. */
export function leadsTo(pattern: string, path: string): boolean {
  const parts = pattern.split(/([*?])/).map((part) => (part === "*" ? "[^/]*" : part === "?" ? "[^/]" : escaped(part)));
  return new RegExp(`^${parts.join("")}$`).test(path);
}

/**
 * Before containerd 2, a plugin's settings in a later file take the place of all that an earlier one has said of it, so
 * that what is there must be said again. A list of runtimes takes the place of the one that is built in, too.
 */
function replacedPart(files: ConfigFile[], plugin: string): string {
  const found = files
    .map((file) => (parsed(file).plugins as TomlTable | undefined)?.[plugin] as TomlTable | undefined)
    .filter((value) => value !== undefined)
    .pop();
  const { containerd: settings = {}, ...rest } = (found ?? {}) as { containerd?: TomlTable };
  const runtimes = (settings.runtimes as TomlTable | undefined) ?? { runc: { runtime_type: "io.containerd.runc.v2" } };
  const said = { ...rest, containerd: { ...settings, runtimes } };
  return tomlText({ plugins: { [plugin]: said } });
}

const mark = "# for pulumi-microvm";

/**
 * Adds to what a containerd configuration imports: at the end, since the last has the last word. The rest of the text
 * stays as it is, comments and all.
 */
export function withImport(text: string, path: string): string {
  const list = importList(text);
  if (!list) return `imports = ["${path}"] ${mark}\n${text}`;
  const { last, separated } = list;
  // Two spaces tell a comma that was there from one of ours.
  return `${text.slice(0, last)}${separated ? "  " : ", "}"${path}"${text.slice(last)}`;
}

export function withoutImport(text: string, path: string): string {
  const line = new RegExp(`^imports = \\["${escaped(path)}"\\] ${mark}\\n`, "m");
  if (line.test(text)) return text.replace(line, "");
  const { start, end } = importList(text) ?? { start: 0, end: 0 };
  const element = escaped(path);
  const items = text.slice(start, end);
  const less = items.replace(new RegExp(`(, | {2})"${element}"|"${element}"[ \\t]*,?[ \\t]*`), "");
  return text.slice(0, start) + less + text.slice(end);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

/** Where the file's own list of imports has its items, and where the last of them ends; undefined where it has none. */
function importList(text: string): { start: number; end: number; last: number; separated: boolean } | undefined {
  const found = /^[ \t]*imports[ \t]*=[ \t]*\[/m.exec(text);
  // Only what stands before the first table is the file's own.
  const firstTable = /^[ \t]*\[/m.exec(text)?.index ?? text.length;
  if (!found || found.index > firstTable) return undefined;
  const start = found.index + found[0].length;
  let last = start;
  let separated = true;
  for (let at = start; at < text.length; at++) {
    const character = text[at] as string;
    if (character === "]") return { start, end: at, last, separated };
    if (character === "#") at = (text.indexOf("\n", at) + text.length + 1) % (text.length + 1);
    else if (character === '"' || character === "'") {
      at = text.indexOf(character, at + 1);
      if (at < 0) return undefined;
      last = at + 1;
      separated = false;
    } else if (character === ",") {
      last = at + 1;
      separated = true;
    }
  }
  return undefined;
}

/** What Docker's configuration says, opened where its runtimes are. */
function dockerParts(
  { path, text }: ConfigFile,
  registered: string[],
): Pick<Configuration, "head" | "separator" | "tail" | "bare"> {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text?.trim() || "{}");
  } catch (error) {
    throw new ConfigurationError(path, `it is not JSON (${(error as Error).message})`, "Correct it.");
  }
  const { runtimes = {}, ...rest } = value as { runtimes?: Record<string, unknown> };
  const theirs = Object.entries(runtimes).filter(([key]) => !registered.includes(key));
  const members = Object.entries(rest).map(([key, item]) => `  ${JSON.stringify(key)}: ${JSON.stringify(item)},\n`);
  const kept = theirs.map(([key, item]) => `    ${JSON.stringify(key)}: ${JSON.stringify(item)},\n`);
  const all = { ...rest, ...(theirs.length ? { runtimes: Object.fromEntries(theirs) } : {}) };
  return {
    head: `{\n${members.join("")}  "runtimes": {\n${kept.join("")}`,
    separator: ",\n",
    tail: "\n  }\n}\n",
    bare: `${JSON.stringify(all, undefined, 2)}\n`,
  };
}
