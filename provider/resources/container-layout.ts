import { createHash } from "node:crypto";
import type { ContainerInputs, NetworkReference } from "../generated/types";
import { command } from "../host/change";
import { macAddress, tapName } from "../host/names";
import { objectDirectory } from "../host/record";
import { type Handler, isOciRuntime } from "../kata/handler";
import { type Attachment, resolverLines } from "./network";

/** Everything that a container is on its host, computed. Pure. */

type Inputs = ContainerInputs & { name: string };

/** What was settled when the container was made, and stays so until what it came from changes. */
export interface DecidedContainer {
  addresses: string[];
  /** Digest of the manifest of its image. */
  imageDigest: string;
  /** The runtime's program, so that nobody takes that away under it; empty for the engine's own. */
  program: string;
}

export function containerPlaces(name: string) {
  return {
    desired: objectDirectory("Container", name),
    state: `/var/lib/microvm/containers/${name}`,
    run: `/run/microvm/container/${name}`,
    unit: `microvm-container@${name}.service`,
    dropIn: `/etc/systemd/system/microvm-container@${name}.service.d/10-microvm.conf`,
    enabled: `/etc/systemd/system/multi-user.target.wants/microvm-container@${name}.service`,
    log: `/var/lib/microvm/containers/${name}/console.log`,
    namespace: `/run/netns/mvc-${name}`,
  };
}

/** In the engine. runsc takes the beginning of a name for the name: no container's may be the beginning of another's. */
export function containerId(name: string): string {
  return `${name}.c`;
}

/** Names that no microVM can have, so that the two never meet on a network. */
export function networkMember(name: string): string {
  return `c_${name}`;
}

export function imageName(digest: string): string {
  return `microvm.local/image:${digest.replace(":", "-")}`;
}

export function portsTable(name: string): string {
  return `microvmports_${name.replaceAll("-", "_")}`;
}

function containerAttachments(inputs: Inputs, addresses: string[]): Attachment[] {
  const vm = networkMember(inputs.name);
  return (inputs.interfaces ?? []).map(({ network, mac }, index) => ({
    vm,
    index,
    tap: tapName(vm, index),
    mac: mac ?? macAddress(vm, network.name as string, index),
    address: addresses[index] as string,
    hostname: inputs.name,
    connected: true,
  }));
}

/** Where a container has its environment from: `NAME=value`, a line each. */
export function environmentPath(name: string): string {
  return `${containerPlaces(name).desired}/environment`;
}

export function parseEnvironment(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => {
        const equals = line.indexOf("=");
        return [line.slice(0, equals), line.slice(equals + 1)];
      }),
  );
}

export interface ContainerLayout {
  files: { path: string; content: string; mode: string }[];
  attachments: Attachment[];
  /** Another one needs another start. */
  runDigest: string;
}

export function containerLayout(
  inputs: Inputs,
  { addresses, imageDigest }: DecidedContainer,
  handler: Handler | undefined,
): ContainerLayout {
  const { name } = inputs;
  const place = containerPlaces(name);
  const attachments = containerAttachments(inputs, addresses);
  const root = (file: string, content: string) => ({ path: `${place.desired}/${file}`, content, mode: "0600" });
  const run = [
    root(
      "argv",
      argv(inputs, attachments, imageDigest, handler)
        .map((word) => `${word}\0`)
        .join(""),
    ),
    {
      path: environmentPath(name),
      content: lines(Object.entries(inputs.environment ?? {}).map(([key, value]) => `${key}=${value}`)),
      mode: "0600",
    },
    { ...root("hosts", hosts(inputs, attachments)), mode: "0644" },
    { ...root("resolv.conf", resolvConf(inputs)), mode: "0644" },
    root("interfaces-up", interfacesUp(inputs, attachments)),
  ];
  const runDigest = createHash("sha256").update(JSON.stringify(run)).digest("hex");
  return {
    attachments,
    runDigest,
    files: [
      ...run,
      root("run-digest", `${runDigest}\n`),
      root("ports.nft", portRules(inputs, attachments)),
      root("network-up", lines([`. ${place.desired}/interfaces-up`, `nft -f ${place.desired}/ports.nft`])),
      root("network-down", interfacesDown(inputs, attachments)),
      root("stop-timeout", `${inputs.stopTimeout ?? 10}\n`),
      root("image", `${imageName(imageDigest)}\n`),
      { path: place.dropIn, content: dropIn(inputs), mode: "0644" },
    ],
  };
}

function lines(all: string[]): string {
  return all.map((line) => `${line}\n`).join("");
}

/** Of `ctr run`. */
function argv(inputs: Inputs, attachments: Attachment[], digest: string, handler: Handler | undefined): string[] {
  const { name, environment, limits, readOnly, workingDirectory, command: words = [], mounts = [] } = inputs;
  const place = containerPlaces(name);
  const bind = (from: string, to: string, access: string) => [
    "--mount",
    `type=bind,src=${from},dst=${to},options=${access}`,
  ];
  return [
    ...["--detach", "--pid-file", `${place.run}/pid`, "--log-uri", logUri(place.log, handler)],
    ...["--with-ns", `network:${place.namespace}`],
    ...runtimeArguments(handler),
    ...(environment && Object.keys(environment).length ? ["--env-file", `${place.desired}/environment`] : []),
    ...(readOnly ? ["--read-only"] : []),
    ...(workingDirectory ? ["--cwd", workingDirectory] : []),
    ...(limits?.memory ? ["--memory-limit", String(limits.memory * 1048576)] : []),
    ...(limits?.cpu ? ["--cpus", String(limits.cpu / 100)] : []),
    ...bind(`${place.desired}/hosts`, "/etc/hosts", "bind:ro"),
    ...(attachments.length ? bind(`${place.desired}/resolv.conf`, "/etc/resolv.conf", "bind:ro") : []),
    ...mounts.flatMap(({ source, target, readOnly: only }) =>
      source
        ? bind(source, target, only ? "bind:ro" : "rbind:rw")
        : ["--mount", `type=tmpfs,src=tmpfs,dst=${target},options=nosuid:nodev`],
    ),
    imageName(digest),
    containerId(name),
    ...words,
  ];
}

/** By a writer that bounds it; which of Kata's shims start one is not known, so a timer cuts what those write. */
function logUri(log: string, handler: Handler | undefined): string {
  return !handler || isOciRuntime(handler) ? "binary:///usr/lib/microvm/container-log" : `file://${log}`;
}

/** The engine's own runtime filters system calls by its usual list; others have a kernel of their own between. */
function runtimeArguments(handler: Handler | undefined): string[] {
  if (!handler) return ["--seccomp"];
  const { runtime, program, configPath, snapshotter } = handler;
  return [
    ...(isOciRuntime(handler) ? ["--runc-binary", program] : ["--runtime", runtime]),
    ...(!isOciRuntime(handler) && configPath ? ["--runtime-config-path", configPath] : []),
    ...(snapshotter ? ["--snapshotter", snapshotter] : []),
  ];
}

function hosts({ name }: Inputs, [first]: Attachment[]): string {
  return lines(["127.0.0.1 localhost", "::1 localhost", ...(first ? [`${first.address} ${name}`] : [])]);
}

function resolvConf({ interfaces }: Inputs): string {
  const network = interfaces?.[0]?.network as NetworkReference | undefined;
  return network ? lines(resolverLines(network)) : "";
}

/** The container's network namespace, and in it the other ends of what is on the bridges. */
function interfacesUp({ name, interfaces = [] }: Inputs, attachments: Attachment[]): string {
  const space = `mvc-${name}`;
  return lines([
    `ip netns add ${space}`,
    `ip -n ${space} link set dev lo up`,
    ...attachments.flatMap(({ tap, mac, address, index }) => {
      const network = interfaces[index]?.network as NetworkReference;
      const isolated = (network.traffic ?? "isolated") === "isolated" ? "on" : "off";
      const mtu = network.mtu ?? 1500;
      return [
        `ip link add name ${tap} mtu ${mtu} type veth peer name eth${index} address ${mac} mtu ${mtu} netns ${space}`,
        `ip link set dev ${tap} master ${network.bridge}`,
        `ip link set dev ${tap} type bridge_slave isolated ${isolated}`,
        `ip link set dev ${tap} up`,
        `ip -n ${space} address add ${address}/${network.prefixLength} dev eth${index}`,
        `ip -n ${space} link set dev eth${index} up`,
        // One way out only: through the first interface.
        ...(index === 0 ? [`ip -n ${space} route add default via ${network.gatewayAddress}`] : []),
      ];
    }),
  ]);
}

function interfacesDown({ name }: Inputs, attachments: Attachment[]): string {
  return lines([
    `nft delete table ip ${portsTable(name)} 2> /dev/null || true`,
    ...attachments.map(({ tap }) => `ip link delete dev ${tap} 2> /dev/null || true`),
    `ip netns delete mvc-${name} 2> /dev/null || true`,
  ]);
}

/**
 * What comes to a port of the host goes to the container. Guests of ours do not come that way: their gateway is an
 * address of the host, too. The host's own way there does not lead over its loopback.
 */
function portRules({ name, ports = [] }: Inputs, [first]: Attachment[]): string {
  const table = portsTable(name);
  const rules = ports.map(
    ({ host, container, protocol = "tcp", address }) =>
      `    iifname != "mvb-*" ${address ? `ip daddr ${address}` : "fib daddr type local ip daddr != 127.0.0.0/8"} ${protocol} dport ${host} dnat to ${first?.address}:${container}`,
  );
  const chain = (hook: string) => [
    `  chain ${hook} {`,
    `    type nat hook ${hook} priority -100; policy accept;`,
    ...rules,
    "  }",
  ];
  return lines([
    `table ip ${table} {}`,
    `delete table ip ${table}`,
    ...(rules.length ? [`table ip ${table} {`, ...chain("prerouting"), ...chain("output"), "}"] : []),
  ]);
}

function dropIn({ restart = "on-failure", stopTimeout = 10, interfaces = [] }: Inputs): string {
  const networks = [...new Set(interfaces.map(({ network }) => `microvm-network@${network.name}.service`))];
  return lines([
    "[Unit]",
    ...(networks.length ? [`Wants=${networks.join(" ")}`, `After=${networks.join(" ")}`] : []),
    "[Service]",
    `Restart=${{ always: "always", "on-failure": "on-failure", never: "no" }[restart]}`,
    `TimeoutStopSec=${stopTimeout + 20}`,
  ]);
}

const claims = "/etc/microvm/ports";

/** Shell lines that claim its ports of the host: nobody else's, nor one that a program of the host listens on. */
export function claimPorts({ name, ports = [] }: Inputs): string[] {
  const wanted = ports.map(({ host, protocol = "tcp", address }) => ({
    host,
    protocol,
    claim: `${claims}/${protocol}-${host}-${address ?? "any"}`,
    others: address ? ["any", address] : ["*"],
  }));
  return [
    ...wanted.flatMap(({ host, protocol, claim, others }) => [
      `for mv_other in ${others.map((other) => `${claims}/${protocol}-${host}-${other}`).join(" ")}; do if [ -e "$mv_other" ] && [ "$(cat "$mv_other")" != ${name} ]; then mv_fail port-taken "${host} of Container $(cat "$mv_other")"; fi; done`,
      `if [ ! -e ${claim} ] && [ -n "$(ss -Hln${protocol === "tcp" ? "t" : "u"} 'sport = :${host}' 2> /dev/null)" ]; then mv_fail port-taken '${host} of a program of the host'; fi`,
    ]),
    // One that it had before is free again.
    `grep -lxF ${name} ${claims}/* 2> /dev/null | xargs -r rm -f`,
    ...(wanted.length ? [`mkdir -p ${claims}`] : []),
    ...wanted.map(({ claim }) => `printf '%s\\n' ${name} > ${claim}`),
    command("mv_rmdir", claims),
  ];
}

/** Loads the ports of a container that runs. */
export function loadPorts(name: string): string {
  return command("nft", "-f", `${containerPlaces(name).desired}/ports.nft`);
}
