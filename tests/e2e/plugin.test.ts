import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { unknownMark } from "../../provider/engines/pulumi-values";
import { hostInventory, inventoryChanges } from "../lab/host-inventory";
import { Lab } from "../lab/lab";
import { tinyGuest } from "../lab/tiny-guest";
import { fastGuest } from "../lab/world";
import { skip } from "../skip";
import { type EngineEvent, type Outcome, PulumiProject } from "./pulumi";

const test = suite("the plugin form");
const reason = Lab.unavailable();
if (reason) {
  skip("the plugin form", reason);
} else {
  const secret = "correct-horse-battery-staple-4471";
  let lab: Lab;
  let project: PulumiProject;
  let before: string[];
  /** With a file of known hosts that has the lab's. */
  let home: string;
  /** What the ids of imports begin with. */
  let place: string;

  /** What the program is to do otherwise than at first. */
  const set = (changes: Record<string, unknown>) => project.config("set", JSON.stringify(changes));
  const states = async () => (await project.exportStack()).deployment.resources ?? [];
  const typesOfOurs = async () =>
    [...new Set((await states()).map(({ type }) => String(type)))].filter((type) => /microvm:.*[A-Z]/.test(type));
  const state = async (name: string) =>
    (await states()).find(({ urn }) => String(urn).endsWith(`::${name}`)) as {
      outputs: Record<string, unknown>;
      initErrors?: string[];
    };
  /** All that is on the host because of the program, by when it was last written. */
  const written = async () =>
    (
      await lab.output(
        "h1",
        "find /etc/microvm /var/lib/microvm /etc/systemd/system -printf '%p %i %T@ %C@ %s\\n' | sort; systemctl show microvm@web -p InvocationID",
      )
    ).split("\n");
  const nothing = (outcome: Outcome) => assert.equal(Object.keys(outcome.changes), ["same"], outcome.stdout);

  test.before(async () => {
    lab = await Lab.open(`p${process.pid % 100000}`);
    const { port, hostKey, privateKeyFile } = await lab.host("h1");
    await lab.ssh("h1", "apt-get update -q");
    home = mkdtempSync(join(tmpdir(), "microvm-home-"));
    mkdirSync(join(home, ".ssh"));
    writeFileSync(join(home, ".ssh/known_hosts"), `[127.0.0.1]:${port} ${hostKey}\n`);
    place = `root@127.0.0.1:${port}`;
    project = await PulumiProject.create({ program: join(__dirname, "programs/forms"), env: { HOME: home } });
    await project.config("lab", JSON.stringify({ port, hostKey, kernel: tinyGuest(), image: fastGuest() }));
    await project.config("privateKey", readFileSync(privateKeyFile, "utf8"), { secret: true });
    await project.config("secret", secret, { secret: true });
    // What is imported comes without a Host that says how to log in.
    await project.config("microvm:privateKeyFile", privateKeyFile);
    before = await hostInventory(lab, "h1");
  });
  test.after(async () => {
    project?.close();
    await lab?.close();
    rmSync(home, { recursive: true });
  });

  test("a preview says what is known before anything is there", async () => {
    const { events, changes } = await project.preview();
    assert.is(changes.create, 9);
    const { name, size, filesystem, path } = planned(events, "data") ?? {};
    assert.equal([name, size, filesystem], ["data", 16, "ext4"]);
    assert.is(path, unknownMark);
  });

  test("up makes it, and there is nothing to do after", async () => {
    const { changes } = await project.up();
    assert.is(changes.create, 9);
    assert.equal((await typesOfOurs()).sort(), [
      "microvm:index:Host",
      "microvm:index:Kernel",
      "microvm:index:MicroVM",
      "microvm:index:Network",
      "microvm:index:RootfsImage",
      "microvm:index:Vmm",
      "microvm:index:Volume",
    ]);
    nothing(await project.preview());
    nothing(await project.up());
    nothing(await project.refresh());
  });

  test("secrets are in the state as ciphertext only", async () => {
    const key = (readFileSync((await lab.host("h1")).privateKeyFile, "utf8").split("\n")[2] ?? "") as string;
    assert.ok(key.length > 20);
    const texts = [JSON.stringify(await project.exportStack()), ...filesIn(join(project.directory, "backend"))];
    for (const text of texts) for (const hidden of [secret, key]) assert.not.ok(text.includes(hidden));
    const { outputs } = await state("web");
    assert.ok(JSON.stringify(outputs.files).includes("ciphertext"));
  });

  test("refresh shows drift on the resource's row, and up repairs it", async () => {
    await lab.exec("h1", "systemctl stop microvm@web");
    const refreshed = await project.refresh();
    assert.is(refreshed.changes.update, 1, refreshed.stdout);
    assert.ok(said(refreshed, "web").some((text) => /drift: .*is not running/.test(text)));
    const preview = await project.preview();
    assert.ok(Object.keys(detail(preview.events, "web")).includes("drift"));
    const repaired = await project.up();
    assert.is(repaired.changes.update, 1, repaired.stdout);
    nothing(await project.refresh());
  });

  test("an update in place shows what changes, and leaves the rest known", async () => {
    await set({ size: 24 });
    const { events, changes } = await project.preview();
    assert.is(changes.update, 1, JSON.stringify(changes));
    assert.equal(Object.keys(detail(events, "data")), ["size"]);
    assert.is((await project.up()).changes.update, 1);
    assert.is((await project.outputs()).bytes, 24 * 1024 * 1024);
    nothing(await project.up());
  });

  test("a change that needs another object says why, before it is made", async () => {
    await set({ size: 24, filesystem: "none" });
    const preview = await project.preview();
    assert.is(preview.changes.replace, 1, preview.stdout);
    assert.is(detail(preview.events, "spare").filesystem?.diffKind, "update-replace");
    assert.ok(said(preview, "spare").some((text) => /filesystem changes .*so it is replaced/.test(text)));
    assert.is((await project.up()).changes.replace, 1);
    nothing(await project.up());
  });

  test("what was made and is not as declared is kept, and repaired by the next run", async () => {
    await set({ size: 24, filesystem: "none", memory: 72, says: "this it never says", patience: 3 });
    const failed = await project.up({ expect: "failure" });
    assert.match(failed.complaints.join("\n"), /\[not-ready\]/);
    assert.ok(((await state("web")).initErrors ?? []).length > 0);
    assert.is((await state("web")).outputs.memory, 72);
    await set({ size: 24, filesystem: "none", memory: 72 });
    await project.up();
    assert.not.ok((await state("web")).initErrors);
    nothing(await project.up());
  });

  test("an interrupted run ends soon and leaves nothing pending", async () => {
    await set({ size: 24, filesystem: "none", memory: 80, says: "this it never says", patience: 300 });
    const interrupt = new AbortController();
    let asked = 0;
    const killWhen = (line: string) => {
      if (/MicroVM web updating/.test(line) && !asked) {
        asked = performance.now() + 4_000;
        setTimeout(() => interrupt.abort(), 4_000);
      }
      return false;
    };
    const { code } = await project.up({ expect: "failure", signal: interrupt.signal, killWhen, timeout: 120_000 });
    assert.is.not(code, null);
    assert.ok(performance.now() - asked < 10_000, `${Math.round(performance.now() - asked)} ms`);
    const { deployment } = await project.exportStack();
    assert.equal((deployment as { pending_operations?: unknown[] }).pending_operations ?? [], []);
    await set({ size: 24, filesystem: "none" });
    await project.up();
    nothing(await project.refresh());
  });

  test("what is there is imported by its id, by the command and by a program, and there is nothing to do after", async () => {
    const files = await written();
    const forget = async () => {
      const { urn } = (await states()).find(({ urn }) => String(urn).endsWith("::spare")) as { urn: string };
      await project.run(["state", "delete", "--yes", urn]);
    };
    const command = ["import", "microvm:index:Volume", "spare", `${place}/spare`, "--yes", "--protect=false"];
    await forget();
    await project.run([...command, "--generate-code=false"]);
    nothing(await project.up());
    await forget();
    await project.config("import", `${place}/spare`);
    assert.is((await project.up()).changes.import, 1);
    await project.config("import", "");
    nothing(await project.up());
    nothing(await project.refresh());
    assert.equal(inventoryChanges(files, await written()), []);
    const bogus = await project.run(
      ["import", "microvm:index:Volume", "none", `${place}/none`, "--yes", "--generate-code=false"],
      { expect: "failure" },
    );
    assert.match(bogus.stdout + bogus.stderr, /does not exist/);
  });

  test("what is there is read by a program that does not declare it", async () => {
    await project.config("see", `${place}/data`);
    await project.up();
    assert.is((await project.outputs()).seenPath, (await state("data")).outputs.path);
    await project.config("see", "");
    await project.up();
    assert.is((await lab.exec("h1", "test -e /etc/microvm/volumes/data/record.json")).code, 0);
  });

  test("the stack moves to the dynamic form and back, and the host does not notice", async () => {
    const [inventory, files] = [await hostInventory(lab, "h1"), await written()];
    for (const form of ["dynamic", "plugin", "dynamic", "plugin"]) {
      await project.config("microvm:form", form);
      const { changes, stdout } = await project.up();
      assert.equal(
        Object.keys(changes).filter((what) => !["same", "update"].includes(what)),
        [],
        stdout,
      );
      const prefix = form === "plugin" ? "microvm:index:" : "pulumi-nodejs:dynamic/microvm:";
      assert.ok(
        (await typesOfOurs()).every((type) => type.startsWith(prefix)),
        form,
      );
      nothing(await project.up());
      nothing(await project.refresh());
      assert.equal(inventoryChanges(inventory, await hostInventory(lab, "h1")), [], form);
      assert.equal(inventoryChanges(files, await written()), [], form);
    }
  });

  test("destroy leaves the host as it was", async () => {
    await project.destroy();
    assert.equal(inventoryChanges(before, await hostInventory(lab, "h1")), []);
  });

  test.run();
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name), "utf8"));
}

type Metadata = {
  urn: string;
  detailedDiff?: Record<string, { diffKind: string; inputDiff: boolean }>;
  new?: { outputs?: Record<string, unknown> };
};

function metadata(event: EngineEvent): Metadata | undefined {
  const { resourcePreEvent, resOutputsEvent } = event as { resourcePreEvent?: { metadata: Metadata } } & {
    resOutputsEvent?: { metadata: Metadata };
  };
  return (resOutputsEvent ?? resourcePreEvent)?.metadata;
}

/** What a run says that a resource's outputs will be. */
function planned(events: EngineEvent[], name: string): Record<string, unknown> | undefined {
  return events.map(metadata).findLast((one) => one?.urn.endsWith(`::${name}`) && one.new?.outputs)?.new?.outputs;
}

function detail(events: EngineEvent[], name: string): NonNullable<Metadata["detailedDiff"]> {
  return events.map(metadata).findLast((one) => one?.urn.endsWith(`::${name}`) && one.detailedDiff)?.detailedDiff ?? {};
}

/** What was told on a resource's own row. */
function said({ events }: Outcome, name: string): string[] {
  return events.flatMap(({ diagnosticEvent: told }) => (told?.urn?.endsWith(`::${name}`) ? [told.message] : []));
}
