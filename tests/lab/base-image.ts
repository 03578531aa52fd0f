import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Debian's releases that lab hosts can be of. */
export const suites = ["bookworm", "trixie"] as const;
export type Suite = (typeof suites)[number];

export function isSuite(name: string): name is Suite {
  return suites.some((suite) => suite === name);
}

/**
 * What hosts of microVMs commonly have. The provider installs and removes the rest through the lab's package proxy:
 * something for each kind of object, the Host among them, so that its undoing is tested.
 */
const packages = [
  "systemd",
  "systemd-sysv",
  "dbus",
  "openssh-server",
  "iproute2",
  "ca-certificates",
  "curl",
  "procps",
  "kmod",
  "sudo",
  "e2fsprogs",
  "iputils-ping",
  "qemu-system-x86",
  "tcpdump",
];

/** Device nodes of its own: the outer machine's are neither open to its users nor its to change. */
const deviceNodes = [
  "d /dev/net 0755 root root -",
  "c /dev/net/tun 0666 root root - 10:200",
  ...(existsSync("/dev/kvm") ? ["c /dev/kvm 0660 root kvm - 10:232"] : []),
  "",
].join("\n");

/** Container managers mount the control groups read-only; limits need them writable. */
const writableGroups = `[Unit]
Description=Make the control-group controllers writable
DefaultDependencies=no
Before=sysinit.target systemd-journald.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'for c in memory pids cpu cpuacct devices freezer blkio cpuset; do [ -d /sys/fs/cgroup/$c ] && mount -o remount,rw,bind /sys/fs/cgroup/$c; done; systemctl --no-block daemon-reexec; true'

[Install]
WantedBy=sysinit.target
`;

/** Where the base system of that definition is, built or not. */
export function defineBase(suite: Suite): { directory: string } {
  const key = createHash("sha256")
    .update(JSON.stringify([suite, packages, deviceNodes, writableGroups, 4]))
    .digest("hex")
    .slice(0, 16);
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "pulumi-microvm", "lab");
  return { directory: join(cache, `base-${key}`) };
}

/** Builds the base system once; a half-built one is never used, and two builders do not meet. */
export async function ensureBase(
  proxy: string,
  progress: (text: string) => void,
  suite: Suite = "bookworm",
): Promise<string> {
  const { directory } = defineBase(suite);
  if (existsSync(directory)) return directory;
  mkdirSync(join(directory, ".."), { recursive: true });
  const work = mkdtempSync(`${directory}.building-`);
  try {
    progress(`building the ${suite} base system of lab hosts (a minute or two, once)`);
    const root = join(work, "root");
    await run(
      "mmdebstrap",
      [
        "--quiet",
        "--variant=minbase",
        "--skip=cleanup/apt/lists",
        '--aptopt=APT::Install-Recommends "false"',
        `--aptopt=Acquire::http::Proxy "${proxy}"`,
        `--include=${packages.join(",")}`,
        suite,
        root,
      ],
      { maxBuffer: 1 << 26 },
    );
    const file = (path: string, text: string) => {
      mkdirSync(join(root, path, ".."), { recursive: true });
      writeFileSync(join(root, path), text);
    };
    rmSync(join(root, "etc/apt/apt.conf.d/99mmdebstrap"), { force: true });
    await run("sh", ["-c", `rm -f ${root}/etc/ssh/ssh_host_*`]);
    file("etc/machine-id", "");
    file("etc/tmpfiles.d/lab-devices.conf", deviceNodes);
    file("etc/systemd/system/lab-groups.service", writableGroups);
    file("etc/ssh/sshd_config.d/lab.conf", "UseDNS no\nPermitRootLogin prohibit-password\nMaxStartups 100\n");
    file("etc/apt/apt.conf.d/01lab", 'APT::Install-Recommends "false";\n');
    // As udev's package makes it, which lab hosts do without.
    await run("chroot", [root, "groupadd", "--system", "kvm"]);
    await run("systemctl", ["--root", root, "-q", "enable", "systemd-networkd.service", "lab-groups.service"]);
    await run("systemctl", [
      "--root",
      root,
      "-q",
      "mask",
      "apt-daily.timer",
      "apt-daily-upgrade.timer",
      "e2scrub_all.timer",
      "fstrim.timer",
      "dpkg-db-backup.timer",
    ]);
    try {
      renameSync(root, directory);
    } catch (error) {
      // Another builder was faster.
      if (!existsSync(directory)) throw error;
    }
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new Error(`the ${suite} base system of lab hosts could not be built: ${stderr ?? error}`, { cause: error });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return directory;
}
