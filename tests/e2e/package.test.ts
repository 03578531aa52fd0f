import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { rootCertificates } from "node:tls";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { pulumiPackage } from "../../provider/engines/pulumi-package";
import { kit } from "../../provider/host/kit";
import { skip } from "../skip";

/** The package as it is published: packed, installed where nothing else is, and used from there. */
const root = join(__dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "microvm-package-"));
process.once("exit", () => rmSync(scratch, { recursive: true, force: true }));
const consumer = join(scratch, "consumer");
const installed = join(consumer, "node_modules/pulumi-microvm");
const { version, exports, bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** MB that it may take, and not what it takes: docs/benchmarks.md has that. */
const bounds = { tarball: 2, unpacked: 12, installed: 120 };

interface Packed {
  filename: string;
  size: number;
  unpackedSize: number;
  files: { path: string }[];
}

/** As it is published: built before, by `prepack`; of a copy, since other tests run what is built in the original. */
function pack(): Packed {
  const copy = join(scratch, "sources");
  const left = /^(node_modules|dist|\.git)$/;
  cpSync(root, copy, { recursive: true, filter: (path) => path === root || !left.test(basename(path)) });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  const args = ["pack", "--json", "--silent", "--foreground-scripts=false", "--pack-destination", scratch];
  const ran = spawnSync("npm", args, { cwd: copy, encoding: "utf8" });
  if (ran.status !== 0) throw new Error(`npm pack failed:\n${ran.stdout}${ran.stderr}`);
  return JSON.parse(ran.stdout)[0];
}

/** Installs a tarball in an empty directory; says why it cannot where there is no registry. */
function install(tarball: string): string | undefined {
  mkdirSync(consumer);
  writeFileSync(join(consumer, "package.json"), JSON.stringify({ name: "consumer", private: true }));
  const quiet = ["--omit=dev", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  const ran = spawnSync("npm", ["install", ...quiet, tarball], { cwd: consumer, encoding: "utf8" });
  if (ran.status === 0) return undefined;
  const offline = /code (ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED)/.exec(
    ran.stderr,
  );
  if (!offline) throw new Error(`npm install failed:\n${ran.stderr}`);
  return `no registry of npm answers (${offline[1]})`;
}

/** Runs text as a program of the consumer. */
function evaluate(text: string): string {
  return execFileSync(process.execPath, ["-e", text], { cwd: consumer, encoding: "utf8" });
}

function sizeOf(directory: string): number {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.reduce((sum, file) => sum + statSync(join(file.parentPath ?? file.path, file.name)).size, 0);
}

/** Starts an executable of the package as npm links it, and gives its first line. */
async function start(name: string, args: string[], environment: NodeJS.ProcessEnv = {}) {
  const child = spawn(join(consumer, "node_modules/.bin", name), args, {
    cwd: scratch,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once("line", resolve);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${name} ended with ${code}: ${complaints}`)));
  });
  return { child, line };
}

async function end(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

const test = suite("the published package");
const packed = pack();
const tarball = join(scratch, packed.filename);
const reason = install(tarball);

test("holds what it needs and nothing of tests and tools", () => {
  const paths = packed.files.map(({ path }) => path);
  const strange = paths.filter(
    (path) => !/^(dist\/(provider|sdk)|host-setup|plugin|schema)\/|^[A-Z]+(\.md)?$/.test(path),
  );
  assert.equal(strange, ["package.json"]);
  assert.equal(
    paths.filter((path) => /(^|\/)(tests?|tools|examples)\/|\.test\./.test(path)),
    [],
  );
  const named = [...JSON.stringify([exports, bin]).matchAll(/"(?:\.\/)?((?:dist|plugin)\/[^"]+)"/g)].map(
    ([, path]) => path,
  );
  for (const path of ["README.md", "LICENSE", "CHANGELOG.md", "host-setup/lib.sh", ...named])
    assert.ok(path && paths.includes(path), path);
});

if (reason) skip("the published package where it is installed", reason);
else installedTests();

function installedTests(): void {
  test("takes no more room than is said", () => {
    const sizes = {
      tarball: packed.size,
      unpacked: packed.unpackedSize,
      installed: sizeOf(join(consumer, "node_modules")),
    };
    for (const [name, bytes] of Object.entries(sizes) as [keyof typeof bounds, number][]) {
      const size = bytes / 1e6;
      process.stdout.write(`# ${name}: ${size.toFixed(2)} MB\n`);
      assert.ok(size < bounds[name], `${name}: ${size.toFixed(2)} MB`);
    }
  });

  test("brings the same host kit", () => {
    const hash = evaluate(
      `console.log(require(${JSON.stringify(join(installed, "dist/provider/host/kit.js"))}).kit().hash)`,
    );
    assert.is(hash.trim(), kit().hash);
  });

  test("is what a program gets by its name, with its types", () => {
    assert.is(evaluate('console.log(typeof require("pulumi-microvm").MicroVM)'), "function\n");
    const program = `import * as microvm from "pulumi-microvm";
const host = new microvm.Host("metal", { address: "203.0.113.10" });
export const cpus: number | undefined = host.cpus.get();
// @ts-expect-error There is no such property.
new microvm.Network("lan", { host, cidr: "172.30.0.0/24", cider: "" });
`;
    writeFileSync(join(consumer, "index.ts"), program);
    const strict = ["--noEmit", "--strict", "--module", "node20", "--moduleResolution", "node16", "--target", "es2022"];
    const ran = spawnSync(join(root, "node_modules/.bin/tsc"), [...strict, "--skipLibCheck", "index.ts"], {
      cwd: consumer,
      encoding: "utf8",
    });
    assert.is(ran.status, 0, ran.stdout);
  });

  test("serves the stubs that states hold", () => {
    const said = evaluate(`require("pulumi-microvm/runtime")
      .dispatch("Network", "check", {}, { name: "lan", cidr: "172.30.0.0/24", owner: "a/b/c::Network::lan", host: { name: "h", machineId: "m", connection: { address: "h" } } })
      .then(({ inputs, failures }) => console.log(JSON.stringify([inputs.cidr, failures])))`);
    assert.equal(JSON.parse(said), ["172.30.0.0/24", []]);
  });

  test("serves Pulumi's engine as a plugin", async () => {
    const { child, line } = await start("pulumi-resource-microvm", ["127.0.0.1:1"]);
    try {
      assert.match(line, /^\d+$/);
      const client = new ResourceProviderClient(`127.0.0.1:${line}`, grpc.credentials.createInsecure());
      const info = await new Promise<string>((resolve, reject) =>
        client.getPluginInfo(new Empty(), (error, answer) => (error ? reject(error) : resolve(answer.getVersion()))),
      );
      assert.is(info, version);
      const schema = await new Promise<string>((resolve, reject) =>
        client.getSchema(new messages.GetSchemaRequest(), (error, answer) =>
          error ? reject(error) : resolve(answer.getSchema()),
        ),
      );
      assert.equal(JSON.parse(schema), JSON.parse(JSON.stringify(pulumiPackage())));
      client.close();
    } finally {
      await end(child);
    }
  });

  test("serves Terraform as a provider", async () => {
    const { child, line } = await start("terraform-provider-microvm", [], {
      TF_PLUGIN_MAGIC_COOKIE: "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
      PLUGIN_PROTOCOL_VERSIONS: "5,6",
      // Any certificate will do: nobody logs in.
      PLUGIN_CLIENT_CERT: rootCertificates[0],
    });
    try {
      assert.match(line, /^1\|6\|(tcp|unix)\|[^|]+\|grpc/);
    } finally {
      await end(child);
    }
  });
}

test.run();
