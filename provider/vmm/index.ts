import { MicrovmError } from "../errors";
import type { VmmDriver } from "./driver";
import { qemu } from "./qemu";

const drivers: Record<string, VmmDriver> = { qemu };

export function driverOf(kind: string): VmmDriver {
  const driver = drivers[kind];
  if (!driver) {
    throw new MicrovmError({
      code: "unknown-vmm",
      verb: "use",
      subject: `VMM ${kind}`,
      cause: `this version of pulumi-microvm knows ${Object.keys(drivers).join(", ")}`,
    });
  }
  return driver;
}

export type { Disk, Interface, Machine, VmmDriver } from "./driver";
