import { type Handler, prefix } from "./layout";
import { isTable, parseToml, type TomlTable, type TomlValue, tomlText } from "./toml";

/** A handler's drop-in: what stands beside a copy of the shipped configuration. Pure. */

export interface Choices {
  handler: Handler;
  /** Where a path of the archive, without `/opt/kata/`, lies on the host; undefined where no archive has it. */
  locate(path: string): string | undefined;
  /** The tree that the handler's runtime is in, for paths that nothing has to be at. */
  tree: string;
  /** For messages in the file. */
  owner: string;
}

export interface Written {
  text: string;
  /** The VMM that is started; empty where it is built in. */
  hypervisorPath: string;
  /** Files that the configuration needs and no archive holds. */
  missing: string[];
  /** Files of the host, besides those of the archives, that it names. */
  needs: string[];
}

/** A shipped configuration that is not what it should be. */
export class ConfigurationError extends Error {}

/** Paths at which something has to be: Kata itself says nothing where some of them lead nowhere. */
const required = ["path", "kernel", "image", "initrd", "virtio_fs_daemon", "jailer_path"];

/**
 * The drop-in. It names keys that the shipped file has, and `initrd`: any other is an error to Kata. An array takes the
 * place of the shipped one. A key of another VMM's table would make that table, so the only one of the shipped file is used.
 */
export function dropIn(shipped: string, { handler, locate, tree, owner }: Choices): Written {
  const { document, table } = read(shipped);
  const [name, hypervisor] = table;
  const missing: string[] = [];
  const moved = relocated(document, tree) ?? {};
  const movedHypervisor = isTable(moved.hypervisor) ? moved.hypervisor[name] : undefined;
  const own: TomlTable = isTable(movedHypervisor) ? movedHypervisor : {};
  const needs = choose(hypervisor, own, handler, tree);
  for (const key of required) {
    const path = own[key];
    if (typeof path !== "string" || !path.startsWith(`${tree}${prefix}`)) continue;
    const inArchive = path.slice(`${tree}${prefix}`.length);
    const found = locate(inArchive);
    if (found) own[key] = found;
    else missing.push(`${prefix}${inArchive}`);
  }
  // Only annotations are held to this list, and a VMM that is not on it would be refused for them alone.
  for (const [key, list] of [
    ["path", "valid_hypervisor_paths"],
    ["jailer_path", "valid_jailer_paths"],
  ] as const)
    if (list in hypervisor && own[key]) own[list] = [own[key]];
  const result: TomlTable = { ...moved, hypervisor: { [name]: own } };
  if (handler.debug) {
    for (const path of [["runtime"], ["agent", "kata"]]) enableDebug(document, result, path);
  }
  const hypervisorPath = handler.vmm === "dragonball" ? "" : String(own.path ?? hypervisor.path ?? "");
  const heading = `# Of ${owner}: a change here is undone. What Kata ships is beside it, in ../configuration.toml.\n`;
  return { text: `${heading}${tomlText(result)}`, hypervisorPath, missing, needs };
}

/** Puts a handler's choices into the table of its VMM; returns the files of the host that they name. */
function choose(hypervisor: TomlTable, own: TomlTable, handler: Handler, tree: string): string[] {
  const { monitor, kernel, kernelPath, annotations, defaultVcpus, defaultMemory } = handler;
  const needs: string[] = [];
  const given = (key: string, path: string) => {
    own[key] = path;
    needs.push(path);
  };
  if (monitor) {
    given("path", monitor.path);
    if (monitor.jailerPath && "jailer_path" in hypervisor) given("jailer_path", monitor.jailerPath);
  }
  // QEMU boots what distributions pack; the others take the ELF file.
  if (kernel) given("kernel", handler.vmm === "qemu" ? kernel.path : kernel.vmlinuxPath || kernel.path);
  if (kernelPath) given("kernel", kernelPath);
  needs.push(...boot(hypervisor, own, handler, tree));
  if (annotations) own.enable_annotations = [...annotations];
  if (defaultVcpus !== undefined) own.default_vcpus = defaultVcpus;
  if (defaultMemory !== undefined) own.default_memory = defaultMemory;
  if (handler.kernelParams?.length) {
    const former = typeof hypervisor.kernel_params === "string" ? hypervisor.kernel_params : "";
    own.kernel_params = [former, ...handler.kernelParams].filter(Boolean).join(" ");
  }
  if (handler.debug) own.enable_debug = true;
  return needs;
}

/** Image or initial RAM disk, and never both: an empty path takes a shipped one away. */
function boot(hypervisor: TomlTable, own: TomlTable, { image, initrd }: Handler, tree: string): string[] {
  const choice = initrd ?? image ?? "shipped";
  const [key, other] = initrd ? (["initrd", "image"] as const) : (["image", "initrd"] as const);
  if (hypervisor[other]) own[other] = "";
  else delete own[other];
  // The digest of the shipped image would refuse any other.
  if ((initrd || choice !== "shipped") && hypervisor.kernel_verity_params) own.kernel_verity_params = "";
  if (choice !== "shipped") {
    own[key] = choice;
    return [choice];
  }
  if (!hypervisor[key]) {
    const file = initrd ? "kata-containers-initrd.img" : "kata-containers.img";
    own[key] = `${tree}${prefix}share/kata-containers/${file}`;
  }
  return [];
}

/** Logging of the runtime and of the agent, where the shipped file knows it. */
function enableDebug(document: TomlTable, result: TomlTable, path: string[]): void {
  const shipped = path.reduce<TomlValue | undefined>((at, key) => (isTable(at) ? at[key] : undefined), document);
  if (!isTable(shipped) || !("enable_debug" in shipped)) return;
  const at = path.reduce<TomlTable>((table, key) => {
    const inner = table[key];
    const next = isTable(inner) ? inner : {};
    table[key] = next;
    return next;
  }, result);
  at.enable_debug = true;
}

function read(shipped: string): { document: TomlTable; table: [name: string, values: TomlTable] } {
  let document: TomlTable;
  try {
    document = parseToml(shipped);
  } catch (error) {
    throw new ConfigurationError((error as Error).message.split("\n")[0]);
  }
  const [table, ...others] = Object.entries(isTable(document.hypervisor) ? document.hypervisor : {});
  if (!table || others.length || !isTable(table[1])) throw new ConfigurationError("it has not the table of one VMM");
  return { document, table: [table[0], table[1]] };
}

/** Only what has a path below `/opt/kata/`, moved below the tree; undefined where there is nothing of that. */
function relocated(table: TomlTable, tree: string): TomlTable | undefined {
  const found = Object.entries(table).flatMap(([key, value]): [string, TomlValue][] => {
    if (isTable(value)) {
      const inner = relocated(value, tree);
      return inner ? [[key, inner]] : [];
    }
    return names(value) ? [[key, moved(value, tree)]] : [];
  });
  return found.length ? Object.fromEntries(found) : undefined;
}

function names(value: TomlValue): boolean {
  if (typeof value === "string") return value.startsWith(prefix);
  if (Array.isArray(value)) return value.some(names);
  return isTable(value) && Object.values(value).some(names);
}

/** Of an array all of it: a drop-in's array takes the place of the shipped one. */
function moved(value: TomlValue, tree: string): TomlValue {
  if (typeof value === "string") return value.startsWith(prefix) ? `${tree}${value}` : value;
  if (Array.isArray(value)) return value.map((item) => moved(item, tree));
  if (!isTable(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, moved(item, tree)]));
}
