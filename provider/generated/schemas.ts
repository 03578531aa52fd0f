// Generated from schema/ by `npm run generate`. Do not edit.

import type { LookupSchema, ResourceSchema } from "../schema/model";
import type { Kind, Lookup } from "./types";

export const schemas: Readonly<Record<Kind, ResourceSchema>> = {
  "Host": {
    "kind": "Host",
    "description": "A machine that runs microVMs, reached over SSH (or the machine itself, with `address: \"local\"`). Creating it installs the host kit, the packages, kernel modules and sysctls that are asked for, and tells what the machine is. Deleting it takes back exactly what it installed.",
    "hosted": false,
    "inputs": {
      "name": {
        "type": "string",
        "description": "Name used in messages. Default: the resource's name.",
        "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        "x-expects": "lower-case letters, digits and inner hyphens, such as `web-1`",
        "minLength": 1,
        "maxLength": 40
      },
      "address": {
        "type": "string",
        "description": "Host name or IP address, or `local` for the machine that runs the program.",
        "minLength": 1,
        "maxLength": 255,
        "pattern": "^[A-Za-z0-9._:%\\[\\]-]+$",
        "x-expects": "a host name, an IP address or `local`"
      },
      "port": {
        "type": "integer",
        "minimum": 1,
        "maximum": 65535,
        "description": "SSH port. Default: `~/.ssh/config`, then 22."
      },
      "user": {
        "type": "string",
        "description": "User to log in as: root, or one that may run `sudo -n`. Default: `~/.ssh/config`, then the current user.",
        "minLength": 1,
        "maxLength": 64
      },
      "privateKey": {
        "type": "string",
        "description": "Private key as text. Prefer `privateKeyFile`, an agent or `~/.ssh/config`: what is not given here is in no state.",
        "x-secret": true
      },
      "passphrase": {
        "type": "string",
        "description": "Passphrase of the private key.",
        "x-secret": true
      },
      "password": {
        "type": "string",
        "description": "Password to log in with.",
        "x-secret": true
      },
      "privateKeyFile": {
        "type": "string",
        "description": "Private key file on the machine that runs the program.",
        "pattern": "^[^\\u0000\\n\\r]+$",
        "x-expects": "a path without line breaks",
        "maxLength": 4096
      },
      "agent": {
        "type": "string",
        "description": "Socket of an SSH agent. Default: `SSH_AUTH_SOCK`.",
        "pattern": "^[^\\u0000\\n\\r]+$",
        "x-expects": "a path without line breaks",
        "maxLength": 4096
      },
      "hostKey": {
        "type": "string",
        "description": "The host key to accept: a `SHA256:…` fingerprint or an OpenSSH public key. Default: what `known_hosts` says.",
        "minLength": 10,
        "maxLength": 8192
      },
      "trustOnFirstUse": {
        "type": "boolean",
        "description": "Accept an unknown host key at the first connection; from then on it is pinned in the state and a changed key is refused.",
        "default": false
      },
      "knownHosts": {
        "type": "string",
        "description": "The known_hosts file. Default: `~/.ssh/known_hosts`.",
        "pattern": "^[^\\u0000\\n\\r]+$",
        "x-expects": "a path without line breaks",
        "maxLength": 4096
      },
      "sshConfig": {
        "type": "string",
        "description": "The SSH client configuration to honour, or `none`. Default: `~/.ssh/config`.",
        "pattern": "^[^\\u0000\\n\\r]+$",
        "x-expects": "a path without line breaks",
        "maxLength": 4096
      },
      "jump": {
        "type": "array",
        "description": "Hosts to go through, first hop first.",
        "items": {
          "type": "object",
          "description": "A host on the way to another.",
          "additionalProperties": false,
          "required": [
            "address"
          ],
          "properties": {
            "address": {
              "type": "string",
              "description": "Host name or IP address.",
              "minLength": 1,
              "maxLength": 255
            },
            "port": {
              "type": "integer",
              "minimum": 1,
              "maximum": 65535,
              "description": "Its SSH port.",
              "default": 22
            },
            "user": {
              "type": "string",
              "description": "User to log in as. Default: `~/.ssh/config`, then the current user.",
              "maxLength": 64
            },
            "privateKeyFile": {
              "type": "string",
              "description": "Private key file for this hop.",
              "pattern": "^[^\\u0000\\n\\r]+$",
              "x-expects": "a path without line breaks",
              "maxLength": 4096
            },
            "hostKey": {
              "type": "string",
              "description": "The host key to accept: a `SHA256:…` fingerprint or an OpenSSH public key."
            }
          },
          "x-shape": "Jump"
        },
        "maxItems": 8
      },
      "deadlines": {
        "type": "object",
        "description": "How long each kind of remote step may take.",
        "additionalProperties": false,
        "properties": {
          "boot": {
            "type": "number",
            "description": "How long to try again where nothing listens yet: a machine that was made a moment ago, or starts.",
            "x-unit": "s",
            "default": 0,
            "minimum": 0,
            "maximum": 86400
          },
          "dial": {
            "type": "number",
            "description": "Opening the TCP connection.",
            "x-unit": "s",
            "default": 15,
            "exclusiveMinimum": 0,
            "maximum": 3600
          },
          "authentication": {
            "type": "number",
            "description": "SSH handshake and authentication.",
            "x-unit": "s",
            "default": 20,
            "exclusiveMinimum": 0,
            "maximum": 3600
          },
          "command": {
            "type": "number",
            "description": "One remote step, not counting uploads.",
            "x-unit": "s",
            "default": 600,
            "exclusiveMinimum": 0,
            "maximum": 86400
          }
        },
        "x-shape": "Deadlines"
      },
      "packages": {
        "type": "array",
        "description": "Distribution packages that must be installed besides those the provider needs. Those that were missing are removed again on delete.",
        "items": {
          "type": "string",
          "pattern": "^[a-z0-9][a-z0-9+.-]+$",
          "x-expects": "a package name such as `curl`",
          "maxLength": 128
        },
        "uniqueItems": true,
        "maxItems": 200
      },
      "kernelModules": {
        "type": "array",
        "description": "Kernel modules that must be loaded, now and at each boot.",
        "items": {
          "type": "string",
          "pattern": "^[A-Za-z0-9_-]+$",
          "x-expects": "a module name such as `vhost_net`",
          "maxLength": 64
        },
        "uniqueItems": true,
        "maxItems": 64
      },
      "sysctls": {
        "type": "object",
        "description": "Kernel parameters that must be set, now and at each boot, e.g. `{ \"vm.swappiness\": \"1\" }`. The former values come back on delete.",
        "propertyNames": {
          "pattern": "^[a-z0-9_]+([./][A-Za-z0-9_-]+)+$",
          "x-expects": "a kernel parameter such as `vm.swappiness`"
        },
        "additionalProperties": {
          "type": "string",
          "pattern": "^[^\\n\\r\\u0000]*$",
          "x-expects": "one line of text",
          "maxLength": 512
        }
      },
      "adopt": {
        "type": "boolean",
        "description": "Take over a host whose record names another program.",
        "default": false
      },
      "hardening": {
        "type": "object",
        "description": "What to turn off on a host that runs guests of several tenants, now and at every boot; delete, and taking it away here, bring back what was. Whatever is asked for, `hardeningFindings` tells what falls short.",
        "additionalProperties": false,
        "properties": {
          "smt": {
            "type": "string",
            "enum": [
              "off"
            ],
            "description": "Simultaneous multithreading: guests on sibling threads share a core's caches and buffers."
          },
          "ksm": {
            "type": "string",
            "enum": [
              "off"
            ],
            "description": "Merging of equal memory pages, by which guests learn what others hold."
          },
          "swap": {
            "type": "string",
            "enum": [
              "off"
            ],
            "description": "All swap areas: memory of guests is not written to disk."
          }
        }
      },
      "owner": {
        "type": "string",
        "description": "The program and resource that it belongs to.",
        "x-internal": true
      }
    },
    "required": [
      "address"
    ],
    "outputs": {
      "machineId": {
        "x-stable": "always",
        "type": "string",
        "description": "The machine's own identity (`/etc/machine-id`). A new address with the same identity is the same host."
      },
      "connection": {
        "type": "object",
        "description": "How the host is reached, with its pinned host key. Holds no secret.",
        "additionalProperties": false,
        "required": [
          "address"
        ],
        "properties": {
          "address": {
            "type": "string"
          },
          "port": {
            "type": "integer",
            "minimum": 1,
            "maximum": 65535
          },
          "user": {
            "type": "string"
          },
          "privateKeyFile": {
            "type": "string"
          },
          "agent": {
            "type": "string"
          },
          "hostKey": {
            "type": "string"
          },
          "knownHosts": {
            "type": "string"
          },
          "sshConfig": {
            "type": "string"
          },
          "jump": {
            "type": "array",
            "items": {
              "type": "object",
              "description": "A host on the way to another.",
              "additionalProperties": false,
              "required": [
                "address"
              ],
              "properties": {
                "address": {
                  "type": "string",
                  "description": "Host name or IP address.",
                  "minLength": 1,
                  "maxLength": 255
                },
                "port": {
                  "type": "integer",
                  "minimum": 1,
                  "maximum": 65535,
                  "description": "Its SSH port.",
                  "default": 22
                },
                "user": {
                  "type": "string",
                  "description": "User to log in as. Default: `~/.ssh/config`, then the current user.",
                  "maxLength": 64
                },
                "privateKeyFile": {
                  "type": "string",
                  "description": "Private key file for this hop.",
                  "pattern": "^[^\\u0000\\n\\r]+$",
                  "x-expects": "a path without line breaks",
                  "maxLength": 4096
                },
                "hostKey": {
                  "type": "string",
                  "description": "The host key to accept: a `SHA256:…` fingerprint or an OpenSSH public key."
                }
              },
              "x-shape": "Jump"
            }
          },
          "deadlines": {
            "type": "object",
            "description": "How long each kind of remote step may take.",
            "additionalProperties": false,
            "properties": {
              "boot": {
                "type": "number",
                "description": "How long to try again where nothing listens yet: a machine that was made a moment ago, or starts.",
                "x-unit": "s",
                "default": 0,
                "minimum": 0,
                "maximum": 86400
              },
              "dial": {
                "type": "number",
                "description": "Opening the TCP connection.",
                "x-unit": "s",
                "default": 15,
                "exclusiveMinimum": 0,
                "maximum": 3600
              },
              "authentication": {
                "type": "number",
                "description": "SSH handshake and authentication.",
                "x-unit": "s",
                "default": 20,
                "exclusiveMinimum": 0,
                "maximum": 3600
              },
              "command": {
                "type": "number",
                "description": "One remote step, not counting uploads.",
                "x-unit": "s",
                "default": 600,
                "exclusiveMinimum": 0,
                "maximum": 86400
              }
            },
            "x-shape": "Deadlines"
          }
        },
        "x-shape": "Connection"
      },
      "fingerprint": {
        "type": "string",
        "description": "Fingerprint of the host key, `SHA256:…`; empty for `local`."
      },
      "os": {
        "type": "string",
        "description": "Name and version of the operating system."
      },
      "architecture": {
        "x-stable": "always",
        "type": "string",
        "description": "As `uname -m` names it, e.g. `x86_64`."
      },
      "kernelVersion": {
        "type": "string",
        "description": "Release of the running kernel."
      },
      "cpus": {
        "type": "integer",
        "description": "Online processors."
      },
      "cpuModel": {
        "type": "string",
        "description": "Name of the processor."
      },
      "memory": {
        "type": "integer",
        "description": "Usable memory.",
        "x-unit": "MiB"
      },
      "cgroups": {
        "type": "string",
        "enum": [
          "v1",
          "v2",
          "hybrid"
        ],
        "description": "Which control-group hierarchy the host has. Limits of microVMs are enforced where the controllers exist."
      },
      "virtualization": {
        "type": "string",
        "enum": [
          "kvm",
          "kvm-slow",
          "none"
        ],
        "description": "What a timed probe guest showed: `kvm` can run guests; `kvm-slow` has a /dev/kvm that emulates and is useless for them; `none` has none."
      },
      "virtualizationEvidence": {
        "type": "string",
        "description": "What the probe saw, in a sentence."
      },
      "nested": {
        "type": "string",
        "enum": [
          "yes",
          "no",
          "unknown"
        ],
        "description": "Whether the host is itself a virtual machine."
      },
      "kit": {
        "type": "string",
        "description": "Content hash of the host kit in `/usr/lib/microvm`."
      },
      "installedPackages": {
        "type": "array",
        "items": {
          "type": "string"
        },
        "description": "Packages that were missing and that delete removes again."
      },
      "hardeningFindings": {
        "type": "array",
        "items": {
          "type": "string"
        },
        "description": "Where the host falls short of what is advised for several tenants, a sentence each: SMT, KSM, swap, unmitigated flaws of the processor."
      },
      "drift": {
        "type": "array",
        "description": "What on the host differs from what was declared, a sentence each. The next `up` repairs it.",
        "items": {
          "type": "string"
        }
      }
    },
    "reference": {
      "identity": [
        "machineId"
      ],
      "properties": [
        "name",
        "machineId",
        "connection"
      ]
    }
  },
  "Vmm": {
    "kind": "Vmm",
    "description": "A virtual machine monitor on a host, several versions side by side. `qemu` is the distribution's own package, removed by delete if it was missing before; `firecracker` and `cloud-hypervisor` are official releases by their version, or what a URL or a file holds, kept in the host's content-addressed store. A VMM counts as installed once it has run there and said its version.",
    "hosted": true,
    "inputs": {
      "host": {
        "x-ref": "Host",
        "description": "The host that it lives on.",
        "x-change": "replace",
        "x-why": "it lives on its host"
      },
      "name": {
        "type": "string",
        "description": "Name on the host, unique there per kind. Default: the resource's name.",
        "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        "x-expects": "lower-case letters, digits and inner hyphens, such as `web-1`",
        "minLength": 1,
        "maxLength": 40,
        "x-change": "replace",
        "x-why": "its name is its identity on the host"
      },
      "adopt": {
        "type": "boolean",
        "description": "Take over an object of this name that another program made.",
        "default": false
      },
      "kind": {
        "type": "string",
        "enum": [
          "qemu",
          "firecracker",
          "cloud-hypervisor"
        ],
        "description": "Which VMM.",
        "x-change": "replace",
        "x-why": "another VMM is another program"
      },
      "version": {
        "type": "string",
        "description": "`firecracker`, `cloud-hypervisor`: the official release to install, such as `1.16.1`; with a `source`, the version that it must be. `qemu`: the version that the host must have, or the beginning of one (`7.2` accepts `7.2.22`). Default: what the source or the distribution has.",
        "pattern": "^[0-9]+(\\.[0-9]+){0,3}$",
        "x-expects": "a version such as `1.16.1`",
        "maxLength": 32
      },
      "source": {
        "type": "object",
        "description": "Where the VMM comes from, if not from its project's releases: a binary, or for Firecracker a release archive (`.tgz`) that holds its jailer too.",
        "additionalProperties": false,
        "x-at-most-one": [
          "file",
          "url"
        ],
        "properties": {
          "file": {
            "type": "string",
            "description": "A file on the machine that runs the program.",
            "pattern": "^[^\\u0000\\n\\r]+$",
            "x-expects": "a path without line breaks",
            "maxLength": 4096
          },
          "url": {
            "type": "string",
            "description": "An address that the host downloads. Needs `sha256`.",
            "pattern": "^https?://[^\\s]+$",
            "x-expects": "an http or https address",
            "maxLength": 2048
          },
          "sha256": {
            "type": "string",
            "description": "SHA-256 of the file, of what the URL gives, or of the official release. Firecracker publishes its own, which is used by default; Cloud Hypervisor publishes none, so its releases need it.",
            "pattern": "^[0-9a-f]{64}$",
            "x-expects": "64 lower-case hexadecimal digits"
          }
        }
      },
      "allowVulnerable": {
        "type": "boolean",
        "description": "Install a release that is known to be vulnerable. Which ones are: [VMM capabilities](vmm-capabilities.md).",
        "default": false
      },
      "sourceDigest": {
        "type": "string",
        "description": "Digest of what lies at a local source, so that a change of its content is seen.",
        "x-internal": true
      },
      "credentials": {
        "type": "object",
        "description": "What the host was given to log in with.",
        "additionalProperties": false,
        "properties": {
          "privateKey": {
            "type": "string"
          },
          "passphrase": {
            "type": "string"
          },
          "password": {
            "type": "string"
          }
        },
        "x-internal": true,
        "x-secret": true,
        "x-shape": "Credentials"
      },
      "owner": {
        "type": "string",
        "description": "The program and resource that it belongs to.",
        "x-internal": true
      }
    },
    "required": [
      "host",
      "kind"
    ],
    "outputs": {
      "path": {
        "type": "string",
        "description": "The program on the host."
      },
      "jailerPath": {
        "type": "string",
        "description": "Firecracker's jailer on the host; empty for others."
      },
      "digest": {
        "type": "string",
        "description": "SHA-256 of the program; empty for a package."
      },
      "jailerDigest": {
        "type": "string",
        "description": "SHA-256 of the jailer; empty where there is none."
      },
      "installedVersion": {
        "type": "string",
        "description": "What the program says its version is."
      },
      "installedPackages": {
        "type": "array",
        "items": {
          "type": "string"
        },
        "description": "Packages that were missing and that delete removes again."
      },
      "drift": {
        "type": "array",
        "description": "What on the host differs from what was declared, a sentence each. The next `up` repairs it.",
        "items": {
          "type": "string"
        }
      }
    },
    "reference": {
      "identity": [
        "kind",
        "path"
      ],
      "properties": [
        "name",
        "kind",
        "path",
        "jailerPath",
        "digest",
        "jailerDigest",
        "installedVersion"
      ]
    }
  },
  "Kernel": {
    "kind": "Kernel",
    "description": "A guest kernel in the host's content-addressed store, with the initramfs that finds the guest's disks and sets up its network.",
    "hosted": true,
    "inputs": {
      "host": {
        "x-ref": "Host",
        "description": "The host that it lives on.",
        "x-change": "replace",
        "x-why": "it lives on its host"
      },
      "name": {
        "type": "string",
        "description": "Name on the host, unique there per kind. Default: the resource's name.",
        "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        "x-expects": "lower-case letters, digits and inner hyphens, such as `web-1`",
        "minLength": 1,
        "maxLength": 40,
        "x-change": "replace",
        "x-why": "its name is its identity on the host"
      },
      "adopt": {
        "type": "boolean",
        "description": "Take over an object of this name that another program made.",
        "default": false
      },
      "source": {
        "type": "object",
        "description": "Where the kernel comes from: exactly one of `file`, `url` or `distribution`.",
        "x-change": "replace",
        "x-why": "a kernel is content-addressed",
        "additionalProperties": false,
        "x-exactly-one": [
          "file",
          "url",
          "distribution"
        ],
        "properties": {
          "file": {
            "type": "string",
            "description": "A bzImage, an uncompressed vmlinux (ELF) or an arm64 Image on the machine that runs the program.",
            "pattern": "^[^\\u0000\\n\\r]+$",
            "x-expects": "a path without line breaks",
            "maxLength": 4096
          },
          "url": {
            "type": "string",
            "description": "The same, fetched by the host; needs `sha256`.",
            "pattern": "^https?://[^\\s]+$",
            "x-expects": "an http or https address",
            "maxLength": 2048
          },
          "sha256": {
            "type": "string",
            "description": "What the content must hash to. Needed with `url`, checked with `file`.",
            "pattern": "^[0-9a-f]{64}$",
            "x-expects": "64 lower-case hexadecimal digits"
          },
          "distribution": {
            "type": "string",
            "description": "A kernel package of the host's own distribution, fetched and unpacked, never installed: `default` for the one made for virtual machines, or a package name.",
            "pattern": "^[a-z0-9][a-z0-9+.-]+$",
            "x-expects": "a package name such as `linux-image-cloud-amd64`",
            "maxLength": 128
          }
        }
      },
      "initramfs": {
        "type": "string",
        "enum": [
          "microvm",
          "none"
        ],
        "description": "`microvm`: the provider's own, with the modules that the kernel needs. `none`: the kernel mounts its root by itself; addresses, files and keys then do not reach the guest.",
        "default": "microvm",
        "x-change": "replace",
        "x-why": "the initramfs is part of what the guest boots"
      },
      "sourceDigest": {
        "type": "string",
        "description": "Digest of what lies at a local source, so that a change of its content is seen.",
        "x-internal": true,
        "x-change": "replace",
        "x-why": "what it is made of changed"
      },
      "credentials": {
        "type": "object",
        "description": "What the host was given to log in with.",
        "additionalProperties": false,
        "properties": {
          "privateKey": {
            "type": "string"
          },
          "passphrase": {
            "type": "string"
          },
          "password": {
            "type": "string"
          }
        },
        "x-internal": true,
        "x-secret": true,
        "x-shape": "Credentials"
      },
      "owner": {
        "type": "string",
        "description": "The program and resource that it belongs to.",
        "x-internal": true
      }
    },
    "required": [
      "host",
      "source"
    ],
    "outputs": {
      "digest": {
        "x-stable": "updates",
        "type": "string",
        "description": "SHA-256 of the kernel."
      },
      "path": {
        "x-stable": "updates",
        "type": "string",
        "description": "The kernel in the host's store."
      },
      "vmlinuxDigest": {
        "x-stable": "updates",
        "type": "string",
        "description": "SHA-256 of the same kernel as an uncompressed ELF file, which Firecracker needs; empty where there is none."
      },
      "vmlinuxPath": {
        "x-stable": "updates",
        "type": "string",
        "description": "The uncompressed kernel in the host's store; empty where there is none."
      },
      "vmlinuxReason": {
        "x-stable": "updates",
        "type": "string",
        "description": "Why there is no uncompressed kernel; empty where there is one."
      },
      "initramfsDigest": {
        "x-stable": "updates",
        "type": "string",
        "description": "SHA-256 of the initramfs; empty with `initramfs: \"none\"`."
      },
      "initramfsPath": {
        "x-stable": "updates",
        "type": "string",
        "description": "The initramfs in the host's store; empty with `initramfs: \"none\"`."
      },
      "format": {
        "x-stable": "updates",
        "type": "string",
        "enum": [
          "bzImage",
          "elf",
          "arm64-image"
        ],
        "description": "What kind of kernel image it is."
      },
      "release": {
        "x-stable": "updates",
        "type": "string",
        "description": "Release of the kernel where it can be told, else empty."
      },
      "drift": {
        "type": "array",
        "description": "What on the host differs from what was declared, a sentence each. The next `up` repairs it.",
        "items": {
          "type": "string"
        }
      }
    },
    "reference": {
      "identity": [
        "digest",
        "initramfsDigest"
      ],
      "properties": [
        "name",
        "digest",
        "path",
        "vmlinuxDigest",
        "vmlinuxPath",
        "vmlinuxReason",
        "initramfsDigest",
        "initramfsPath",
        "format"
      ]
    }
  },
  "RootfsImage": {
    "kind": "RootfsImage",
    "description": "A root filesystem image in the host's content-addressed store, shared read-only between microVMs.",
    "hosted": true,
    "inputs": {
      "host": {
        "x-ref": "Host",
        "description": "The host that it lives on.",
        "x-change": "replace",
        "x-why": "it lives on its host"
      },
      "name": {
        "type": "string",
        "description": "Name on the host, unique there per kind. Default: the resource's name.",
        "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        "x-expects": "lower-case letters, digits and inner hyphens, such as `web-1`",
        "minLength": 1,
        "maxLength": 40,
        "x-change": "replace",
        "x-why": "its name is its identity on the host"
      },
      "adopt": {
        "type": "boolean",
        "description": "Take over an object of this name that another program made.",
        "default": false
      },
      "source": {
        "type": "object",
        "description": "Where the image comes from: exactly one of `file`, `url`, `directory`, `tarball`, `debian` or `oci`.",
        "x-change": "replace",
        "x-why": "an image is content-addressed",
        "additionalProperties": false,
        "x-exactly-one": [
          "file",
          "url",
          "directory",
          "tarball",
          "debian",
          "oci"
        ],
        "properties": {
          "file": {
            "type": "string",
            "description": "A filesystem image on the machine that runs the program.",
            "pattern": "^[^\\u0000\\n\\r]+$",
            "x-expects": "a path without line breaks",
            "maxLength": 4096
          },
          "url": {
            "type": "string",
            "description": "A filesystem image, fetched by the host; needs `sha256`.",
            "pattern": "^https?://[^\\s]+$",
            "x-expects": "an http or https address",
            "maxLength": 2048
          },
          "sha256": {
            "type": "string",
            "description": "What the content must hash to. Needed with `url`, checked with `file` and `tarball`.",
            "pattern": "^[0-9a-f]{64}$",
            "x-expects": "64 lower-case hexadecimal digits"
          },
          "directory": {
            "type": "string",
            "description": "A directory tree on the machine that runs the program; owners are kept as numbers.",
            "pattern": "^[^\\u0000\\n\\r]+$",
            "x-expects": "a path without line breaks",
            "maxLength": 4096
          },
          "tarball": {
            "type": "string",
            "description": "A tar archive (plain, gzip, xz or zstd) on the machine that runs the program.",
            "pattern": "^[^\\u0000\\n\\r]+$",
            "x-expects": "a path without line breaks",
            "maxLength": 4096
          },
          "debian": {
            "type": "object",
            "description": "Built on the host with mmdebstrap: a small Debian with systemd, and key-only SSH login where `openssh-server` is among the packages.",
            "additionalProperties": false,
            "required": [
              "suite"
            ],
            "properties": {
              "suite": {
                "type": "string",
                "description": "Suite, e.g. `bookworm`.",
                "pattern": "^[a-z][a-z0-9.-]*$",
                "x-expects": "a suite such as `bookworm`",
                "maxLength": 64
              },
              "packages": {
                "type": "array",
                "description": "Packages beyond the minimum.",
                "items": {
                  "type": "string",
                  "pattern": "^[a-z0-9][a-z0-9+.-]+$",
                  "x-expects": "a package name such as `curl`",
                  "maxLength": 128
                },
                "uniqueItems": true,
                "maxItems": 500
              },
              "mirror": {
                "type": "string",
                "description": "Mirror to build from. Default: the one of the host's own apt configuration when it is Debian, else Debian's.",
                "pattern": "^https?://[^\\s]+$",
                "x-expects": "an http or https address",
                "maxLength": 2048
              }
            }
          },
          "oci": {
            "type": "object",
            "description": "A container image, unpacked on the host by skopeo and umoci. The guest runs the image's program (`Entrypoint` and `Cmd`) with its environment, directory and user; the output is on the console. Asked to power off, it sends the program the image's stop signal; when the program ends, the guest powers off, and the microVM's `restart` says whether it starts again (`always`). An image that names no program, or an init of its own, boots by its `/sbin/init`. Needs a kernel with the provider's initramfs.",
            "additionalProperties": false,
            "x-exactly-one": [
              "reference",
              "archive"
            ],
            "properties": {
              "reference": {
                "type": "string",
                "description": "An image in a registry, by tag or by digest, e.g. `docker.io/library/nginx:1.27`. The host pulls it once, when the image is made, and by the digest found then whenever it is repaired. Where the registry wants a login, log in on the host (`skopeo login`).",
                "pattern": "^([A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?/)?[a-z0-9]+([._/-]+[a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?$",
                "x-expects": "an image's name such as `docker.io/library/nginx:1.27`",
                "maxLength": 512
              },
              "archive": {
                "type": "string",
                "description": "An archive of one image on the machine that runs the program, as `docker save` or `skopeo copy … oci-archive:…` makes it.",
                "pattern": "^[^\\u0000\\n\\r]+$",
                "x-expects": "a path without line breaks",
                "maxLength": 4096
              },
              "digest": {
                "type": "string",
                "description": "What the image's manifest must hash to: another image is refused.",
                "pattern": "^sha256:[0-9a-f]{64}$",
                "x-expects": "`sha256:` and 64 lower-case hexadecimal digits"
              },
              "tls": {
                "type": "boolean",
                "description": "Whether the registry is asked over TLS and has to prove who it is. `false` trusts whoever answers; a `digest` makes up for it.",
                "default": true
              }
            }
          }
        }
      },
      "format": {
        "type": "string",
        "enum": [
          "ext4",
          "erofs",
          "squashfs"
        ],
        "description": "Filesystem of the image. With `file` and `url` it says what the image is, and is checked. `copy` root disks need `ext4`.",
        "default": "ext4",
        "x-change": "replace",
        "x-why": "the filesystem is part of the image"
      },
      "size": {
        "type": "integer",
        "description": "Size of an ext4 image. Default: what the content needs and 20 % more.",
        "x-unit": "MiB",
        "minimum": 8,
        "maximum": 1048576,
        "x-change": "replace",
        "x-why": "the size is part of the image"
      },
      "sourceDigest": {
        "type": "string",
        "description": "Digest of what lies at a local source, so that a change of its content is seen.",
        "x-internal": true,
        "x-change": "replace",
        "x-why": "what it is made of changed"
      },
      "credentials": {
        "type": "object",
        "description": "What the host was given to log in with.",
        "additionalProperties": false,
        "properties": {
          "privateKey": {
            "type": "string"
          },
          "passphrase": {
            "type": "string"
          },
          "password": {
            "type": "string"
          }
        },
        "x-internal": true,
        "x-secret": true,
        "x-shape": "Credentials"
      },
      "owner": {
        "type": "string",
        "description": "The program and resource that it belongs to.",
        "x-internal": true
      }
    },
    "required": [
      "host",
      "source"
    ],
    "outputs": {
      "digest": {
        "x-stable": "always",
        "type": "string",
        "description": "SHA-256 of the image."
      },
      "path": {
        "x-stable": "always",
        "type": "string",
        "description": "The image in the host's store."
      },
      "bytes": {
        "x-stable": "always",
        "type": "integer",
        "description": "Size of the image.",
        "x-unit": "B"
      },
      "imageDigest": {
        "x-stable": "always",
        "type": "string",
        "description": "Digest of the container image's manifest that `oci` led to, as `sha256:…`; empty for other sources."
      },
      "drift": {
        "type": "array",
        "description": "What on the host differs from what was declared, a sentence each. The next `up` repairs it.",
        "items": {
          "type": "string"
        }
      }
    },
    "reference": {
      "identity": [
        "digest"
      ],
      "properties": [
        "name",
        "digest",
        "path",
        "format",
        "bytes"
      ]
    }
  },
  "Network": {
    "kind": "Network",
    "description": "A bridge on a host with its addresses, a DHCP and DNS server, address translation to the outside, and rules that let each microVM send only as itself.",
    "hosted": true,
    "inputs": {
      "host": {
        "x-ref": "Host",
        "description": "The host that it lives on.",
        "x-change": "replace",
        "x-why": "it lives on its host"
      },
      "name": {
        "type": "string",
        "description": "Name on the host, unique there per kind. Default: the resource's name.",
        "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        "x-expects": "lower-case letters, digits and inner hyphens, such as `web-1`",
        "minLength": 1,
        "maxLength": 40,
        "x-change": "replace",
        "x-why": "its name is its identity on the host"
      },
      "adopt": {
        "type": "boolean",
        "description": "Take over an object of this name that another program made.",
        "default": false
      },
      "cidr": {
        "type": "string",
        "description": "The network's addresses, e.g. `172.30.0.0/24`: /8 to /30.",
        "pattern": "^([0-9]{1,3}\\.){3}[0-9]{1,3}/([89]|[12][0-9]|30)$",
        "x-expects": "an IPv4 network of /8 to /30, such as `172.30.0.0/24`",
        "x-change": "replace",
        "x-why": "every microVM on the network has an address in it"
      },
      "gateway": {
        "type": "string",
        "description": "The bridge's own address. Default: the first of the network.",
        "pattern": "^((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\\.(?!$)|$)){4}$",
        "x-expects": "an IPv4 address such as `172.30.0.5`",
        "x-change": "replace",
        "x-why": "every microVM on the network routes by it"
      },
      "nat": {
        "type": "boolean",
        "description": "Translate addresses so that microVMs reach what the host reaches.",
        "default": true
      },
      "dhcp": {
        "type": "boolean",
        "description": "Serve addresses by DHCP: to microVMs the ones they have in the program.",
        "default": true
      },
      "dns": {
        "type": "array",
        "description": "Name servers that guests are told. Default: the bridge, which forwards to the host's.",
        "items": {
          "type": "string",
          "description": "An IPv4 address, e.g. `172.30.0.5`.",
          "pattern": "^((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\\.(?!$)|$)){4}$",
          "x-expects": "an IPv4 address such as `172.30.0.5`"
        },
        "maxItems": 3
      },
      "domain": {
        "type": "string",
        "description": "Domain of the guests' names.",
        "pattern": "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$",
        "x-expects": "a domain such as `lan.example`",
        "maxLength": 253
      },
      "traffic": {
        "type": "string",
        "enum": [
          "isolated",
          "open"
        ],
        "description": "`isolated`: microVMs on the network do not reach each other. `open`: they do.",
        "default": "isolated"
      },
      "mtu": {
        "type": "integer",
        "description": "Largest packet.",
        "x-unit": "B",
        "default": 1500,
        "minimum": 1280,
        "maximum": 65521
      },
      "credentials": {
        "type": "object",
        "description": "What the host was given to log in with.",
        "additionalProperties": false,
        "properties": {
          "privateKey": {
            "type": "string"
          },
          "passphrase": {
            "type": "string"
          },
          "password": {
            "type": "string"
          }
        },
        "x-internal": true,
        "x-secret": true,
        "x-shape": "Credentials"
      },
      "owner": {
        "type": "string",
        "description": "The program and resource that it belongs to.",
        "x-internal": true
      }
    },
    "required": [
      "host",
      "cidr"
    ],
    "outputs": {
      "bridge": {
        "x-stable": "always",
        "type": "string",
        "description": "Name of the bridge on the host."
      },
      "gatewayAddress": {
        "x-stable": "always",
        "type": "string",
        "description": "The bridge's address."
      },
      "prefixLength": {
        "x-stable": "always",
        "type": "integer",
        "description": "Length of the network's prefix.",
        "x-unit": "bit"
      },
      "drift": {
        "type": "array",
        "description": "What on the host differs from what was declared, a sentence each. The next `up` repairs it.",
        "items": {
          "type": "string"
        }
      }
    },
    "reference": {
      "identity": [
        "name",
        "cidr",
        "bridge"
      ],
      "properties": [
        "name",
        "cidr",
        "bridge",
        "gatewayAddress",
        "prefixLength",
        "dns",
        "domain",
        "mtu",
        "traffic"
      ]
    }
  },
  "Volume": {
    "kind": "Volume",
    "description": "A disk that outlives the microVMs that use it. It grows in place, never shrinks, and is never emptied; one with data in it is deleted only where `onDelete` says so.",
    "hosted": true,
    "inputs": {
      "host": {
        "x-ref": "Host",
        "description": "The host that it lives on.",
        "x-change": "replace",
        "x-why": "it lives on its host"
      },
      "name": {
        "type": "string",
        "description": "Name on the host, unique there per kind. Default: the resource's name.",
        "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        "x-expects": "lower-case letters, digits and inner hyphens, such as `web-1`",
        "minLength": 1,
        "maxLength": 40,
        "x-change": "replace",
        "x-why": "its name is its identity on the host"
      },
      "adopt": {
        "type": "boolean",
        "description": "Take over an object of this name that another program made.",
        "default": false
      },
      "size": {
        "type": "integer",
        "description": "Size of the disk, allocated as it fills. Can grow, not shrink.",
        "x-unit": "MiB",
        "minimum": 8,
        "maximum": 67108864
      },
      "filesystem": {
        "type": "string",
        "enum": [
          "ext4",
          "none"
        ],
        "description": "What a new volume holds. `none` leaves it blank.",
        "default": "ext4",
        "x-change": "replace",
        "x-why": "changing the filesystem would empty the volume"
      },
      "onDelete": {
        "type": "string",
        "enum": [
          "refuse",
          "retain",
          "delete"
        ],
        "description": "What deleting a volume with data in it does: `refuse` fails and says so; `retain` leaves the disk on the host and forgets it; `delete` destroys the data. An empty volume is always deleted.",
        "default": "refuse"
      },
      "credentials": {
        "type": "object",
        "description": "What the host was given to log in with.",
        "additionalProperties": false,
        "properties": {
          "privateKey": {
            "type": "string"
          },
          "passphrase": {
            "type": "string"
          },
          "password": {
            "type": "string"
          }
        },
        "x-internal": true,
        "x-secret": true,
        "x-shape": "Credentials"
      },
      "owner": {
        "type": "string",
        "description": "The program and resource that it belongs to.",
        "x-internal": true
      }
    },
    "required": [
      "host",
      "size"
    ],
    "outputs": {
      "path": {
        "x-stable": "always",
        "type": "string",
        "description": "The disk image on the host."
      },
      "bytes": {
        "type": "integer",
        "description": "Size that the disk has.",
        "x-unit": "B"
      },
      "drift": {
        "type": "array",
        "description": "What on the host differs from what was declared, a sentence each. The next `up` repairs it.",
        "items": {
          "type": "string"
        }
      }
    },
    "reference": {
      "identity": [
        "name"
      ],
      "properties": [
        "name",
        "path",
        "filesystem"
      ]
    }
  },
  "MicroVM": {
    "kind": "MicroVM",
    "description": "A virtual machine supervised by the host's systemd. It runs as its own user in a sandboxed unit, comes back after a reboot of the host, and is created only when it is ready as declared.",
    "hosted": true,
    "inputs": {
      "host": {
        "x-ref": "Host",
        "description": "The host that it lives on.",
        "x-change": "replace",
        "x-why": "it lives on its host"
      },
      "name": {
        "type": "string",
        "description": "Name on the host, unique there per kind. Default: the resource's name.",
        "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        "x-expects": "lower-case letters, digits and inner hyphens, such as `web-1`",
        "minLength": 1,
        "maxLength": 40,
        "x-change": "replace",
        "x-why": "its name is its identity on the host"
      },
      "adopt": {
        "type": "boolean",
        "description": "Take over an object of this name that another program made.",
        "default": false
      },
      "vmm": {
        "x-ref": "Vmm",
        "description": "The VMM that runs it: what each can do is in [VMM capabilities](vmm-capabilities.md).",
        "x-change": "restart"
      },
      "kernel": {
        "x-ref": "Kernel",
        "description": "The kernel that it boots.",
        "x-change": "restart"
      },
      "rootfs": {
        "x-ref": "RootfsImage",
        "description": "The root filesystem that it starts from.",
        "x-change": "replace",
        "x-why": "the root disk is made from the image"
      },
      "snapshot": {
        "x-ref": "Snapshot",
        "description": "The snapshot that it goes on from, instead of booting: `MicroVM.fromSnapshot` gives it with all that comes from it. Its MAC address and address are its own on the network; inside, the guest keeps those it had when the snapshot was taken, and the host translates. Its disks begin as copies of the snapshot's.",
        "x-change": "replace",
        "x-why": "its memory and its disks come from there"
      },
      "restore": {
        "type": "string",
        "enum": [
          "once",
          "always"
        ],
        "description": "With `snapshot`: `once` goes on from it at the first start and boots from its own disks at later ones, as a machine that lost its power does; `always` goes on from it at every start, with its disks as they were there.",
        "default": "once"
      },
      "machine": {
        "type": "string",
        "enum": [
          "microvm",
          "q35"
        ],
        "description": "QEMU's machine type: `microvm` is small and fast; `q35` has PCI Express. Other VMMs have one only.",
        "default": "microvm",
        "x-change": "restart"
      },
      "accelerator": {
        "type": "string",
        "enum": [
          "kvm",
          "tcg"
        ],
        "description": "`kvm` needs a host whose probe says `kvm`. `tcg` is QEMU's software emulation: slow, and no security boundary.",
        "default": "kvm",
        "x-change": "restart"
      },
      "vcpus": {
        "type": "integer",
        "description": "Virtual processors.",
        "default": 1,
        "minimum": 1,
        "maximum": 64,
        "x-change": "restart"
      },
      "maxVcpus": {
        "type": "integer",
        "description": "Up to how many virtual processors it can be given while it runs. Default: `vcpus`.",
        "minimum": 1,
        "maximum": 64,
        "x-change": "restart"
      },
      "memory": {
        "type": "integer",
        "description": "Guest memory.",
        "x-unit": "MiB",
        "default": 256,
        "minimum": 64,
        "maximum": 4194304,
        "x-change": "restart"
      },
      "maxMemory": {
        "type": "integer",
        "description": "Up to how much memory it can be given while it runs. Default: `memory`.",
        "x-unit": "MiB",
        "minimum": 64,
        "maximum": 4194304,
        "x-change": "restart"
      },
      "balloon": {
        "type": "integer",
        "description": "Memory that the guest is asked to give back to the host.",
        "x-unit": "MiB",
        "default": 0,
        "minimum": 0,
        "maximum": 4194304
      },
      "trackDirtyPages": {
        "type": "boolean",
        "description": "Whether it is recorded which memory the guest changes, so that a snapshot with a `base` writes only that. Costs the guest a little speed.",
        "default": false,
        "x-change": "restart"
      },
      "kernelArgs": {
        "type": "array",
        "description": "Further kernel arguments.",
        "items": {
          "type": "string",
          "pattern": "^[!-~]+$",
          "x-expects": "printable ASCII without spaces",
          "maxLength": 1024
        },
        "maxItems": 64,
        "x-change": "restart"
      },
      "rootDisk": {
        "type": "object",
        "description": "How the root disk relates to the image.",
        "additionalProperties": false,
        "properties": {
          "mode": {
            "type": "string",
            "enum": [
              "shared",
              "copy",
              "overlay"
            ],
            "description": "`shared`: the image itself, read-only; what the guest writes is in its memory and gone at its next boot. `overlay`: the image read-only and a private disk for what the guest writes. `copy`: a private copy of the image (ext4).",
            "default": "overlay",
            "x-change": "replace",
            "x-why": "the guest's writes live in another place"
          },
          "size": {
            "type": "integer",
            "description": "Size of the private disk. Can grow, not shrink. Default: 1024, or the image's size if that is more.",
            "x-unit": "MiB",
            "minimum": 16,
            "maximum": 67108864,
            "x-change": "restart"
          },
          "rateLimit": {
            "type": "object",
            "description": "Bounds of its traffic.",
            "additionalProperties": false,
            "properties": {
              "bandwidth": {
                "type": "integer",
                "description": "Bytes.",
                "x-unit": "bytes/s",
                "minimum": 1024,
                "maximum": 1099511627776
              },
              "operations": {
                "type": "integer",
                "description": "Reads and writes of a disk, packets of an interface.",
                "x-unit": "1/s",
                "minimum": 1,
                "maximum": 1000000000
              }
            },
            "x-change": "restart",
            "x-shape": "RateLimit"
          }
        }
      },
      "volumes": {
        "type": "array",
        "description": "Volumes that the guest gets as further disks.",
        "maxItems": 8,
        "x-change": "restart",
        "items": {
          "type": "object",
          "additionalProperties": false,
          "required": [
            "volume"
          ],
          "properties": {
            "volume": {
              "x-ref": "Volume",
              "description": "The volume."
            },
            "mountPath": {
              "type": "string",
              "description": "Where the guest mounts it. Default: nowhere; the guest finds it under `/dev/disk/by-id/virtio-vol-<n>`.",
              "pattern": "^/(?!.*(^|/)\\.\\.(/|$))[^\\u0000\\n\\r]*$",
              "x-expects": "an absolute path without `..`, such as `/srv/data`",
              "maxLength": 1024
            },
            "readOnly": {
              "type": "boolean",
              "description": "Whether the guest may only read it.",
              "default": false
            },
            "rateLimit": {
              "type": "object",
              "description": "Bounds of its traffic.",
              "additionalProperties": false,
              "properties": {
                "bandwidth": {
                  "type": "integer",
                  "description": "Bytes.",
                  "x-unit": "bytes/s",
                  "minimum": 1024,
                  "maximum": 1099511627776
                },
                "operations": {
                  "type": "integer",
                  "description": "Reads and writes of a disk, packets of an interface.",
                  "x-unit": "1/s",
                  "minimum": 1,
                  "maximum": 1000000000
                }
              },
              "x-change": "restart",
              "x-shape": "RateLimit"
            }
          }
        }
      },
      "interfaces": {
        "type": "array",
        "description": "Network interfaces, in the guest `eth0` and on.",
        "maxItems": 8,
        "x-change": "restart",
        "items": {
          "type": "object",
          "additionalProperties": false,
          "required": [
            "network"
          ],
          "properties": {
            "network": {
              "x-ref": "Network",
              "description": "The network."
            },
            "mac": {
              "type": "string",
              "description": "MAC address. Default: made from the microVM's name.",
              "pattern": "^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$",
              "x-expects": "a unicast MAC address in lower case, such as `02:00:00:12:34:56`"
            },
            "address": {
              "type": "string",
              "description": "Address in the network. Default: a free one, kept for the microVM's life.",
              "pattern": "^((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\\.(?!$)|$)){4}$",
              "x-expects": "an IPv4 address such as `172.30.0.5`"
            },
            "rateLimit": {
              "type": "object",
              "description": "Bounds of its traffic, for each direction.",
              "additionalProperties": false,
              "properties": {
                "bandwidth": {
                  "type": "integer",
                  "description": "Bytes.",
                  "x-unit": "bytes/s",
                  "minimum": 1024,
                  "maximum": 1099511627776
                },
                "operations": {
                  "type": "integer",
                  "description": "Reads and writes of a disk, packets of an interface.",
                  "x-unit": "1/s",
                  "minimum": 1,
                  "maximum": 1000000000
                }
              },
              "x-change": "restart",
              "x-shape": "RateLimit"
            },
            "connected": {
              "type": "boolean",
              "description": "Whether its link is up. While it is not, no frame passes in either direction; the guest keeps the interface and its address. While the first one is not connected, a guest that starts is not found ready by `ready.tcp` or `ready.ssh`.",
              "default": true,
              "x-change": "live"
            }
          }
        }
      },
      "hostname": {
        "type": "string",
        "description": "Host name of the guest. Default: the microVM's name.",
        "pattern": "^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$",
        "x-expects": "a host name such as `web-1`",
        "maxLength": 63,
        "x-change": "restart"
      },
      "metadata": {
        "type": "string",
        "description": "JSON text of an object that the guest finds at the metadata address (`http://169.254.169.254/`, version 2 of the protocol). Other metadata services are out of its reach. Needs an interface; at most 51200 bytes without its spaces.",
        "maxLength": 51200,
        "x-change": "restart"
      },
      "sshAuthorizedKeys": {
        "type": "array",
        "description": "OpenSSH public keys that may log in as root.",
        "items": {
          "type": "string",
          "pattern": "^[!-~][ -~]*$",
          "x-expects": "one line of an OpenSSH public key",
          "maxLength": 16384
        },
        "maxItems": 100,
        "x-change": "restart"
      },
      "files": {
        "type": "array",
        "description": "Files that the guest finds in its root at every boot.",
        "maxItems": 256,
        "x-change": "restart",
        "items": {
          "type": "object",
          "additionalProperties": false,
          "required": [
            "path",
            "content"
          ],
          "properties": {
            "path": {
              "type": "string",
              "description": "Where, in the guest.",
              "pattern": "^/(?!.*(^|/)\\.\\.(/|$))[^\\u0000\\n\\r]*$",
              "x-expects": "an absolute path without `..`, such as `/srv/data`",
              "maxLength": 1024
            },
            "content": {
              "type": "string",
              "description": "Content as text.",
              "maxLength": 1048576
            },
            "mode": {
              "type": "string",
              "description": "Permissions in octal.",
              "pattern": "^[0-7]{3,4}$",
              "x-expects": "octal permissions such as `0644`",
              "default": "0644"
            },
            "uid": {
              "type": "integer",
              "description": "Numeric owner.",
              "default": 0,
              "minimum": 0,
              "maximum": 4294967294
            },
            "gid": {
              "type": "integer",
              "description": "Numeric group.",
              "default": 0,
              "minimum": 0,
              "maximum": 4294967294
            }
          }
        }
      },
      "state": {
        "type": "string",
        "enum": [
          "running",
          "paused",
          "stopped"
        ],
        "description": "What it should be doing. Kept: a microVM that should run comes back after a crash or a reboot of the host.",
        "default": "running"
      },
      "restart": {
        "type": "string",
        "enum": [
          "always",
          "on-failure",
          "never"
        ],
        "description": "What the host does when the VMM ends by itself: `on-failure` after a crash, `always` also after a power-off from inside. At most 5 starts in 30 seconds.",
        "default": "on-failure"
      },
      "stopTimeout": {
        "type": "integer",
        "description": "How long a guest may take to power off before it is ended.",
        "x-unit": "s",
        "default": 20,
        "minimum": 0,
        "maximum": 3600
      },
      "ready": {
        "type": "object",
        "description": "When it counts as ready: at most one of `tcp`, `ssh` and `serial`. Default: when the VMM runs.",
        "additionalProperties": false,
        "x-at-most-one": [
          "tcp",
          "ssh",
          "serial"
        ],
        "properties": {
          "tcp": {
            "type": "integer",
            "minimum": 1,
            "maximum": 65535,
            "description": "A port of the first interface accepts connections."
          },
          "ssh": {
            "type": "boolean",
            "description": "An SSH server greets on port 22 of the first interface."
          },
          "serial": {
            "type": "string",
            "description": "A line of the console matches this POSIX extended regular expression.",
            "minLength": 1,
            "maxLength": 512,
            "pattern": "^[^\\n\\r\\u0000]+$",
            "x-expects": "one line of text"
          },
          "timeout": {
            "type": "integer",
            "description": "How long to wait.",
            "x-unit": "s",
            "default": 120,
            "minimum": 1,
            "maximum": 3600
          }
        }
      },
      "limits": {
        "type": "object",
        "description": "Bounds that the host puts on the VMM, where it has the control-group controllers.",
        "additionalProperties": false,
        "properties": {
          "memoryOverhead": {
            "type": "integer",
            "description": "Memory the VMM may use beyond the guest's, and beyond the 128 MiB that software emulation takes.",
            "x-unit": "MiB",
            "default": 256,
            "minimum": 16,
            "maximum": 65536
          },
          "cpu": {
            "type": "integer",
            "description": "Processor time, 100 being one processor. Default: no bound.",
            "x-unit": "%",
            "minimum": 1,
            "maximum": 6400
          },
          "tasks": {
            "type": "integer",
            "description": "Threads and processes of the VMM.",
            "default": 128,
            "minimum": 16,
            "maximum": 65536
          }
        }
      },
      "credentials": {
        "type": "object",
        "description": "What the host was given to log in with.",
        "additionalProperties": false,
        "properties": {
          "privateKey": {
            "type": "string"
          },
          "passphrase": {
            "type": "string"
          },
          "password": {
            "type": "string"
          }
        },
        "x-internal": true,
        "x-secret": true,
        "x-shape": "Credentials"
      },
      "owner": {
        "type": "string",
        "description": "The program and resource that it belongs to.",
        "x-internal": true
      }
    },
    "required": [
      "host",
      "vmm",
      "kernel",
      "rootfs"
    ],
    "outputs": {
      "ipAddress": {
        "type": "string",
        "description": "Address of the first interface; empty without one."
      },
      "addresses": {
        "type": "array",
        "description": "Each interface's network, MAC address and address.",
        "items": {
          "type": "object",
          "required": [
            "network",
            "mac",
            "address",
            "tap"
          ],
          "additionalProperties": false,
          "properties": {
            "network": {
              "type": "string"
            },
            "mac": {
              "type": "string"
            },
            "address": {
              "type": "string"
            },
            "tap": {
              "type": "string"
            }
          }
        }
      },
      "bootMillis": {
        "type": "number",
        "description": "From the start of the VMM to readiness, measured on the host at the last boot that was waited for.",
        "x-unit": "ms"
      },
      "consoleLog": {
        "x-stable": "always",
        "type": "string",
        "description": "The console's log on the host."
      },
      "sshCommand": {
        "type": "string",
        "description": "A command line that logs in to the guest through its host; empty without an interface."
      },
      "sshHostKey": {
        "x-stable": "always",
        "type": "string",
        "description": "The guest's SSH host key, made for this microVM."
      },
      "unit": {
        "x-stable": "always",
        "type": "string",
        "description": "The systemd unit on the host."
      },
      "drift": {
        "type": "array",
        "description": "What on the host differs from what was declared, a sentence each. The next `up` repairs it.",
        "items": {
          "type": "string"
        }
      }
    },
    "reference": {
      "identity": [
        "name"
      ],
      "properties": [
        "name",
        "ipAddress",
        "unit"
      ]
    }
  },
  "Snapshot": {
    "kind": "Snapshot",
    "description": "A running microVM at a moment: its memory, its devices and its disks, taken while it is paused, with digests of all of it. `MicroVM.fromSnapshot` makes clones of it, which go on from that moment. It outlives its microVM, and is not deleted while clones use it.",
    "hosted": true,
    "inputs": {
      "host": {
        "x-ref": "Host",
        "description": "The host that it lives on.",
        "x-change": "replace",
        "x-why": "it lives on its host"
      },
      "name": {
        "type": "string",
        "description": "Name on the host, unique there per kind. Default: the resource's name.",
        "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        "x-expects": "lower-case letters, digits and inner hyphens, such as `web-1`",
        "minLength": 1,
        "maxLength": 40,
        "x-change": "replace",
        "x-why": "its name is its identity on the host"
      },
      "adopt": {
        "type": "boolean",
        "description": "Take over an object of this name that another program made.",
        "default": false
      },
      "microVM": {
        "x-ref": "MicroVM",
        "description": "The microVM that it is taken of. It has to run, or be paused, and goes on afterwards.",
        "x-change": "replace",
        "x-why": "it holds that microVM's memory"
      },
      "base": {
        "x-ref": "Snapshot",
        "description": "The snapshot that was taken of this run of the microVM before, or that the microVM was made from: only the memory that has changed since is written while the guest is paused. The microVM needs `trackDirtyPages`. What comes out is as complete as any other, and does not need its base any more: `base` may be left out later.",
        "x-change": "replace",
        "x-why": "it holds the microVM's memory at its moment"
      },
      "revision": {
        "type": "string",
        "description": "Another text here takes it anew.",
        "maxLength": 256,
        "x-change": "replace",
        "x-why": "it is to be taken anew"
      },
      "credentials": {
        "type": "object",
        "description": "What the host was given to log in with.",
        "additionalProperties": false,
        "properties": {
          "privateKey": {
            "type": "string"
          },
          "passphrase": {
            "type": "string"
          },
          "password": {
            "type": "string"
          }
        },
        "x-internal": true,
        "x-secret": true,
        "x-shape": "Credentials"
      },
      "owner": {
        "type": "string",
        "description": "The program and resource that it belongs to.",
        "x-internal": true
      }
    },
    "required": [
      "host",
      "microVM"
    ],
    "outputs": {
      "digest": {
        "x-stable": "updates",
        "type": "string",
        "description": "SHA-256 of the list of its files' digests."
      },
      "path": {
        "x-stable": "updates",
        "type": "string",
        "description": "Its directory on the host."
      },
      "bytes": {
        "x-stable": "updates",
        "type": "integer",
        "description": "What it takes of the host's disk.",
        "x-unit": "B"
      },
      "pauseMillis": {
        "x-stable": "updates",
        "type": "number",
        "description": "How long the guest was paused for it: until its memory was written and its disks were copied, which takes no time where the host's file system shares blocks (XFS, Btrfs).",
        "x-unit": "ms"
      },
      "findings": {
        "type": "array",
        "description": "What to know before clones of it are made: what they share, and whether their random numbers differ.",
        "items": {
          "type": "string"
        }
      },
      "vmm": {
        "x-stable": "updates",
        "x-ref": "Vmm",
        "description": "The VMM that took it, and the only one that can restore it."
      },
      "kernel": {
        "x-stable": "updates",
        "x-ref": "Kernel",
        "description": "The microVM's kernel."
      },
      "rootfs": {
        "x-stable": "updates",
        "x-ref": "RootfsImage",
        "description": "The microVM's image."
      },
      "guest": {
        "x-stable": "updates",
        "type": "object",
        "description": "What of the microVM its clones have in common with it.",
        "additionalProperties": false,
        "required": [
          "machine",
          "accelerator",
          "vcpus",
          "memory",
          "rootDisk",
          "interfaces",
          "volumes",
          "sshHostKey"
        ],
        "properties": {
          "machine": {
            "type": "string",
            "enum": [
              "microvm",
              "q35"
            ]
          },
          "accelerator": {
            "type": "string",
            "enum": [
              "kvm",
              "tcg"
            ]
          },
          "vcpus": {
            "type": "integer"
          },
          "maxVcpus": {
            "type": "integer"
          },
          "memory": {
            "type": "integer",
            "x-unit": "MiB"
          },
          "maxMemory": {
            "type": "integer",
            "x-unit": "MiB"
          },
          "balloon": {
            "type": "integer",
            "x-unit": "MiB"
          },
          "kernelArgs": {
            "type": "array",
            "items": {
              "type": "string"
            }
          },
          "rootDisk": {
            "type": "object",
            "additionalProperties": false,
            "required": [
              "mode"
            ],
            "properties": {
              "mode": {
                "type": "string",
                "enum": [
                  "shared",
                  "copy",
                  "overlay"
                ]
              },
              "size": {
                "type": "integer",
                "x-unit": "MiB"
              }
            }
          },
          "metadata": {
            "type": "boolean",
            "description": "Whether it has a metadata service."
          },
          "interfaces": {
            "type": "array",
            "description": "What the guest takes for its own, inside: clones too, and their host translates.",
            "items": {
              "type": "object",
              "additionalProperties": false,
              "required": [
                "mac",
                "address",
                "gateway"
              ],
              "properties": {
                "mac": {
                  "type": "string"
                },
                "address": {
                  "type": "string"
                },
                "gateway": {
                  "type": "string"
                }
              }
            }
          },
          "volumes": {
            "type": "array",
            "description": "Volumes whose content it holds, in the microVM's order. Each clone has a copy of its own.",
            "items": {
              "type": "object",
              "additionalProperties": false,
              "required": [
                "readOnly"
              ],
              "properties": {
                "readOnly": {
                  "type": "boolean"
                }
              }
            }
          },
          "sshHostKey": {
            "type": "string",
            "description": "The guest's SSH host key, which its clones show too."
          }
        }
      },
      "drift": {
        "type": "array",
        "description": "What on the host differs from what was declared, a sentence each. The next `up` repairs it.",
        "items": {
          "type": "string"
        }
      }
    },
    "reference": {
      "identity": [
        "name",
        "digest"
      ],
      "properties": [
        "name",
        "digest",
        "path",
        "vmm",
        "kernel",
        "rootfs",
        "guest"
      ]
    }
  },
  "ContainerEngine": {
    "kind": "ContainerEngine",
    "description": "A container engine on a host, as far as runtimes are registered with it and containers run by it. What it is configured with stays its administrator's: runtimes of ours come in a drop-in file, which is checked with the engine's own command before it takes effect, tried with a container after it, and taken back if anything fails. An engine is restarted only where its running containers survive that.",
    "hosted": true,
    "inputs": {
      "host": {
        "x-ref": "Host",
        "description": "The host that it lives on.",
        "x-change": "replace",
        "x-why": "it lives on its host"
      },
      "name": {
        "type": "string",
        "description": "Name on the host, unique there per kind. Default: the resource's name.",
        "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        "x-expects": "lower-case letters, digits and inner hyphens, such as `web-1`",
        "minLength": 1,
        "maxLength": 40,
        "x-change": "replace",
        "x-why": "its name is its identity on the host"
      },
      "adopt": {
        "type": "boolean",
        "description": "Take over an object of this name that another program made.",
        "default": false
      },
      "kind": {
        "type": "string",
        "enum": [
          "containerd",
          "cri-o",
          "docker"
        ],
        "description": "Which engine. Containers of ours run under `containerd`; the others have runtimes registered with them.",
        "x-change": "replace",
        "x-why": "another engine is another program"
      },
      "install": {
        "type": "boolean",
        "description": "Install the distribution's package where the engine is missing; delete removes it again, with its images. For `containerd` only: others cannot be removed without a trace. Without it a missing engine is an error.",
        "default": false
      },
      "configFile": {
        "type": "string",
        "description": "The engine's main configuration file. Default: `/etc/containerd/config.toml`, `/etc/crio/crio.conf` or `/etc/docker/daemon.json`.",
        "pattern": "^/(?!.*(^|/)\\.\\.(/|$))[^\\u0000\\n\\r]*$",
        "x-expects": "an absolute path without `..`, such as `/srv/data`",
        "maxLength": 1024,
        "x-change": "replace",
        "x-why": "what was registered in the other file has to be taken out of it"
      },
      "credentials": {
        "type": "object",
        "description": "What the host was given to log in with.",
        "additionalProperties": false,
        "properties": {
          "privateKey": {
            "type": "string"
          },
          "passphrase": {
            "type": "string"
          },
          "password": {
            "type": "string"
          }
        },
        "x-internal": true,
        "x-secret": true,
        "x-shape": "Credentials"
      },
      "owner": {
        "type": "string",
        "description": "The program and resource that it belongs to.",
        "x-internal": true
      }
    },
    "required": [
      "host",
      "kind"
    ],
    "outputs": {
      "version": {
        "type": "string",
        "description": "What the engine says its version is."
      },
      "dropIn": {
        "x-stable": "always",
        "type": "string",
        "description": "The file that holds the runtimes of ours."
      },
      "handlers": {
        "type": "array",
        "items": {
          "type": "string"
        },
        "description": "The handlers that are registered with it, when it was last looked at: what is registered later is shown after a refresh."
      },
      "installedPackages": {
        "type": "array",
        "items": {
          "type": "string"
        },
        "description": "Packages that were missing and that delete removes again."
      },
      "drift": {
        "type": "array",
        "description": "What on the host differs from what was declared, a sentence each. The next `up` repairs it.",
        "items": {
          "type": "string"
        }
      }
    },
    "reference": {
      "identity": [
        "kind",
        "name"
      ],
      "properties": [
        "name",
        "kind",
        "version",
        "dropIn",
        "handlers"
      ]
    }
  },
  "GVisor": {
    "kind": "GVisor",
    "description": "gVisor on a host: a runtime whose containers speak with a kernel of their own that is an ordinary program. It needs no KVM, and so is the strongest isolation that a host without it has.",
    "hosted": true,
    "inputs": {
      "host": {
        "x-ref": "Host",
        "description": "The host that it lives on.",
        "x-change": "replace",
        "x-why": "it lives on its host"
      },
      "name": {
        "type": "string",
        "description": "Name on the host, unique there per kind. Default: the resource's name.",
        "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        "x-expects": "lower-case letters, digits and inner hyphens, such as `web-1`",
        "minLength": 1,
        "maxLength": 40,
        "x-change": "replace",
        "x-why": "its name is its identity on the host"
      },
      "adopt": {
        "type": "boolean",
        "description": "Take over an object of this name that another program made.",
        "default": false
      },
      "engines": {
        "type": "array",
        "description": "Container engines that it is registered with, under the name of its handler. Containers of ours need none.",
        "maxItems": 8,
        "items": {
          "x-ref": "ContainerEngine",
          "description": "A container engine of the same host."
        }
      },
      "handler": {
        "type": "string",
        "description": "Name by which engines and Kubernetes select it.",
        "default": "gvisor",
        "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        "x-expects": "lower-case letters, digits and inner hyphens",
        "maxLength": 40
      },
      "source": {
        "type": "object",
        "description": "Where the program `runsc` comes from. Default: the distribution's package.",
        "additionalProperties": false,
        "x-exactly-one": [
          "file",
          "url"
        ],
        "properties": {
          "file": {
            "type": "string",
            "description": "A file on the machine that runs the program.",
            "pattern": "^[^\\u0000\\n\\r]+$",
            "x-expects": "a path without line breaks",
            "maxLength": 4096
          },
          "url": {
            "type": "string",
            "description": "An address that the host downloads. Needs `sha256`.",
            "pattern": "^https?://[^\\s]+$",
            "x-expects": "an http or https address",
            "maxLength": 2048
          },
          "sha256": {
            "type": "string",
            "description": "SHA-256 of the program.",
            "pattern": "^[0-9a-f]{64}$",
            "x-expects": "64 lower-case hexadecimal digits"
          }
        }
      },
      "platform": {
        "type": "string",
        "enum": [
          "systrap",
          "kvm",
          "ptrace"
        ],
        "description": "How system calls are intercepted. `kvm` needs a host with usable KVM; `ptrace` is slow and works anywhere. Default: the program's own, `systrap` from 2023 on."
      },
      "network": {
        "type": "string",
        "enum": [
          "sandbox",
          "host",
          "none"
        ],
        "description": "`sandbox`: a network stack of its own on the container's interfaces. `host`: the kernel's stack, still in the container's network namespace: needed by programs that were released before the host's kernel and misjudge it.",
        "default": "sandbox"
      },
      "debug": {
        "type": "boolean",
        "description": "Write what it does to `/var/log/microvm-runsc`.",
        "default": false
      },
      "sourceDigest": {
        "type": "string",
        "description": "Digest of what lies at a local source, so that a change of its content is seen.",
        "x-internal": true
      },
      "credentials": {
        "type": "object",
        "description": "What the host was given to log in with.",
        "additionalProperties": false,
        "properties": {
          "privateKey": {
            "type": "string"
          },
          "passphrase": {
            "type": "string"
          },
          "password": {
            "type": "string"
          }
        },
        "x-internal": true,
        "x-secret": true,
        "x-shape": "Credentials"
      },
      "owner": {
        "type": "string",
        "description": "The program and resource that it belongs to.",
        "x-internal": true
      }
    },
    "required": [
      "host"
    ],
    "outputs": {
      "path": {
        "type": "string",
        "description": "The program on the host."
      },
      "digest": {
        "type": "string",
        "description": "SHA-256 of the program; empty for a package."
      },
      "runtime": {
        "x-stable": "always",
        "type": "string",
        "description": "What engines call: the program with the options that are declared."
      },
      "installedVersion": {
        "type": "string",
        "description": "What the program says its version is."
      },
      "runtimeClasses": {
        "type": "array",
        "description": "What a Kubernetes cluster is told of it: one class with the name of its handler, for nodes with the label `microvm.dev/<handler>`. `microvm.kubernetes.RuntimeClasses` creates it.",
        "items": {
          "type": "object",
          "required": [
            "name",
            "handler"
          ],
          "properties": {
            "name": {
              "type": "string",
              "description": "What pods say as `runtimeClassName`."
            },
            "handler": {
              "type": "string",
              "description": "Name under which the node's engine knows the runtime."
            },
            "overhead": {
              "type": "object",
              "description": "What a pod takes beside its containers, as quantities of Kubernetes.",
              "properties": {
                "memory": {
                  "type": "string",
                  "description": "Such as `130Mi`."
                },
                "cpu": {
                  "type": "string",
                  "description": "Such as `250m`."
                }
              }
            },
            "nodeSelector": {
              "type": "object",
              "description": "Labels of the nodes that have the runtime.",
              "additionalProperties": {
                "type": "string"
              }
            }
          }
        }
      },
      "verified": {
        "type": "string",
        "description": "`a container ran under it`, or why that could not be tried."
      },
      "installedPackages": {
        "type": "array",
        "items": {
          "type": "string"
        },
        "description": "Packages that were missing and that delete removes again."
      },
      "drift": {
        "type": "array",
        "description": "What on the host differs from what was declared, a sentence each. The next `up` repairs it.",
        "items": {
          "type": "string"
        }
      }
    },
    "reference": {
      "identity": [
        "handler",
        "runtime"
      ],
      "properties": [
        "name",
        "handler",
        "runtime",
        "installedVersion"
      ]
    }
  },
  "KataRuntime": {
    "kind": "KataRuntime",
    "description": "A release of Kata Containers on a host, several side by side, and the handlers that containers select it by: each a choice of VMM, guest and size. What the release ships is kept as it is and shared by its digest; a handler's choices are a drop-in beside a copy of the shipped configuration. Every configuration is read by Kata's own program before it takes the place of the former, and what could not be verified is an output.",
    "hosted": true,
    "inputs": {
      "host": {
        "x-ref": "Host",
        "description": "The host that it lives on.",
        "x-change": "replace",
        "x-why": "it lives on its host"
      },
      "name": {
        "type": "string",
        "description": "Name on the host, unique there per kind. Default: the resource's name.",
        "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        "x-expects": "lower-case letters, digits and inner hyphens, such as `web-1`",
        "minLength": 1,
        "maxLength": 40,
        "x-change": "replace",
        "x-why": "its name is its identity on the host"
      },
      "adopt": {
        "type": "boolean",
        "description": "Take over an object of this name that another program made.",
        "default": false
      },
      "version": {
        "type": "string",
        "description": "The release, such as `3.32.0` or `4.1.0`; with a `source`, the release that it must be. Another one is installed beside the former, which stays for as long as containers run from it.",
        "pattern": "^[34]\\.[0-9]+\\.[0-9]+$",
        "x-expects": "a release of Kata 3 or 4, such as `4.1.0`",
        "maxLength": 16
      },
      "source": {
        "type": "object",
        "description": "The archive `kata-static` (`.tar.xz` or `.tar.zst`), if not the official one: up to 4.0 all of the release, from 4.1 what the Rust runtime needs. Needed where a handler uses what is in it.",
        "additionalProperties": false,
        "x-at-most-one": [
          "file",
          "url"
        ],
        "properties": {
          "file": {
            "type": "string",
            "description": "A file on the machine that runs the program.",
            "pattern": "^[^\\u0000\\n\\r]+$",
            "x-expects": "a path without line breaks",
            "maxLength": 4096
          },
          "url": {
            "type": "string",
            "description": "An address that the host downloads. Default: the official release, by `version` and the host's architecture.",
            "pattern": "^https?://[^\\s]+$",
            "x-expects": "an http or https address",
            "maxLength": 2048
          },
          "sha256": {
            "type": "string",
            "description": "SHA-256 of the archive. Needed without `file`: Kata publishes no digests of its releases.",
            "pattern": "^[0-9a-f]{64}$",
            "x-expects": "64 lower-case hexadecimal digits"
          }
        }
      },
      "goSource": {
        "type": "object",
        "description": "The archive `kata-go-static`, which from 4.1 on holds the Go runtime and Firecracker. Needed where a handler uses what is in it.",
        "additionalProperties": false,
        "x-at-most-one": [
          "file",
          "url"
        ],
        "properties": {
          "file": {
            "type": "string",
            "description": "A file on the machine that runs the program.",
            "pattern": "^[^\\u0000\\n\\r]+$",
            "x-expects": "a path without line breaks",
            "maxLength": 4096
          },
          "url": {
            "type": "string",
            "description": "An address that the host downloads. Default: the official release, by `version` and the host's architecture.",
            "pattern": "^https?://[^\\s]+$",
            "x-expects": "an http or https address",
            "maxLength": 2048
          },
          "sha256": {
            "type": "string",
            "description": "SHA-256 of the archive. Needed without `file`: Kata publishes no digests of its releases.",
            "pattern": "^[0-9a-f]{64}$",
            "x-expects": "64 lower-case hexadecimal digits"
          }
        }
      },
      "handlers": {
        "type": "array",
        "description": "The runtime handlers that the host gets from it, at least one.",
        "maxItems": 16,
        "items": {
          "type": "object",
          "additionalProperties": false,
          "required": [
            "name",
            "vmm"
          ],
          "properties": {
            "name": {
              "type": "string",
              "description": "Name of the handler, by which containers and RuntimeClasses select it: `ctr run --runtime io.containerd.<name>.v2` finds its shim.",
              "pattern": "^kata(-[a-z0-9]+)*$",
              "x-expects": "`kata` or `kata-` and a word, such as `kata-clh`",
              "maxLength": 40
            },
            "vmm": {
              "type": "string",
              "enum": [
                "clh",
                "fc",
                "qemu",
                "dragonball"
              ],
              "description": "Which VMM runs its containers: Cloud Hypervisor (`clh`), Firecracker (`fc`), QEMU, or Dragonball, which is built into the Rust runtime."
            },
            "runtime": {
              "type": "string",
              "enum": [
                "go",
                "rust"
              ],
              "description": "Which of Kata's runtimes. Default: `rust` for `dragonball` and from 4.0 on, `go` before that and for `fc`."
            },
            "monitor": {
              "x-ref": "Vmm",
              "description": "A VMM of ours in the place of the one that Kata ships: Kata's own are pinned for long, and mended late. Not for `dragonball`."
            },
            "kernel": {
              "x-ref": "Kernel",
              "description": "A kernel of ours in the place of the one that Kata ships. It needs all its drivers built in: Kata's guests load no modules."
            },
            "kernelPath": {
              "type": "string",
              "description": "A kernel that lies on the host already.",
              "pattern": "^/(?!.*(^|/)\\.\\.(/|$))[^\\u0000\\n\\r]*$",
              "x-expects": "an absolute path without `..`, such as `/srv/data`",
              "maxLength": 1024
            },
            "image": {
              "type": "string",
              "description": "The guest's root filesystem: `shipped`, or an image's path on the host. Default: `shipped`, without an `initrd`.",
              "pattern": "^(shipped|/(?!.*(^|/)\\.\\.(/|$))[^\\u0000\\n\\r]*)$",
              "x-expects": "`shipped` or an absolute path without `..`",
              "maxLength": 1024
            },
            "initrd": {
              "type": "string",
              "description": "The guest as an initial RAM disk instead: `shipped`, or a path on the host.",
              "pattern": "^(shipped|/(?!.*(^|/)\\.\\.(/|$))[^\\u0000\\n\\r]*)$",
              "x-expects": "`shipped` or an absolute path without `..`",
              "maxLength": 1024
            },
            "defaultVcpus": {
              "type": "integer",
              "description": "Virtual processors of a guest before its containers ask for more. Default: what Kata ships, 1.",
              "minimum": 1,
              "maximum": 240
            },
            "defaultMemory": {
              "type": "integer",
              "description": "Memory of a guest before its containers ask for more. Default: what Kata ships, 2048.",
              "x-unit": "MiB",
              "minimum": 256,
              "maximum": 4194304
            },
            "kernelParams": {
              "type": "array",
              "description": "Further kernel arguments, after those that Kata ships.",
              "items": {
                "type": "string",
                "pattern": "^[!-~]+$",
                "x-expects": "printable ASCII without spaces",
                "maxLength": 1024
              },
              "maxItems": 64
            },
            "annotations": {
              "type": "array",
              "description": "What a pod may choose for itself by `io.katacontainers.config.hypervisor.<name>`, by these names. Whoever may write pods gets that choice. Default: what Kata ships.",
              "items": {
                "type": "string",
                "maxLength": 64
              },
              "maxItems": 64,
              "uniqueItems": true
            },
            "debug": {
              "type": "boolean",
              "description": "Whether VMM, runtime and agent log all they do.",
              "default": false
            },
            "snapshotter": {
              "type": "string",
              "description": "The snapshotter that a container engine takes for its images. `fc` needs one that gives block devices, `devmapper` or `blockfile`: Firecracker shares no files with its guests.",
              "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$",
              "x-expects": "a snapshotter's name, such as `devmapper`",
              "maxLength": 64
            }
          }
        }
      },
      "engines": {
        "type": "array",
        "description": "Container engines that its handlers are registered with. Containers of ours need none.",
        "maxItems": 8,
        "items": {
          "x-ref": "ContainerEngine",
          "description": "A container engine of the same host."
        }
      },
      "allowVulnerable": {
        "type": "boolean",
        "description": "Use VMMs that are known to be vulnerable: those that Kata ships are old. Which ones are: [VMM capabilities](vmm-capabilities.md).",
        "default": false
      },
      "sourceDigest": {
        "type": "string",
        "description": "Digest of what lies at a local source.",
        "x-internal": true
      },
      "goSourceDigest": {
        "type": "string",
        "description": "Digest of what lies at a local source of the Go runtime.",
        "x-internal": true
      },
      "credentials": {
        "type": "object",
        "description": "What the host was given to log in with.",
        "additionalProperties": false,
        "properties": {
          "privateKey": {
            "type": "string"
          },
          "passphrase": {
            "type": "string"
          },
          "password": {
            "type": "string"
          }
        },
        "x-internal": true,
        "x-secret": true,
        "x-shape": "Credentials"
      },
      "owner": {
        "type": "string",
        "description": "The program and resource that it belongs to.",
        "x-internal": true
      }
    },
    "required": [
      "host",
      "version",
      "handlers"
    ],
    "outputs": {
      "installedVersion": {
        "type": "string",
        "description": "What the release says its version is."
      },
      "digest": {
        "type": "string",
        "description": "SHA-256 of the archive `kata-static`; empty where no handler needs it."
      },
      "goDigest": {
        "type": "string",
        "description": "SHA-256 of the archive `kata-go-static`; empty where no handler needs it."
      },
      "runtimes": {
        "type": "array",
        "description": "The runtimes that the archives hold: `go`, `rust`.",
        "items": {
          "type": "string"
        }
      },
      "installedHandlers": {
        "type": "array",
        "description": "The handlers as they are on the host.",
        "items": {
          "type": "object",
          "additionalProperties": false,
          "required": [
            "name",
            "vmm",
            "runtime",
            "configPath",
            "shim",
            "hypervisorPath",
            "hypervisorVersion",
            "snapshotter",
            "verified"
          ],
          "properties": {
            "name": {
              "type": "string",
              "description": "Its name."
            },
            "vmm": {
              "type": "string",
              "enum": [
                "clh",
                "fc",
                "qemu",
                "dragonball"
              ],
              "description": "Its VMM."
            },
            "runtime": {
              "type": "string",
              "enum": [
                "go",
                "rust"
              ],
              "description": "Its runtime."
            },
            "configPath": {
              "type": "string",
              "description": "Its configuration: what `ctr run --runtime-config-path` and an engine's `ConfigPath` take. It stays the same from one release to the next."
            },
            "shim": {
              "type": "string",
              "description": "The program that engines start, under the name by which they look for it. It stays the same too."
            },
            "hypervisorPath": {
              "type": "string",
              "description": "The VMM that it starts; empty for `dragonball`, which is built in."
            },
            "hypervisorVersion": {
              "type": "string",
              "description": "What that VMM says its version is; empty where it does not tell."
            },
            "snapshotter": {
              "type": "string",
              "description": "The snapshotter that was declared; empty where none was."
            },
            "verified": {
              "type": "string",
              "description": "`check passed`, or what could not be verified and why."
            }
          }
        }
      },
      "runtimeClasses": {
        "type": "array",
        "description": "What a Kubernetes cluster is told of it: a class with the name of each handler, with what Kata says a pod costs, for nodes with the labels `katacontainers.io/kata-runtime` and `microvm.dev/<handler>`. `microvm.kubernetes.RuntimeClasses` creates them.",
        "items": {
          "type": "object",
          "required": [
            "name",
            "handler"
          ],
          "properties": {
            "name": {
              "type": "string",
              "description": "What pods say as `runtimeClassName`."
            },
            "handler": {
              "type": "string",
              "description": "Name under which the node's engine knows the runtime."
            },
            "overhead": {
              "type": "object",
              "description": "What a pod takes beside its containers, as quantities of Kubernetes.",
              "properties": {
                "memory": {
                  "type": "string",
                  "description": "Such as `130Mi`."
                },
                "cpu": {
                  "type": "string",
                  "description": "Such as `250m`."
                }
              }
            },
            "nodeSelector": {
              "type": "object",
              "description": "Labels of the nodes that have the runtime.",
              "additionalProperties": {
                "type": "string"
              }
            }
          }
        }
      },
      "findings": {
        "type": "array",
        "description": "What the host lacks for its containers to start, a sentence each.",
        "items": {
          "type": "string"
        }
      },
      "files": {
        "type": "object",
        "description": "The handlers' files by their path below the handlers' directory, and the SHA-256 of each.",
        "additionalProperties": {
          "type": "string"
        }
      },
      "drift": {
        "type": "array",
        "description": "What on the host differs from what was declared, a sentence each. The next `up` repairs it.",
        "items": {
          "type": "string"
        }
      }
    },
    "reference": {
      "identity": [
        "name"
      ],
      "properties": [
        "name",
        "installedVersion",
        "installedHandlers"
      ]
    }
  },
  "Container": {
    "kind": "Container",
    "description": "A container on a host without Kubernetes: an OCI image under the runtime of your choice, supervised by systemd. It comes back when the host boots and when its policy says so, and runs on while its engine is restarted. Each start is a fresh container: what is to stay lies in a mount.",
    "hosted": true,
    "inputs": {
      "host": {
        "x-ref": "Host",
        "description": "The host that it lives on.",
        "x-change": "replace",
        "x-why": "it lives on its host"
      },
      "name": {
        "type": "string",
        "description": "Name on the host, unique there per kind. Default: the resource's name.",
        "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        "x-expects": "lower-case letters, digits and inner hyphens, such as `web-1`",
        "minLength": 1,
        "maxLength": 40,
        "x-change": "replace",
        "x-why": "its name is its identity on the host"
      },
      "adopt": {
        "type": "boolean",
        "description": "Take over an object of this name that another program made.",
        "default": false
      },
      "engine": {
        "x-ref": "ContainerEngine",
        "description": "The engine that runs it: a `containerd`.",
        "x-change": "replace",
        "x-why": "images and containers belong to an engine"
      },
      "image": {
        "type": "object",
        "description": "What it runs.",
        "additionalProperties": false,
        "x-exactly-one": [
          "reference",
          "archive"
        ],
        "x-change": "restart",
        "properties": {
          "reference": {
            "type": "string",
            "description": "A name in a registry, such as `docker.io/library/nginx:1.27`, with or without `@sha256:…`. What a tag leads to is looked up once and kept (`imageDigest`) until the declaration changes. Where the registry wants a login, log in on the host (`skopeo login`).",
            "pattern": "^([A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?/)?[a-z0-9]+([._/-]+[a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?$",
            "x-expects": "an image's name such as `docker.io/library/nginx:1.27`",
            "maxLength": 512
          },
          "archive": {
            "type": "string",
            "description": "An OCI or Docker archive (`.tar`) on the machine that runs the program.",
            "pattern": "^[^\\u0000\\n\\r]+$",
            "x-expects": "a path without line breaks",
            "maxLength": 4096
          },
          "digest": {
            "type": "string",
            "description": "Digest that its manifest must have.",
            "pattern": "^sha256:[0-9a-f]{64}$",
            "x-expects": "`sha256:` and 64 hexadecimal digits"
          },
          "tls": {
            "type": "boolean",
            "description": "Whether the registry must prove who it is. Without it, plain HTTP is taken too.",
            "default": true
          }
        }
      },
      "handler": {
        "type": "string",
        "description": "The runtime that it runs under: `runc`, the handler of `gvisor`, or one of those of `kata`. Give this or `isolation`.",
        "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
        "x-expects": "the name of a runtime handler",
        "maxLength": 64,
        "x-change": "restart"
      },
      "isolation": {
        "type": "string",
        "enum": [
          "vm",
          "gvisor",
          "strongest"
        ],
        "description": "`vm`: under the first handler of `kata`. `gvisor`: under gVisor. `strongest`: the first of these that the host can truly do; which and why is in `runsUnder` and `isolationReason`. It is never less than gVisor.",
        "x-change": "restart"
      },
      "kata": {
        "x-ref": "KataRuntime",
        "description": "Kata on the host.",
        "x-change": "restart"
      },
      "gvisor": {
        "x-ref": "GVisor",
        "description": "gVisor on the host.",
        "x-change": "restart"
      },
      "command": {
        "type": "array",
        "description": "Program and arguments. Default: the image's.",
        "items": {
          "type": "string",
          "pattern": "^[^\\u0000]*$",
          "x-expects": "text without NUL",
          "maxLength": 65536
        },
        "maxItems": 256,
        "x-change": "restart"
      },
      "environment": {
        "type": "object",
        "description": "Environment variables besides the image's. They stand in no command line and in no unit.",
        "propertyNames": {
          "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
          "x-expects": "a variable name such as `PORT`"
        },
        "additionalProperties": {
          "type": "string",
          "pattern": "^[^\\n\\r\\u0000]*$",
          "x-expects": "one line of text",
          "maxLength": 65536
        },
        "x-secret": true,
        "x-change": "restart"
      },
      "workingDirectory": {
        "type": "string",
        "description": "Default: the image's.",
        "pattern": "^/(?!.*(^|/)\\.\\.(/|$))[^\\u0000\\n\\r]*$",
        "x-expects": "an absolute path without `..`, such as `/srv/data`",
        "maxLength": 1024,
        "x-change": "restart"
      },
      "readOnly": {
        "type": "boolean",
        "description": "Whether its root filesystem is read-only.",
        "default": false,
        "x-change": "restart"
      },
      "mounts": {
        "type": "array",
        "description": "Directories and files of the host, and memory, that it sees.",
        "maxItems": 32,
        "x-change": "restart",
        "items": {
          "type": "object",
          "additionalProperties": false,
          "required": [
            "target"
          ],
          "properties": {
            "source": {
              "type": "string",
              "description": "Directory or file on the host. Default: memory of its own (tmpfs), gone when it ends.",
              "pattern": "^/(?!.*(^|/)\\.\\.(/|$))[^\\u0000\\n\\r]*$",
              "x-expects": "an absolute path without `..`, such as `/srv/data`",
              "maxLength": 1024
            },
            "target": {
              "type": "string",
              "description": "Where, in the container.",
              "pattern": "^/(?!.*(^|/)\\.\\.(/|$))[^\\u0000\\n\\r]*$",
              "x-expects": "an absolute path without `..`, such as `/srv/data`",
              "maxLength": 1024
            },
            "readOnly": {
              "type": "boolean",
              "description": "Whether it may not write there.",
              "default": false
            }
          }
        }
      },
      "interfaces": {
        "type": "array",
        "description": "Network interfaces, in the container `eth0` and on, under the same rules as a microVM's. Default: none but the loopback.",
        "maxItems": 8,
        "x-change": "restart",
        "items": {
          "type": "object",
          "additionalProperties": false,
          "required": [
            "network"
          ],
          "properties": {
            "network": {
              "x-ref": "Network",
              "description": "The network."
            },
            "mac": {
              "type": "string",
              "description": "MAC address. Default: made from the container's name.",
              "pattern": "^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$",
              "x-expects": "a unicast MAC address in lower case, such as `02:00:00:12:34:56`"
            },
            "address": {
              "type": "string",
              "description": "Address in the network. Default: a free one, kept for the container's life.",
              "pattern": "^((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\\.(?!$)|$)){4}$",
              "x-expects": "an IPv4 address such as `172.30.0.5`"
            }
          }
        }
      },
      "ports": {
        "type": "array",
        "description": "Ports of the host that lead to the first interface, for IPv4 and from outside the host's own networks of microVMs. The network needs `nat`, or a way back of its own.",
        "maxItems": 64,
        "items": {
          "type": "object",
          "additionalProperties": false,
          "required": [
            "host",
            "container"
          ],
          "properties": {
            "host": {
              "type": "integer",
              "minimum": 1,
              "maximum": 65535,
              "description": "Port on the host."
            },
            "container": {
              "type": "integer",
              "minimum": 1,
              "maximum": 65535,
              "description": "Port of the container."
            },
            "protocol": {
              "type": "string",
              "enum": [
                "tcp",
                "udp"
              ],
              "description": "Which of the two.",
              "default": "tcp"
            },
            "address": {
              "type": "string",
              "description": "Address of the host that the port is on. Default: every one.",
              "pattern": "^((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\\.(?!$)|$)){4}$",
              "x-expects": "an IPv4 address such as `172.30.0.5`"
            }
          }
        }
      },
      "limits": {
        "type": "object",
        "description": "Bounds, where the host has the control-group controllers; for a runtime with a virtual machine, of that.",
        "additionalProperties": false,
        "x-change": "restart",
        "properties": {
          "memory": {
            "type": "integer",
            "description": "Memory. Default: no bound.",
            "x-unit": "MiB",
            "minimum": 4,
            "maximum": 4194304
          },
          "cpu": {
            "type": "integer",
            "description": "Processor time, 100 being one processor. Default: no bound.",
            "x-unit": "%",
            "minimum": 1,
            "maximum": 6400
          }
        }
      },
      "ready": {
        "type": "object",
        "description": "When it counts as ready: at most one of `tcp` and `log`. Default: when it runs.",
        "additionalProperties": false,
        "x-at-most-one": [
          "tcp",
          "log"
        ],
        "properties": {
          "tcp": {
            "type": "integer",
            "minimum": 1,
            "maximum": 65535,
            "description": "A port of the first interface accepts connections."
          },
          "log": {
            "type": "string",
            "description": "A line of its output matches this POSIX extended regular expression.",
            "minLength": 1,
            "maxLength": 512,
            "pattern": "^[^\\n\\r\\u0000]+$",
            "x-expects": "one line of text"
          },
          "timeout": {
            "type": "integer",
            "description": "How long to wait.",
            "x-unit": "s",
            "default": 60,
            "minimum": 1,
            "maximum": 3600
          }
        }
      },
      "restart": {
        "type": "string",
        "enum": [
          "always",
          "on-failure",
          "never"
        ],
        "description": "What the host does when it ends by itself: `on-failure` when its status is not 0, `always` also when it is. At most 5 starts in 30 seconds.",
        "default": "on-failure"
      },
      "stopTimeout": {
        "type": "integer",
        "description": "How long it may take to end after the image's stop signal before it is killed.",
        "x-unit": "s",
        "default": 10,
        "minimum": 0,
        "maximum": 3600
      },
      "state": {
        "type": "string",
        "enum": [
          "running",
          "stopped"
        ],
        "description": "Whether it is to run.",
        "default": "running"
      },
      "sourceDigest": {
        "type": "string",
        "description": "Digest of what lies at a local source, so that a change of its content is seen.",
        "x-internal": true
      },
      "credentials": {
        "type": "object",
        "description": "What the host was given to log in with.",
        "additionalProperties": false,
        "properties": {
          "privateKey": {
            "type": "string"
          },
          "passphrase": {
            "type": "string"
          },
          "password": {
            "type": "string"
          }
        },
        "x-internal": true,
        "x-secret": true,
        "x-shape": "Credentials"
      },
      "owner": {
        "type": "string",
        "description": "The program and resource that it belongs to.",
        "x-internal": true
      }
    },
    "required": [
      "host",
      "engine",
      "image"
    ],
    "outputs": {
      "imageDigest": {
        "type": "string",
        "description": "Digest of the manifest of the image that it runs."
      },
      "runsUnder": {
        "type": "string",
        "description": "Handler of the runtime that it runs under."
      },
      "isolationReason": {
        "type": "string",
        "description": "Why it is that one."
      },
      "ipAddress": {
        "type": "string",
        "description": "Address of the first interface; empty without one."
      },
      "addresses": {
        "type": "array",
        "items": {
          "type": "string"
        },
        "description": "Address of each interface, in order."
      },
      "unit": {
        "x-stable": "always",
        "type": "string",
        "description": "Its systemd unit on the host."
      },
      "logFile": {
        "x-stable": "always",
        "type": "string",
        "description": "Its output on the host, kept within 16 MiB; under Kata it is cut once a minute only."
      },
      "drift": {
        "type": "array",
        "description": "What on the host differs from what was declared, a sentence each. The next `up` repairs it.",
        "items": {
          "type": "string"
        }
      }
    },
    "reference": {
      "identity": [
        "unit"
      ],
      "properties": [
        "name",
        "ipAddress",
        "unit"
      ]
    }
  }
};

export const lookupSchemas: Readonly<Record<Lookup, LookupSchema>> = {
  "HostFacts": {
    "name": "HostFacts",
    "description": "What a machine is and what of this provider's is on it, read over SSH. Changes nothing there, and needs nothing installed but a shell and perl-base.",
    "inputs": {
      "address": {
        "type": "string",
        "description": "Host name or IP address, or `local` for the machine that runs the program.",
        "minLength": 1,
        "maxLength": 255,
        "pattern": "^[A-Za-z0-9._:%\\[\\]-]+$",
        "x-expects": "a host name, an IP address or `local`"
      },
      "port": {
        "type": "integer",
        "minimum": 1,
        "maximum": 65535,
        "description": "SSH port. Default: `~/.ssh/config`, then 22."
      },
      "user": {
        "type": "string",
        "description": "User to log in as: root, or one that may run `sudo -n`. Default: `~/.ssh/config`, then the current user.",
        "minLength": 1,
        "maxLength": 64
      },
      "privateKey": {
        "type": "string",
        "description": "Private key as text. Prefer `privateKeyFile`, an agent or `~/.ssh/config`: what is not given here is in no state.",
        "x-secret": true
      },
      "passphrase": {
        "type": "string",
        "description": "Passphrase of the private key.",
        "x-secret": true
      },
      "password": {
        "type": "string",
        "description": "Password to log in with.",
        "x-secret": true
      },
      "privateKeyFile": {
        "type": "string",
        "description": "Private key file on the machine that runs the program.",
        "pattern": "^[^\\u0000\\n\\r]+$",
        "x-expects": "a path without line breaks",
        "maxLength": 4096
      },
      "agent": {
        "type": "string",
        "description": "Socket of an SSH agent. Default: `SSH_AUTH_SOCK`.",
        "pattern": "^[^\\u0000\\n\\r]+$",
        "x-expects": "a path without line breaks",
        "maxLength": 4096
      },
      "hostKey": {
        "type": "string",
        "description": "The host key to accept: a `SHA256:…` fingerprint or an OpenSSH public key. Default: what `known_hosts` says.",
        "minLength": 10,
        "maxLength": 8192
      },
      "knownHosts": {
        "type": "string",
        "description": "The known_hosts file. Default: `~/.ssh/known_hosts`.",
        "pattern": "^[^\\u0000\\n\\r]+$",
        "x-expects": "a path without line breaks",
        "maxLength": 4096
      },
      "sshConfig": {
        "type": "string",
        "description": "The SSH client configuration to honour, or `none`. Default: `~/.ssh/config`.",
        "pattern": "^[^\\u0000\\n\\r]+$",
        "x-expects": "a path without line breaks",
        "maxLength": 4096
      },
      "jump": {
        "type": "array",
        "description": "Hosts to go through, first hop first.",
        "items": {
          "type": "object",
          "description": "A host on the way to another.",
          "additionalProperties": false,
          "required": [
            "address"
          ],
          "properties": {
            "address": {
              "type": "string",
              "description": "Host name or IP address.",
              "minLength": 1,
              "maxLength": 255
            },
            "port": {
              "type": "integer",
              "minimum": 1,
              "maximum": 65535,
              "description": "Its SSH port.",
              "default": 22
            },
            "user": {
              "type": "string",
              "description": "User to log in as. Default: `~/.ssh/config`, then the current user.",
              "maxLength": 64
            },
            "privateKeyFile": {
              "type": "string",
              "description": "Private key file for this hop.",
              "pattern": "^[^\\u0000\\n\\r]+$",
              "x-expects": "a path without line breaks",
              "maxLength": 4096
            },
            "hostKey": {
              "type": "string",
              "description": "The host key to accept: a `SHA256:…` fingerprint or an OpenSSH public key."
            }
          },
          "x-shape": "Jump"
        },
        "maxItems": 8
      },
      "deadlines": {
        "type": "object",
        "description": "How long each kind of remote step may take.",
        "additionalProperties": false,
        "properties": {
          "boot": {
            "type": "number",
            "description": "How long to try again where nothing listens yet: a machine that was made a moment ago, or starts.",
            "x-unit": "s",
            "default": 0,
            "minimum": 0,
            "maximum": 86400
          },
          "dial": {
            "type": "number",
            "description": "Opening the TCP connection.",
            "x-unit": "s",
            "default": 15,
            "exclusiveMinimum": 0,
            "maximum": 3600
          },
          "authentication": {
            "type": "number",
            "description": "SSH handshake and authentication.",
            "x-unit": "s",
            "default": 20,
            "exclusiveMinimum": 0,
            "maximum": 3600
          },
          "command": {
            "type": "number",
            "description": "One remote step, not counting uploads.",
            "x-unit": "s",
            "default": 600,
            "exclusiveMinimum": 0,
            "maximum": 86400
          }
        },
        "x-shape": "Deadlines"
      }
    },
    "required": [
      "address"
    ],
    "outputs": {
      "machineId": {
        "x-stable": "always",
        "type": "string",
        "description": "The machine's own identity (`/etc/machine-id`). A new address with the same identity is the same host."
      },
      "fingerprint": {
        "type": "string",
        "description": "Fingerprint of the host key, `SHA256:…`; empty for `local`."
      },
      "os": {
        "type": "string",
        "description": "Name and version of the operating system."
      },
      "architecture": {
        "x-stable": "always",
        "type": "string",
        "description": "As `uname -m` names it, e.g. `x86_64`."
      },
      "kernelVersion": {
        "type": "string",
        "description": "Release of the running kernel."
      },
      "cpus": {
        "type": "integer",
        "description": "Online processors."
      },
      "cpuModel": {
        "type": "string",
        "description": "Name of the processor."
      },
      "memory": {
        "type": "integer",
        "description": "Usable memory.",
        "x-unit": "MiB"
      },
      "cgroups": {
        "type": "string",
        "enum": [
          "v1",
          "v2",
          "hybrid"
        ],
        "description": "Which control-group hierarchy the host has. Limits of microVMs are enforced where the controllers exist."
      },
      "virtualization": {
        "type": "string",
        "enum": [
          "kvm",
          "kvm-slow",
          "none"
        ],
        "description": "What a timed probe guest showed: `kvm` can run guests; `kvm-slow` has a /dev/kvm that emulates and is useless for them; `none` has none."
      },
      "virtualizationEvidence": {
        "type": "string",
        "description": "What the probe saw, in a sentence."
      },
      "nested": {
        "type": "string",
        "enum": [
          "yes",
          "no",
          "unknown"
        ],
        "description": "Whether the host is itself a virtual machine."
      },
      "hardeningFindings": {
        "type": "array",
        "items": {
          "type": "string"
        },
        "description": "Where the host falls short of what is advised for several tenants, a sentence each: SMT, KSM, swap, unmitigated flaws of the processor."
      },
      "objects": {
        "type": "array",
        "description": "What any program has made there, by name and kind.",
        "items": {
          "type": "object",
          "required": [
            "kind",
            "name",
            "owner"
          ],
          "additionalProperties": false,
          "properties": {
            "kind": {
              "type": "string",
              "description": "As the resource is named, such as `MicroVM`."
            },
            "name": {
              "type": "string",
              "description": "Its name on the host."
            },
            "owner": {
              "type": "string",
              "description": "The program and resource that it belongs to."
            }
          }
        }
      }
    }
  }
};
