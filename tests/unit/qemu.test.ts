import { suite } from "uvu";
import * as assert from "uvu/assert";
import { driverOf, type Machine } from "../../provider/vmm";
import { exampleMachine } from "./example-machine";

const test = suite("QEMU's command line");
const commandLine = (more: Partial<Machine> = {}) =>
  (driverOf("qemu").bootFiles(exampleMachine({ kernelArgs: ["quiet"], ...more })).argv ?? "").split("\n");
const value = (words: string[], option: string) => words[words.indexOf(option) + 1] ?? "";

test("hands no default device to the guest and no power to itself", () => {
  const words = commandLine();
  for (const word of ["-nodefaults", "-no-user-config"]) assert.ok(words.includes(word));
  assert.match(value(words, "-sandbox"), /spawn=deny/);
});

const table: [string, Partial<Machine>, string, RegExp][] = [
  ["KVM uses the host's processor", {}, "-cpu", /^host$/],
  ["emulation uses all that it can emulate", { accelerator: "tcg" }, "-cpu", /^max$/],
  ["emulation's memory is bounded", { accelerator: "tcg" }, "-accel", /tb-size=128$/],
  ["microvm has devices on its own bus", {}, "-M", /^microvm,.*acpi=on/],
  ["q35 has PCI Express", { machine: "q35" }, "-M", /^q35/],
  ["pages are not merged", {}, "-M", /mem-merge=off/],
  ["the guest learns its counter under emulation", { accelerator: "tcg" }, "-append", /tsc_early_khz=2500000/],
  ["microvm is reset by a triple fault", {}, "-append", / reboot=t( |$)/],
  ["q35 as Linux likes", { machine: "q35" }, "-append", /^(?!.*reboot=t)/],
  ["and not under KVM", {}, "-append", /^(?!.*tsc_early_khz)/],
  [
    "a comma in a path is doubled",
    { disks: [{ serial: "root", path: "/a,b", readOnly: true, mounted: true }] },
    "-blockdev",
    /filename=\/a,,b$/,
  ],
  [
    "a shared image is read-only",
    { disks: [{ serial: "root", path: "/a", readOnly: true, mounted: true }] },
    "-blockdev",
    /read-only=on/,
  ],
  ["the console is appended to", {}, "-chardev", /append=on/],
];
for (const [what, more, option, pattern] of table) {
  test(what, () => assert.match(value(commandLine(more), option), pattern));
}

test("devices are named for the bus of the machine", () => {
  assert.ok(commandLine().some((word) => word.startsWith("virtio-blk-device,")));
  assert.ok(commandLine({ machine: "q35" }).some((word) => word.startsWith("virtio-blk-pci,")));
});

test.run();
