import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KernelState, MicroVMState, VmmState } from "../../provider/generated/types";
import type { VmmKind } from "../../provider/vmm";
import { releaseArchive } from "../lab/firecracker-archive";
import { type Afterwards, tinyGuest, tinyGuestSays } from "../lab/tiny-guest";
import type { Site } from "./site";

/** A VMM that is there to be measured. */
export interface Measured {
  kind: VmmKind;
  vmm: VmmState;
  /** Declares a microVM of the tiny guest, which says a line and then does something or nothing. */
  microVM(name: string, then: Afterwards, more?: object): Promise<MicroVMState>;
}

const binaries: [VmmKind, string | undefined][] = [
  ["firecracker", process.env.MICROVM_TEST_FIRECRACKER],
  ["cloud-hypervisor", process.env.MICROVM_TEST_CLOUD_HYPERVISOR],
];

/** QEMU, and the others where the environment says where they are. */
export async function measuredVmms({ world, lab, basics, progress }: Site): Promise<Measured[]> {
  const found: [VmmKind, VmmState][] = [["qemu", basics.vmm]];
  for (const [kind, file] of binaries) {
    if (!file) progress(`${kind} is not measured: MICROVM_TEST_${kind.toUpperCase().replace("-", "_")} names none`);
    else found.push([kind, await install(world, kind, file)]);
  }
  // The machine's KVM may be an emulated one, which is refused; for the tiny guest it will do.
  await lab.output("h1", "sed -i 's/^virtualization .*/virtualization kvm/' /etc/microvm/hosts/*/probe");
  const kernels = new Map<Afterwards, Promise<KernelState>>();
  const kernel = (then: Afterwards) => {
    const made =
      kernels.get(then) ??
      world.make<KernelState>("Kernel", then, { source: { file: tinyGuest(then) }, initramfs: "none" });
    kernels.set(then, made);
    return made;
  };
  return found.map(([kind, vmm]) => ({
    kind,
    vmm,
    microVM: async (name, then, more = {}) =>
      world.make<MicroVMState>("MicroVM", name, {
        ...{ vmm, kernel: await kernel(then), rootfs: basics.rootfs, rootDisk: { mode: "shared" }, memory: 64 },
        ...{ accelerator: kind === "qemu" ? "tcg" : "kvm", stopTimeout: 0 },
        ...{ ready: { serial: tinyGuestSays, timeout: 60 }, ...more },
      }),
  }));
}

async function install(world: Site["world"], kind: VmmKind, binary: string): Promise<VmmState> {
  const scratch = mkdtempSync(join(tmpdir(), "microvm-bench-"));
  try {
    const file = kind === "firecracker" ? releaseArchive(scratch, binary) : binary;
    return await world.make<VmmState>("Vmm", kind, { kind, source: { file } });
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** A microVM's console as the machine sees it that the lab host runs on. */
export function consoleOf({ lab }: Site, name: string): string {
  return `/proc/${lab.leader("h1")}/root/var/lib/microvm/vms/${name}/console.log`;
}

/**
 * Milliseconds from the start of a unit's process, as systemd tells it, until its guest has said something. Looked for
 * every millisecond: the machine's monotonic clock is the lab host's too.
 */
export async function startToWord(site: Site, unit: string, log: string, start: string): Promise<number> {
  const before = statSync(log).size;
  const starting = site.lab.output("h1", start);
  // A start that fails is told below, where it is waited for: nobody else must hear of it before.
  let failed = false;
  starting.catch(() => {
    failed = true;
  });
  let heard = 0n;
  const deadline = Date.now() + 60_000;
  while (!heard && !failed) {
    if (statSync(log).size > before) heard = process.hrtime.bigint();
    else await new Promise((resolve) => setTimeout(resolve, 1));
    if (Date.now() > deadline) throw new Error(`the guest of ${unit} said nothing`);
  }
  await starting;
  const began = await site.lab.output("h1", `systemctl show -p ExecMainStartTimestampMonotonic --value ${unit}`);
  return Number(heard / 1000n - BigInt(began.trim())) / 1000;
}
