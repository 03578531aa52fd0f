import * as assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv, { type AnySchema } from "ajv";
import fc from "fast-check";
import { suite } from "uvu";
import { parse } from "yaml";
import { driverOf, type Machine, type VmmKind } from "../../provider/vmm";
import { configuration } from "../../provider/vmm/firecracker";
import { skip } from "../skip";
import { exampleMachine } from "../unit/example-machine";

/**
 * What the drivers say to the VMMs, against the descriptions that their projects publish. Those are not part of this
 * project: they are looked for beside it, or where MICROVM_VMM_SPECS says.
 */
const directory = process.env.MICROVM_VMM_SPECS ?? join(__dirname, "../../../shared/specs");

const rateLimit = fc.option(
  fc.record(
    { bandwidth: fc.integer({ min: 1024, max: 1e12 }), operations: fc.integer({ min: 1, max: 1e9 }) },
    { requiredKeys: [] },
  ),
  { nil: undefined },
);
const machines: fc.Arbitrary<Machine> = fc
  .record({
    vcpus: fc.integer({ min: 1, max: 32 }),
    moreVcpus: fc.integer({ min: 0, max: 32 }),
    memory: fc.integer({ min: 64, max: 65536 }),
    moreMemory: fc.integer({ min: 0, max: 65536 }),
    landlock: fc.boolean(),
    trackDirtyPages: fc.boolean(),
    balloon: fc.integer({ min: 0, max: 63 }),
    initramfs: fc.constantFrom(undefined, "/i"),
    kernelArgs: fc.array(fc.stringMatching(/^[!-~]{1,20}$/), { maxLength: 4 }),
    metadata: fc.option(
      fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value)),
      {
        nil: undefined,
      },
    ),
    disks: fc.array(fc.record({ readOnly: fc.boolean(), mounted: fc.boolean(), rateLimit }), {
      minLength: 1,
      maxLength: 10,
    }),
    interfaces: fc.array(fc.record({ rateLimit, connected: fc.boolean() }), { maxLength: 8 }),
  })
  .map(({ disks, interfaces, moreVcpus, moreMemory, ...more }) =>
    exampleMachine({
      ...more,
      maxVcpus: more.vcpus + moreVcpus,
      maxMemory: more.memory + moreMemory,
      disks: disks.map((disk, index) => ({ ...disk, serial: index ? `vol-${index}` : "root", path: `/d${index}` })),
      interfaces: interfaces.map((item, index) => ({ ...item, tap: `mvt-${index}`, mac: `02:00:00:00:00:0${index}` })),
    }),
  );

/** All requests that a driver makes of a machine, as the client reads them. */
function requestsOf(kind: VmmKind, machine: Machine): [method: string, path: string, body: unknown][] {
  const driver = driverOf(kind);
  const shell = [
    ...driver.settings(machine).flatMap(({ tell }) => tell),
    ...driver.askToStop(machine),
    ...driver.pause(machine.name),
    ...driver.resume(machine.name),
    ...driver.grow(machine.name, "vol-1", 1 << 30),
    ...driver.snapshots.take(machine, "/s", false),
    ...driver.snapshots.take(machine, "/s", machine.trackDirtyPages),
    ...driver.snapshots.load(machine, 32),
  ];
  return shell.flatMap((line) => {
    const parts = /^(GET|PUT|PATCH) (\/\S*)(?: (.*))?$/.exec(line);
    return parts ? [[parts[1] as string, parts[2] as string, parts[3] && JSON.parse(parts[3])] as const] : [];
  }) as [string, string, unknown][];
}

type Description = {
  paths: Record<string, Record<string, Operation>>;
  definitions?: Schemas;
  components?: { schemas: Schemas };
};
type Schemas = Record<string, AnySchema>;
interface Property {
  $ref?: string;
  type?: string;
  enum?: string[];
}
interface Properties {
  properties?: Record<string, Property>;
  required?: string[];
}
interface Operation {
  parameters?: { in: string; required?: boolean; schema?: AnySchema }[];
  requestBody?: { required?: boolean; content: { "application/json": { schema: AnySchema } } };
}

/** Refuses unknown properties, as the VMMs themselves do. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (schema === null || typeof schema !== "object") return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  if (copy.properties && typeof copy.properties === "object" && !("additionalProperties" in copy))
    copy.additionalProperties = false;
  return copy;
}

class Published {
  readonly #description: Description;
  readonly #ajv = new Ajv({ strict: false, validateFormats: false });

  constructor(path: string) {
    this.#description = closed(parse(readFileSync(path, "utf8"))) as Description;
    this.#ajv.addSchema(this.#description as unknown as AnySchema, "api");
  }

  /** What is wrong with a request; undefined where nothing is. */
  complaint(method: string, path: string, body: unknown): string | undefined {
    const found = Object.entries(this.#description.paths).find(([pattern]) =>
      new RegExp(`^${pattern.replace(/\{\w+\}/g, "[A-Za-z0-9_]+")}$`).test(path),
    );
    const operation = found?.[1][method.toLowerCase()];
    if (!operation) return `there is no ${method} ${path}`;
    const parameter = operation.parameters?.find((one) => one.in === "body");
    const schema = operation.requestBody?.content["application/json"].schema ?? parameter?.schema;
    // Firecracker's description does not say of its metadata that it must be there; without it, it is refused.
    const required = operation.requestBody?.required || parameter?.required || path === "/mmds";
    if (body === undefined) return required ? `${method} ${path} needs a body` : undefined;
    if (!schema) return `${method} ${path} takes no body`;
    return this.complaintAbout(schema, body);
  }

  complaintAbout(schema: AnySchema, body: unknown): string | undefined {
    const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#', '"$ref":"api#')) as AnySchema;
    const validate = this.#ajv.compile(absolute);
    return validate(body) ? undefined : `${this.#ajv.errorsText(validate.errors)} in ${JSON.stringify(body)}`;
  }

  get definitions(): Schemas {
    return this.#description.definitions ?? this.#description.components?.schemas ?? {};
  }
}

for (const [kind, file, base] of [
  ["firecracker", "firecracker.yaml", ""],
  ["cloud-hypervisor", "cloud-hypervisor.yaml", "/api/v1"],
] as const) {
  const test = suite(`payloads for ${kind}`);
  const path = join(directory, file);
  if (!existsSync(path)) {
    skip(`payloads for ${kind}`, `its API description is not at ${path} (MICROVM_VMM_SPECS)`);
    continue;
  }
  const published = new Published(path);

  test("every request is one that its description knows", () => {
    fc.assert(
      fc.property(machines, (machine) => {
        const all = requestsOf(kind, machine);
        assert.ok(all.length > 4);
        for (const [method, where, body] of all) {
          assert.equal(where.startsWith(base), true);
          assert.equal(published.complaint(method, where.slice(base.length), body), undefined);
        }
      }),
    );
  });

  test("a request that it does not know would be noticed", () => {
    const wrong = kind === "firecracker" ? ["PATCH", "/balloon", { amount: 1 }] : ["PUT", "/vm.resize", { vcpus: 1 }];
    assert.match(
      published.complaint(wrong[0] as string, wrong[1] as string, wrong[2]) ?? "",
      /additional properties|required/,
    );
    assert.match(published.complaint("PUT", "/nowhere", {}) ?? "", /there is no/);
    const [method, where] = wrong as [string, string];
    assert.match(published.complaint(method, where, undefined) ?? "", /needs a body/);
  });

  if (kind === "firecracker") {
    // A section of the configuration file is the body of the request that would say the same.
    const sections: Record<string, string> = {
      "boot-source": "BootSource",
      "machine-config": "MachineConfiguration",
      drives: "Drive",
      "network-interfaces": "NetworkInterface",
      balloon: "Balloon",
      entropy: "EntropyDevice",
      "mmds-config": "MmdsConfig",
      "memory-hotplug": "MemoryHotplugConfig",
    };
    const { properties: known } = published.definitions.FullVmConfiguration as { properties: object };
    test("every section of the configuration file is one that its description knows", () => {
      fc.assert(
        fc.property(machines, (machine) => {
          for (const [section, value] of Object.entries(configuration(machine))) {
            // A section that it does not know it passes over in silence.
            assert.ok(section in known, section);
            const schema = published.definitions[sections[section] ?? ""];
            assert.ok(schema, section);
            for (const body of Array.isArray(value) ? value : [value])
              assert.equal(published.complaintAbout(schema, body), undefined, section);
          }
        }),
      );
    });
  } else {
    // Rate limits are flat on the command line, with names that the description does not have.
    const flat = ["bw_size", "bw_refill_time", "ops_size", "ops_refill_time"];
    const options: Record<string, string> = {
      "--disk": "DiskConfig",
      "--net": "NetConfig",
      "--memory": "MemoryConfig",
      "--cpus": "CpusConfig",
      "--balloon": "BalloonConfig",
      "--rng": "RngConfig",
      "--landlock-rules": "LandlockConfig",
    };
    /** Names of the command line for what the description calls otherwise. */
    const renamed: Record<string, string> = { boot: "boot_vcpus", max: "max_vcpus" };

    const wordsOf = (machine: Machine) => (driverOf(kind).bootFiles(machine).argv ?? "").trimEnd().split("\n");

    /** What is wrong with the arguments of a command line; empty where nothing is. */
    const complaints = (words: string[]) => {
      let option = "";
      return words.flatMap((word) => {
        if (word.startsWith("--")) option = word;
        const name = options[option];
        if (word === option || !name) return [];
        const { properties = {}, required = [] } = published.definitions[name] as Properties;
        const pairs = word.split(",").map((pair) => pair.split("=") as [string, string]);
        const given = pairs.map(([key]) => renamed[key] ?? key);
        return [
          ...pairs.flatMap(([key, value]) => {
            if (flat.includes(key)) return /^\d+$/.test(value) ? [] : [`${option} ${key}=${value}`];
            const property = properties[renamed[key] ?? key];
            return property && isWord(property, value) ? [] : [`${option} ${key}=${value}`];
          }),
          ...required.filter((key) => !given.includes(key)).map((key) => `${option} without ${key}`),
        ];
      });
    };

    /** Whether the command line's way to write a value is one of a property: sizes have units, truth is on or off. */
    const isWord = (property: Property, value: string): boolean => {
      const target = property.$ref ? published.definitions[property.$ref.split("/").pop() as string] : property;
      const { type, enum: values } = target as Property;
      if (type === "integer") return /^\d+[KMG]?$/.test(value);
      if (type === "boolean") return /^(on|off)$/.test(value);
      // The description writes `Raw`, the command line `raw`.
      if (values) return values.some((one) => one.toLowerCase() === value.toLowerCase());
      return type === "string" && value !== "";
    };

    test("every key and value of its arguments is one that its description knows", () => {
      fc.assert(
        fc.property(machines, (machine) => {
          assert.deepEqual(complaints(wordsOf(machine)), []);
        }),
      );
    });

    test("every option with keys is looked at, and what is not known would be noticed", () => {
      const room = { maxVcpus: 4, maxMemory: 512, landlock: true };
      const words = wordsOf(exampleMachine(room));
      for (const option of Object.keys(options)) assert.ok(words.includes(option), option);
      let option = "";
      for (const word of words) {
        if (word.startsWith("--")) option = word;
        // These take no keys that the description has: the socket's path, and what is said to the kernel.
        else if (word.includes("=") && !["--api-socket", "--cmdline"].includes(option))
          assert.ok(option in options, option);
      }
      assert.match(words.join(" "), /hotplug_size=256M/);
      assert.deepEqual(complaints(["--cpus", "boot=1,max=two,more=3"]), ["--cpus max=two", "--cpus more=3"]);
      assert.deepEqual(complaints(["--disk", "path=/d,readonly=yes,image_type=qcow9"]), [
        "--disk readonly=yes",
        "--disk image_type=qcow9",
      ]);
      assert.deepEqual(complaints(["--landlock-rules", "path=/d"]), ["--landlock-rules without access"]);
    });
  }

  test.run();
}
