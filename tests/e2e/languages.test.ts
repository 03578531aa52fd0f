import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { goEnvironment } from "../../tools/pulumi-cli/compile";
import { pulumiCli } from "../../tools/pulumi-cli/install";
import { type Language, languageHost } from "../../tools/pulumi-cli/language-hosts";
import { languages, type SdkLanguage, writeSdk } from "../../tools/pulumi-codegen/sdks";
import { hostInventory, inventoryChanges } from "../lab/host-inventory";
import { Lab } from "../lab/lab";
import { fastGuest } from "../lab/world";
import { skip } from "../skip";
import { PulumiProject } from "./pulumi";

/**
 * The quickstart in the other languages of Pulumi: SDKs are generated, the programs are compiled or type-checked with
 * them, and run on the plugin, each in the real host of its language, from preview to destroy.
 */
const root = join(__dirname, "../..");
const sdk = (language: SdkLanguage) => join(root, "dist/sdks", language);
const example = (language: Language) => join(root, "examples", language);
const say = (line: string) => process.stderr.write(`${line}\n`);

const scratch = mkdtempSync(join(tmpdir(), "microvm-languages-"));
process.once("exit", () => rmSync(scratch, { recursive: true, force: true }));
const venv = join(scratch, "venv");
/** What is built for Go is built as the tools are, so that they share its cache. */
const goSettings = { ...goEnvironment, GOFLAGS: "-mod=mod -trimpath" };

/** Runs a command to its end, and returns what it said; where it fails, that is the message of the error. */
function run(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = {}): string {
  const ran = spawnSync(command, args, { cwd, encoding: "utf8", env: { ...process.env, ...env } });
  const said = ran.error?.message ?? ran.stdout + ran.stderr;
  if (ran.status !== 0) throw new Error(`${command} ${args.join(" ")}:\n${said}`);
  return said;
}

/** Gives a program in Go the SDK where it was written; the versions of all else come from there. */
function useGoSdk(program: string): void {
  copyFileSync(join(sdk("go"), "go.sum"), join(program, "go.sum"));
  run("go", ["mod", "edit", "-replace", `pulumi-microvm/sdk/go=${sdk("go")}`], program, goSettings);
}

/** Makes a virtual environment with what the program in Python needs; says why it cannot. */
function installForPython(): string | undefined {
  try {
    run("python3", ["-m", "venv", venv], scratch);
    const packages = ["-r", "requirements.txt", "mypy==2.4.1"];
    run(join(venv, "bin/pip"), ["install", "--quiet", "--no-input", ...packages], example("python"));
    return undefined;
  } catch (error) {
    return `what it needs cannot be installed: ${(error as Error).message.trim().split("\n").at(-1)}`;
  }
}

async function prepare(): Promise<Partial<Record<Language, string>>> {
  try {
    for (const language of languages) await writeSdk(language, sdk(language), say);
  } catch (error) {
    const { message } = error as Error;
    if (!message.startsWith("Go is ")) throw error;
    return { go: message, python: message, yaml: message };
  }
  return { python: installForPython() };
}

/** What is changed in a program for the test: a guest that boots in seconds. The quickstart's own test boots Debian. */
const fasterGuest: Record<Language, { file: string; source: RegExp; instead: string }> = {
  yaml: {
    file: "Pulumi.yaml",
    source: /source:\n\s+debian:\n(\s+\w+: .*\n){2}/,
    instead: "source: { tarball: PATH }\n",
  },
  python: { file: "__main__.py", source: /source=\{"debian": .*\},/, instead: 'source={"tarball": "PATH"},' },
  go: {
    file: "main.go",
    source: /(RootfsImageSourceArgs)\{Debian: [\s\S]*?\n\t\t\}\},/,
    instead: '$1{Tarball: pulumi.String("PATH")},',
  },
};

async function main(): Promise<void> {
  const missing = await prepare();
  typeChecks(missing);
  const noLab = Lab.unavailable();
  for (const language of Object.keys(fasterGuest) as Language[]) {
    const reason = missing[language] ?? noLab;
    if (reason) skip(`the program in ${language}`, reason);
    else lifeCycle(language);
  }
}

function typeChecks(missing: Partial<Record<Language, string>>): void {
  const title = "SDKs of other languages";
  if (missing.go) {
    skip(title, missing.go);
    return;
  }
  const test = suite(title);

  test("the one for Node compiles", () => {
    run(join(root, "node_modules/.bin/tsc"), ["--noEmit", "-p", sdk("nodejs")], root);
  });

  test("the one for Go is sound, and the program builds on it", () => {
    const program = join(scratch, "go");
    cpSync(example("go"), program, { recursive: true });
    useGoSdk(program);
    run("go", ["build", "-o", join(scratch, "program"), "."], program, goSettings);
    run("go", ["vet", ".", "pulumi-microvm/sdk/go/..."], program, goSettings);
  });

  if (!missing.python)
    test("the one for Python accepts the program, and not one that is wrong", () => {
      const mypy = (file: string) => run(join(venv, "bin/mypy"), ["--strict", file], scratch);
      copyFileSync(join(example("python"), "__main__.py"), join(scratch, "right.py"));
      mypy("right.py");
      const wrong = ['host = m.Host("a", address="h")', 'm.Vmm("b", host=host.reference, kin="qemu")'];
      writeFileSync(join(scratch, "wrong.py"), `import pulumi_microvm as m\n${wrong.join("\n")}\n`);
      assert.throws(() => mypy("wrong.py"), /wrong\.py:3: error: .*"kin".*did you mean "kind"/);
    });

  test.run();
}

function lifeCycle(language: Language): void {
  const test = suite(`the program in ${language}`);
  let lab: Lab;
  let project: PulumiProject;
  let before: string[];

  test.before(async () => {
    const { bin } = await pulumiCli({ progress: say });
    const host = await languageHost(language, bin, say);
    lab = await Lab.open(`${language[0]}${process.pid % 100000}`);
    const metal = await lab.host("metal");
    before = await hostInventory(lab, "metal");
    const onPath = [join(venv, "bin"), join(root, "plugin"), host, bin, process.env.PATH];
    project = await PulumiProject.create({
      program: example(language),
      env: { PATH: onPath.join(delimiter), ...(language === "go" ? goSettings : {}) },
    });
    if (language === "go") useGoSdk(project.program);
    const { file, source, instead } = fasterGuest[language];
    const text = project.read(file);
    assert.match(text, source);
    project.write(file, text.replace(source, instead.replace("PATH", fastGuest())));
    for (const [key, value] of Object.entries({
      address: "127.0.0.1",
      port: String(metal.port),
      user: "root",
      hostKey: metal.hostKey,
      publicKey: readFileSync(`${metal.privateKeyFile}.pub`, "utf8").trim(),
      "microvm:privateKeyFile": metal.privateKeyFile,
      ...(language === "yaml" ? { accelerator: "tcg" } : {}),
    }))
      await project.config(key, value);
  });
  test.after(async () => {
    project?.close();
    await lab?.close();
  });

  test("previews what it would make, and asks no host for it", async () => {
    assert.is((await project.preview()).changes.create, 7);
    assert.equal(inventoryChanges(before, await hostInventory(lab, "metal")), []);
  });

  test("makes a microVM that answers", async () => {
    assert.is((await project.up()).changes.create, 7);
    const { address, bootMillis } = await project.outputs();
    assert.ok(Number(bootMillis) > 0);
    assert.is((await lab.ssh("metal", `ping -c 1 -W 2 ${address}`)).code, 0);
  });

  test("finds nothing more to do", async () => {
    for (const again of [await project.up(), await project.refresh()])
      assert.equal(Object.keys(again.changes), ["same"], again.stdout);
  });

  test("goes, and leaves the host as it was", async () => {
    assert.is((await project.destroy()).changes.delete, 7);
    assert.equal(inventoryChanges(before, await hostInventory(lab, "metal")), []);
  });

  test.run();
}

main();
