import * as assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import { resourceAttributes } from "../../provider/engines/terraform-attributes";
import { milliseconds } from "../../provider/engines/terraform-durations";
import { attributeName, inTerraformsTerms, snakeCase, typeName } from "../../provider/engines/terraform-names";
import { attributePath, pathText } from "../../provider/engines/terraform-paths";
import { currentProgram, ownerOf } from "../../provider/engines/terraform-program";

test("kinds and properties have Terraform's names", () => {
  assert.equal(typeName("MicroVM"), "microvm_micro_vm");
  assert.equal(typeName("GVisor"), "microvm_g_visor");
  assert.equal(typeName("KataRuntime"), "microvm_kata_runtime");
  for (const [property, name] of Object.entries({
    microVM: "micro_vm",
    ipAddress: "ip_address",
    sha256: "sha256",
    sshAuthorizedKeys: "ssh_authorized_keys",
    connection: "connection_details",
  })) {
    assert.equal(attributeName(property), name);
  }
  assert.equal(snakeCase("connection"), "connection");
});

test("sentences call properties as they are called here, and leave other words alone", () => {
  assert.equal(
    inTerraformsTerms("Prefer `privateKeyFile`: maxMemory is MiB, as macOS, `ready.tcp` and MICROVM_TRACE say."),
    "Prefer `private_key_file`: max_memory is MiB, as macOS, `ready.tcp` and MICROVM_TRACE say.",
  );
});

test("a property's path is one of attributes, elements and keys", () => {
  for (const [property, text, steps] of [
    ["interfaces[1].rateLimit.bandwidth", "interfaces[1].rate_limit", 3],
    ["ready.tcp", "ready.tcp", 2],
    ["nonsense", "", 0],
  ] as const) {
    const path = attributePath(resourceAttributes("MicroVM"), property);
    assert.ok(pathText(path).startsWith(text), pathText(path));
    assert.ok(path.steps.length >= steps);
  }
  assert.deepEqual(attributePath(resourceAttributes("Host"), 'sysctls["vm.swappiness"]').steps, [
    { attributeName: "sysctls" },
    { elementKeyString: "vm.swappiness" },
  ]);
});

test("an owner names program, workspace, kind and object, whatever the program is called", () => {
  const owner = ownerOf({ name: "my fleet/eu", workspace: "default" }, "Volume", "data");
  assert.equal(owner, "terraform/my-fleet-eu/default::Volume::data");
  assert.deepEqual(currentProgram(undefined, {}, "/nowhere/fleet"), { name: "fleet", workspace: "default" });
  assert.deepEqual(currentProgram("shop", { TF_WORKSPACE: "eu" }, "/nowhere"), { name: "shop", workspace: "eu" });
  const data = mkdtempSync(join(tmpdir(), "microvm-workspace-"));
  writeFileSync(join(data, "environment"), "prod");
  assert.equal(currentProgram("shop", { TF_DATA_DIR: data }, "/nowhere").workspace, "prod");
  rmSync(data, { recursive: true });
});

test("durations are those of Terraform's configurations", () => {
  assert.equal(milliseconds("10m"), 600_000);
  assert.equal(milliseconds("1h30m"), 5_400_000);
  assert.equal(milliseconds("1.5s"), 1_500);
  assert.equal(milliseconds("250ms"), 250);
  for (const wrong of ["", "10", "m", "10 m", "-5s", "1d", "undefined"])
    assert.equal(milliseconds(wrong), undefined, wrong);
});

test.run();
