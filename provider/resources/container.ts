import { createHash } from "node:crypto";
import { MicrovmError } from "../errors";
import type { ContainerInputs, ContainerState, NetworkReference } from "../generated/types";
import { command, installFile } from "../host/change";
import { readFiles } from "../host/files";
import { objectDirectory, recordPath } from "../host/record";
import { ChangeError, type HostSession } from "../host/session";
import { fileDrift, type Snapshot } from "../host/snapshot";
import { type Handler, isOciRuntime } from "../kata/handler";
import { engineHandlers } from "../kata/layout";
import { type Problem, type Progress, type Recorded, type Resource, UnfinishedError } from "../resource";
import { nearest } from "../schema/nearest";
import { isUnknown } from "../schema/unknown";
import { registeredHandlers } from "./container-engine";
import { explainContainerImage, fetchLines } from "./container-image";
import {
  type ContainerLayout,
  claimPorts,
  containerLayout,
  containerPlaces,
  type DecidedContainer,
  environmentPath,
  imageName,
  loadPorts,
  networkMember,
  parseEnvironment,
  portsTable,
} from "./container-layout";
import { handlerOf } from "./g-visor";
import { requireHost, usableKvm } from "./host-requirements";
import { chooseAddresses, formerNetworks } from "./interface-addresses";
import { fileDigest } from "./local-source";
import { attachLines, attachmentDrift, detachLines, explainNetwork } from "./network";
import { explainOwnership, isAnothers, ownLines, recordLines } from "./ownership";
import { recordedInputs } from "./recorded-inputs";
import { resultsOf } from "./results";
import { sendFile } from "./stored";

type Inputs = ContainerInputs & { name: string };

/** A container that systemd supervises: a unit starts it by its engine, waits for its end, and takes it away. */
export const container: Resource<ContainerInputs, ContainerState> = {
  kind: "Container",
  check,
  settle,
  observe,
  recall,
  converge,
  remove,
};

const known = <T>(value: T | undefined): value is T => value !== undefined && !isUnknown(value);

function check(inputs: Partial<ContainerInputs>): Problem[] {
  const { engine, handler, isolation, image, mounts, ports, interfaces, ready } = inputs;
  const problems: Problem[] = [];
  const problem = (property: string, reason: string) => problems.push({ property, reason });
  if (known(engine) && known(engine.kind) && engine.kind !== "containerd") {
    problem("engine", `containers of ours run under containerd, and ${engine.name} is ${engine.kind}`);
  }
  if (handler === undefined && isolation === undefined) {
    problem("isolation", 'say how it is isolated: isolation: "strongest", or a `handler` by its name');
  } else if (known(handler) && known(isolation)) {
    problem("isolation", "is for when no `handler` is named");
  }
  const names = handlerNames(inputs);
  if (known(handler) && names && !names.includes(handler)) {
    const registered = known(engine) && known(engine.handlers) ? engine.handlers.filter(known) : [];
    problem("handler", notGiven(handler, names, registered));
  }
  if (isolation === "gvisor" && inputs.gvisor === undefined) problem("gvisor", "is needed for gVisor's isolation");
  if (isolation === "vm" && inputs.kata === undefined) problem("kata", "is needed for a virtual machine's isolation");
  if (isolation === "strongest" && inputs.gvisor === undefined && inputs.kata === undefined) {
    problem("isolation", "has nothing to choose from: give the container a `kata`, a `gvisor` or both");
  }
  if (known(image) && known(image.digest) && known(image.reference)) {
    const pinned = image.reference.split("@")[1];
    if (pinned && pinned !== image.digest) problem("image.digest", "is another one than that of the reference");
  }
  (known(mounts) ? mounts : []).forEach((mount, index) => {
    if (!known(mount)) return;
    for (const key of ["source", "target"] as const) {
      // The engine's own command takes mounts as fields between commas.
      if (known(mount[key]) && /[",]/.test(mount[key])) {
        problem(`mounts[${index}].${key}`, "must have no comma and no quotation mark");
      }
    }
  });
  const alone = !isUnknown(interfaces) && !interfaces?.length;
  if (alone && known(ports) && ports.length) problem("ports", "lead to an interface; give it one");
  if (alone && known(ready) && ready.tcp) problem("ready.tcp", "is asked over an interface; give it one, or use `log`");
  const seen = new Set<string>();
  (known(ports) ? ports : []).forEach((port, index) => {
    if (!known(port)) return;
    if (known(port.address) && port.address.startsWith("127.")) {
      problem(`ports[${index}].address`, "must be an address that others reach: nothing is led from the loopback");
    }
    const login = known(inputs.host) ? (inputs.host.connection?.port ?? 22) : undefined;
    if (port.host === login && (port.protocol ?? "tcp") === "tcp") {
      problem(`ports[${index}].host`, `${login} is where the host itself is logged in to`);
    }
    const key = `${port.protocol ?? "tcp"} ${port.host} ${port.address ?? ""}`;
    if (seen.has(key)) problem(`ports[${index}].host`, `${port.host} is given twice`);
    seen.add(key);
  });
  return problems;
}

/** Runtimes that the container is given, by name; undefined where that is not known yet. */
function handlerNames({ gvisor, kata }: Partial<ContainerInputs>): string[] | undefined {
  if (isUnknown(gvisor) || (gvisor && isUnknown(gvisor.handler))) return undefined;
  if (isUnknown(kata) || (kata && isUnknown(kata.installedHandlers))) return undefined;
  return [
    "runc",
    ...(gvisor ? [gvisor.handler ?? "gvisor"] : []),
    ...(kata?.installedHandlers ?? []).map(({ name }) => name),
  ];
}

/** What is wrong with a handler that the container is not given, beside those that it is and those that its engine has. */
function notGiven(handler: string, given: string[], registered: string[]): string {
  const others = registered.filter((name) => !given.includes(name));
  const near = nearest(handler, [...given, ...others]);
  return [
    `is not one that the container is given: there ${given.length > 1 ? "are" : "is"} ${given.join(", ")}`,
    ...(others.length
      ? [`its engine has ${others.join(", ")} too, which takes the \`kata\` or \`gvisor\` that it is of`]
      : []),
    ...(near && near !== handler ? [`did you mean ${near}?`] : []),
  ].join("; ");
}

async function settle(inputs: Partial<ContainerInputs>): Promise<Partial<ContainerInputs>> {
  const { image } = inputs;
  if (!known(image) || !known(image.archive)) return inputs;
  return { ...inputs, sourceDigest: await fileDigest(image.archive) };
}

/** Every runtime that it is given but the engine's own, the strongest first. */
function runtimesOf({ gvisor, kata }: Pick<Inputs, "gvisor" | "kata">): Handler[] {
  return [
    ...(kata ? engineHandlers(kata.name as string, kata.installedHandlers ?? []) : []),
    ...(gvisor ? [handlerOf({ handler: gvisor.handler, runtime: gvisor.runtime as string })] : []),
  ];
}

function noRuntime(name: string, cause: string, hint?: string): MicrovmError {
  return new MicrovmError({
    code: "no-runtime",
    verb: "choose",
    subject: `the runtime of Container ${name}`,
    cause,
    hint,
  });
}

/** The runtime that it runs under, and why; no handler is the engine's own. */
export function chooseRuntime(snapshot: Snapshot, inputs: Inputs): { handler?: Handler; name: string; reason: string } {
  const { name, engine, handler, isolation, kata } = inputs;
  if (handler === "runc") return { name: "runc", reason: "declared: the host's kernel is shared with it" };
  const all = runtimesOf(inputs);
  const chosen = (one: Handler | undefined, reason: string) => {
    if (one) return { handler: one, name: one.name, reason };
    const hint = `There ${all.length ? `are ${all.map((item) => item.name).join(", ")} and` : "is only"} runc.`;
    throw noRuntime(name, `it is given none that would do for ${isolation}: ${reason}`, hint);
  };
  const machine = all.find((one) => !isOciRuntime(one));
  const userKernel = all.find(isOciRuntime);
  if (handler !== undefined) {
    const one = all.find((item) => item.name === handler);
    if (one) return chosen(one, "declared");
    const given = ["runc", ...all.map((item) => item.name)];
    const registered = registeredHandlers(snapshot, engine.name as string);
    throw noRuntime(name, `handler ${handler} ${notGiven(handler, given, registered)}`);
  }
  if (isolation === "gvisor") return chosen(userKernel, "declared");
  const { virtualization, evidence } = usableKvm(snapshot);
  const without = `the host has no usable KVM for a virtual machine: ${evidence}`;
  if (isolation === "vm")
    return chosen(virtualization === "kvm" ? machine : undefined, virtualization === "kvm" ? "declared" : without);
  if (virtualization === "kvm" && machine)
    return chosen(machine, "a virtual machine of its own, and the host's KVM works");
  return chosen(
    userKernel,
    virtualization === "kvm"
      ? "it is given no Kata runtime"
      : kata
        ? without
        : `it is given no Kata runtime, and ${without}`,
  );
}

async function observe(host: HostSession, state: ContainerState): Promise<ContainerState | undefined> {
  const snapshot = await host.snapshot();
  const name = state.name as string;
  const place = containerPlaces(name);
  const record = snapshot.records.get(recordPath("Container", name));
  const unit = snapshot.units.get(place.unit);
  const active = isActive(snapshot, name);
  if (!record && !active) return undefined;
  if (isAnothers(snapshot, "Container", name, state.owner)) return undefined;
  const drift: string[] = [];
  const decided = record?.decided as DecidedContainer | undefined;
  if (!decided?.imageDigest) drift.push("it was not made to the end");
  else {
    const wanted = containerLayout(state as Inputs, decided, runtimeOf(state));
    drift.push(...wanted.files.flatMap(({ path, content }) => fileDrift(snapshot, path, content)));
    wanted.attachments.forEach((attachment, index) => {
      const network = state.interfaces?.[index]?.network as NetworkReference;
      const all = attachmentDrift(snapshot, network, attachment);
      drift.push(...(active ? all : all.filter((sentence) => !sentence.includes(attachment.tap))));
    });
    const running = snapshot.notes.get(`${place.run}/run-digest`);
    if (active && running !== undefined && running !== wanted.runDigest)
      drift.push("it runs with other settings than declared");
    if (active && state.ports?.length && !snapshot.rules.has(`ip:${portsTable(name)}`))
      drift.push("its ports are not open");
  }
  // What was declared, not what an earlier look has found.
  const shouldRun = (record?.inputs.state ?? state.state) !== "stopped";
  if (shouldRun !== snapshot.enabled.has(place.enabled)) {
    drift.push(shouldRun ? "it would not start when the host boots" : "it would start when the host boots");
  }
  if (unit?.needsReload) drift.push("systemd has not read its changed unit");
  if (shouldRun && !active && !isDone(snapshot, state)) drift.push(`it is not running${howItEnded(snapshot, name)}`);
  return { ...state, state: active || (shouldRun && isDone(snapshot, state)) ? "running" : "stopped", drift };
}

/** As it was chosen when it was made. */
function runtimeOf(state: ContainerState): Handler | undefined {
  return runtimesOf(state).find(({ name }) => name === state.runsUnder);
}

/** A container that is never restarted and has ended well has done what it was for. */
function isDone(snapshot: Snapshot, { name, restart }: ContainerState): boolean {
  const ended = (snapshot.notes.get(`${containerPlaces(name as string).state}/ended`) ?? "").split(" ");
  return restart === "never" && ended[1] === "exited" && ended[2] === "0";
}

function howItEnded(snapshot: Snapshot, name: string): string {
  const place = containerPlaces(name);
  const [, code, status] = (snapshot.notes.get(`${place.state}/ended`) ?? "").split(" ");
  const often = snapshot.units.get(place.unit)?.result === "start-limit-hit" ? ", again and again" : "";
  return code === "exited" ? ` (it ended with status ${status}${often})` : "";
}

function isActive(snapshot: Snapshot, name: string): boolean {
  const state = snapshot.units.get(containerPlaces(name).unit)?.activeState ?? "";
  return ["active", "activating", "reloading"].includes(state);
}

function outputs(
  inputs: Inputs,
  { imageDigest, addresses }: DecidedContainer,
  { runsUnder = "", isolationReason = "" }: Record<string, string>,
): ContainerState {
  const { unit, log } = containerPlaces(inputs.name);
  return {
    ...inputs,
    imageDigest,
    runsUnder,
    isolationReason,
    ipAddress: addresses[0] ?? "",
    addresses,
    unit,
    logFile: log,
    drift: [],
  } as ContainerState;
}

/** What its record does not say, since that holds nothing secret, is read where the container has it from. */
async function recall(host: HostSession, given: ContainerInputs, recorded: Recorded): Promise<ContainerState> {
  const results = resultsOf(recorded);
  const { environment: _, ...inputs } = given as Inputs;
  const path = environmentPath(inputs.name);
  const text = (await readFiles(host, [path])).get(path)?.toString() ?? "";
  const environment = parseEnvironment(text);
  const all = Object.keys(environment).length ? { ...inputs, environment } : inputs;
  return outputs(all, recorded.record.decided as unknown as DecidedContainer, results);
}

async function converge(
  host: HostSession,
  given: ContainerInputs,
  prior: ContainerState | undefined,
  progress: Progress,
): Promise<ContainerState> {
  const inputs = given as Inputs;
  const { name } = inputs;
  const snapshot = await host.snapshot();
  requireHost(snapshot, `Container ${name}`, host.name);
  const chosen = chooseRuntime(snapshot, inputs);
  const former = snapshot.records.get(recordPath("Container", name));
  const formerly = former?.decided as Partial<DecidedContainer> | undefined;
  const source = imageSource(inputs);
  // What a tag led to is looked up once.
  const kept = former && imageSource(former.inputs as unknown as Inputs) === source ? formerly?.imageDigest : undefined;
  const addresses = chooseAddresses(host, snapshot, { kind: "Container", ...inputs }, formerly?.addresses);
  const decide = (imageDigest: string): DecidedContainer => ({
    addresses,
    imageDigest,
    program: chosen.handler?.program ?? "",
  });
  const begin = (imageDigest: string) => [
    ...ownLines("Container", name, [inputs.owner, prior?.owner], inputs.adopt),
    ...recordLines({
      v: 1,
      kind: "Container",
      name,
      owner: inputs.owner as string,
      inputs: recorded(inputs),
      decided: { ...decide(imageDigest) },
    }),
  ];
  const purpose = `${prior ? "update" : "create"} Container ${name}`;
  const secrets = Object.values(inputs.environment ?? {}).filter((value) => value.length > 3);
  let made: ContainerState | undefined;
  try {
    const imageDigest = await obtainImage(host, inputs, {
      purpose,
      begin,
      kept,
      machine: snapshot.facts.architecture,
      progress,
    });
    const decided = decide(imageDigest);
    const wanted = containerLayout(inputs, decided, chosen.handler);
    const values = { runsUnder: chosen.name, isolationReason: chosen.reason };
    made = outputs(inputs, decided, values);
    const keeps = { object: objectDirectory("Container", name), values };
    const change = changeFor(snapshot, inputs, prior, wanted, begin(imageDigest));
    await host.apply({ purpose, secrets, ...change, keeps }, progress);
    return made;
  } catch (error) {
    throw explain(
      explainContainerImage(error, `Container ${name}`, inputs.image.digest, snapshot.facts.architecture),
      inputs,
      made,
    );
  } finally {
    host.release(`Container ${name}`);
  }
}

/** Without its engine nothing is seen of a container, and nothing can be done about it. */
const engineRuns = "timeout 20 ctr version > /dev/null 2>&1 || mv_fail engine-not-running containerd";

/** What its image is, as declared; what lies in a local file is part of that. */
function imageSource({ image, sourceDigest }: Inputs): string {
  return JSON.stringify([image.reference, image.archive && sourceDigest, image.digest]);
}

/** What the record keeps: of the environment nothing but that it changed. */
function recorded(inputs: Inputs): Record<string, unknown> {
  const { environment, ...rest } = inputs;
  const sha256 = createHash("sha256")
    .update(JSON.stringify(environment ?? {}))
    .digest("hex");
  return { ...recordedInputs(rest), environment: { sha256 } };
}

interface Obtaining {
  purpose: string;
  begin: (digest: string) => string[];
  /** Digest of what the same source has led to before. */
  kept: string | undefined;
  /** Architecture of the host. */
  machine: string;
  progress: Progress;
}

/** Milliseconds for which what a source has led to on a host is what it leads to: objects of one run come together. */
const sameRun = 60_000;
const obtained = new WeakMap<HostSession, Map<string, { digest: Promise<string>; began: number }>>();

/** Has the image in the engine, and says its digest. Of those that want the same at the same time one gets it for all. */
function obtainImage(host: HostSession, inputs: Inputs, obtaining: Obtaining): Promise<string> {
  // What a tag led to long ago is for the object that has looked it up then.
  if (obtaining.kept) return obtainAfter(undefined, host, inputs, obtaining);
  const known = obtained.get(host) ?? new Map();
  obtained.set(host, known);
  const source = `${imageSource(inputs)} ${inputs.image.tls}`;
  const earlier = known.get(source);
  if (earlier && Date.now() - earlier.began < sameRun) return obtainAfter(earlier.digest, host, inputs, obtaining);
  const digest = obtainAfter(undefined, host, inputs, obtaining);
  const mine = { digest, began: Date.now() };
  known.set(source, mine);
  digest.catch(() => known.get(source) === mine && known.delete(source));
  return digest;
}

/** `earlier` is what somebody else gets by the same source; whether that is still in the engine is asked anyway. */
async function obtainAfter(
  earlier: Promise<string> | undefined,
  host: HostSession,
  inputs: Inputs,
  { purpose, begin, kept, machine, progress }: Obtaining,
): Promise<string> {
  const { name, image, engine } = inputs;
  // A digest leads to the same everywhere and always.
  const named = kept ?? image.reference?.split("@")[1] ?? (await earlier?.catch(() => undefined));
  const object = objectDirectory("Container", name);
  const at = objectDirectory("ContainerEngine", engine.name as string);
  const work = `/var/lib/microvm/.container-${name}`;
  const { found } = await host.apply(
    {
      purpose,
      deadline: 1_800_000,
      prepare: [
        ...begin(kept ?? ""),
        engineRuns,
        `[ -d ${at} ] || mv_fail engine-gone ${command(engine.name as string)}`,
        command("mv_dir", `${at}/containers`, "0755", "root:root"),
        `: > ${at}/containers/${name}`,
        command("mv_packages", object, "skopeo", "dbus"),
        ...(named
          ? [
              // Said before it is looked for, so that nobody takes it for one that nothing uses.
              `printf '%s\\n' ${imageName(named)} > ${object}/image.next`,
              `mv_result found "$(ctr --namespace microvm image ls -q 2> /dev/null | grep -cxF ${command(imageName(named))} || true)"`,
            ]
          : []),
      ],
    },
    progress,
  );
  if (named && found === "1") return named;
  if (image.archive) await sendFile(host, image.archive, `${work}.source`, `Container ${name}`, progress);
  const { digest = "" } = await host.apply(
    {
      purpose,
      deadline: 3_600_000,
      builds: `container-${name}`,
      build: [
        // Where the disk is full, the half of an image is in the way of the next attempt, and of everybody else.
        `trap 'rm -rf ${work}' EXIT; rm -rf ${work}; mkdir -p -m 0700 ${work}`,
        ...fetchLines(image, { work, machine, pinned: kept, packed: true }),
        // Said before it is there, for the same reason.
        `mv_tag=$(printf %s "$mv_said" | tr : -); printf 'microvm.local/image:%s\\n' "$mv_tag" > ${object}/image.next`,
        `tar -C ${work}/layout -cf ${work}/image.tar .`,
        // It may be restarted at this very moment, for a runtime that is registered.
        `mv_tries=5; until ctr --namespace microvm image import --base-name microvm.local/image ${work}/image.tar 1>&2; do mv_tries=$((mv_tries - 1)); [ $mv_tries -gt 0 ] || mv_fail image-refused ${command(name)}; sleep 2; done`,
        `rm -f ${work}.source`,
        'mv_result digest "$mv_said"',
      ],
    },
    progress,
  );
  return digest;
}

function changeFor(
  snapshot: Snapshot,
  inputs: Inputs,
  prior: ContainerState | undefined,
  wanted: ContainerLayout,
  begin: string[],
) {
  const { name, ready, interfaces = [] } = inputs;
  const place = containerPlaces(name);
  const attached = wanted.attachments.map((attachment, index) =>
    attachLines(interfaces[index]?.network as NetworkReference, attachment),
  );
  const networks = new Set(interfaces.map(({ network }) => network.name));
  const detached = formerNetworks(snapshot, "Container", { name, prior: prior?.interfaces })
    .filter((network) => !networks.has(network))
    .map((network) => detachLines(network, networkMember(name)));
  const active = isActive(snapshot, name);
  const stopped = inputs.state === "stopped";
  const stale = active && snapshot.notes.get(`${place.run}/run-digest`) !== wanted.runDigest;
  const readiness = ready?.log
    ? ["log", ready.log]
    : ready?.tcp
      ? ["tcp", wanted.attachments[0]?.address ?? "", ready.tcp]
      : ["running"];
  const timeout = ready?.timeout ?? 60;
  const tail = `printf 'The last of its output:\\n' 1>&2; tail -c 3000 ${place.log} 1>&2`;
  // Of its last start alone.
  const said = `journalctl _SYSTEMD_INVOCATION_ID="$(systemctl show -P InvocationID ${place.unit})" -n 20 -o cat --no-pager`;
  const journal = `${said} 1>&2`;
  const reason = `"$(${said} | grep '^ctr: ' | tail -n 1)"`;
  return {
    deadline: (timeout + (inputs.stopTimeout ?? 10) + 300) * 1000,
    prepare: [
      ...begin,
      engineRuns,
      ...claimPorts(inputs),
      command("mv_dir", place.state, "0750", "root:root"),
      // The container's user may read its own names; the directory lets root in and nobody else.
      command("mv_dir", place.desired, "0755", "root:root"),
      ...wanted.files.map(({ path, content, mode }) => installFile(path, content, mode)),
      `rm -f ${place.desired}/image.next`,
      ...attached.flatMap((item) => item.prepare),
      ...detached.flatMap((item) => item.prepare),
    ],
    commit: [
      "mv_reload",
      ...attached.flatMap((item) => item.commit),
      ...(stopped
        ? [
            command("systemctl", "disable", "-q", "--now", place.unit),
            `systemctl reset-failed ${place.unit} 2> /dev/null || true`,
          ]
        : [
            command("ln", "-sfn", "/etc/systemd/system/microvm-container@.service", place.enabled),
            ...(stale ? [command("systemctl", "restart", "--no-block", place.unit)] : []),
            ...(active && !stale ? [loadPorts(name)] : []),
            ...(active ? [] : [`systemctl reset-failed ${place.unit} 2> /dev/null || true`]),
          ]),
      ...detached.flatMap((item) => item.commit),
      ...dropImages(),
    ],
    wait: stopped
      ? []
      : [
          `systemctl start ${place.unit} || { ${journal}; mv_fail container-start-failed ${reason}; }`,
          `if [ ! -e ${place.run}/ready ]; then mv_progress 'waiting until it is ready'; mv_rc=0; ${command("/usr/lib/microvm/container-wait", name, timeout, ...readiness)} || mv_rc=$?`,
          `case $mv_rc in 0) ;; 3) ${journal}; ${tail}; mv_fail container-ended ${reason} ;; *) ${tail}; mv_fail not-ready 'it was made, but not ready within ${timeout} s' ;; esac; fi`,
        ],
  };
}

/** Images that no container has named. */
function dropImages(): string[] {
  const used = "/etc/microvm/containers/*/image /etc/microvm/containers/*/image.next";
  return [
    `if ctr version > /dev/null 2>&1; then for mv_image in $(ctr --namespace microvm image ls -q | grep '^microvm.local/image:' || true); do grep -qxF "$mv_image" ${used} 2> /dev/null || ctr --namespace microvm image rm "$mv_image" > /dev/null 2>&1 || true; done; fi`,
  ];
}

const hints: Record<string, string> = {
  "not-ready":
    "It is kept as it is: look at its log, then run the same again, with a longer `ready.timeout` if it is only slow.",
  "container-ended": "Look at the end of its output; run the same again once the cause is gone.",
  "container-start-failed": "The journal's last lines are above; run the same again once the cause is gone.",
};

function explain(error: unknown, inputs: Inputs, made: ContainerState | undefined): unknown {
  const { name, image } = inputs;
  const subject = `Container ${name}`;
  const worded = explainNetwork(explainOwnership(error, "Container", name), subject);
  if (!(worded instanceof ChangeError)) return worded;
  const { code, said } = worded;
  const { remote } = worded.parts;
  if (made && hints[code]) {
    const cause = code === "not-ready" ? said : `it ended before it was ready${said && `: ${said}`}`;
    return new UnfinishedError(
      { code, verb: "start", subject, cause, hint: hints[code], remote },
      { ...made, state: code === "not-ready" ? "running" : "stopped", drift: [cause] },
      { cause: error },
    );
  }
  const source = image.reference ?? image.archive;
  const known: Record<string, [cause: string, hint: string]> = {
    "engine-gone": [`container engine ${said} is not set up on the host`, "Run `pulumi refresh`, then `pulumi up`."],
    "engine-not-running": [
      "containerd does not run, or does not answer",
      "Start it on the host, then run the same again.",
    ],
    "port-taken": [`a port is taken: ${said}`, "Lead another port of the host to it."],
    "image-refused": [`containerd does not take ${source}`, "The last lines of what it said are below."],
    "address-in-use": [
      `one of its addresses is another's on the host: ${said}`,
      "Give it another address, or none: then a free one is chosen.",
    ],
  };
  const [cause, hint] = known[code] ?? [];
  if (!cause) return worded;
  return new MicrovmError({ code, verb: "make", subject, cause, hint, remote }, { cause: error });
}

async function remove(host: HostSession, state: ContainerState): Promise<void> {
  const snapshot = await host.snapshot();
  const name = state.name as string;
  const place = containerPlaces(name);
  if (!snapshot.files.has(place.desired) && !isActive(snapshot, name)) return;
  if (isAnothers(snapshot, "Container", name, state.owner)) return;
  const detached = formerNetworks(snapshot, "Container", { name, prior: state.interfaces }).map((network) =>
    detachLines(network, networkMember(name)),
  );
  try {
    await host.apply({
      purpose: `delete Container ${name}`,
      deadline: ((state.stopTimeout ?? 10) + 300) * 1000,
      prepare: [
        ...ownLines("Container", name, [state.owner]),
        // An engine that is gone has no containers any more; one that stands still may have.
        `! command -v ctr > /dev/null || ${engineRuns}`,
        `systemctl disable -q --now --no-block ${place.unit} 2> /dev/null || true`,
      ],
      commit: [
        `if systemctl cat ${place.unit} > /dev/null 2>&1; then systemctl stop ${place.unit}; systemctl reset-failed ${place.unit} 2> /dev/null || true; fi`,
        ...detached.flatMap((item) => [...item.prepare, ...item.commit]),
        command("mv_gone", place.enabled, place.dropIn, place.state, place.run),
        command("mv_rmdir", place.dropIn.replace(/\/[^/]*$/, "")),
        `rm -f ${objectDirectory("ContainerEngine", "*")}/containers/${name}`,
        `rm -rf ${place.desired}/image ${place.desired}/image.next /var/lib/microvm/.container-${name} /var/lib/microvm/.container-${name}.*`,
        ...dropImages(),
        `if [ -z "$(ls -A /etc/microvm/engines/*/containers 2> /dev/null | grep -v :)" ]; then ctr namespace rm microvm > /dev/null 2>&1 || true; fi`,
        ...claimPorts({ ...(state as Inputs), ports: [] }),
        command("mv_rmdir", "/var/lib/microvm/containers", "/run/microvm/container"),
        command("mv_release", place.desired),
        command("mv_gone", place.desired),
      ],
    });
  } catch (error) {
    throw explain(error, state as Inputs, undefined);
  }
}
