import { advisories } from "../../provider/vmm/advisories";
import { type Ability, capabilities, vmmName } from "../../provider/vmm/capabilities";
import type { VmmKind } from "../../provider/vmm/releases";

const kinds: VmmKind[] = ["firecracker", "cloud-hypervisor", "qemu"];
const words: Record<Ability, string> = { live: "live", restart: "restarts the guest", none: "no" };

/** The page of what differs between the VMMs, and which of their releases are refused. */
export function emitCapabilities(): string {
  return [
    "<!-- Generated from provider/vmm/ by `npm run generate`. Do not edit. -->",
    "# VMM capabilities",
    "",
    "What a change of a MicroVM's property does under each VMM: `live` reaches the running guest. What is not listed is the same for all. A program that asks a VMM for what it cannot do is refused at preview, with the name of one that can.",
    "",
    `| property | what | ${kinds.map(vmmName).join(" | ")} |`,
    `|---|---|${kinds.map(() => "---|").join("")}`,
    ...capabilities.map(
      ({ property, what, abilities }) =>
        `| \`${property}\` | ${what} | ${kinds.map((kind) => words[abilities[kind]]).join(" | ")} |`,
    ),
    "",
    ...capabilities.flatMap(({ property, notes, since }) =>
      kinds.flatMap((kind) => {
        const told = [since?.[kind] && `From ${since[kind]} on.`, notes?.[kind]].filter(Boolean);
        return told.length ? [`- \`${property}\`, ${vmmName(kind)}: ${told.join(" ")}`] : [];
      }),
    ),
    "",
    "## How a VMM ends",
    "",
    "| | Firecracker | Cloud Hypervisor | QEMU |",
    "|---|---|---|---|",
    "| the guest reboots itself | the VMM ends, and is started again whatever `restart` says | boots again in the same process | boots again in the same process |",
    '| the guest powers off | its guests cannot | ends; `restart: "always"` starts it again | ends; `restart: "always"` starts it again |',
    "| the VMM crashes or is killed | `on-failure` and `always` start it again | the same | the same |",
    "",
    "More than 5 starts within 30 seconds end it. `refresh` tells how it ended.",
    "",
    "## Releases that are refused",
    "",
    "Unless a program says `allowVulnerable: true`. A distribution's QEMU is not judged: distributions mend theirs without a new version.",
    "",
    "| VMM | releases | advisory | |",
    "|---|---|---|---|",
    ...advisories.map(
      ({ kind, id, affected, what }) =>
        `| ${vmmName(kind)} | ${affected.map(([from, fixedIn]) => (from === "0" ? `before ${fixedIn}` : `${from} until ${fixedIn}`)).join(", ")} | ${id} | ${what} |`,
    ),
    "",
  ].join("\n");
}
