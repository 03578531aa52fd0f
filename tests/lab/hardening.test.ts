import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { MicrovmError } from "../../provider/errors";
import type { HostState } from "../../provider/generated/types";
import { closeAll } from "../../provider/ssh";
import { skip } from "../skip";
import { hostInventory, inventoryChanges } from "./host-inventory";
import { Lab } from "./lab";
import { World } from "./world";

const test = suite("a hardened host");
const reason = Lab.unavailable();
if (reason) {
  skip("a hardened host", reason);
} else {
  let lab: Lab;
  let world: World;
  let before: string[];
  const onHost = async (script: string) => (await lab.output("h1", script)).trim();
  // A lab host shares the machine's kernel: files of its own take the place of the kernel's, so that nothing real changes.
  const ksm = "/sys/kernel/mm/ksm/run";
  const smt = "/sys/devices/system/cpu/smt";
  const pretend = () =>
    onHost(
      `mkdir -p /run/fake/smt; echo 1 > /run/fake/ksm; echo 0 > /run/fake/smt/active; echo notsupported > /run/fake/smt/control; printf 'Filename Type Size Used Priority\\n' > /run/fake/swaps; mount --bind /run/fake/ksm ${ksm}; mount --bind /run/fake/smt ${smt}; mount --bind /run/fake/swaps /proc/swaps`,
    );
  const host = (hardening?: object) => {
    const given = world.inputs("Host", "h1");
    return world.make<HostState>("Host", "h1", { ...given, hardening });
  };

  test.before(async () => {
    lab = await Lab.open(`d${process.pid % 100000}`);
    await lab.host("h1");
    await lab.ssh("h1", "apt-get update -q");
    before = await hostInventory(lab, "h1");
    await pretend();
    world = new World(lab, "h1");
  });
  test.after(async () => {
    await closeAll();
    await lab?.close();
  });

  test("findings are told where nothing was asked for, and nothing is changed", async () => {
    const { hardeningFindings } = await world.host();
    assert.ok(hardeningFindings.some((sentence) => /KSM/.test(sentence)));
    assert.not.ok(hardeningFindings.some((sentence) => /SMT/.test(sentence)));
    assert.is(await onHost(`cat ${ksm}`), "1");
    assert.is(await onHost("systemctl is-enabled microvm-harden.service || true"), "disabled");
    assert.equal(await world.drift(), {});
  });

  test("what is asked for is turned off, and drift is seen and repaired", async () => {
    // SMT that the processor has not counts as off.
    const { hardeningFindings } = await host({ ksm: "off", smt: "off", swap: "off" });
    assert.is(await onHost(`cat ${ksm}`), "2");
    assert.is(await onHost(`cat ${smt}/control`), "notsupported");
    assert.not.ok(hardeningFindings.some((sentence) => /KSM/.test(sentence)));
    await onHost(`echo 1 > ${ksm}`);
    assert.match((await world.drift())["Host/h1"]?.join("\n") ?? "", /KSM merges/);
    await onHost("systemctl disable -q microvm-harden.service");
    assert.match((await world.drift())["Host/h1"]?.join("\n") ?? "", /would not be hardened when it boots/);
    await world.up();
    assert.equal(await world.drift(), {});
    assert.is(await onHost(`cat ${ksm}`), "2");
  });

  test("a boot of the host turns it off again, without us", async () => {
    await closeAll();
    await lab.reboot("h1");
    await pretend();
    await onHost("systemctl restart microvm-harden.service");
    assert.is(await onHost(`cat ${ksm}`), "2");
    assert.is(await onHost("systemctl is-enabled microvm-harden.service"), "enabled");
  });

  test("what cannot be turned off is an error that says so", async () => {
    await onHost("printf 'Filename Type Size Used Priority\\n/dev/nowhere partition 1 0 -2\\n' > /proc/swaps");
    const error = await host({ ksm: "off", swap: "off" }).then(
      () => assert.unreachable() as never,
      (problem: MicrovmError) => problem,
    );
    assert.is(error.code, "hardening-refused");
    assert.match(error.message, /swapoff: /);
    // What was refused keeps nothing: taken out of the program it is no trouble any more.
    await host({ ksm: "off" });
    await onHost("printf 'Filename Type Size Used Priority\\n' > /proc/swaps");
  });

  test("what is asked for no more is as it was, while another program still asks for it, not", async () => {
    const other = new World(lab, "h1", "other");
    await other.host();
    await other.make<HostState>("Host", "h1", { ...other.inputs("Host", "h1"), hardening: { ksm: "off" } });
    await host({});
    assert.is(await onHost(`cat ${ksm}`), "2");
    await other.remove("Host", "h1");
    assert.is(await onHost(`cat ${ksm}`), "1");
    assert.equal(await world.drift(), {});
  });

  test("a host that goes is as it was", async () => {
    await host({ ksm: "off" });
    assert.is(await onHost(`cat ${ksm}`), "2");
    await world.destroy();
    assert.is(await onHost(`cat ${ksm}`), "1");
    await onHost(`umount ${ksm} ${smt} /proc/swaps`);
    assert.equal(inventoryChanges(before, await hostInventory(lab, "h1")), []);
  });

  test.run();
}
