import { MicrovmError } from "../errors";
import type { VmmInputs, VmmState } from "../generated/types";
import { command } from "../host/change";
import { objectDirectory, recordPath } from "../host/record";
import { ChangeError, type HostSession } from "../host/session";
import type { Progress, Resource } from "../resource";
import { requireHost } from "./host-requirements";
import { explainOwnership, isAnothers, ownLines, recordLines } from "./ownership";
import { recordedInputs } from "./recorded-inputs";

/** QEMU from the host's distribution. */
export const vmm: Resource<VmmInputs, VmmState> = { kind: "Vmm", observe, converge, remove };

/** Package and program by the host's architecture, as Debian and Ubuntu name them. */
const qemu: Record<string, { package: string; program: string }> = {
  x86_64: { package: "qemu-system-x86", program: "/usr/bin/qemu-system-x86_64" },
  aarch64: { package: "qemu-system-arm", program: "/usr/bin/qemu-system-aarch64" },
};

async function observe(host: HostSession, state: VmmState): Promise<VmmState | undefined> {
  const snapshot = await host.snapshot();
  if (
    !snapshot.records.has(recordPath("Vmm", state.name as string)) ||
    isAnothers(snapshot, "Vmm", state.name as string, state.owner)
  )
    return undefined;
  const drift = snapshot.files.has(state.path) ? [] : [`${state.path} is missing`];
  return { ...state, drift };
}

async function converge(
  host: HostSession,
  inputs: VmmInputs,
  prior: VmmState | undefined,
  progress: Progress,
): Promise<VmmState> {
  const name = inputs.name as string;
  const snapshot = await host.snapshot();
  requireHost(snapshot, `Vmm ${name}`, host.name);
  const found = qemu[snapshot.facts.architecture];
  if (!found) {
    throw new MicrovmError({
      code: "architecture-unknown",
      verb: "install",
      subject: `Vmm ${name} on host ${host.name}`,
      cause: `nothing is known of QEMU packages for ${snapshot.facts.architecture}`,
      hint: "x86_64 and aarch64 hosts are supported.",
    });
  }
  const object = objectDirectory("Vmm", name);
  const { program } = found;
  const version = inputs.version ?? "";
  try {
    const values = await host.apply(
      {
        purpose: `${prior ? "update" : "create"} Vmm ${name}`,
        deadline: 1_800_000,
        prepare: [
          ...ownLines("Vmm", name, [inputs.owner, prior?.owner], inputs.adopt),
          ...recordLines({
            v: 1,
            kind: "Vmm",
            name,
            owner: inputs.owner as string,
            inputs: recordedInputs(inputs),
            decided: {},
          }),
          command("mv_packages", object, found.package),
          `printf '%s\\n' ${program} > ${object}/program`,
        ],
        // It counts as installed once it has run there.
        commit: [
          `mv_version=$(${program} --version | sed -n 's/^QEMU emulator version \\([0-9.]*\\).*/\\1/p')`,
          `[ -n "$mv_version" ] || mv_fail vmm-broken ${program}`,
          `case $mv_version. in ${version ? `${version}.*` : "*"}) ;; *) mv_fail version-mismatch "$mv_version" ;; esac`,
          'mv_result version "$mv_version"',
          `mv_result packages "$(sed -n 's/^${found.package}://p' /etc/microvm/packages 2> /dev/null || true)"`,
        ],
      },
      progress,
    );
    return {
      ...inputs,
      path: program,
      installedVersion: values.version ?? "",
      installedPackages: (values.packages ?? "").split(/\s+/).filter(Boolean).sort(),
      drift: [],
    } as VmmState;
  } catch (error) {
    throw explain(explainOwnership(error, "Vmm", name), name, version);
  }
}

function explain(error: unknown, name: string, version: string): unknown {
  if (!(error instanceof ChangeError) || error.code !== "version-mismatch") return error;
  return new MicrovmError(
    {
      code: "version-mismatch",
      verb: "install",
      subject: `Vmm ${name}`,
      cause: `the host's distribution has version ${error.said}, and ${version} is declared`,
      hint: "Declare the version that it has, or none.",
    },
    { cause: error },
  );
}

async function remove(host: HostSession, state: VmmState): Promise<void> {
  const name = state.name as string;
  const object = objectDirectory("Vmm", name);
  const snapshot = await host.snapshot();
  if (!snapshot.files.has(object) || isAnothers(snapshot, "Vmm", name, state.owner)) return;
  try {
    await host.apply({
      purpose: `delete Vmm ${name}`,
      deadline: 1_800_000,
      prepare: [...ownLines("Vmm", name, [state.owner])],
      commit: [command("mv_release", object), command("mv_gone", object)],
    });
  } catch (error) {
    throw explainOwnership(error, "Vmm", name);
  }
}
