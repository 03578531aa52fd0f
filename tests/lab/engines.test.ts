import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { EngineDriver, State } from "../contract/engine-driver";
import { failure } from "../failure";
import { skip } from "../skip";
import { type Case, cases, type Made, type Materials, materials } from "./engine-cases";
import { engines } from "./engine-processes";
import { type Engine, emitEngineTable, type Operation } from "./engine-table";
import { hostInventory, inventoryChanges } from "./host-inventory";
import { Lab } from "./lab";
import { Registry } from "./registry";
import { reference } from "./world";

/** Every resource × every engine × every operation, by the engines' real processes, against one host. */
const test = suite("every engine");
const reason = Lab.unavailable();
if (reason) {
  skip("every engine", reason);
} else {
  let lab: Lab;
  let scratch: string;
  let registry: Registry;
  let given: Materials;
  let before: string[];
  const home = process.env.HOME;
  const shown = new Map<string, Set<Operation>>();
  /** A process answers reads from what it has read of a host within ten seconds, unless it changes the host itself. */
  const lookAgain = () => new Promise((resolve) => setTimeout(resolve, 10_500));
  const onHost = (script: string) => lab.output("h1", script);

  test.before(async () => {
    lab = await Lab.open(`x${process.pid % 100000}`);
    registry = await Registry.start(lab);
    const { port, privateKeyFile, root } = await lab.host("h1", { containers: true });
    await lab.ssh("h1", "apt-get update -q");
    // Some units run at the first boot only.
    await lab.reboot("h1");
    before = await hostInventory(lab, "h1");
    scratch = mkdtempSync(join(tmpdir(), "microvm-engines-"));
    given = materials(scratch, lab, registry, root);
    // As users have it: the way to the host is in their SSH configuration, for imports too.
    const known = `[127.0.0.1]:${port} ${(await lab.host("h1")).hostKey}\n`;
    mkdirSync(join(scratch, ".ssh"));
    writeFileSync(join(scratch, ".ssh/known_hosts"), known);
    writeFileSync(
      join(scratch, ".ssh/config"),
      `Host metal\n  HostName 127.0.0.1\n  Port ${port}\n  User root\n  IdentityFile ${privateKeyFile}\n`,
    );
    process.env.HOME = scratch;
  });
  test.after(async () => {
    process.env.HOME = home;
    await lab?.close();
    if (scratch) rmSync(scratch, { recursive: true, force: true });
  });

  for (const engine of engines) {
    let driver: EngineDriver;
    const states = new Map<string, State>();
    const changed = new Set<string>();
    const made: Made = (kind, name) => {
      const key = name ? `${kind}/${name}` : [...states.keys()].find((one) => one.startsWith(`${kind}/`));
      return reference(kind, states.get(key ?? "") ?? {});
    };
    const key = ({ kind, name }: Case) => `${kind}/${name}`;
    const all = () => cases.map((one) => one(made, given));
    const rows = () => all().filter(({ needed }) => !needed);
    const inputsOf = (one: Case, more: object = {}): State => ({
      name: one.name,
      ...engine.added?.(one.kind, one.name),
      ...(one.kind === "Host" ? {} : { host: made("Host") }),
      ...one.inputs,
      ...(changed.has(key(one)) ? one.update : {}),
      ...more,
    });
    const state = (one: Case) => states.get(key(one)) as State;
    const show = (one: Case, operation: Operation) => {
      const at = `${one.kind}/${engine.name}`;
      shown.set(at, (shown.get(at) ?? new Set()).add(operation));
    };
    /** What the engine says of it now. */
    const planned = async (one: Case, more: object = {}) =>
      driver.plan(one.kind, inputsOf(one, more), states.get(key(one)));
    const update = async (one: Case) => {
      states.set(key(one), await driver.update(one.kind, state(one), inputsOf(one)));
    };
    /** Objects that refer to what has changed are told of it, as a run does. */
    const settle = async () => {
      for (const one of all()) if ((await planned(one)).action === "update") await update(one);
      for (const one of all()) assert.is((await planned(one)).action, "unchanged", key(one));
    };

    test(`${engine.name}: makes one of each, and then has nothing to do`, async () => {
      driver = await engine.start();
      for (let n = 0; n < cases.length; n++) {
        const one = all()[n] as Case;
        assert.is((await planned(one)).action, "create");
        states.set(key(one), await driver.create(one.kind, inputsOf(one)));
        show(one, "create");
      }
      for (const one of rows()) {
        assert.is((await planned(one)).action, "unchanged", key(one));
        show(one, "no-op");
      }
    });

    test(`${engine.name}: changes each in place`, async () => {
      for (let n = 0; n < cases.length; n++) {
        const one = all()[n] as Case;
        if (one.needed) continue;
        changed.add(key(one));
        assert.is((await planned(one)).action, "update", key(one));
        await update(one);
        assert.is((await planned(one)).action, "unchanged", key(one));
        show(one, "update");
      }
      await settle();
    });

    test(`${engine.name}: sees what was changed behind its back, and repairs it`, async () => {
      for (const one of rows()) await onHost(one.drift);
      await lookAgain();
      for (const one of rows()) {
        const found = (await driver.read(one.kind, state(one))) as State;
        assert.ok((found.drift as string[]).length, `${key(one)} shows no drift`);
        states.set(key(one), found);
      }
      for (const one of rows()) {
        assert.is((await planned(one)).action, "update", key(one));
        await update(one);
        const repaired = (await driver.read(one.kind, state(one))) as State;
        assert.equal(repaired.drift, [], key(one));
        show(one, "drift");
      }
      await settle();
    });

    if (engine.imports) {
      test(`${engine.name}: imports each by its host and name`, async () => {
        for (const one of rows()) {
          const id = one.kind === "Host" ? "metal" : `metal/${one.name}`;
          const found = await driver.import(one.kind, id);
          for (const name of Object.keys(reference(one.kind, state(one)))) {
            assert.equal(found[name], state(one)[name], `${key(one)}.${name}`);
          }
          // `adopt` asks for something once, and is not recorded.
          const { action } = await driver.plan(one.kind, inputsOf(one, { adopt: undefined }), found);
          assert.is(action, "unchanged", key(one));
          show(one, "import");
        }
      });
    }

    test(`${engine.name}: replaces, deletes, and keeps what failed half-way`, async () => {
      for (const one of all().reverse()) {
        const { kind, replace, broken } = one;
        if (one.needed) {
          await driver.delete(kind, state(one));
          states.delete(key(one));
          continue;
        }
        if (replace) {
          assert.is((await planned(one, replace)).action, "replace", key(one));
          await driver.delete(kind, state(one));
          const fresh = await driver.create(kind, inputsOf(one, replace));
          assert.is((await driver.plan(kind, inputsOf(one, replace), fresh)).action, "unchanged", key(one));
          states.set(key(one), fresh);
          show(one, "replace");
        }
        await driver.delete(kind, state(one));
        assert.is(await driver.read(kind, state(one)), undefined);
        // Twice is once.
        await driver.delete(kind, state(one));
        states.delete(key(one));
        changed.delete(key(one));
        show(one, "destroy");

        if (broken.spoil) await onHost(broken.spoil);
        const error = (await failure(driver.create(kind, inputsOf(one, broken.inputs)))) as Error & { state?: State };
        assert.ok(error.state, `${key(one)}: nothing is kept of ${error.message}`);
        if (broken.mend) await onHost(broken.mend);
        await driver.delete(kind, error.state);
        assert.is(await driver.read(kind, error.state), undefined);
        show(one, "partial failure");
      }
      await driver.end();
      assert.equal(inventoryChanges(before, await hostInventory(lab, "h1")), []);
    });
  }

  test("what one engine has made is not another's, unless it adopts it", async () => {
    const drivers: [Engine, EngineDriver][] = [];
    for (const engine of engines) drivers.push([engine, await engine.start()]);
    const [[, first]] = drivers as [[Engine, EngineDriver]];
    const hosts = new Map<EngineDriver, State>();
    for (const [engine, driver] of drivers) {
      const host = { name: "metal", ...engine.added?.("Host", "metal"), address: "metal" };
      hosts.set(driver, await driver.create("Host", host));
    }
    const added = new Map(drivers.map(([engine, driver]) => [driver, engine.added?.("Volume", "shared")]));
    const inputs = (driver: EngineDriver, more: object = {}) => ({
      name: "shared",
      ...added.get(driver),
      host: reference("Host", hosts.get(driver) as State),
      size: 16,
      onDelete: "delete",
      ...more,
    });
    let owner = first;
    let volume = await first.create("Volume", inputs(first));
    for (const [{ name }, driver] of drivers.slice(1)) {
      const refused = await failure(driver.create("Volume", inputs(driver)));
      assert.match(refused.message, /not-ours|belongs to/, name);
      assert.is((refused as Error & { state?: State }).state, undefined, name);
      const taken = await driver.create("Volume", inputs(driver, { adopt: true }));
      await lookAgain();
      assert.is(await owner.read("Volume", volume), undefined, `${name} has taken it`);
      [owner, volume] = [driver, taken];
    }
    await owner.delete("Volume", volume);
    for (const [, driver] of drivers) await driver.delete("Host", hosts.get(driver) as State);
    for (const [, driver] of drivers) await driver.end();
    assert.equal(inventoryChanges(before, await hostInventory(lab, "h1")), []);
  });

  test("the table of the reference says what was shown here", () => {
    const path = join(__dirname, "../../docs/reference/engines.md");
    const text = emitEngineTable(engines, shown);
    if (process.env.MICROVM_WRITE_TABLE) writeFileSync(path, text);
    assert.is(readFileSync(path, "utf8"), text, "run it again with MICROVM_WRITE_TABLE=1");
  });

  test.run();
}
