import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { pulumiCli } from "../../tools/pulumi-cli/install";
import { skip } from "../skip";
import { PulumiProject } from "./pulumi";

/** One dynamic resource whose life is in files: `made` counts its creations and updates. */
const program = `
import * as pulumi from "@pulumi/pulumi";

const provider: pulumi.dynamic.ResourceProvider = {
  async create(inputs) {
    if (inputs.value === "slow") {
      console.error("creating slowly");
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    }
    if (inputs.value === "bad") throw new Error("the value is bad");
    return { id: "one", outs: inputs };
  },
  async diff(_id, olds, news) {
    return { changes: olds.value !== news.value, replaces: news.value === "other" ? ["value"] : [] };
  },
  async update(_id, _olds, news) {
    return { outs: news };
  },
  async read(id, props) {
    return { id, props };
  },
  async delete() {},
};

class Thing extends pulumi.dynamic.Resource {
  readonly value!: pulumi.Output<string>;
  constructor(name: string, value: pulumi.Input<string>) {
    super(provider, name, { value });
  }
}

const config = new pulumi.Config();
export const value = new Thing("thing", config.get("value") ?? "first").value;
export const hidden = config.getSecret("hidden");
`;

function processesOf(project: PulumiProject): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "latin1").includes(`PULUMI_HOME=${project.directory}/`);
    } catch {
      return false;
    }
  });
}

const test = suite<{ project: PulumiProject }>("Pulumi driver");

test.before.each(async (context) => {
  context.project = await PulumiProject.create({ files: { "index.ts": program } });
});

test.after.each(({ project }) => {
  project.close();
  assert.equal(processesOf(project), []);
  assert.not(existsSync(project.directory));
});

test("a resource lives from preview to destroy, and each step counts its changes", async ({ project }) => {
  assert.equal((await project.preview()).changes, { create: 2 });
  assert.equal((await project.up()).changes, { create: 2 });
  assert.equal((await project.up()).changes, { same: 2 });
  assert.equal((await project.refresh()).changes, { same: 2 });
  await project.config("value", "second");
  assert.equal((await project.preview()).changes, { update: 1, same: 1 });
  assert.equal((await project.up()).changes, { update: 1, same: 1 });
  assert.equal(await project.outputs(), { value: "second" });
  await project.config("value", "other");
  assert.equal((await project.up()).changes, { replace: 1, same: 1 });
  assert.is((await project.exportStack()).deployment.resources?.length, 3, "the stack, a provider and the resource");
  assert.equal((await project.destroy()).changes, { delete: 2 });
  assert.is((await project.exportStack()).deployment.resources, undefined);
});

test("a secret is in the configuration, but readable nowhere", async ({ project }) => {
  await project.config("hidden", "correct horse", { secret: true });
  await project.up();
  assert.equal(await project.outputs(), { hidden: "[secret]", value: "first" });
  assert.equal(await project.outputs({ secrets: true }), { hidden: "correct horse", value: "first" });
  assert.not.match(JSON.stringify(await project.exportStack()), "correct horse");
});

test("a failure is an error with all output, or an outcome where it is expected", async ({ project }) => {
  await project.config("value", "bad");
  const outcome = await project.up({ expect: "failure" });
  assert.is.not(outcome.code, 0);
  assert.ok(
    outcome.complaints.some((text) => text.includes("the value is bad")),
    outcome.complaints.join("\n"),
  );
  let message = "";
  await project.up().catch((error: Error) => {
    message = error.message;
  });
  assert.match(message, /pulumi up .* ended with status [1-9][\s\S]*the value is bad/);
  let unexpected = "";
  await project.preview({ expect: "failure" }).catch((error: Error) => {
    unexpected = error.message;
  });
  assert.match(unexpected, "ended with status 0");
});

test("a run killed in the middle of a step leaves no process, and the next goes on after unlocking", async ({
  project,
}) => {
  await project.config("value", "slow");
  const killed = await project.up({ killWhen: (line) => line.includes("creating slowly") });
  assert.is(killed.code, null);
  assert.ok(killed.milliseconds < 50_000);
  await sleep(200);
  assert.equal(processesOf(project), []);
  await project.config("value", "first");
  assert.match((await project.up({ expect: "failure" })).stderr, "locked");
  await project.unlock();
  assert.equal((await project.up()).changes, { create: 1, same: 1 });
});

test("a run that takes too long is a failure", async ({ project }) => {
  await project.config("value", "slow");
  let message = "";
  await project.up({ timeout: 6_000, expect: "any" }).catch((error: Error) => {
    message = error.message;
  });
  assert.match(message, "took too long");
});

pulumiCli().then(
  () => test.run(),
  (error: Error) => skip("Pulumi driver", error.message),
);
