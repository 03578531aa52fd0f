// Generated from schema/*.schema.json by `npm run generate`: change those instead.

/** The resources that there are. */
export type Kind = "Host" | "Kernel" | "MicroVM" | "Network" | "RootfsImage" | "Vmm" | "Volume";

/** Every kind, `Host` first. */
export const kinds: readonly Kind[] = ["Host", "Kernel", "MicroVM", "Network", "RootfsImage", "Vmm", "Volume"];

/** How a host is reached; holds no secret. */
export interface Connection {
  address: string;
  /** 1 to 65535. */
  port?: number;
  user?: string;
  privateKeyFile?: string;
  agent?: string;
  hostKey?: string;
  knownHosts?: string;
  sshConfig?: string;
  jump?: Jump[];
  /** How long each kind of remote step may take. */
  deadlines?: Deadlines;
}

/** A host on the way to another. */
export interface Jump {
  /** Host name or IP address. At most 255 characters. */
  address: string;
  /** Its SSH port. 1 to 65535. Default: `22`. */
  port?: number;
  /** User to log in as. Default: `~/.ssh/config`, then the current user. At most 64 characters. */
  user?: string;
  /** Private key file for this hop. At most 4096 characters. */
  privateKeyFile?: string;
  /** The host key to accept: a `SHA256:…` fingerprint or an OpenSSH public key. */
  hostKey?: string;
}

/** How long each kind of remote step may take. */
export interface Deadlines {
  /** Opening the TCP connection. In s, more than 0, at most 3600. Default: `15`. */
  dial?: number;
  /** SSH handshake and authentication. In s, more than 0, at most 3600. Default: `20`. */
  authentication?: number;
  /** One remote step, not counting uploads. In s, more than 0, at most 86400. Default: `600`. */
  command?: number;
}

/** Secrets to log in with. */
export interface Credentials {
  privateKey?: string;
  passphrase?: string;
  password?: string;
}

/**
 * Inputs of a `Host`. A machine that runs microVMs, reached over SSH (or the machine itself, with `address: "local"`).
 * Creating it installs the host kit, the packages, kernel modules and sysctls that are asked for, and tells what the
 * machine is. Deleting it takes back exactly what it installed.
 */
export interface HostInputs {
  /** Name used in messages. Default: the resource's name. At most 40 characters. */
  name: string;
  /** Host name or IP address, or `local` for the machine that runs the program. At most 255 characters. */
  address: string;
  /** SSH port. Default: `~/.ssh/config`, then 22. 1 to 65535. */
  port?: number;
  /**
   * User to log in as: root, or one that may run `sudo -n`. Default: `~/.ssh/config`, then the current user. At most 64
   * characters.
   */
  user?: string;
  /**
   * Private key as text. Prefer `privateKeyFile`, an agent or `~/.ssh/config`: what is not given here is in no state.
   */
  privateKey?: string;
  /** Passphrase of the private key. */
  passphrase?: string;
  /** Password to log in with. */
  password?: string;
  /** Private key file on the machine that runs the program. At most 4096 characters. */
  privateKeyFile?: string;
  /** Socket of an SSH agent. Default: `SSH_AUTH_SOCK`. At most 4096 characters. */
  agent?: string;
  /**
   * The host key to accept: a `SHA256:…` fingerprint or an OpenSSH public key. Default: what `known_hosts` says. 10 to
   * 8192 characters.
   */
  hostKey?: string;
  /**
   * Accept an unknown host key at the first connection; from then on it is pinned in the state and a changed key is
   * refused. Default: `false`.
   */
  trustOnFirstUse?: boolean;
  /** The known_hosts file. Default: `~/.ssh/known_hosts`. At most 4096 characters. */
  knownHosts?: string;
  /** The SSH client configuration to honour, or `none`. Default: `~/.ssh/config`. At most 4096 characters. */
  sshConfig?: string;
  /** Hosts to go through, first hop first. At most 8 entries. */
  jump?: Jump[];
  /** How long each kind of remote step may take. */
  deadlines?: Deadlines;
  /**
   * Distribution packages that must be installed besides those the provider needs. Those that were missing are removed
   * again on delete. At most 200 entries.
   */
  packages?: string[];
  /** Kernel modules that must be loaded, now and at each boot. At most 64 entries. */
  kernelModules?: string[];
  /**
   * Kernel parameters that must be set, now and at each boot, e.g. `{ "vm.swappiness": "1" }`. The former values come
   * back on delete.
   */
  sysctls?: Record<string, string>;
  /** Take over a host whose record names another program. Default: `false`. */
  adopt?: boolean;
  /** Which program and resource the object belongs to, as its record on the host says. At most 1024 characters. */
  owner: string;
}

/** State of a `Host`: its inputs with their defaults, and what is computed. */
export interface HostState extends HostInputs {
  /**
   * Accept an unknown host key at the first connection; from then on it is pinned in the state and a changed key is
   * refused. Default: `false`.
   */
  trustOnFirstUse: boolean;
  /** Take over a host whose record names another program. Default: `false`. */
  adopt: boolean;
  /** The machine's own identity (`/etc/machine-id`). A new address with the same identity is the same host. */
  machineId: string;
  /** How the host is reached, with its pinned host key. Holds no secret. */
  connection: Connection;
  /** Fingerprint of the host key, `SHA256:…`; empty for `local`. */
  fingerprint: string;
  /** Name and version of the operating system. */
  os: string;
  /** As `uname -m` names it, e.g. `x86_64`. */
  architecture: string;
  /** Release of the running kernel. */
  kernelVersion: string;
  /** Online processors. */
  cpus: number;
  /** Name of the processor. */
  cpuModel: string;
  /** Usable memory. In MiB. */
  memory: number;
  /** Which control-group hierarchy the host has. Limits of microVMs are enforced where the controllers exist. */
  cgroups: "v1" | "v2" | "hybrid";
  /**
   * What a timed probe guest showed: `kvm` can run guests; `kvm-slow` has a /dev/kvm that emulates and is useless for
   * them; `none` has none.
   */
  virtualization: "kvm" | "kvm-slow" | "none";
  /** What the probe saw, in a sentence. */
  virtualizationEvidence: string;
  /** Whether the host is itself a virtual machine. */
  nested: "yes" | "no" | "unknown";
  /** Content hash of the host kit in `/usr/lib/microvm`. */
  kit: string;
  /** Packages that were missing and that delete removes again. */
  installedPackages: string[];
  /**
   * What on the host differs from what was declared, one sentence each; the next `up` repairs it. Empty when all is as
   * declared.
   */
  drift: string[];
}

/** What another resource sees of a `Host`. */
export interface HostReference {
  /** Name used in messages. Default: the resource's name. At most 40 characters. */
  name: string;
  /** The machine's own identity (`/etc/machine-id`). A new address with the same identity is the same host. */
  machineId: string;
  /** How the host is reached, with its pinned host key. Holds no secret. */
  connection: Connection;
}

/** Where the kernel comes from: exactly one of `file`, `url` or `distribution`. */
export interface KernelSource {
  /**
   * A bzImage, an uncompressed vmlinux (ELF) or an arm64 Image on the machine that runs the program. At most 4096
   * characters.
   */
  file?: string;
  /** The same, fetched by the host; needs `sha256`. At most 2048 characters. */
  url?: string;
  /** What the content must hash to. Needed with `url`, checked with `file`. */
  sha256?: string;
  /**
   * A kernel package of the host's own distribution, fetched and unpacked, never installed: `default` for the one made
   * for virtual machines, or a package name. At most 128 characters.
   */
  distribution?: string;
}

/**
 * Inputs of a `Kernel`. A guest kernel in the host's content-addressed store, with the initramfs that finds the guest's
 * disks and sets up its network.
 */
export interface KernelInputs {
  /** The host that it lives on. */
  host: HostReference;
  /** Its name on the host, unique there among its kind. Default: the resource's name. At most 40 characters. */
  name: string;
  /** Where the kernel comes from: exactly one of `file`, `url` or `distribution`. */
  source: KernelSource;
  /**
   * `microvm`: the provider's own, with the modules that the kernel needs. `none`: the kernel mounts its root by
   * itself; addresses, files and keys then do not reach the guest. Default: `"microvm"`.
   */
  initramfs?: "microvm" | "none";
  /** Take over an existing object of this name that another program or hand made. Default: `false`. */
  adopt?: boolean;
  /** Secrets to log in to the host with, from the host's own inputs. */
  credentials?: Credentials;
  /** Which program and resource the object belongs to, as its record on the host says. At most 1024 characters. */
  owner: string;
}

/** State of a `Kernel`: its inputs with their defaults, and what is computed. */
export interface KernelState extends KernelInputs {
  /**
   * `microvm`: the provider's own, with the modules that the kernel needs. `none`: the kernel mounts its root by
   * itself; addresses, files and keys then do not reach the guest. Default: `"microvm"`.
   */
  initramfs: "microvm" | "none";
  /** Take over an existing object of this name that another program or hand made. Default: `false`. */
  adopt: boolean;
  /** SHA-256 of the kernel. */
  digest: string;
  /** The kernel in the host's store. */
  path: string;
  /** SHA-256 of the initramfs; empty with `initramfs: "none"`. */
  initramfsDigest: string;
  /** The initramfs in the host's store; empty with `initramfs: "none"`. */
  initramfsPath: string;
  /** What kind of kernel image it is. */
  format: "bzImage" | "elf" | "arm64-image";
  /** Release of the kernel where it can be told, else empty. */
  release: string;
  /**
   * What on the host differs from what was declared, one sentence each; the next `up` repairs it. Empty when all is as
   * declared.
   */
  drift: string[];
}

/** What another resource sees of a `Kernel`. */
export interface KernelReference {
  /** Its name on the host, unique there among its kind. Default: the resource's name. At most 40 characters. */
  name: string;
  /** SHA-256 of the kernel. */
  digest: string;
  /** The kernel in the host's store. */
  path: string;
  /** SHA-256 of the initramfs; empty with `initramfs: "none"`. */
  initramfsDigest: string;
  /** The initramfs in the host's store; empty with `initramfs: "none"`. */
  initramfsPath: string;
  /** What kind of kernel image it is. */
  format: "bzImage" | "elf" | "arm64-image";
}

/** How the root disk relates to the image. */
export interface MicroVMRootDisk {
  /**
   * `shared`: the image itself, read-only; what the guest writes is in its memory and gone at its next boot. `overlay`:
   * the image read-only and a private disk for what the guest writes. `copy`: a private copy of the image (ext4).
   * Default: `"overlay"`.
   */
  mode?: "shared" | "copy" | "overlay";
  /**
   * Size of the private disk. Can grow, not shrink. Default: 1024, or the image's size if that is more. In MiB, 16 to
   * 67108864.
   */
  size?: number;
}

export interface MicroVMVolume {
  /** The volume. */
  volume: VolumeReference;
  /**
   * Where the guest mounts it. Default: nowhere; the guest finds it under `/dev/disk/by-id/virtio-vol-<n>`. At most
   * 1024 characters.
   */
  mountPath?: string;
  /** Whether the guest may only read it. Default: `false`. */
  readOnly?: boolean;
}

export interface MicroVMInterface {
  /** The network. */
  network: NetworkReference;
  /** MAC address. Default: made from the microVM's name. */
  mac?: string;
  /** Address in the network. Default: a free one, kept for the microVM's life. */
  address?: string;
}

export interface MicroVMFile {
  /** Where, in the guest. At most 1024 characters. */
  path: string;
  /** Content as text. At most 1048576 characters. */
  content: string;
  /** Permissions in octal. Default: `"0644"`. */
  mode?: string;
  /** Numeric owner. 0 to 4294967294. Default: `0`. */
  uid?: number;
  /** Numeric group. 0 to 4294967294. Default: `0`. */
  gid?: number;
}

/** When it counts as ready: at most one of `tcp`, `ssh` and `serial`. Default: when the VMM runs. */
export interface MicroVMReady {
  /** A port of the first interface accepts connections. 1 to 65535. */
  tcp?: number;
  /** An SSH server greets on port 22 of the first interface. */
  ssh?: boolean;
  /** A line of the console matches this POSIX extended regular expression. At most 512 characters. */
  serial?: string;
  /** How long to wait. In s, 1 to 3600. Default: `120`. */
  timeout?: number;
}

/** Bounds that the host puts on the VMM, where it has the control-group controllers. */
export interface MicroVMLimits {
  /** Memory the VMM may use beyond the guest's. In MiB, 16 to 65536. Default: `256`. */
  memoryOverhead?: number;
  /** Processor time, 100 being one processor. Default: no bound. In %, 1 to 6400. */
  cpu?: number;
  /** Threads and processes of the VMM. 16 to 65536. Default: `128`. */
  tasks?: number;
}

export interface MicroVMAddress {
  network: string;
  mac: string;
  address: string;
  tap: string;
}

/**
 * Inputs of a `MicroVM`. A virtual machine supervised by the host's systemd. It runs as its own user in a sandboxed
 * unit, comes back after a reboot of the host, and is created only when it is ready as declared.
 */
export interface MicroVMInputs {
  /** The host that it lives on. */
  host: HostReference;
  /** Its name on the host, unique there among its kind. Default: the resource's name. At most 40 characters. */
  name: string;
  /** The VMM that runs it. */
  vmm: VmmReference;
  /** The kernel that it boots. */
  kernel: KernelReference;
  /** The root filesystem that it starts from. */
  rootfs: RootfsImageReference;
  /** QEMU machine type: `microvm` is small and fast; `q35` has PCI Express. Default: `"microvm"`. */
  machine?: "microvm" | "q35";
  /**
   * `kvm` needs a host whose probe says `kvm`. `tcg` is QEMU's software emulation: slow, and no security boundary.
   * Default: `"kvm"`.
   */
  accelerator?: "kvm" | "tcg";
  /** Virtual processors. 1 to 64. Default: `1`. */
  vcpus?: number;
  /** Guest memory. In MiB, 64 to 4194304. Default: `256`. */
  memory?: number;
  /** Further kernel arguments. At most 64 entries. */
  kernelArgs?: string[];
  /** How the root disk relates to the image. */
  rootDisk?: MicroVMRootDisk;
  /** Volumes that the guest gets as further disks. At most 8 entries. */
  volumes?: MicroVMVolume[];
  /** Network interfaces, in the guest `eth0` and on. At most 8 entries. */
  interfaces?: MicroVMInterface[];
  /** Host name of the guest. Default: the microVM's name. At most 63 characters. */
  hostname?: string;
  /** OpenSSH public keys that may log in as root. At most 100 entries. */
  sshAuthorizedKeys?: string[];
  /** Files that the guest finds in its root at every boot. At most 256 entries. */
  files?: MicroVMFile[];
  /**
   * What it should be doing. Kept: a microVM that should run comes back after a crash or a reboot of the host. Default:
   * `"running"`.
   */
  state?: "running" | "paused" | "stopped";
  /**
   * What the host does when the VMM ends by itself: `on-failure` after a crash, `always` also after a power-off from
   * inside. At most 5 starts in 30 seconds. Default: `"on-failure"`.
   */
  restart?: "always" | "on-failure" | "never";
  /** How long a guest may take to power off before it is ended. In s, 0 to 3600. Default: `20`. */
  stopTimeout?: number;
  /** When it counts as ready: at most one of `tcp`, `ssh` and `serial`. Default: when the VMM runs. */
  ready?: MicroVMReady;
  /** Bounds that the host puts on the VMM, where it has the control-group controllers. */
  limits?: MicroVMLimits;
  /** Take over an existing object of this name that another program or hand made. Default: `false`. */
  adopt?: boolean;
  /** Secrets to log in to the host with, from the host's own inputs. */
  credentials?: Credentials;
  /** Which program and resource the object belongs to, as its record on the host says. At most 1024 characters. */
  owner: string;
}

/** State of a `MicroVM`: its inputs with their defaults, and what is computed. */
export interface MicroVMState extends MicroVMInputs {
  /** QEMU machine type: `microvm` is small and fast; `q35` has PCI Express. Default: `"microvm"`. */
  machine: "microvm" | "q35";
  /**
   * `kvm` needs a host whose probe says `kvm`. `tcg` is QEMU's software emulation: slow, and no security boundary.
   * Default: `"kvm"`.
   */
  accelerator: "kvm" | "tcg";
  /** Virtual processors. 1 to 64. Default: `1`. */
  vcpus: number;
  /** Guest memory. In MiB, 64 to 4194304. Default: `256`. */
  memory: number;
  /**
   * What it should be doing. Kept: a microVM that should run comes back after a crash or a reboot of the host. Default:
   * `"running"`.
   */
  state: "running" | "paused" | "stopped";
  /**
   * What the host does when the VMM ends by itself: `on-failure` after a crash, `always` also after a power-off from
   * inside. At most 5 starts in 30 seconds. Default: `"on-failure"`.
   */
  restart: "always" | "on-failure" | "never";
  /** How long a guest may take to power off before it is ended. In s, 0 to 3600. Default: `20`. */
  stopTimeout: number;
  /** Take over an existing object of this name that another program or hand made. Default: `false`. */
  adopt: boolean;
  /** Address of the first interface; empty without one. */
  ipAddress: string;
  /** Each interface's network, MAC address and address. */
  addresses: MicroVMAddress[];
  /** From the start of the VMM to readiness, measured on the host at the last boot that was waited for. In ms. */
  bootMillis: number;
  /** The console's log on the host. */
  consoleLog: string;
  /** A command line that logs in to the guest through its host; empty without an interface. */
  sshCommand: string;
  /** The guest's SSH host key, made for this microVM. */
  sshHostKey: string;
  /** The systemd unit on the host. */
  unit: string;
  /**
   * What on the host differs from what was declared, one sentence each; the next `up` repairs it. Empty when all is as
   * declared.
   */
  drift: string[];
}

/** What another resource sees of a `MicroVM`. */
export interface MicroVMReference {
  /** Its name on the host, unique there among its kind. Default: the resource's name. At most 40 characters. */
  name: string;
  /** Address of the first interface; empty without one. */
  ipAddress: string;
  /** The systemd unit on the host. */
  unit: string;
}

/**
 * Inputs of a `Network`. A bridge on a host with its addresses, a DHCP and DNS server, address translation to the
 * outside, and rules that let each microVM send only as itself.
 */
export interface NetworkInputs {
  /** The host that it lives on. */
  host: HostReference;
  /** Its name on the host, unique there among its kind. Default: the resource's name. At most 40 characters. */
  name: string;
  /** The network's addresses, e.g. `172.30.0.0/24`: /8 to /30. */
  cidr: string;
  /** The bridge's own address. Default: the first of the network. */
  gateway?: string;
  /** Translate addresses so that microVMs reach what the host reaches. Default: `true`. */
  nat?: boolean;
  /** Serve addresses by DHCP: to microVMs the ones they have in the program. Default: `true`. */
  dhcp?: boolean;
  /** Name servers that guests are told. Default: the bridge, which forwards to the host's. At most 3 entries. */
  dns?: string[];
  /** Domain of the guests' names. At most 253 characters. */
  domain?: string;
  /** `isolated`: microVMs on the network do not reach each other. `open`: they do. Default: `"isolated"`. */
  traffic?: "isolated" | "open";
  /** Largest packet. In B, 1280 to 65521. Default: `1500`. */
  mtu?: number;
  /** Take over an existing object of this name that another program or hand made. Default: `false`. */
  adopt?: boolean;
  /** Secrets to log in to the host with, from the host's own inputs. */
  credentials?: Credentials;
  /** Which program and resource the object belongs to, as its record on the host says. At most 1024 characters. */
  owner: string;
}

/** State of a `Network`: its inputs with their defaults, and what is computed. */
export interface NetworkState extends NetworkInputs {
  /** Translate addresses so that microVMs reach what the host reaches. Default: `true`. */
  nat: boolean;
  /** Serve addresses by DHCP: to microVMs the ones they have in the program. Default: `true`. */
  dhcp: boolean;
  /** `isolated`: microVMs on the network do not reach each other. `open`: they do. Default: `"isolated"`. */
  traffic: "isolated" | "open";
  /** Largest packet. In B, 1280 to 65521. Default: `1500`. */
  mtu: number;
  /** Take over an existing object of this name that another program or hand made. Default: `false`. */
  adopt: boolean;
  /** Name of the bridge on the host. */
  bridge: string;
  /** The bridge's address. */
  gatewayAddress: string;
  /** Length of the network's prefix. In bit. */
  prefixLength: number;
  /**
   * What on the host differs from what was declared, one sentence each; the next `up` repairs it. Empty when all is as
   * declared.
   */
  drift: string[];
}

/** What another resource sees of a `Network`. */
export interface NetworkReference {
  /** Its name on the host, unique there among its kind. Default: the resource's name. At most 40 characters. */
  name: string;
  /** The network's addresses, e.g. `172.30.0.0/24`: /8 to /30. */
  cidr: string;
  /** Name of the bridge on the host. */
  bridge: string;
  /** The bridge's address. */
  gatewayAddress: string;
  /** Length of the network's prefix. In bit. */
  prefixLength: number;
  /** Name servers that guests are told. Default: the bridge, which forwards to the host's. At most 3 entries. */
  dns?: string[];
  /** Domain of the guests' names. At most 253 characters. */
  domain?: string;
  /** Largest packet. In B, 1280 to 65521. Default: `1500`. */
  mtu: number;
  /** `isolated`: microVMs on the network do not reach each other. `open`: they do. Default: `"isolated"`. */
  traffic: "isolated" | "open";
}

/** Where the image comes from: exactly one of `file`, `url`, `directory`, `tarball` or `debian`. */
export interface RootfsImageSource {
  /** A filesystem image on the machine that runs the program. At most 4096 characters. */
  file?: string;
  /** A filesystem image, fetched by the host; needs `sha256`. At most 2048 characters. */
  url?: string;
  /** What the content must hash to. Needed with `url`, checked with `file` and `tarball`. */
  sha256?: string;
  /** A directory tree on the machine that runs the program; owners are kept as numbers. At most 4096 characters. */
  directory?: string;
  /** A tar archive (plain, gzip, xz or zstd) on the machine that runs the program. At most 4096 characters. */
  tarball?: string;
  /**
   * Built on the host with mmdebstrap: a small Debian with systemd, and key-only SSH login where `openssh-server` is
   * among the packages.
   */
  debian?: RootfsImageSourceDebian;
}

/**
 * Built on the host with mmdebstrap: a small Debian with systemd, and key-only SSH login where `openssh-server` is
 * among the packages.
 */
export interface RootfsImageSourceDebian {
  /** Suite, e.g. `bookworm`. At most 64 characters. */
  suite: string;
  /** Packages beyond the minimum. At most 500 entries. */
  packages?: string[];
  /**
   * Mirror to build from. Default: the one of the host's own apt configuration when it is Debian, else Debian's. At
   * most 2048 characters.
   */
  mirror?: string;
}

/**
 * Inputs of a `RootfsImage`. A root filesystem image in the host's content-addressed store, shared read-only between
 * microVMs.
 */
export interface RootfsImageInputs {
  /** The host that it lives on. */
  host: HostReference;
  /** Its name on the host, unique there among its kind. Default: the resource's name. At most 40 characters. */
  name: string;
  /** Where the image comes from: exactly one of `file`, `url`, `directory`, `tarball` or `debian`. */
  source: RootfsImageSource;
  /**
   * Filesystem of the image. With `file` and `url` it says what the image is, and is checked. `copy` root disks need
   * `ext4`. Default: `"ext4"`.
   */
  format?: "ext4" | "erofs" | "squashfs";
  /** Size of an ext4 image. Default: what the content needs and 20 % more. In MiB, 8 to 1048576. */
  size?: number;
  /** Take over an existing object of this name that another program or hand made. Default: `false`. */
  adopt?: boolean;
  /** Secrets to log in to the host with, from the host's own inputs. */
  credentials?: Credentials;
  /** Which program and resource the object belongs to, as its record on the host says. At most 1024 characters. */
  owner: string;
}

/** State of a `RootfsImage`: its inputs with their defaults, and what is computed. */
export interface RootfsImageState extends RootfsImageInputs {
  /**
   * Filesystem of the image. With `file` and `url` it says what the image is, and is checked. `copy` root disks need
   * `ext4`. Default: `"ext4"`.
   */
  format: "ext4" | "erofs" | "squashfs";
  /** Take over an existing object of this name that another program or hand made. Default: `false`. */
  adopt: boolean;
  /** SHA-256 of the image. */
  digest: string;
  /** The image in the host's store. */
  path: string;
  /** Size of the image. In B. */
  bytes: number;
  /**
   * What on the host differs from what was declared, one sentence each; the next `up` repairs it. Empty when all is as
   * declared.
   */
  drift: string[];
}

/** What another resource sees of a `RootfsImage`. */
export interface RootfsImageReference {
  /** Its name on the host, unique there among its kind. Default: the resource's name. At most 40 characters. */
  name: string;
  /** SHA-256 of the image. */
  digest: string;
  /** The image in the host's store. */
  path: string;
  /**
   * Filesystem of the image. With `file` and `url` it says what the image is, and is checked. `copy` root disks need
   * `ext4`. Default: `"ext4"`.
   */
  format: "ext4" | "erofs" | "squashfs";
  /** Size of the image. In B. */
  bytes: number;
}

/**
 * Inputs of a `Vmm`. A virtual machine monitor on a host. `qemu` is the distribution's own package; installing it is
 * undone by delete if it was missing before.
 */
export interface VmmInputs {
  /** The host that it lives on. */
  host: HostReference;
  /** Its name on the host, unique there among its kind. Default: the resource's name. At most 40 characters. */
  name: string;
  /** Which VMM. */
  kind: "qemu";
  /**
   * Version that the host must have, or the beginning of one (`7.2` accepts `7.2.22`). Default: what the distribution
   * has. At most 32 characters.
   */
  version?: string;
  /** Take over an existing object of this name that another program or hand made. Default: `false`. */
  adopt?: boolean;
  /** Secrets to log in to the host with, from the host's own inputs. */
  credentials?: Credentials;
  /** Which program and resource the object belongs to, as its record on the host says. At most 1024 characters. */
  owner: string;
}

/** State of a `Vmm`: its inputs with their defaults, and what is computed. */
export interface VmmState extends VmmInputs {
  /** Take over an existing object of this name that another program or hand made. Default: `false`. */
  adopt: boolean;
  /** The program on the host. */
  path: string;
  /** What the program says its version is. */
  installedVersion: string;
  /** Packages that were missing and that delete removes again. */
  installedPackages: string[];
  /**
   * What on the host differs from what was declared, one sentence each; the next `up` repairs it. Empty when all is as
   * declared.
   */
  drift: string[];
}

/** What another resource sees of a `Vmm`. */
export interface VmmReference {
  /** Its name on the host, unique there among its kind. Default: the resource's name. At most 40 characters. */
  name: string;
  /** Which VMM. */
  kind: "qemu";
  /** The program on the host. */
  path: string;
  /** What the program says its version is. */
  installedVersion: string;
}

/**
 * Inputs of a `Volume`. A disk that outlives the microVMs that use it. It grows in place, never shrinks, and is never
 * emptied; one with data in it is deleted only where `onDelete` says so.
 */
export interface VolumeInputs {
  /** The host that it lives on. */
  host: HostReference;
  /** Its name on the host, unique there among its kind. Default: the resource's name. At most 40 characters. */
  name: string;
  /** Size of the disk, allocated as it fills. Can grow, not shrink. In MiB, 8 to 67108864. */
  size: number;
  /** What a new volume holds. `none` leaves it blank. Default: `"ext4"`. */
  filesystem?: "ext4" | "none";
  /**
   * What deleting a volume with data in it does: `refuse` fails and says so; `retain` leaves the disk on the host and
   * forgets it; `delete` destroys the data. An empty volume is always deleted. Default: `"refuse"`.
   */
  onDelete?: "refuse" | "retain" | "delete";
  /** Take over an existing object of this name that another program or hand made. Default: `false`. */
  adopt?: boolean;
  /** Secrets to log in to the host with, from the host's own inputs. */
  credentials?: Credentials;
  /** Which program and resource the object belongs to, as its record on the host says. At most 1024 characters. */
  owner: string;
}

/** State of a `Volume`: its inputs with their defaults, and what is computed. */
export interface VolumeState extends VolumeInputs {
  /** What a new volume holds. `none` leaves it blank. Default: `"ext4"`. */
  filesystem: "ext4" | "none";
  /**
   * What deleting a volume with data in it does: `refuse` fails and says so; `retain` leaves the disk on the host and
   * forgets it; `delete` destroys the data. An empty volume is always deleted. Default: `"refuse"`.
   */
  onDelete: "refuse" | "retain" | "delete";
  /** Take over an existing object of this name that another program or hand made. Default: `false`. */
  adopt: boolean;
  /** The disk image on the host. */
  path: string;
  /** Size that the disk has. In B. */
  bytes: number;
  /**
   * What on the host differs from what was declared, one sentence each; the next `up` repairs it. Empty when all is as
   * declared.
   */
  drift: string[];
}

/** What another resource sees of a `Volume`. */
export interface VolumeReference {
  /** Its name on the host, unique there among its kind. Default: the resource's name. At most 40 characters. */
  name: string;
  /** The disk image on the host. */
  path: string;
  /** What a new volume holds. `none` leaves it blank. Default: `"ext4"`. */
  filesystem: "ext4" | "none";
}

/** Inputs of each kind. */
export interface InputsByKind {
  Host: HostInputs;
  Kernel: KernelInputs;
  MicroVM: MicroVMInputs;
  Network: NetworkInputs;
  RootfsImage: RootfsImageInputs;
  Vmm: VmmInputs;
  Volume: VolumeInputs;
}

/** State of each kind. */
export interface StateByKind {
  Host: HostState;
  Kernel: KernelState;
  MicroVM: MicroVMState;
  Network: NetworkState;
  RootfsImage: RootfsImageState;
  Vmm: VmmState;
  Volume: VolumeState;
}

/** Reference of each kind. */
export interface ReferenceByKind {
  Host: HostReference;
  Kernel: KernelReference;
  MicroVM: MicroVMReference;
  Network: NetworkReference;
  RootfsImage: RootfsImageReference;
  Vmm: VmmReference;
  Volume: VolumeReference;
}
