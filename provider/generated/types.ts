// Generated from schema/ by `npm run generate`. Do not edit.

export type Kind = "Host" | "Vmm" | "Kernel" | "RootfsImage" | "Network" | "Volume" | "MicroVM" | "Snapshot" | "ContainerEngine" | "GVisor" | "KataRuntime" | "Container";

/** What programs can ask for without declaring anything. */
export type Lookup = "HostFacts";

/** How a host is reached; holds no secret. */
export interface Connection {
  address: string;
  /** (1 to 65535) */
  port?: number;
  user?: string;
  privateKeyFile?: string;
  agent?: string;
  hostKey?: string;
  knownHosts?: string;
  sshConfig?: string;
  jump?: Array<{
    /** Host name or IP address. (at most 255 characters) */
    address: string;
    /** Its SSH port. (1 to 65535; default 22) */
    port?: number;
    /** User to log in as. Default: `~/.ssh/config`, then the current user. (at most 64 characters) */
    user?: string;
    /** Private key file for this hop. (at most 4096 characters) */
    privateKeyFile?: string;
    /** The host key to accept: a `SHA256:…` fingerprint or an OpenSSH public key. */
    hostKey?: string;
  }>;
  /** How long each kind of remote step may take. */
  deadlines?: {
    /** How long to try again where nothing listens yet: a machine that was made a moment ago, or starts. (in s; 0 to 86400; default 0) */
    boot?: number;
    /** Opening the TCP connection. (in s; default 15) */
    dial?: number;
    /** SSH handshake and authentication. (in s; default 20) */
    authentication?: number;
    /** One remote step, not counting uploads. (in s; default 600) */
    command?: number;
  };
}

/** Secrets to log in with. */
export interface Credentials {
  privateKey?: string;
  passphrase?: string;
  password?: string;
}

/** A machine that runs microVMs, reached over SSH (or the machine itself, with `address: "local"`). Creating it installs the host kit, the packages, kernel modules and sysctls that are asked for, and tells what the machine is. Deleting it takes back exactly what it installed. */
export interface HostInputs {
  /** Name used in messages. Default: the resource's name. (at most 40 characters) */
  name?: string;
  /** Host name or IP address, or `local` for the machine that runs the program. (at most 255 characters) */
  address: string;
  /** SSH port. Default: `~/.ssh/config`, then 22. (1 to 65535) */
  port?: number;
  /** User to log in as: root, or one that may run `sudo -n`. Default: `~/.ssh/config`, then the current user. (at most 64 characters) */
  user?: string;
  /** Private key as text. Prefer `privateKeyFile`, an agent or `~/.ssh/config`: what is not given here is in no state. */
  privateKey?: string;
  /** Passphrase of the private key. */
  passphrase?: string;
  /** Password to log in with. */
  password?: string;
  /** Private key file on the machine that runs the program. (at most 4096 characters) */
  privateKeyFile?: string;
  /** Socket of an SSH agent. Default: `SSH_AUTH_SOCK`. (at most 4096 characters) */
  agent?: string;
  /** The host key to accept: a `SHA256:…` fingerprint or an OpenSSH public key. Default: what `known_hosts` says. (at most 8192 characters) */
  hostKey?: string;
  /** Accept an unknown host key at the first connection; from then on it is pinned in the state and a changed key is refused. (default false) */
  trustOnFirstUse?: boolean;
  /** The known_hosts file. Default: `~/.ssh/known_hosts`. (at most 4096 characters) */
  knownHosts?: string;
  /** The SSH client configuration to honour, or `none`. Default: `~/.ssh/config`. (at most 4096 characters) */
  sshConfig?: string;
  /** Hosts to go through, first hop first. */
  jump?: Array<{
    /** Host name or IP address. (at most 255 characters) */
    address: string;
    /** Its SSH port. (1 to 65535; default 22) */
    port?: number;
    /** User to log in as. Default: `~/.ssh/config`, then the current user. (at most 64 characters) */
    user?: string;
    /** Private key file for this hop. (at most 4096 characters) */
    privateKeyFile?: string;
    /** The host key to accept: a `SHA256:…` fingerprint or an OpenSSH public key. */
    hostKey?: string;
  }>;
  /** How long each kind of remote step may take. */
  deadlines?: {
    /** How long to try again where nothing listens yet: a machine that was made a moment ago, or starts. (in s; 0 to 86400; default 0) */
    boot?: number;
    /** Opening the TCP connection. (in s; default 15) */
    dial?: number;
    /** SSH handshake and authentication. (in s; default 20) */
    authentication?: number;
    /** One remote step, not counting uploads. (in s; default 600) */
    command?: number;
  };
  /** Distribution packages that must be installed besides those the provider needs. Those that were missing are removed again on delete. */
  packages?: string[];
  /** Kernel modules that must be loaded, now and at each boot. */
  kernelModules?: string[];
  /** Kernel parameters that must be set, now and at each boot, e.g. `{ "vm.swappiness": "1" }`. The former values come back on delete. */
  sysctls?: Record<string, string>;
  /** Take over a host whose record names another program. (default false) */
  adopt?: boolean;
  /** What to turn off on a host that runs guests of several tenants, now and at every boot; delete, and taking it away here, bring back what was. Whatever is asked for, `hardeningFindings` tells what falls short. */
  hardening?: {
    /** Simultaneous multithreading: guests on sibling threads share a core's caches and buffers. */
    smt?: "off";
    /** Merging of equal memory pages, by which guests learn what others hold. */
    ksm?: "off";
    /** All swap areas: memory of guests is not written to disk. */
    swap?: "off";
  };
  /** The program and resource that it belongs to. */
  owner?: string;
}

/** The inputs and what the provider computed. */
export interface HostState extends HostInputs {
  /** The machine's own identity (`/etc/machine-id`). A new address with the same identity is the same host. */
  machineId: string;
  /** How the host is reached, with its pinned host key. Holds no secret. */
  connection: {
    address: string;
    /** (1 to 65535) */
    port?: number;
    user?: string;
    privateKeyFile?: string;
    agent?: string;
    hostKey?: string;
    knownHosts?: string;
    sshConfig?: string;
    jump?: Array<{
      /** Host name or IP address. (at most 255 characters) */
      address: string;
      /** Its SSH port. (1 to 65535; default 22) */
      port?: number;
      /** User to log in as. Default: `~/.ssh/config`, then the current user. (at most 64 characters) */
      user?: string;
      /** Private key file for this hop. (at most 4096 characters) */
      privateKeyFile?: string;
      /** The host key to accept: a `SHA256:…` fingerprint or an OpenSSH public key. */
      hostKey?: string;
    }>;
    /** How long each kind of remote step may take. */
    deadlines?: {
      /** How long to try again where nothing listens yet: a machine that was made a moment ago, or starts. (in s; 0 to 86400; default 0) */
      boot?: number;
      /** Opening the TCP connection. (in s; default 15) */
      dial?: number;
      /** SSH handshake and authentication. (in s; default 20) */
      authentication?: number;
      /** One remote step, not counting uploads. (in s; default 600) */
      command?: number;
    };
  };
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
  /** Usable memory. (in MiB) */
  memory: number;
  /** Which control-group hierarchy the host has. Limits of microVMs are enforced where the controllers exist. */
  cgroups: "v1" | "v2" | "hybrid";
  /** What a timed probe guest showed: `kvm` can run guests; `kvm-slow` has a /dev/kvm that emulates and is useless for them; `none` has none. */
  virtualization: "kvm" | "kvm-slow" | "none";
  /** What the probe saw, in a sentence. */
  virtualizationEvidence: string;
  /** Whether the host is itself a virtual machine. */
  nested: "yes" | "no" | "unknown";
  /** Content hash of the host kit in `/usr/lib/microvm`. */
  kit: string;
  /** Packages that were missing and that delete removes again. */
  installedPackages: string[];
  /** Where the host falls short of what is advised for several tenants, a sentence each: SMT, KSM, swap, unmitigated flaws of the processor. */
  hardeningFindings: string[];
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  drift: string[];
}

/** What other resources see of it. */
export interface HostReference {
  /** Name used in messages. Default: the resource's name. (at most 40 characters) */
  name: string;
  /** The machine's own identity (`/etc/machine-id`). A new address with the same identity is the same host. */
  machineId: string;
  /** How the host is reached, with its pinned host key. Holds no secret. */
  connection: {
    address: string;
    /** (1 to 65535) */
    port?: number;
    user?: string;
    privateKeyFile?: string;
    agent?: string;
    hostKey?: string;
    knownHosts?: string;
    sshConfig?: string;
    jump?: Array<{
      /** Host name or IP address. (at most 255 characters) */
      address: string;
      /** Its SSH port. (1 to 65535; default 22) */
      port?: number;
      /** User to log in as. Default: `~/.ssh/config`, then the current user. (at most 64 characters) */
      user?: string;
      /** Private key file for this hop. (at most 4096 characters) */
      privateKeyFile?: string;
      /** The host key to accept: a `SHA256:…` fingerprint or an OpenSSH public key. */
      hostKey?: string;
    }>;
    /** How long each kind of remote step may take. */
    deadlines?: {
      /** How long to try again where nothing listens yet: a machine that was made a moment ago, or starts. (in s; 0 to 86400; default 0) */
      boot?: number;
      /** Opening the TCP connection. (in s; default 15) */
      dial?: number;
      /** SSH handshake and authentication. (in s; default 20) */
      authentication?: number;
      /** One remote step, not counting uploads. (in s; default 600) */
      command?: number;
    };
  };
}

/** A virtual machine monitor on a host, several versions side by side. `qemu` is the distribution's own package, removed by delete if it was missing before; `firecracker` and `cloud-hypervisor` are official releases by their version, or what a URL or a file holds, kept in the host's content-addressed store. A VMM counts as installed once it has run there and said its version. */
export interface VmmInputs {
  /** The host that it lives on. */
  host: HostReference;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name?: string;
  /** Take over an object of this name that another program made. (default false) */
  adopt?: boolean;
  /** Which VMM. */
  kind: "qemu" | "firecracker" | "cloud-hypervisor";
  /** `firecracker`, `cloud-hypervisor`: the official release to install, such as `1.16.1`; with a `source`, the version that it must be. `qemu`: the version that the host must have, or the beginning of one (`7.2` accepts `7.2.22`). Default: what the source or the distribution has. (at most 32 characters) */
  version?: string;
  /** Where the VMM comes from, if not from its project's releases: a binary, or for Firecracker a release archive (`.tgz`) that holds its jailer too. */
  source?: {
    /** A file on the machine that runs the program. (at most 4096 characters) */
    file?: string;
    /** An address that the host downloads. Needs `sha256`. (at most 2048 characters) */
    url?: string;
    /** SHA-256 of the file, of what the URL gives, or of the official release. Firecracker publishes its own, which is used by default; Cloud Hypervisor publishes none, so its releases need it. */
    sha256?: string;
  };
  /** Install a release that is known to be vulnerable. Which ones are: [VMM capabilities](vmm-capabilities.md). (default false) */
  allowVulnerable?: boolean;
  /** Digest of what lies at a local source, so that a change of its content is seen. */
  sourceDigest?: string;
  /** What the host was given to log in with. */
  credentials?: {
    privateKey?: string;
    passphrase?: string;
    password?: string;
  };
  /** The program and resource that it belongs to. */
  owner?: string;
}

/** The inputs and what the provider computed. */
export interface VmmState extends VmmInputs {
  /** The program on the host. */
  path: string;
  /** Firecracker's jailer on the host; empty for others. */
  jailerPath: string;
  /** SHA-256 of the program; empty for a package. */
  digest: string;
  /** SHA-256 of the jailer; empty where there is none. */
  jailerDigest: string;
  /** What the program says its version is. */
  installedVersion: string;
  /** Packages that were missing and that delete removes again. */
  installedPackages: string[];
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  drift: string[];
}

/** What other resources see of it. */
export interface VmmReference {
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name: string;
  /** Which VMM. */
  kind: "qemu" | "firecracker" | "cloud-hypervisor";
  /** The program on the host. */
  path: string;
  /** Firecracker's jailer on the host; empty for others. */
  jailerPath: string;
  /** SHA-256 of the program; empty for a package. */
  digest: string;
  /** SHA-256 of the jailer; empty where there is none. */
  jailerDigest: string;
  /** What the program says its version is. */
  installedVersion: string;
}

/** A guest kernel in the host's content-addressed store, with the initramfs that finds the guest's disks and sets up its network. */
export interface KernelInputs {
  /** The host that it lives on. */
  host: HostReference;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name?: string;
  /** Take over an object of this name that another program made. (default false) */
  adopt?: boolean;
  /** Where the kernel comes from: exactly one of `file`, `url` or `distribution`. */
  source: {
    /** A bzImage, an uncompressed vmlinux (ELF) or an arm64 Image on the machine that runs the program. (at most 4096 characters) */
    file?: string;
    /** The same, fetched by the host; needs `sha256`. (at most 2048 characters) */
    url?: string;
    /** What the content must hash to. Needed with `url`, checked with `file`. */
    sha256?: string;
    /** A kernel package of the host's own distribution, fetched and unpacked, never installed: `default` for the one made for virtual machines, or a package name. (at most 128 characters) */
    distribution?: string;
  };
  /** `microvm`: the provider's own, with the modules that the kernel needs. `none`: the kernel mounts its root by itself; addresses, files and keys then do not reach the guest. (default "microvm") */
  initramfs?: "microvm" | "none";
  /** Digest of what lies at a local source, so that a change of its content is seen. */
  sourceDigest?: string;
  /** What the host was given to log in with. */
  credentials?: {
    privateKey?: string;
    passphrase?: string;
    password?: string;
  };
  /** The program and resource that it belongs to. */
  owner?: string;
}

/** The inputs and what the provider computed. */
export interface KernelState extends KernelInputs {
  /** SHA-256 of the kernel. */
  digest: string;
  /** The kernel in the host's store. */
  path: string;
  /** SHA-256 of the same kernel as an uncompressed ELF file, which Firecracker needs; empty where there is none. */
  vmlinuxDigest: string;
  /** The uncompressed kernel in the host's store; empty where there is none. */
  vmlinuxPath: string;
  /** Why there is no uncompressed kernel; empty where there is one. */
  vmlinuxReason: string;
  /** SHA-256 of the initramfs; empty with `initramfs: "none"`. */
  initramfsDigest: string;
  /** The initramfs in the host's store; empty with `initramfs: "none"`. */
  initramfsPath: string;
  /** What kind of kernel image it is. */
  format: "bzImage" | "elf" | "arm64-image";
  /** Release of the kernel where it can be told, else empty. */
  release: string;
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  drift: string[];
}

/** What other resources see of it. */
export interface KernelReference {
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name: string;
  /** SHA-256 of the kernel. */
  digest: string;
  /** The kernel in the host's store. */
  path: string;
  /** SHA-256 of the same kernel as an uncompressed ELF file, which Firecracker needs; empty where there is none. */
  vmlinuxDigest: string;
  /** The uncompressed kernel in the host's store; empty where there is none. */
  vmlinuxPath: string;
  /** Why there is no uncompressed kernel; empty where there is one. */
  vmlinuxReason: string;
  /** SHA-256 of the initramfs; empty with `initramfs: "none"`. */
  initramfsDigest: string;
  /** The initramfs in the host's store; empty with `initramfs: "none"`. */
  initramfsPath: string;
  /** What kind of kernel image it is. */
  format: "bzImage" | "elf" | "arm64-image";
}

/** A root filesystem image in the host's content-addressed store, shared read-only between microVMs. */
export interface RootfsImageInputs {
  /** The host that it lives on. */
  host: HostReference;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name?: string;
  /** Take over an object of this name that another program made. (default false) */
  adopt?: boolean;
  /** Where the image comes from: exactly one of `file`, `url`, `directory`, `tarball`, `debian` or `oci`. */
  source: {
    /** A filesystem image on the machine that runs the program. (at most 4096 characters) */
    file?: string;
    /** A filesystem image, fetched by the host; needs `sha256`. (at most 2048 characters) */
    url?: string;
    /** What the content must hash to. Needed with `url`, checked with `file` and `tarball`. */
    sha256?: string;
    /** A directory tree on the machine that runs the program; owners are kept as numbers. (at most 4096 characters) */
    directory?: string;
    /** A tar archive (plain, gzip, xz or zstd) on the machine that runs the program. (at most 4096 characters) */
    tarball?: string;
    /** Built on the host with mmdebstrap: a small Debian with systemd, and key-only SSH login where `openssh-server` is among the packages. */
    debian?: {
      /** Suite, e.g. `bookworm`. (at most 64 characters) */
      suite: string;
      /** Packages beyond the minimum. */
      packages?: string[];
      /** Mirror to build from. Default: the one of the host's own apt configuration when it is Debian, else Debian's. (at most 2048 characters) */
      mirror?: string;
    };
    /** A container image, unpacked on the host by skopeo and umoci. The guest runs the image's program (`Entrypoint` and `Cmd`) with its environment, directory and user; the output is on the console. Asked to power off, it sends the program the image's stop signal; when the program ends, the guest powers off, and the microVM's `restart` says whether it starts again (`always`). An image that names no program, or an init of its own, boots by its `/sbin/init`. Needs a kernel with the provider's initramfs. */
    oci?: {
      /** An image in a registry, by tag or by digest, e.g. `docker.io/library/nginx:1.27`. The host pulls it once, when the image is made, and by the digest found then whenever it is repaired. Where the registry wants a login, log in on the host (`skopeo login`). (at most 512 characters) */
      reference?: string;
      /** An archive of one image on the machine that runs the program, as `docker save` or `skopeo copy … oci-archive:…` makes it. (at most 4096 characters) */
      archive?: string;
      /** What the image's manifest must hash to: another image is refused. */
      digest?: string;
      /** Whether the registry is asked over TLS and has to prove who it is. `false` trusts whoever answers; a `digest` makes up for it. (default true) */
      tls?: boolean;
    };
  };
  /** Filesystem of the image. With `file` and `url` it says what the image is, and is checked. `copy` root disks need `ext4`. (default "ext4") */
  format?: "ext4" | "erofs" | "squashfs";
  /** Size of an ext4 image. Default: what the content needs and 20 % more. (in MiB; 8 to 1048576) */
  size?: number;
  /** Digest of what lies at a local source, so that a change of its content is seen. */
  sourceDigest?: string;
  /** What the host was given to log in with. */
  credentials?: {
    privateKey?: string;
    passphrase?: string;
    password?: string;
  };
  /** The program and resource that it belongs to. */
  owner?: string;
}

/** The inputs and what the provider computed. */
export interface RootfsImageState extends RootfsImageInputs {
  /** SHA-256 of the image. */
  digest: string;
  /** The image in the host's store. */
  path: string;
  /** Size of the image. (in B) */
  bytes: number;
  /** Digest of the container image's manifest that `oci` led to, as `sha256:…`; empty for other sources. */
  imageDigest: string;
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  drift: string[];
}

/** What other resources see of it. */
export interface RootfsImageReference {
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name: string;
  /** SHA-256 of the image. */
  digest: string;
  /** The image in the host's store. */
  path: string;
  /** Filesystem of the image. With `file` and `url` it says what the image is, and is checked. `copy` root disks need `ext4`. (default "ext4") */
  format: "ext4" | "erofs" | "squashfs";
  /** Size of the image. (in B) */
  bytes: number;
}

/** A bridge on a host with its addresses, a DHCP and DNS server, address translation to the outside, and rules that let each microVM send only as itself. */
export interface NetworkInputs {
  /** The host that it lives on. */
  host: HostReference;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name?: string;
  /** Take over an object of this name that another program made. (default false) */
  adopt?: boolean;
  /** The network's addresses, e.g. `172.30.0.0/24`: /8 to /30. */
  cidr: string;
  /** The bridge's own address. Default: the first of the network. */
  gateway?: string;
  /** Translate addresses so that microVMs reach what the host reaches. (default true) */
  nat?: boolean;
  /** Serve addresses by DHCP: to microVMs the ones they have in the program. (default true) */
  dhcp?: boolean;
  /** Name servers that guests are told. Default: the bridge, which forwards to the host's. */
  dns?: string[];
  /** Domain of the guests' names. (at most 253 characters) */
  domain?: string;
  /** `isolated`: microVMs on the network do not reach each other. `open`: they do. (default "isolated") */
  traffic?: "isolated" | "open";
  /** Largest packet. (in B; 1280 to 65521; default 1500) */
  mtu?: number;
  /** What the host was given to log in with. */
  credentials?: {
    privateKey?: string;
    passphrase?: string;
    password?: string;
  };
  /** The program and resource that it belongs to. */
  owner?: string;
}

/** The inputs and what the provider computed. */
export interface NetworkState extends NetworkInputs {
  /** Name of the bridge on the host. */
  bridge: string;
  /** The bridge's address. */
  gatewayAddress: string;
  /** Length of the network's prefix. (in bit) */
  prefixLength: number;
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  drift: string[];
}

/** What other resources see of it. */
export interface NetworkReference {
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name: string;
  /** The network's addresses, e.g. `172.30.0.0/24`: /8 to /30. */
  cidr: string;
  /** Name of the bridge on the host. */
  bridge: string;
  /** The bridge's address. */
  gatewayAddress: string;
  /** Length of the network's prefix. (in bit) */
  prefixLength: number;
  /** Name servers that guests are told. Default: the bridge, which forwards to the host's. */
  dns?: string[];
  /** Domain of the guests' names. (at most 253 characters) */
  domain?: string;
  /** Largest packet. (in B; 1280 to 65521; default 1500) */
  mtu: number;
  /** `isolated`: microVMs on the network do not reach each other. `open`: they do. (default "isolated") */
  traffic: "isolated" | "open";
}

/** A disk that outlives the microVMs that use it. It grows in place, never shrinks, and is never emptied; one with data in it is deleted only where `onDelete` says so. */
export interface VolumeInputs {
  /** The host that it lives on. */
  host: HostReference;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name?: string;
  /** Take over an object of this name that another program made. (default false) */
  adopt?: boolean;
  /** Size of the disk, allocated as it fills. Can grow, not shrink. (in MiB; 8 to 67108864) */
  size: number;
  /** What a new volume holds. `none` leaves it blank. (default "ext4") */
  filesystem?: "ext4" | "none";
  /** What deleting a volume with data in it does: `refuse` fails and says so; `retain` leaves the disk on the host and forgets it; `delete` destroys the data. An empty volume is always deleted. (default "refuse") */
  onDelete?: "refuse" | "retain" | "delete";
  /** What the host was given to log in with. */
  credentials?: {
    privateKey?: string;
    passphrase?: string;
    password?: string;
  };
  /** The program and resource that it belongs to. */
  owner?: string;
}

/** The inputs and what the provider computed. */
export interface VolumeState extends VolumeInputs {
  /** The disk image on the host. */
  path: string;
  /** Size that the disk has. (in B) */
  bytes: number;
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  drift: string[];
}

/** What other resources see of it. */
export interface VolumeReference {
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name: string;
  /** The disk image on the host. */
  path: string;
  /** What a new volume holds. `none` leaves it blank. (default "ext4") */
  filesystem: "ext4" | "none";
}

/** A virtual machine supervised by the host's systemd. It runs as its own user in a sandboxed unit, comes back after a reboot of the host, and is created only when it is ready as declared. */
export interface MicroVMInputs {
  /** The host that it lives on. */
  host: HostReference;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name?: string;
  /** Take over an object of this name that another program made. (default false) */
  adopt?: boolean;
  /** The VMM that runs it: what each can do is in [VMM capabilities](vmm-capabilities.md). */
  vmm: VmmReference;
  /** The kernel that it boots. */
  kernel: KernelReference;
  /** The root filesystem that it starts from. */
  rootfs: RootfsImageReference;
  /** The snapshot that it goes on from, instead of booting: `MicroVM.fromSnapshot` gives it with all that comes from it. Its MAC address and address are its own on the network; inside, the guest keeps those it had when the snapshot was taken, and the host translates. Its disks begin as copies of the snapshot's. */
  snapshot?: SnapshotReference;
  /** With `snapshot`: `once` goes on from it at the first start and boots from its own disks at later ones, as a machine that lost its power does; `always` goes on from it at every start, with its disks as they were there. (default "once") */
  restore?: "once" | "always";
  /** QEMU's machine type: `microvm` is small and fast; `q35` has PCI Express. Other VMMs have one only. (default "microvm") */
  machine?: "microvm" | "q35";
  /** `kvm` needs a host whose probe says `kvm`. `tcg` is QEMU's software emulation: slow, and no security boundary. (default "kvm") */
  accelerator?: "kvm" | "tcg";
  /** Virtual processors. (1 to 64; default 1) */
  vcpus?: number;
  /** Up to how many virtual processors it can be given while it runs. Default: `vcpus`. (1 to 64) */
  maxVcpus?: number;
  /** Guest memory. (in MiB; 64 to 4194304; default 256) */
  memory?: number;
  /** Up to how much memory it can be given while it runs. Default: `memory`. (in MiB; 64 to 4194304) */
  maxMemory?: number;
  /** Memory that the guest is asked to give back to the host. (in MiB; 0 to 4194304; default 0) */
  balloon?: number;
  /** Whether it is recorded which memory the guest changes, so that a snapshot with a `base` writes only that. Costs the guest a little speed. (default false) */
  trackDirtyPages?: boolean;
  /** Further kernel arguments. */
  kernelArgs?: string[];
  /** How the root disk relates to the image. */
  rootDisk?: {
    /** `shared`: the image itself, read-only; what the guest writes is in its memory and gone at its next boot. `overlay`: the image read-only and a private disk for what the guest writes. `copy`: a private copy of the image (ext4). (default "overlay") */
    mode?: "shared" | "copy" | "overlay";
    /** Size of the private disk. Can grow, not shrink. Default: 1024, or the image's size if that is more. (in MiB; 16 to 67108864) */
    size?: number;
    /** Bounds of its traffic. */
    rateLimit?: {
      /** Bytes. (in bytes/s; 1024 to 1099511627776) */
      bandwidth?: number;
      /** Reads and writes of a disk, packets of an interface. (in 1/s; 1 to 1000000000) */
      operations?: number;
    };
  };
  /** Volumes that the guest gets as further disks. */
  volumes?: Array<{
    /** The volume. */
    volume: VolumeReference;
    /** Where the guest mounts it. Default: nowhere; the guest finds it under `/dev/disk/by-id/virtio-vol-<n>`. (at most 1024 characters) */
    mountPath?: string;
    /** Whether the guest may only read it. (default false) */
    readOnly?: boolean;
    /** Bounds of its traffic. */
    rateLimit?: {
      /** Bytes. (in bytes/s; 1024 to 1099511627776) */
      bandwidth?: number;
      /** Reads and writes of a disk, packets of an interface. (in 1/s; 1 to 1000000000) */
      operations?: number;
    };
  }>;
  /** Network interfaces, in the guest `eth0` and on. */
  interfaces?: Array<{
    /** The network. */
    network: NetworkReference;
    /** MAC address. Default: made from the microVM's name. */
    mac?: string;
    /** Address in the network. Default: a free one, kept for the microVM's life. */
    address?: string;
    /** Bounds of its traffic, for each direction. */
    rateLimit?: {
      /** Bytes. (in bytes/s; 1024 to 1099511627776) */
      bandwidth?: number;
      /** Reads and writes of a disk, packets of an interface. (in 1/s; 1 to 1000000000) */
      operations?: number;
    };
    /** Whether its link is up. While it is not, no frame passes in either direction; the guest keeps the interface and its address. While the first one is not connected, a guest that starts is not found ready by `ready.tcp` or `ready.ssh`. (default true) */
    connected?: boolean;
  }>;
  /** Host name of the guest. Default: the microVM's name. (at most 63 characters) */
  hostname?: string;
  /** JSON text of an object that the guest finds at the metadata address (`http://169.254.169.254/`, version 2 of the protocol). Other metadata services are out of its reach. Needs an interface; at most 51200 bytes without its spaces. (at most 51200 characters) */
  metadata?: string;
  /** OpenSSH public keys that may log in as root. */
  sshAuthorizedKeys?: string[];
  /** Files that the guest finds in its root at every boot. */
  files?: Array<{
    /** Where, in the guest. (at most 1024 characters) */
    path: string;
    /** Content as text. (at most 1048576 characters) */
    content: string;
    /** Permissions in octal. (default "0644") */
    mode?: string;
    /** Numeric owner. (0 to 4294967294; default 0) */
    uid?: number;
    /** Numeric group. (0 to 4294967294; default 0) */
    gid?: number;
  }>;
  /** What it should be doing. Kept: a microVM that should run comes back after a crash or a reboot of the host. (default "running") */
  state?: "running" | "paused" | "stopped";
  /** What the host does when the VMM ends by itself: `on-failure` after a crash, `always` also after a power-off from inside. At most 5 starts in 30 seconds. (default "on-failure") */
  restart?: "always" | "on-failure" | "never";
  /** How long a guest may take to power off before it is ended. (in s; 0 to 3600; default 20) */
  stopTimeout?: number;
  /** When it counts as ready: at most one of `tcp`, `ssh` and `serial`. Default: when the VMM runs. */
  ready?: {
    /** A port of the first interface accepts connections. (1 to 65535) */
    tcp?: number;
    /** An SSH server greets on port 22 of the first interface. */
    ssh?: boolean;
    /** A line of the console matches this POSIX extended regular expression. (at most 512 characters) */
    serial?: string;
    /** How long to wait. (in s; 1 to 3600; default 120) */
    timeout?: number;
  };
  /** Bounds that the host puts on the VMM, where it has the control-group controllers. */
  limits?: {
    /** Memory the VMM may use beyond the guest's, and beyond the 128 MiB that software emulation takes. (in MiB; 16 to 65536; default 256) */
    memoryOverhead?: number;
    /** Processor time, 100 being one processor. Default: no bound. (in %; 1 to 6400) */
    cpu?: number;
    /** Threads and processes of the VMM. (16 to 65536; default 128) */
    tasks?: number;
  };
  /** What the host was given to log in with. */
  credentials?: {
    privateKey?: string;
    passphrase?: string;
    password?: string;
  };
  /** The program and resource that it belongs to. */
  owner?: string;
}

/** The inputs and what the provider computed. */
export interface MicroVMState extends MicroVMInputs {
  /** Address of the first interface; empty without one. */
  ipAddress: string;
  /** Each interface's network, MAC address and address. */
  addresses: Array<{
    network: string;
    mac: string;
    address: string;
    tap: string;
  }>;
  /** From the start of the VMM to readiness, measured on the host at the last boot that was waited for. (in ms) */
  bootMillis: number;
  /** The console's log on the host. */
  consoleLog: string;
  /** A command line that logs in to the guest through its host; empty without an interface. */
  sshCommand: string;
  /** The guest's SSH host key, made for this microVM. */
  sshHostKey: string;
  /** The systemd unit on the host. */
  unit: string;
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  drift: string[];
}

/** What other resources see of it. */
export interface MicroVMReference {
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name: string;
  /** Address of the first interface; empty without one. */
  ipAddress: string;
  /** The systemd unit on the host. */
  unit: string;
}

/** A running microVM at a moment: its memory, its devices and its disks, taken while it is paused, with digests of all of it. `MicroVM.fromSnapshot` makes clones of it, which go on from that moment. It outlives its microVM, and is not deleted while clones use it. */
export interface SnapshotInputs {
  /** The host that it lives on. */
  host: HostReference;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name?: string;
  /** Take over an object of this name that another program made. (default false) */
  adopt?: boolean;
  /** The microVM that it is taken of. It has to run, or be paused, and goes on afterwards. */
  microVM: MicroVMReference;
  /** The snapshot that was taken of this run of the microVM before, or that the microVM was made from: only the memory that has changed since is written while the guest is paused. The microVM needs `trackDirtyPages`. What comes out is as complete as any other, and does not need its base any more: `base` may be left out later. */
  base?: SnapshotReference;
  /** Another text here takes it anew. (at most 256 characters) */
  revision?: string;
  /** What the host was given to log in with. */
  credentials?: {
    privateKey?: string;
    passphrase?: string;
    password?: string;
  };
  /** The program and resource that it belongs to. */
  owner?: string;
}

/** The inputs and what the provider computed. */
export interface SnapshotState extends SnapshotInputs {
  /** SHA-256 of the list of its files' digests. */
  digest: string;
  /** Its directory on the host. */
  path: string;
  /** What it takes of the host's disk. (in B) */
  bytes: number;
  /** How long the guest was paused for it: until its memory was written and its disks were copied, which takes no time where the host's file system shares blocks (XFS, Btrfs). (in ms) */
  pauseMillis: number;
  /** What to know before clones of it are made: what they share, and whether their random numbers differ. */
  findings: string[];
  /** The VMM that took it, and the only one that can restore it. */
  vmm: VmmReference;
  /** The microVM's kernel. */
  kernel: KernelReference;
  /** The microVM's image. */
  rootfs: RootfsImageReference;
  /** What of the microVM its clones have in common with it. */
  guest: {
    machine: "microvm" | "q35";
    accelerator: "kvm" | "tcg";
    vcpus: number;
    maxVcpus?: number;
    /** (in MiB) */
    memory: number;
    /** (in MiB) */
    maxMemory?: number;
    /** (in MiB) */
    balloon?: number;
    kernelArgs?: string[];
    rootDisk: {
      mode: "shared" | "copy" | "overlay";
      /** (in MiB) */
      size?: number;
    };
    /** Whether it has a metadata service. */
    metadata?: boolean;
    /** What the guest takes for its own, inside: clones too, and their host translates. */
    interfaces: Array<{
      mac: string;
      address: string;
      gateway: string;
    }>;
    /** Volumes whose content it holds, in the microVM's order. Each clone has a copy of its own. */
    volumes: Array<{
      readOnly: boolean;
    }>;
    /** The guest's SSH host key, which its clones show too. */
    sshHostKey: string;
  };
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  drift: string[];
}

/** What other resources see of it. */
export interface SnapshotReference {
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name: string;
  /** SHA-256 of the list of its files' digests. */
  digest: string;
  /** Its directory on the host. */
  path: string;
  /** The VMM that took it, and the only one that can restore it. */
  vmm: VmmReference;
  /** The microVM's kernel. */
  kernel: KernelReference;
  /** The microVM's image. */
  rootfs: RootfsImageReference;
  /** What of the microVM its clones have in common with it. */
  guest: {
    machine: "microvm" | "q35";
    accelerator: "kvm" | "tcg";
    vcpus: number;
    maxVcpus?: number;
    /** (in MiB) */
    memory: number;
    /** (in MiB) */
    maxMemory?: number;
    /** (in MiB) */
    balloon?: number;
    kernelArgs?: string[];
    rootDisk: {
      mode: "shared" | "copy" | "overlay";
      /** (in MiB) */
      size?: number;
    };
    /** Whether it has a metadata service. */
    metadata?: boolean;
    /** What the guest takes for its own, inside: clones too, and their host translates. */
    interfaces: Array<{
      mac: string;
      address: string;
      gateway: string;
    }>;
    /** Volumes whose content it holds, in the microVM's order. Each clone has a copy of its own. */
    volumes: Array<{
      readOnly: boolean;
    }>;
    /** The guest's SSH host key, which its clones show too. */
    sshHostKey: string;
  };
}

/** A container engine on a host, as far as runtimes are registered with it and containers run by it. What it is configured with stays its administrator's: runtimes of ours come in a drop-in file, which is checked with the engine's own command before it takes effect, tried with a container after it, and taken back if anything fails. An engine is restarted only where its running containers survive that. */
export interface ContainerEngineInputs {
  /** The host that it lives on. */
  host: HostReference;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name?: string;
  /** Take over an object of this name that another program made. (default false) */
  adopt?: boolean;
  /** Which engine. Containers of ours run under `containerd`; the others have runtimes registered with them. */
  kind: "containerd" | "cri-o" | "docker";
  /** Install the distribution's package where the engine is missing; delete removes it again, with its images. For `containerd` only: others cannot be removed without a trace. Without it a missing engine is an error. (default false) */
  install?: boolean;
  /** The engine's main configuration file. Default: `/etc/containerd/config.toml`, `/etc/crio/crio.conf` or `/etc/docker/daemon.json`. (at most 1024 characters) */
  configFile?: string;
  /** What the host was given to log in with. */
  credentials?: {
    privateKey?: string;
    passphrase?: string;
    password?: string;
  };
  /** The program and resource that it belongs to. */
  owner?: string;
}

/** The inputs and what the provider computed. */
export interface ContainerEngineState extends ContainerEngineInputs {
  /** What the engine says its version is. */
  version: string;
  /** The file that holds the runtimes of ours. */
  dropIn: string;
  /** The handlers that are registered with it, when it was last looked at: what is registered later is shown after a refresh. */
  handlers: string[];
  /** Packages that were missing and that delete removes again. */
  installedPackages: string[];
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  drift: string[];
}

/** What other resources see of it. */
export interface ContainerEngineReference {
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name: string;
  /** Which engine. Containers of ours run under `containerd`; the others have runtimes registered with them. */
  kind: "containerd" | "cri-o" | "docker";
  /** What the engine says its version is. */
  version: string;
  /** The file that holds the runtimes of ours. */
  dropIn: string;
  /** The handlers that are registered with it, when it was last looked at: what is registered later is shown after a refresh. */
  handlers: string[];
}

/** gVisor on a host: a runtime whose containers speak with a kernel of their own that is an ordinary program. It needs no KVM, and so is the strongest isolation that a host without it has. */
export interface GVisorInputs {
  /** The host that it lives on. */
  host: HostReference;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name?: string;
  /** Take over an object of this name that another program made. (default false) */
  adopt?: boolean;
  /** Container engines that it is registered with, under the name of its handler. Containers of ours need none. */
  engines?: ContainerEngineReference[];
  /** Name by which engines and Kubernetes select it. (at most 40 characters; default "gvisor") */
  handler?: string;
  /** Where the program `runsc` comes from. Default: the distribution's package. */
  source?: {
    /** A file on the machine that runs the program. (at most 4096 characters) */
    file?: string;
    /** An address that the host downloads. Needs `sha256`. (at most 2048 characters) */
    url?: string;
    /** SHA-256 of the program. */
    sha256?: string;
  };
  /** How system calls are intercepted. `kvm` needs a host with usable KVM; `ptrace` is slow and works anywhere. Default: the program's own, `systrap` from 2023 on. */
  platform?: "systrap" | "kvm" | "ptrace";
  /** `sandbox`: a network stack of its own on the container's interfaces. `host`: the kernel's stack, still in the container's network namespace: needed by programs that were released before the host's kernel and misjudge it. (default "sandbox") */
  network?: "sandbox" | "host" | "none";
  /** Write what it does to `/var/log/microvm-runsc`. (default false) */
  debug?: boolean;
  /** Digest of what lies at a local source, so that a change of its content is seen. */
  sourceDigest?: string;
  /** What the host was given to log in with. */
  credentials?: {
    privateKey?: string;
    passphrase?: string;
    password?: string;
  };
  /** The program and resource that it belongs to. */
  owner?: string;
}

/** The inputs and what the provider computed. */
export interface GVisorState extends GVisorInputs {
  /** The program on the host. */
  path: string;
  /** SHA-256 of the program; empty for a package. */
  digest: string;
  /** What engines call: the program with the options that are declared. */
  runtime: string;
  /** What the program says its version is. */
  installedVersion: string;
  /** What a Kubernetes cluster is told of it: one class with the name of its handler, for nodes with the label `microvm.dev/<handler>`. `microvm.kubernetes.RuntimeClasses` creates it. */
  runtimeClasses: Array<{
    /** What pods say as `runtimeClassName`. */
    name: string;
    /** Name under which the node's engine knows the runtime. */
    handler: string;
    /** What a pod takes beside its containers, as quantities of Kubernetes. */
    overhead?: {
      /** Such as `130Mi`. */
      memory?: string;
      /** Such as `250m`. */
      cpu?: string;
    };
    /** Labels of the nodes that have the runtime. */
    nodeSelector?: Record<string, string>;
  }>;
  /** `a container ran under it`, or why that could not be tried. */
  verified: string;
  /** Packages that were missing and that delete removes again. */
  installedPackages: string[];
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  drift: string[];
}

/** What other resources see of it. */
export interface GVisorReference {
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name: string;
  /** Name by which engines and Kubernetes select it. (at most 40 characters; default "gvisor") */
  handler: string;
  /** What engines call: the program with the options that are declared. */
  runtime: string;
  /** What the program says its version is. */
  installedVersion: string;
}

/** A release of Kata Containers on a host, several side by side, and the handlers that containers select it by: each a choice of VMM, guest and size. What the release ships is kept as it is and shared by its digest; a handler's choices are a drop-in beside a copy of the shipped configuration. Every configuration is read by Kata's own program before it takes the place of the former, and what could not be verified is an output. */
export interface KataRuntimeInputs {
  /** The host that it lives on. */
  host: HostReference;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name?: string;
  /** Take over an object of this name that another program made. (default false) */
  adopt?: boolean;
  /** The release, such as `3.32.0` or `4.1.0`; with a `source`, the release that it must be. Another one is installed beside the former, which stays for as long as containers run from it. (at most 16 characters) */
  version: string;
  /** The archive `kata-static` (`.tar.xz` or `.tar.zst`), if not the official one: up to 4.0 all of the release, from 4.1 what the Rust runtime needs. Needed where a handler uses what is in it. */
  source?: {
    /** A file on the machine that runs the program. (at most 4096 characters) */
    file?: string;
    /** An address that the host downloads. Default: the official release, by `version` and the host's architecture. (at most 2048 characters) */
    url?: string;
    /** SHA-256 of the archive. Needed without `file`: Kata publishes no digests of its releases. */
    sha256?: string;
  };
  /** The archive `kata-go-static`, which from 4.1 on holds the Go runtime and Firecracker. Needed where a handler uses what is in it. */
  goSource?: {
    /** A file on the machine that runs the program. (at most 4096 characters) */
    file?: string;
    /** An address that the host downloads. Default: the official release, by `version` and the host's architecture. (at most 2048 characters) */
    url?: string;
    /** SHA-256 of the archive. Needed without `file`: Kata publishes no digests of its releases. */
    sha256?: string;
  };
  /** The runtime handlers that the host gets from it, at least one. */
  handlers: Array<{
    /** Name of the handler, by which containers and RuntimeClasses select it: `ctr run --runtime io.containerd.<name>.v2` finds its shim. (at most 40 characters) */
    name: string;
    /** Which VMM runs its containers: Cloud Hypervisor (`clh`), Firecracker (`fc`), QEMU, or Dragonball, which is built into the Rust runtime. */
    vmm: "clh" | "fc" | "qemu" | "dragonball";
    /** Which of Kata's runtimes. Default: `rust` for `dragonball` and from 4.0 on, `go` before that and for `fc`. */
    runtime?: "go" | "rust";
    /** A VMM of ours in the place of the one that Kata ships: Kata's own are pinned for long, and mended late. Not for `dragonball`. */
    monitor?: VmmReference;
    /** A kernel of ours in the place of the one that Kata ships. It needs all its drivers built in: Kata's guests load no modules. */
    kernel?: KernelReference;
    /** A kernel that lies on the host already. (at most 1024 characters) */
    kernelPath?: string;
    /** The guest's root filesystem: `shipped`, or an image's path on the host. Default: `shipped`, without an `initrd`. (at most 1024 characters) */
    image?: string;
    /** The guest as an initial RAM disk instead: `shipped`, or a path on the host. (at most 1024 characters) */
    initrd?: string;
    /** Virtual processors of a guest before its containers ask for more. Default: what Kata ships, 1. (1 to 240) */
    defaultVcpus?: number;
    /** Memory of a guest before its containers ask for more. Default: what Kata ships, 2048. (in MiB; 256 to 4194304) */
    defaultMemory?: number;
    /** Further kernel arguments, after those that Kata ships. */
    kernelParams?: string[];
    /** What a pod may choose for itself by `io.katacontainers.config.hypervisor.<name>`, by these names. Whoever may write pods gets that choice. Default: what Kata ships. */
    annotations?: string[];
    /** Whether VMM, runtime and agent log all they do. (default false) */
    debug?: boolean;
    /** The snapshotter that a container engine takes for its images. `fc` needs one that gives block devices, `devmapper` or `blockfile`: Firecracker shares no files with its guests. (at most 64 characters) */
    snapshotter?: string;
  }>;
  /** Container engines that its handlers are registered with. Containers of ours need none. */
  engines?: ContainerEngineReference[];
  /** Use VMMs that are known to be vulnerable: those that Kata ships are old. Which ones are: [VMM capabilities](vmm-capabilities.md). (default false) */
  allowVulnerable?: boolean;
  /** Digest of what lies at a local source. */
  sourceDigest?: string;
  /** Digest of what lies at a local source of the Go runtime. */
  goSourceDigest?: string;
  /** What the host was given to log in with. */
  credentials?: {
    privateKey?: string;
    passphrase?: string;
    password?: string;
  };
  /** The program and resource that it belongs to. */
  owner?: string;
}

/** The inputs and what the provider computed. */
export interface KataRuntimeState extends KataRuntimeInputs {
  /** What the release says its version is. */
  installedVersion: string;
  /** SHA-256 of the archive `kata-static`; empty where no handler needs it. */
  digest: string;
  /** SHA-256 of the archive `kata-go-static`; empty where no handler needs it. */
  goDigest: string;
  /** The runtimes that the archives hold: `go`, `rust`. */
  runtimes: string[];
  /** The handlers as they are on the host. */
  installedHandlers: Array<{
    /** Its name. */
    name: string;
    /** Its VMM. */
    vmm: "clh" | "fc" | "qemu" | "dragonball";
    /** Its runtime. */
    runtime: "go" | "rust";
    /** Its configuration: what `ctr run --runtime-config-path` and an engine's `ConfigPath` take. It stays the same from one release to the next. */
    configPath: string;
    /** The program that engines start, under the name by which they look for it. It stays the same too. */
    shim: string;
    /** The VMM that it starts; empty for `dragonball`, which is built in. */
    hypervisorPath: string;
    /** What that VMM says its version is; empty where it does not tell. */
    hypervisorVersion: string;
    /** The snapshotter that was declared; empty where none was. */
    snapshotter: string;
    /** `check passed`, or what could not be verified and why. */
    verified: string;
  }>;
  /** What a Kubernetes cluster is told of it: a class with the name of each handler, with what Kata says a pod costs, for nodes with the labels `katacontainers.io/kata-runtime` and `microvm.dev/<handler>`. `microvm.kubernetes.RuntimeClasses` creates them. */
  runtimeClasses: Array<{
    /** What pods say as `runtimeClassName`. */
    name: string;
    /** Name under which the node's engine knows the runtime. */
    handler: string;
    /** What a pod takes beside its containers, as quantities of Kubernetes. */
    overhead?: {
      /** Such as `130Mi`. */
      memory?: string;
      /** Such as `250m`. */
      cpu?: string;
    };
    /** Labels of the nodes that have the runtime. */
    nodeSelector?: Record<string, string>;
  }>;
  /** What the host lacks for its containers to start, a sentence each. */
  findings: string[];
  /** The handlers' files by their path below the handlers' directory, and the SHA-256 of each. */
  files: Record<string, string>;
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  drift: string[];
}

/** What other resources see of it. */
export interface KataRuntimeReference {
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name: string;
  /** What the release says its version is. */
  installedVersion: string;
  /** The handlers as they are on the host. */
  installedHandlers: Array<{
    /** Its name. */
    name: string;
    /** Its VMM. */
    vmm: "clh" | "fc" | "qemu" | "dragonball";
    /** Its runtime. */
    runtime: "go" | "rust";
    /** Its configuration: what `ctr run --runtime-config-path` and an engine's `ConfigPath` take. It stays the same from one release to the next. */
    configPath: string;
    /** The program that engines start, under the name by which they look for it. It stays the same too. */
    shim: string;
    /** The VMM that it starts; empty for `dragonball`, which is built in. */
    hypervisorPath: string;
    /** What that VMM says its version is; empty where it does not tell. */
    hypervisorVersion: string;
    /** The snapshotter that was declared; empty where none was. */
    snapshotter: string;
    /** `check passed`, or what could not be verified and why. */
    verified: string;
  }>;
}

/** A container on a host without Kubernetes: an OCI image under the runtime of your choice, supervised by systemd. It comes back when the host boots and when its policy says so, and runs on while its engine is restarted. Each start is a fresh container: what is to stay lies in a mount. */
export interface ContainerInputs {
  /** The host that it lives on. */
  host: HostReference;
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name?: string;
  /** Take over an object of this name that another program made. (default false) */
  adopt?: boolean;
  /** The engine that runs it: a `containerd`. */
  engine: ContainerEngineReference;
  /** What it runs. */
  image: {
    /** A name in a registry, such as `docker.io/library/nginx:1.27`, with or without `@sha256:…`. What a tag leads to is looked up once and kept (`imageDigest`) until the declaration changes. Where the registry wants a login, log in on the host (`skopeo login`). (at most 512 characters) */
    reference?: string;
    /** An OCI or Docker archive (`.tar`) on the machine that runs the program. (at most 4096 characters) */
    archive?: string;
    /** Digest that its manifest must have. */
    digest?: string;
    /** Whether the registry must prove who it is. Without it, plain HTTP is taken too. (default true) */
    tls?: boolean;
  };
  /** The runtime that it runs under: `runc`, the handler of `gvisor`, or one of those of `kata`. Give this or `isolation`. (at most 64 characters) */
  handler?: string;
  /** `vm`: under the first handler of `kata`. `gvisor`: under gVisor. `strongest`: the first of these that the host can truly do; which and why is in `runsUnder` and `isolationReason`. It is never less than gVisor. */
  isolation?: "vm" | "gvisor" | "strongest";
  /** Kata on the host. */
  kata?: KataRuntimeReference;
  /** gVisor on the host. */
  gvisor?: GVisorReference;
  /** Program and arguments. Default: the image's. */
  command?: string[];
  /** Environment variables besides the image's. They stand in no command line and in no unit. */
  environment?: Record<string, string>;
  /** Default: the image's. (at most 1024 characters) */
  workingDirectory?: string;
  /** Whether its root filesystem is read-only. (default false) */
  readOnly?: boolean;
  /** Directories and files of the host, and memory, that it sees. */
  mounts?: Array<{
    /** Directory or file on the host. Default: memory of its own (tmpfs), gone when it ends. (at most 1024 characters) */
    source?: string;
    /** Where, in the container. (at most 1024 characters) */
    target: string;
    /** Whether it may not write there. (default false) */
    readOnly?: boolean;
  }>;
  /** Network interfaces, in the container `eth0` and on, under the same rules as a microVM's. Default: none but the loopback. */
  interfaces?: Array<{
    /** The network. */
    network: NetworkReference;
    /** MAC address. Default: made from the container's name. */
    mac?: string;
    /** Address in the network. Default: a free one, kept for the container's life. */
    address?: string;
  }>;
  /** Ports of the host that lead to the first interface, for IPv4 and from outside the host's own networks of microVMs. The network needs `nat`, or a way back of its own. */
  ports?: Array<{
    /** Port on the host. (1 to 65535) */
    host: number;
    /** Port of the container. (1 to 65535) */
    container: number;
    /** Which of the two. (default "tcp") */
    protocol?: "tcp" | "udp";
    /** Address of the host that the port is on. Default: every one. */
    address?: string;
  }>;
  /** Bounds, where the host has the control-group controllers; for a runtime with a virtual machine, of that. */
  limits?: {
    /** Memory. Default: no bound. (in MiB; 4 to 4194304) */
    memory?: number;
    /** Processor time, 100 being one processor. Default: no bound. (in %; 1 to 6400) */
    cpu?: number;
  };
  /** When it counts as ready: at most one of `tcp` and `log`. Default: when it runs. */
  ready?: {
    /** A port of the first interface accepts connections. (1 to 65535) */
    tcp?: number;
    /** A line of its output matches this POSIX extended regular expression. (at most 512 characters) */
    log?: string;
    /** How long to wait. (in s; 1 to 3600; default 60) */
    timeout?: number;
  };
  /** What the host does when it ends by itself: `on-failure` when its status is not 0, `always` also when it is. At most 5 starts in 30 seconds. (default "on-failure") */
  restart?: "always" | "on-failure" | "never";
  /** How long it may take to end after the image's stop signal before it is killed. (in s; 0 to 3600; default 10) */
  stopTimeout?: number;
  /** Whether it is to run. (default "running") */
  state?: "running" | "stopped";
  /** Digest of what lies at a local source, so that a change of its content is seen. */
  sourceDigest?: string;
  /** What the host was given to log in with. */
  credentials?: {
    privateKey?: string;
    passphrase?: string;
    password?: string;
  };
  /** The program and resource that it belongs to. */
  owner?: string;
}

/** The inputs and what the provider computed. */
export interface ContainerState extends ContainerInputs {
  /** Digest of the manifest of the image that it runs. */
  imageDigest: string;
  /** Handler of the runtime that it runs under. */
  runsUnder: string;
  /** Why it is that one. */
  isolationReason: string;
  /** Address of the first interface; empty without one. */
  ipAddress: string;
  /** Address of each interface, in order. */
  addresses: string[];
  /** Its systemd unit on the host. */
  unit: string;
  /** Its output on the host, kept within 16 MiB; under Kata it is cut once a minute only. */
  logFile: string;
  /** What on the host differs from what was declared, a sentence each. The next `up` repairs it. */
  drift: string[];
}

/** What other resources see of it. */
export interface ContainerReference {
  /** Name on the host, unique there per kind. Default: the resource's name. (at most 40 characters) */
  name: string;
  /** Address of the first interface; empty without one. */
  ipAddress: string;
  /** Its systemd unit on the host. */
  unit: string;
}

/** How it is asked for: What a machine is and what of this provider's is on it, read over SSH. Changes nothing there, and needs nothing installed but a shell and perl-base. */
export interface HostFactsInputs {
  /** Host name or IP address, or `local` for the machine that runs the program. (at most 255 characters) */
  address: string;
  /** SSH port. Default: `~/.ssh/config`, then 22. (1 to 65535) */
  port?: number;
  /** User to log in as: root, or one that may run `sudo -n`. Default: `~/.ssh/config`, then the current user. (at most 64 characters) */
  user?: string;
  /** Private key as text. Prefer `privateKeyFile`, an agent or `~/.ssh/config`: what is not given here is in no state. */
  privateKey?: string;
  /** Passphrase of the private key. */
  passphrase?: string;
  /** Password to log in with. */
  password?: string;
  /** Private key file on the machine that runs the program. (at most 4096 characters) */
  privateKeyFile?: string;
  /** Socket of an SSH agent. Default: `SSH_AUTH_SOCK`. (at most 4096 characters) */
  agent?: string;
  /** The host key to accept: a `SHA256:…` fingerprint or an OpenSSH public key. Default: what `known_hosts` says. (at most 8192 characters) */
  hostKey?: string;
  /** The known_hosts file. Default: `~/.ssh/known_hosts`. (at most 4096 characters) */
  knownHosts?: string;
  /** The SSH client configuration to honour, or `none`. Default: `~/.ssh/config`. (at most 4096 characters) */
  sshConfig?: string;
  /** Hosts to go through, first hop first. */
  jump?: Array<{
    /** Host name or IP address. (at most 255 characters) */
    address: string;
    /** Its SSH port. (1 to 65535; default 22) */
    port?: number;
    /** User to log in as. Default: `~/.ssh/config`, then the current user. (at most 64 characters) */
    user?: string;
    /** Private key file for this hop. (at most 4096 characters) */
    privateKeyFile?: string;
    /** The host key to accept: a `SHA256:…` fingerprint or an OpenSSH public key. */
    hostKey?: string;
  }>;
  /** How long each kind of remote step may take. */
  deadlines?: {
    /** How long to try again where nothing listens yet: a machine that was made a moment ago, or starts. (in s; 0 to 86400; default 0) */
    boot?: number;
    /** Opening the TCP connection. (in s; default 15) */
    dial?: number;
    /** SSH handshake and authentication. (in s; default 20) */
    authentication?: number;
    /** One remote step, not counting uploads. (in s; default 600) */
    command?: number;
  };
}

/** What a machine is and what of this provider's is on it, read over SSH. Changes nothing there, and needs nothing installed but a shell and perl-base. */
export interface HostFacts {
  /** The machine's own identity (`/etc/machine-id`). A new address with the same identity is the same host. */
  machineId: string;
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
  /** Usable memory. (in MiB) */
  memory: number;
  /** Which control-group hierarchy the host has. Limits of microVMs are enforced where the controllers exist. */
  cgroups: "v1" | "v2" | "hybrid";
  /** What a timed probe guest showed: `kvm` can run guests; `kvm-slow` has a /dev/kvm that emulates and is useless for them; `none` has none. */
  virtualization: "kvm" | "kvm-slow" | "none";
  /** What the probe saw, in a sentence. */
  virtualizationEvidence: string;
  /** Whether the host is itself a virtual machine. */
  nested: "yes" | "no" | "unknown";
  /** Where the host falls short of what is advised for several tenants, a sentence each: SMT, KSM, swap, unmitigated flaws of the processor. */
  hardeningFindings: string[];
  /** What any program has made there, by name and kind. */
  objects: Array<{
    /** As the resource is named, such as `MicroVM`. */
    kind: string;
    /** Its name on the host. */
    name: string;
    /** The program and resource that it belongs to. */
    owner: string;
  }>;
}
