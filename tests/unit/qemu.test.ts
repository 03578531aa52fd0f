import { suite } from "uvu";
import * as assert from "uvu/assert";
import { driverOf, type Machine } from "../../provider/vmm";

const test = suite("QEMU's command line");
const machine = (more: Partial<Machine> = {}): Machine => ({
  name: "web",
  machine: "microvm",
  accelerator: "kvm",
  vcpus: 2,
  memory: 256,
  kernel: "/k",
  initramfs: "/i",
  kernelArgs: ["quiet"],
  disks: [{ serial: "root", path: "/a,b", readOnly: true }],
  interfaces: [{ tap: "mvt-web0", mac: "02:00:00:00:00:01" }],
  consoleLog: "/log",
  runDirectory: "/run/x",
  tscKhz: 2_500_000,
  ...more,
});
const { commandLine } = driverOf("qemu");
const value = (words: string[], option: string) => words[words.indexOf(option) + 1] ?? "";

test("hands no default device to the guest and no power to itself", () => {
  const words = commandLine("/usr/bin/qemu", machine());
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
  ["and not under KVM", {}, "-append", /^(?!.*tsc_early_khz)/],
  ["a comma in a path is doubled", {}, "-blockdev", /filename=\/a,,b$/],
  ["a shared image is read-only", {}, "-blockdev", /read-only=on/],
  ["the console is appended to", {}, "-chardev", /append=on/],
];
for (const [what, more, option, pattern] of table) {
  test(what, () => assert.match(value(commandLine("/usr/bin/qemu", machine(more)), option), pattern));
}

test("devices are named for the bus of the machine", () => {
  assert.ok(commandLine("q", machine()).some((word) => word.startsWith("virtio-blk-device,")));
  assert.ok(commandLine("q", machine({ machine: "q35" })).some((word) => word.startsWith("virtio-blk-pci,")));
});

test("an unknown VMM is an error that names those that are known", () => {
  assert.throws(() => driverOf("xen"), /knows qemu/);
});

test.run();
