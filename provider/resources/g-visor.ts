import { MicrovmError } from "../errors";
import type { GVisorInputs, GVisorState } from "../generated/types";
import { command, installFile } from "../host/change";
import { objectDirectory } from "../host/record";
import { ChangeError, type HostSession } from "../host/session";
import { fileDrift } from "../host/snapshot";
import type { Handler } from "../kata/handler";
import type { Problem, Progress, Recorded, Resource } from "../resource";
import { isUnknown } from "../schema/unknown";
import { explain as explainEngine, recordedEngines, registrationDrift, registrations } from "./container-engine";
import { requireHost } from "./host-requirements";
import { fileDigest } from "./local-source";
import { beginLines, explainOwnership, isAnothers, isOurs, ownLines } from "./ownership";
import { resultsOf } from "./results";
import { requireUnused } from "./runtime-users";
import { explainSource, sendFile, storedDrift, storedPath } from "./stored";

/** gVisor: a program, and a wrapper that calls it with what is declared, since an engine hands an OCI runtime no options. */
export const gVisor: Resource<GVisorInputs, GVisorState> = {
  kind: "GVisor",
  check,
  settle,
  foretell,
  observe,
  recall,
  converge,
  remove,
};

const defaultHandler = "gvisor";
const debugLog = "/var/log/microvm-runsc/";

function wrapperPath(name: string): string {
  return `${objectDirectory("GVisor", name)}/runsc`;
}

function wrapper({ platform, network = "sandbox", debug }: GVisorInputs, program: string): string {
  const flags = [
    ...(platform ? [`--platform=${platform}`] : []),
    `--network=${network}`,
    ...(debug ? ["--debug", `--debug-log=${debugLog}`] : []),
  ];
  return `#!/bin/sh\n# ${program.replace(/^.*\//, "").slice(0, 12)} with what its GVisor resource declares.\nexec ${command(program, ...flags)} "$@"\n`;
}

/** What engines are told. */
export function handlerOf({ handler = defaultHandler, runtime }: { handler?: string; runtime: string }): Handler {
  return { name: handler, runtime: "io.containerd.runc.v2", program: runtime };
}

function owner(name: string): string {
  return `GVisor-${name}`;
}

function check({ source, handler }: Partial<GVisorInputs>): Problem[] {
  const problems: Problem[] = [];
  if (handler === "runc") problems.push({ property: "handler", reason: "is the name of the engines' own runtime" });
  if (source && !isUnknown(source) && source.url && !source.sha256) {
    problems.push({ property: "source.sha256", reason: "is required with url: a program is what its digest says" });
  }
  return problems;
}

async function settle(inputs: Partial<GVisorInputs>): Promise<Partial<GVisorInputs>> {
  const { source } = inputs;
  if (!source || isUnknown(source) || !source.file || isUnknown(source.file)) return inputs;
  return { ...inputs, sourceDigest: await fileDigest(source.file, source.sha256) };
}

function foretell({ handler }: Partial<GVisorInputs>): Partial<GVisorState> {
  return isUnknown(handler) ? {} : { runtimeClasses: runtimeClassesOf(handler) };
}

/**
 * What Kubernetes is told. gVisor's own guides give their class neither a node selector nor an overhead. The label is of
 * ours, then, and names the handler: a node that has gVisor under another handler is none where a pod of this class runs.
 */
function runtimeClassesOf(handler = defaultHandler): GVisorState["runtimeClasses"] {
  return [{ name: handler, handler, nodeSelector: { [`microvm.dev/${handler}`]: "true" } }];
}

async function observe(host: HostSession, state: GVisorState): Promise<GVisorState | undefined> {
  const snapshot = await host.snapshot();
  const name = state.name as string;
  if (!isOurs(snapshot, "GVisor", name, state.owner)) return undefined;
  // A run that was cut off knows too little to compare.
  if (!state.path) return { ...state, drift: ["it was not made to the end"] };
  const drift = [
    ...(state.digest
      ? storedDrift(snapshot.stored, "runsc", state.digest)
      : snapshot.files.has(state.path)
        ? []
        : [`${state.path} is missing`]),
    ...fileDrift(snapshot, wrapperPath(name), wrapper(state, state.path)),
    ...(state.engines ?? []).flatMap((engine) => registrationDrift(snapshot, engine, owner(name), [handlerOf(state)])),
  ];
  return { ...state, drift };
}

/** Where the program is: a release of the store, or the distribution's. */
function programPath(digest: string): string {
  return digest ? storedPath(digest) : "/usr/bin/runsc";
}

function outputs(inputs: GVisorInputs, values: Record<string, string>): GVisorState {
  const { digest = "", version = "", verified = "", packages = "" } = values;
  return {
    ...inputs,
    path: programPath(digest),
    digest,
    runtime: wrapperPath(inputs.name as string),
    installedVersion: version,
    runtimeClasses: runtimeClassesOf(inputs.handler),
    verified,
    installedPackages: packages.split(/\s+/).filter(Boolean).sort(),
    drift: [],
  };
}

async function recall(_host: HostSession, inputs: GVisorInputs, recorded: Recorded): Promise<GVisorState> {
  return outputs(inputs, resultsOf(recorded));
}

async function converge(
  host: HostSession,
  inputs: GVisorInputs,
  prior: GVisorState | undefined,
  progress: Progress,
): Promise<GVisorState> {
  const name = inputs.name as string;
  const snapshot = await host.snapshot();
  requireHost(snapshot, `GVisor ${name}`, host.name);
  const purpose = `${prior ? "update" : "create"} GVisor ${name}`;
  const object = objectDirectory("GVisor", name);
  const work = `/var/lib/microvm/.gvisor-${name}`;
  const { source } = inputs;
  try {
    await host.apply({ purpose, prepare: beginLines("GVisor", inputs, prior) }, progress);
    if (source?.file) await sendFile(host, source.file, `${work}.source`, `GVisor ${name}`, progress);
    const obtained = source
      ? await host.apply(
          {
            purpose,
            deadline: 1_800_000,
            builds: `gvisor-${name}`,
            build: [
              `rm -rf ${work}; mkdir -p ${work}`,
              source.file
                ? `mv ${work}.source ${work}/runsc`
                : command("mv_fetch", source.url as string, source.sha256 as string, `${work}/runsc`),
              `chmod 0755 ${work}/runsc`,
              ...askVersion(`${work}/runsc`),
            ],
            prepare: [
              `mv_put_stored ${object} ${work}/runsc 0755; mv_result digest "$mv_digest"`,
              `rm -rf ${work} ${work}.source`,
            ],
          },
          progress,
        )
      : await host.apply(
          { purpose, deadline: 1_800_000, prepare: [command("mv_packages", object, "runsc"), ...askVersion("runsc")] },
          progress,
        );
    const digest = obtained.digest ?? "";
    const path = programPath(digest);
    const runtime = wrapperPath(name);
    const handler = handlerOf({ handler: inputs.handler, runtime });
    const registered = registrations({ engines: inputs.engines, former: prior?.engines }, owner(name), [handler]);
    // Tried beside the one in use, which containers that run may call at any time.
    const next = `${runtime}.next`;
    const tried = await host.apply(
      {
        purpose,
        deadline: 900_000,
        builds: `gvisor-${name}`,
        build: [
          ...(inputs.debug ? [command("mv_dir", debugLog.slice(0, -1), "0700", "root:root")] : []),
          installFile(next, wrapper(inputs, path), "0755"),
          ...tryLines(next),
          `rm -f ${next}`,
        ],
      },
      progress,
    );
    const values = await host.apply(
      {
        purpose,
        deadline: 900_000,
        prepare: [
          installFile(runtime, wrapper(inputs, path), "0755"),
          `printf '%s\\n' ${path} > ${object}/program`,
          ...registered.prepare,
        ],
        commit: [
          ...registered.commit,
          // What was there before is used no more.
          `mv_settle_stored ${object} ${digest}`,
          ...(source ? [`rm -f ${object}/needs`, "mv_unneeded"] : []),
          `mv_result packages "$(sed -n 's/^runsc://p' /etc/microvm/packages 2> /dev/null || true)"`,
        ],
        keeps: { object, values: { ...obtained, ...tried } },
      },
      progress,
    );
    return outputs(inputs, values);
  } catch (error) {
    throw explain(error, inputs);
  }
}

/** It counts as installed once it has run there. */
function askVersion(program: string): string[] {
  return [
    `mv_version=$(timeout 20 ${program} --version 2>&1 | sed -n 's/^runsc version \\(release-\\)\\{0,1\\}//p') && [ -n "$mv_version" ] || mv_fail runsc-broken "$(timeout 20 ${program} --version 2>&1 | head -c 500 | tail -n 1)"`,
    'mv_result version "$mv_version"',
  ];
}

/** A container under it, where there is an engine that runs one. */
function tryLines(runtime: string): string[] {
  return [
    "if ! ctr version > /dev/null 2>&1; then mv_result verified 'not tried: no containerd runs on the host'",
    `elif /usr/lib/microvm/container-check --runc-binary ${runtime} 2> "$mv_work/gvisor"; then mv_result verified 'a container ran under it'`,
    `else cat "$mv_work/gvisor" 1>&2; rm -f ${runtime}; mv_fail gvisor-not-working "$(grep -v '^$' "$mv_work/gvisor" | tail -n 1)"; fi`,
  ];
}

function explain(error: unknown, inputs: GVisorInputs): unknown {
  const subject = `GVisor ${inputs.name}`;
  const [engine] = inputs.engines ?? [];
  const worded = explainEngine(
    explainSource(explainOwnership(error, "GVisor", inputs.name as string), subject, inputs.source?.sha256),
    {
      kind: engine?.kind ?? "containerd",
      name: engine?.name,
    },
  );
  if (!(worded instanceof ChangeError)) return worded;
  const known: Record<string, [cause: string, hint: string]> = {
    "runsc-broken": [
      `what was given as runsc does not tell its version: ${worded.said}`,
      "Correct the source, or use a release for the host's architecture.",
    ],
    "gvisor-not-working": [
      `no container runs under it: ${worded.said}`,
      'Try another `platform` ("ptrace" works anywhere) or `network: "host"`; a newer release helps on newer kernels.',
    ],
    "package-missing": [
      "the host's distribution has no package runsc",
      "Give a release as `source`: a URL with its SHA-256, or a file.",
    ],
  };
  const [cause, hint] = known[worded.code] ?? [];
  if (!cause) return worded;
  const { remote } = worded.parts;
  return new MicrovmError({ code: worded.code, verb: "install", subject, cause, hint, remote }, { cause: error });
}

async function remove(host: HostSession, state: GVisorState): Promise<void> {
  const snapshot = await host.snapshot();
  const name = state.name as string;
  const object = objectDirectory("GVisor", name);
  if (!snapshot.files.has(object) || isAnothers(snapshot, "GVisor", name, state.owner)) return;
  requireUnused(snapshot, "GVisor", name, [wrapperPath(name)]);
  const left = registrations({ former: recordedEngines(snapshot, "GVisor", state) }, owner(name), []);
  try {
    await host.apply({
      purpose: `delete GVisor ${name}`,
      deadline: 1_800_000,
      prepare: [...ownLines("GVisor", name, [state.owner]), ...left.prepare],
      commit: [
        ...left.commit,
        `rm -rf /var/lib/microvm/.gvisor-${name} /var/lib/microvm/.gvisor-${name}.source*`,
        command("mv_settle_stored", object),
        command("mv_release", object),
        command("mv_gone", object, debugLog.slice(0, -1)),
      ],
    });
  } catch (error) {
    throw explain(error, state);
  }
}
