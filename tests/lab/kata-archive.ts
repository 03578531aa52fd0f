import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface KataArchive {
  version: string;
  /** The runtimes in it. Default: Go. */
  runtimes?: ("go" | "rust")[];
  compression?: "xz" | "zst";
  /** Versions that its VMMs say. Default: ones without published flaws. */
  cloudHypervisor?: string;
  firecracker?: string;
  /** Paths that it has not. */
  without?: string[];
  /** Further files by their path in the archive, and links that begin with `->`. */
  more?: Record<string, string>;
  /** Bytes of what cannot be compressed, to fill a disk with. */
  bulk?: number;
  /** A shell of the lab's host: what a shim runs as, so that it shows in /proc as a real one does. */
  process: string;
}

const place = "opt/kata/share/defaults/kata-containers";

/** An archive with the layout of a release of Kata. Its programs are small scripts that behave as far as a host sees them. */
export function kataArchive(
  directory: string,
  { version, runtimes = ["go"], compression = "zst", process, more = {}, without = [], bulk, ...versions }: KataArchive,
): string {
  const root = mkdtempSync(join(directory, "kata-"));
  const put = (path: string, content: string, mode = 0o644) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content, { mode });
  };
  const link = (path: string, target: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    symlinkSync(target, join(root, path));
  };
  const says = (path: string, text: string) => put(path, `#!/bin/sh\necho '${text}'\n`, 0o755);
  put("opt/kata/VERSION", `${version}\n`);
  says("opt/kata/bin/cloud-hypervisor", `cloud-hypervisor v${versions.cloudHypervisor ?? "53.0.0"}`);
  says("opt/kata/bin/firecracker", `Firecracker v${versions.firecracker ?? "1.16.1"}`);
  says("opt/kata/bin/jailer", `Jailer v${versions.firecracker ?? "1.16.1"}`);
  says("opt/kata/bin/qemu-system-x86_64", "QEMU emulator version 11.0.1 (kata-static)");
  says("opt/kata/libexec/virtiofsd", "virtiofsd 1.14.0");
  put("opt/kata/share/kata-containers/vmlinux-6.18", "kernel\n");
  link("opt/kata/share/kata-containers/vmlinux.container", "vmlinux-6.18");
  put("opt/kata/share/kata-containers/kata-containers.img", `image of ${version}\n`);
  put("opt/kata/share/kata-containers/kata-containers-initrd.img", "initial RAM disk\n");
  if (runtimes.includes("go")) {
    put("opt/kata/bin/kata-runtime", kataRuntime, 0o755);
    for (const vmm of ["clh", "fc", "qemu"] as const) put(`${place}/configuration-${vmm}.toml`, configuration(vmm));
    put("opt/kata/bin/containerd-shim-kata-v2", shim("go", version), 0o755);
  }
  if (runtimes.includes("rust")) {
    for (const [name, vmm] of [
      ["clh-runtime-rs", "clh"],
      ["qemu-runtime-rs", "qemu"],
      ["dragonball", "dragonball"],
      ["rs-fc", "fc"],
    ] as const)
      put(`${place}/runtime-rs/configuration-${name}.toml`, configuration(vmm));
    put("opt/kata/runtime-rs/bin/containerd-shim-kata-v2", shim("rust", version), 0o755);
  }
  mkdirSync(join(root, "opt/kata/libexec"), { recursive: true });
  copyFileSync(process, join(root, "opt/kata/libexec/shim-process"));
  if (bulk)
    execFileSync("dd", ["if=/dev/urandom", `of=${root}/opt/kata/bulk`, `bs=${bulk}`, "count=1"], { stdio: "ignore" });
  for (const [path, content] of Object.entries(more)) {
    if (content.startsWith("->")) link(path, content.slice(2));
    else put(path, content);
  }
  for (const path of without) rmSync(join(root, path));
  const archive = join(
    directory,
    `kata-static-${version}-${Math.random().toString(36).slice(2, 8)}.tar.${compression}`,
  );
  execFileSync("tar", [
    "-C",
    root,
    `--use-compress-program=${compression === "xz" ? "xz -1" : "zstd -q"}`,
    "-cf",
    archive,
    "./opt",
  ]);
  rmSync(root, { recursive: true });
  return archive;
}

/** As short as a shipped one can be. The tables are named as Kata names them. */
function configuration(vmm: "clh" | "fc" | "qemu" | "dragonball"): string {
  const program = { clh: "cloud-hypervisor", fc: "firecracker", qemu: "qemu-system-x86_64", dragonball: "" }[vmm];
  const lines = [
    `[hypervisor.${vmm === "fc" ? "firecracker" : vmm}]`,
    `path = "${program && `/opt/kata/bin/${program}`}"`,
    'kernel = "/opt/kata/share/kata-containers/vmlinux.container"',
    'image = "/opt/kata/share/kata-containers/kata-containers.img"',
    `valid_hypervisor_paths = ["/opt/kata/bin/${program}"]`,
    'enable_annotations = ["enable_iommu"]',
    'kernel_params = "quiet"',
    "default_vcpus = 1",
    "default_memory = 2048",
    "enable_debug = false",
  ];
  if (vmm === "fc") lines.push('jailer_path = "/opt/kata/bin/jailer"', 'valid_jailer_paths = ["/opt/kata/bin/jailer"]');
  if (vmm === "clh" || vmm === "qemu") lines.push('virtio_fs_daemon = "/opt/kata/libexec/virtiofsd"');
  return [...lines, "", "[agent.kata]", "enable_debug = false", "", "[runtime]", "enable_debug = false", ""].join("\n");
}

/**
 * Stands for kata-runtime. As that does, it reads every entry of config.d in byte order, refuses keys of a VMM's table that
 * it does not know and files that are not there, and passes over nonsense in numbers.
 */
const kataRuntime = `#!/bin/sh
LC_ALL=C
export LC_ALL
[ "$1" = --config ] || { echo 'the stand-in wants a configuration' >&2; exit 2; }
config=$(realpath "$2")
shift 2
refuse() { echo "$config: $1" >&2; exit 1; }
all=$(cat "$config"; for file in "\${config%/*}"/config.d/*; do [ ! -f "$file" ] || cat "$file"; done)
known=' path kernel image initrd valid_hypervisor_paths jailer_path valid_jailer_paths virtio_fs_daemon enable_annotations kernel_params default_vcpus default_memory enable_debug '
for key in $(printf '%s\\n' "$all" | sed -n 's/^\\([a-z_]*\\) *=.*/\\1/p' | sort -u); do
  case $known in *" $key "*) ;; *) refuse "key \\"$key\\" not found" ;; esac
done
for key in path kernel image initrd jailer_path; do
  file=$(printf '%s\\n' "$all" | sed -n "s/^$key *= *\\"\\(.*\\)\\"/\\1/p" | tail -n 1)
  [ -z "$file" ] || [ -e "$file" ] || refuse "file $file does not exist"
done
case $1 in
  env) echo '{"Meta": {"Version": "1.0.27"}}' ;;
  check) echo 'time="2026-01-01T00:00:00Z" level=error msg="ERROR: System is not capable of running Kata Containers" name=kata-runtime' >&2; exit 1 ;;
esac
`;

/** Stands for a shim. Its engine starts it with \`start\`; what stays is a process below the release, told what it runs. */
function shim(runtime: string, version: string): string {
  return `#!/bin/sh
all=" $* "
while [ $# -gt 1 ]; do
  case $1 in
    -namespace) namespace=$2 ;;
    -id) id=$2 ;;
  esac
  shift
done
case "$all" in
  *' --version '*) echo "Kata Containers containerd shim (${runtime}): version: ${version}" ;;
  *' start '*) "\${0%/opt/kata/*}/opt/kata/libexec/shim-process" -c 'while :; do sleep 1; done' shim -namespace "$namespace" -id "$id" > /dev/null 2>&1 < /dev/null & ;;
esac
`;
}
