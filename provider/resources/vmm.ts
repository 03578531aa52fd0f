import { MicrovmError } from "../errors";
import type { VmmInputs, VmmState } from "../generated/types";
import { command } from "../host/change";
import { objectDirectory } from "../host/record";
import { ChangeError, type HostSession } from "../host/session";
import type { Facts } from "../host/snapshot";
import type { Problem, Progress, Recorded, Resource } from "../resource";
import { isUnknown } from "../schema/unknown";
import { advisoriesOf } from "../vmm/advisories";
import { officialRelease, type VmmKind } from "../vmm/releases";
import { requireHost } from "./host-requirements";
import { fileDigest } from "./local-source";
import { beginLines, explainOwnership, isOurs } from "./ownership";
import { resultsOf } from "./results";
import { explainSource, removeStored, sendFile, storedDrift, storedPath } from "./stored";

/** A VMM: a package of the host's distribution, or a program in its store. */
export const vmm: Resource<VmmInputs, VmmState> = {
  kind: "Vmm",
  check,
  settle,
  observe,
  recall,
  converge,
  remove: (host, state) => removeStored(host, "Vmm", state.name as string, state.owner, "vmm"),
};

/** Package and program by the host's architecture, as Debian and Ubuntu name them. */
const qemu: Record<string, { package: string; program: string }> = {
  x86_64: { package: "qemu-system-x86", program: "/usr/bin/qemu-system-x86_64" },
  aarch64: { package: "qemu-system-arm", program: "/usr/bin/qemu-system-aarch64" },
};

function check({ kind, version, source, allowVulnerable }: Partial<VmmInputs>): Problem[] {
  if (!kind || isUnknown(kind) || isUnknown(source)) return [];
  const problems: Problem[] = [];
  const problem = (property: string, reason: string) => problems.push({ property, reason });
  if (kind === "qemu") {
    if (source) problem("source", "is for firecracker and cloud-hypervisor; qemu is the distribution's package");
    return problems;
  }
  const given = source?.file ?? source?.url;
  if (!given && !version) problem("version", `is required without a source: ${kind} has many releases`);
  if (source?.url && !source.sha256)
    problem("source.sha256", "is required with url: a program is what its digest says");
  if (!given && kind === "cloud-hypervisor" && !source?.sha256) {
    problem("source.sha256", "is required: Cloud Hypervisor publishes no digests of its releases");
  }
  if (version && !isUnknown(version) && allowVulnerable !== true) {
    const reason = vulnerable(kind, version);
    if (reason) problem("version", reason);
  }
  return problems;
}

/** Why a release is refused; undefined where nothing speaks against it. */
function vulnerable(kind: VmmKind, version: string): string | undefined {
  const flaws = advisoriesOf(kind, version).map(({ id, what }) => `${id} (${what})`);
  if (!flaws.length) return undefined;
  return `${version} of ${kind} has ${flaws.join(" and ")}; use a newer one, or say allowVulnerable: true`;
}

async function settle(inputs: Partial<VmmInputs>): Promise<Partial<VmmInputs>> {
  const { source } = inputs;
  if (!source || isUnknown(source) || !source.file || isUnknown(source.file)) return inputs;
  return { ...inputs, sourceDigest: await fileDigest(source.file, source.sha256) };
}

async function observe(host: HostSession, state: VmmState): Promise<VmmState | undefined> {
  const snapshot = await host.snapshot();
  const name = state.name as string;
  if (!isOurs(snapshot, "Vmm", name, state.owner)) return undefined;
  if (!state.digest) return { ...state, drift: snapshot.files.has(state.path) ? [] : [`${state.path} is missing`] };
  const drift = [
    ...storedDrift(snapshot.stored, "the VMM", state.digest),
    ...(state.jailerDigest ? storedDrift(snapshot.stored, "the jailer", state.jailerDigest) : []),
  ];
  return { ...state, drift };
}

/** What there is of a VMM by what the change that installed it handed back. Refuses a release with published flaws. */
function outputs(inputs: VmmInputs, values: Record<string, string>): VmmState {
  const { version = "", program = "", packages = "", vmm: digest = "", jailer: jailerDigest = "" } = values;
  const reason = inputs.allowVulnerable || program ? undefined : vulnerable(inputs.kind, version);
  // It is on the host by now, as any change that failed half-way.
  if (reason) {
    const subject = `Vmm ${inputs.name}`;
    throw new ChangeError({ code: "vmm-vulnerable", verb: "install", subject, cause: reason }, reason);
  }
  return {
    ...inputs,
    path: program || storedPath(digest),
    jailerPath: storedPath(jailerDigest),
    digest,
    jailerDigest,
    installedVersion: version,
    installedPackages: packages.split(/\s+/).filter(Boolean).sort(),
    drift: [],
  };
}

async function recall(_host: HostSession, inputs: VmmInputs, recorded: Recorded): Promise<VmmState> {
  return outputs(inputs, resultsOf(recorded));
}

async function converge(
  host: HostSession,
  inputs: VmmInputs,
  prior: VmmState | undefined,
  progress: Progress,
): Promise<VmmState> {
  const name = inputs.name as string;
  const { facts, ...snapshot } = await host.snapshot();
  requireHost({ ...snapshot, facts }, `Vmm ${name}`, host.name);
  const begin = beginLines("Vmm", inputs, prior);
  const purpose = `${prior ? "update" : "create"} Vmm ${name}`;
  try {
    const values =
      inputs.kind === "qemu"
        ? await installPackage(host, inputs, { facts, begin, purpose, progress })
        : await installProgram(host, inputs, { facts, begin, purpose, progress });
    return outputs(inputs, values);
  } catch (error) {
    throw explain(explainSource(explainOwnership(error, "Vmm", name), `Vmm ${name}`, inputs.source?.sha256), inputs);
  }
}

interface Installation {
  facts: Facts;
  /** Shell lines that every change of the object begins with. */
  begin: string[];
  purpose: string;
  progress: Progress;
}

async function installPackage(
  host: HostSession,
  { name, version = "" }: VmmInputs,
  { facts, begin, purpose, progress }: Installation,
): Promise<Record<string, string>> {
  const found = qemu[facts.architecture];
  if (!found) throw architectureUnknown(name as string, host.name, facts.architecture);
  const object = objectDirectory("Vmm", name as string);
  const { program } = found;
  return host.apply(
    {
      purpose,
      deadline: 1_800_000,
      prepare: [
        ...begin,
        command("mv_packages", object, found.package),
        `printf '%s\\n' ${program} > ${object}/program`,
      ],
      // It counts as installed once it has run there.
      commit: [
        `mv_version=$(${program} --version | sed -n 's/^QEMU emulator version \\([0-9.]*\\).*/\\1/p')`,
        `[ -n "$mv_version" ] || mv_fail vmm-broken ${command(`${program} does not tell its version`)}`,
        ...sameVersion(version),
        'mv_result version "$mv_version"',
        `mv_result packages "$(sed -n 's/^${found.package}://p' /etc/microvm/packages 2> /dev/null || true)"`,
      ],
      keeps: { object, values: { program } },
    },
    progress,
  );
}

async function installProgram(
  host: HostSession,
  inputs: VmmInputs,
  { facts, begin, purpose, progress }: Installation,
): Promise<Record<string, string>> {
  const { kind, name, version = "", source } = inputs;
  const object = objectDirectory("Vmm", name as string);
  const work = `/var/lib/microvm/.vmm-${name}`;
  await host.apply({ purpose, deadline: 1_800_000, prepare: begin }, progress);
  if (source?.file) await sendFile(host, source.file, `${work}.source`, `Vmm ${name}`, progress);
  const jailed = kind === "firecracker";
  return host.apply(
    {
      purpose,
      deadline: 1_800_000,
      builds: `vmm-${name}`,
      build: [
        `rm -rf ${work}; mkdir -p ${work}`,
        ...obtain(inputs, facts, work),
        `/usr/lib/microvm/unpack-vmm ${kind} ${work}/source ${work}/unpacked > ${work}/version 2> ${work}/error || mv_fail vmm-broken "$(cat ${work}/error)"`,
        `mv_version=$(cat ${work}/version)`,
        ...sameVersion(version),
      ],
      prepare: [
        `mv_put_stored ${object} ${work}/unpacked/vmm 0755; mv_vmm=$mv_digest; mv_jailer=`,
        ...(jailed ? [`mv_put_stored ${object} ${work}/unpacked/jailer 0755; mv_jailer=$mv_digest`] : []),
        `mv_settle_stored ${object} $mv_vmm $mv_jailer`,
        `mv_result version "$(cat ${work}/version)"; mv_result vmm "$mv_vmm"; mv_result jailer "$mv_jailer"`,
        `rm -rf ${work} ${work}.source`,
      ],
      keeps: { object },
    },
    progress,
  );
}

/** Shell lines that leave the program or archive at `source` below the work directory. */
function obtain({ kind, version = "", source, name }: VmmInputs, facts: Facts, work: string): string[] {
  if (source?.file) return [`mv ${work}.source ${work}/source`];
  if (source?.url) return [command("mv_fetch", source.url, source.sha256 as string, `${work}/source`)];
  if (!["x86_64", "aarch64"].includes(facts.architecture)) {
    throw architectureUnknown(name as string, "", facts.architecture);
  }
  const { url, checksumUrl } = officialRelease(kind as "firecracker", version, facts.architecture);
  if (source?.sha256) return [command("mv_fetch", url, source.sha256, `${work}/source`)];
  const published = command(checksumUrl as string);
  return [
    `mv_sum=$(mv_published ${published}) && [ -n "$mv_sum" ] || mv_fail download-failed ${published}`,
    `mv_fetch ${command(url)} "$mv_sum" ${work}/source`,
  ];
}

function sameVersion(version: string): string[] {
  if (!version) return [];
  return [`case $mv_version. in ${version}.*) ;; *) mv_fail version-mismatch "$mv_version" ;; esac`];
}

function architectureUnknown(name: string, host: string, architecture: string): MicrovmError {
  return new MicrovmError({
    code: "architecture-unknown",
    verb: "install",
    subject: `Vmm ${name}${host && ` on host ${host}`}`,
    cause: `nothing is known of VMMs for ${architecture}`,
    hint: "x86_64 and aarch64 hosts are supported.",
  });
}

function explain(error: unknown, { name, kind, version }: VmmInputs): unknown {
  if (!(error instanceof ChangeError)) return error;
  const where = kind === "qemu" ? "the host's distribution has" : "what was installed has";
  const known: Record<string, [cause: string, hint: string]> = {
    "version-mismatch": [
      `${where} version ${error.said}, and ${version} is declared`,
      "Declare the version that it has, or none.",
    ],
    "vmm-broken": [error.said, "Correct the source, or use a release for the host's architecture."],
  };
  const [cause, hint] = known[error.code] ?? [];
  if (!cause) return error;
  const { remote } = error.parts;
  return new MicrovmError(
    { code: error.code, verb: "install", subject: `Vmm ${name}`, cause, hint, remote },
    { cause: error },
  );
}
