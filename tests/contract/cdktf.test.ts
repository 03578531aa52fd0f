import * as assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import { sourceAddress } from "../../provider/engines/terraform-install";
import { libraries } from "../../tools/cdktf/build";
import { CdktfProgram } from "./cdktf-program";

for (const library of libraries) {
  test(`${library}: the example compiles, and makes what Terraform takes`, async () => {
    const program = await CdktfProgram.create(library);
    try {
      program.compile();
      const stack = program.synthesize({ HOST_ADDRESS: "192.0.2.1", HOST_PORT: "2222" });
      const made = JSON.parse(readFileSync(join(stack, "cdk.tf.json"), "utf8"));
      assert.deepEqual(made.terraform.required_providers, { microvm: { source: sourceAddress } });
      const { web } = made.resource.microvm_micro_vm;
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Terraform's own
      assert.equal(web.host, "${microvm_host.metal}");
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Terraform's own
      assert.deepEqual(web.interfaces, [{ network: "${microvm_network.lan}" }]);
      assert.equal(made.resource.microvm_host.metal.port, 2222);
    } finally {
      program.close();
    }
  });
}

test.run();
