import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { libraries } from "../../tools/cdktf/build";
import { CdktfProgram } from "../contract/cdktf-program";
import { hostInventory, inventoryChanges } from "../lab/host-inventory";
import { Lab } from "../lab/lab";
import { tinyGuest, tinyGuestSays } from "../lab/tiny-guest";
import { fastGuest } from "../lab/world";
import { skip } from "../skip";
import { engines, TerraformProject } from "./terraform";

const test = suite("Terraform and OpenTofu");
const reason = Lab.unavailable();
if (reason) {
  skip("Terraform and OpenTofu", reason);
} else {
  const vm = "microvm_micro_vm.web";
  const projects = new Map<string, TerraformProject>();
  let lab: Lab;
  let before: string[];
  let usual: Record<string, unknown>;

  const started = async (name: string) =>
    (await lab.output("metal", `systemctl show -P ActiveEnterTimestampMonotonic microvm@${name}`)).trim();

  test.before(async () => {
    lab = await Lab.open(`t${process.pid % 100000}`);
    const { port, hostKey, privateKeyFile } = await lab.host("metal");
    await lab.ssh("metal", "apt-get update -q");
    before = await hostInventory(lab, "metal");
    usual = {
      address: "127.0.0.1",
      port,
      host_key: hostKey,
      private_key_file: privateKeyFile,
      accelerator: "tcg",
      memory: 128,
      kernel_file: tinyGuest(),
      rootfs_tarball: fastGuest(),
      ready: { serial: tinyGuestSays, timeout: 60 },
    };
  });
  test.after(async () => {
    for (const project of projects.values()) project.close();
    await lab?.close();
  });

  for (const [engine, find] of Object.entries(engines)) {
    const inEngine = (name: string, body: (project: TerraformProject) => Promise<void>) =>
      test(`${engine}: ${name}`, async () => {
        const project = projects.get(engine);
        if (project) await body(project);
      });

    test(`${engine}: init finds the provider, and a plan asks no host for anything`, async () => {
      let program: string;
      try {
        program = await find();
      } catch (error) {
        return skip(engine, (error as Error).message);
      }
      const project = TerraformProject.create(program, join(__dirname, "../../examples/terraform"), usual);
      projects.set(engine, project);
      // An import is given no more than an id: whose key answers there, ssh has to know.
      project.write(".ssh/known_hosts", `[127.0.0.1]:${usual.port} ${usual.host_key}\n`);
      await project.run(["init"]);
      await project.run(["validate"]);
      const { actions } = await project.plan();
      assert.equal(Object.values(actions).sort(), [...Array(7).fill("create"), "read"]);
      assert.equal(inventoryChanges(before, await hostInventory(lab, "metal")), []);
    });

    inEngine("everything that is wrong is told at once, where it is", async (project) => {
      project.set({ ...usual, memory: 1, accelerator: "magic" });
      const { stderr } = await project.run(["plan"], { expect: 1 });
      project.set(usual);
      assert.match(stderr, /on main\.tf line \d+, in resource "microvm_micro_vm" "web":\n.*memory += var\.memory/);
      assert.match(stderr, /memory must be 64 to 4194304 MiB, not 1\./);
      assert.match(stderr, /accelerator must be one of "kvm", "tcg", not "magic"\./);
    });

    inEngine("apply makes it, and a second plan changes nothing", async (project) => {
      const { stdout } = await project.apply();
      assert.match(stdout, /Apply complete! Resources: 7 added, 0 changed, 0 destroyed\./);
      assert.match(stdout, /architecture = "x86_64"|architecture = "aarch64"/);
      assert.is((await lab.output("metal", "systemctl is-active microvm@web")).trim(), "active");
      assert.equal((await project.plan()).actions, {});
      assert.is(project.state()[vm]?.attributes.owner, "terraform/example/default::MicroVM::web");
    });

    inEngine("what is changed by hand is found, said and repaired", async (project) => {
      await lab.exec("metal", "systemctl stop microvm@web");
      const { actions, text } = await project.plan();
      assert.equal(actions, { [vm]: "update" });
      assert.match(text, /Not as declared/);
      await project.apply();
      assert.is((await lab.output("metal", "systemctl is-active microvm@web")).trim(), "active");
      assert.equal((await project.plan()).actions, {});
    });

    inEngine("an update in place says that it restarts the guest, and leaves the rest alone", async (project) => {
      project.set({ ...usual, memory: 192 });
      const { actions, text } = await project.plan();
      assert.equal(actions, { [vm]: "update" });
      assert.match(text, /Restarts what is running/);
      await project.apply();
      assert.equal((await project.plan()).actions, {});
    });

    inEngine("another name is another object", async (project) => {
      project.set({ ...usual, name: "web-2" });
      const { actions, text } = await project.plan();
      assert.equal(actions, { [vm]: "delete+create" });
      assert.match(text, /name += "web" -> "web-2" # forces replacement/);
      await project.apply();
      assert.equal((await project.plan()).actions, {});
      assert.is((await lab.exec("metal", "systemctl is-active microvm@web")).stdout.trim(), "inactive");
    });

    inEngine("what is there already can be imported, by command and by block", async (project) => {
      await project.run(["state", "rm", "microvm_volume.data", vm]);
      await project.run(["import", "microvm_volume.data", `root@127.0.0.1:${usual.port}/data`]);
      project.write("import.tf", `import {\n  to = ${vm}\n  id = "root@127.0.0.1:${usual.port}/web-2"\n}\n`);
      const at = await started("web-2");
      const { stdout } = await project.apply();
      assert.match(stdout, /1 imported, 0 added, \d changed, 0 destroyed/);
      project.delete("import.tf");
      assert.equal((await project.plan()).actions, {});
      assert.is(await started("web-2"), at);
      await project.run(["state", "rm", "microvm_volume.data"]);
      for (const [id, complaint] of [
        ["nowhere", /\[id-malformed\]/],
        [`root@127.0.0.1:${usual.port}/nothing`, /There is no such object on that host/],
      ] as const) {
        const { stderr } = await project.run(["import", "microvm_volume.data", id], { expect: 1 });
        assert.match(stderr, complaint);
      }
      await project.run(["import", "microvm_volume.data", `root@127.0.0.1:${usual.port}/data`]);
    });

    inEngine(
      "a create that is not finished fails, is kept, and can be finished instead of replaced",
      async (project) => {
        const impatient = { ...usual, name: "web-3", ready: { serial: "never said", timeout: 3 } };
        project.set(impatient);
        const { stderr } = await project.apply({ expect: 1 });
        assert.match(stderr, /unable to .* MicroVM web-3/);
        assert.match(stderr, /untaint/);
        assert.is(project.state()[vm]?.status, "tainted");
        const at = await started("web-3");
        project.set({ ...usual, name: "web-3" });
        assert.equal((await project.plan()).actions, { [vm]: "delete+create" });
        await project.run(["untaint", vm]);
        assert.equal((await project.plan()).actions, { [vm]: "update" });
        await project.apply();
        assert.equal((await project.plan()).actions, {});
        assert.is(await started("web-3"), at);
      },
    );

    inEngine("Ctrl-C ends an apply at once, and what was begun is in the state", async (project) => {
      project.set({ ...usual, name: "web-4", ready: { serial: "never said", timeout: 600 } });
      const begun = Date.now();
      const { code, stderr } = await project.apply({
        expect: "any",
        interruptWhen: (line) => line.includes(`${vm}: Still creating`),
      });
      assert.is(code, 1);
      assert.match(stderr, /\[cancelled\]/);
      assert.ok(Date.now() - begun < 60_000);
      assert.is(project.state()[vm]?.attributes.name, "web-4");
    });

    inEngine("destroy leaves the host as it was", async (project) => {
      await project.destroy();
      assert.equal(inventoryChanges(before, await hostInventory(lab, "metal")), []);
    });
  }

  for (const library of libraries) {
    test(`${library}: what its program makes is applied, changes nothing again, and is destroyed`, async () => {
      const other = [...projects.values()].at(-1);
      if (!other) return skip(library, "there is neither terraform nor tofu");
      const program = await CdktfProgram.create(library);
      try {
        const project = other.beside(
          program.synthesize({
            HOST_ADDRESS: "127.0.0.1",
            HOST_PORT: String(usual.port),
            HOST_KEY: String(usual.host_key),
            HOST_PRIVATE_KEY_FILE: String(usual.private_key_file),
            KERNEL_FILE: tinyGuest(),
            ROOTFS_TARBALL: fastGuest(),
          }),
        );
        await project.run(["init"]);
        await project.apply();
        assert.is((await lab.output("metal", "systemctl is-active microvm@web")).trim(), "active");
        assert.equal((await project.plan()).actions, {});
        await project.destroy();
        assert.equal(inventoryChanges(before, await hostInventory(lab, "metal")), []);
      } finally {
        program.close();
      }
    });
  }
}

test.run();
