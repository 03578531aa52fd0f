import type { MicroVMInputs, NetworkReference } from "../../provider/generated/types";
import { recordPath, recordText } from "../../provider/host/record";
import { type Decided, layout, places } from "../../provider/resources/micro-vm-layout";
import { directory, senderText } from "../../provider/resources/network-rules";
import { recordedInputs } from "../../provider/resources/recorded-inputs";
import { quote } from "../../provider/ssh";

type Inputs = MicroVMInputs & { name: string };

/**
 * The script that a careful person would write to make these microVMs: the same users, files, disks, rules and units as
 * the provider makes, one step for all where the tools can do that, and the same readiness. Nothing is computed on the
 * host, nothing that exists is looked at, and the disk is waited for once.
 */
export function createByHand(machines: { inputs: Inputs; decided: Decided }[]): string {
  const all = machines.map(({ inputs, decided }) => ({ inputs, ...parts(inputs, decided), decided }));
  const units = all.map(({ inputs }) => places(inputs.name).unit).join(" ");
  const networks = new Set(all.flatMap(({ inputs }) => (inputs.interfaces ?? []).map(({ network }) => network.name)));
  return `${[
    "set -eu",
    "umask 022",
    'put() { install -D -m "$2" -o "$3" -g "$4" /dev/stdin "$1"; }',
    ...all.flatMap(({ lines }) => lines),
    ...[...networks].map((network) => `/usr/lib/microvm/network-up ${network}`),
    "systemctl daemon-reload",
    `systemctl enable -q ${units}`,
    "sync",
    `systemctl start ${units}`,
    ...all.map(({ wait }) => `${wait} > /dev/null & waiting="\${waiting:-} $!"`),
    "for job in $waiting; do wait $job; done",
  ].join("\n")}\n`;
}

function parts(inputs: Inputs, decided: Decided): { lines: string[]; wait: string } {
  const { name, ready } = inputs;
  const place = places(name);
  const { user, files, attachments, privateDisk } = layout(inputs, decided);
  const seed = `${place.desired}/seed`;
  const ssh = `${seed}/root/etc/ssh`;
  const record = { v: 1 as const, kind: "MicroVM", name, owner: inputs.owner as string };
  const lines = [
    `useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin ${user}`,
    `install -d -m 0750 -o root -g ${user} ${place.desired} ${place.state}`,
    `install -d -m 0700 ${seed} ${seed}/root/root ${seed}/root/root/.ssh`,
    `mkdir -p ${ssh}`,
    `ssh-keygen -q -t ed25519 -N '' -C ${name} -f ${place.state}/host-key`,
    `install -m 0600 ${place.state}/host-key ${ssh}/ssh_host_ed25519_key`,
    `install -m 0644 ${place.state}/host-key.pub ${ssh}/ssh_host_ed25519_key.pub`,
    put(
      recordPath("MicroVM", name),
      recordText({ ...record, inputs: recordedInputs(inputs), decided: { ...decided } }),
      "0600",
    ),
    ...files.map(({ path, content, mode, owner }) => put(path, content, mode, owner)),
  ];
  if (privateDisk) {
    const { path, mib } = privateDisk;
    lines.push(
      `truncate -s ${mib}M ${path}; mkfs.ext4 -q -F -L upper ${path}; chown ${user}:${user} ${path}; chmod 0600 ${path}`,
    );
  }
  attachments.forEach((attachment) => {
    const { index, mac, address, hostname } = attachment;
    const network = inputs.interfaces?.[index]?.network as NetworkReference;
    const at = directory(network.name as string);
    lines.push(
      put(`${at}/leases/${address}`, `${name}/${index}\n`),
      put(`${at}/vms/${name}-${index}.nft`, senderText(network.name as string, network.gatewayAddress, attachment)),
      put(`${at}/dhcp/${name}-${index}`, `${mac},${address},${hostname}\n`),
    );
  });
  const wait = `/usr/lib/microvm/vm-wait ${name} ${ready?.timeout ?? 120} serial ${quote(ready?.serial ?? "")}`;
  return { lines, wait };
}

function put(path: string, content: string, mode = "0644", owner = "root:root"): string {
  const line = `put ${quote(path)} ${mode} ${owner.replace(":", " ")}`;
  return content ? `${line} <<'END'\n${content.replace(/\n$/, "")}\nEND` : `${line} < /dev/null`;
}
