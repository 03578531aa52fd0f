import { test } from "uvu";
import * as assert from "uvu/assert";
import type { MicrovmError } from "../../provider/errors";
import type { Kind } from "../../provider/generated/types";
import { type ObjectId, parseObjectId } from "../../provider/object-id";

const right: [kind: Kind, id: string, parsed: ObjectId][] = [
  ["MicroVM", "203.0.113.10/web", { address: "203.0.113.10", name: "web" }],
  ["MicroVM", "root@203.0.113.10:2222/web", { address: "203.0.113.10", port: 2222, user: "root", name: "web" }],
  ["MicroVM", "metal-1/web", { address: "metal-1", name: "web" }],
  ["MicroVM", "metal_1.example.org:22/web", { address: "metal_1.example.org", port: 22, name: "web" }],
  ["MicroVM", "[2001:db8::1]/web", { address: "2001:db8::1", name: "web" }],
  ["MicroVM", "root@[fe80::1%eth0]:22/web", { address: "fe80::1%eth0", port: 22, user: "root", name: "web" }],
  ["MicroVM", "me@example.org@metal-1/web", { address: "metal-1", user: "me@example.org", name: "web" }],
  ["MicroVM", "local/web", { address: "local", name: "web" }],
  ["Host", "metal-1", { address: "metal-1" }],
  ["Host", "root@metal-1:22", { address: "metal-1", port: 22, user: "root" }],
  ["Host", "metal-1/edge", { address: "metal-1", name: "edge" }],
  ["Host", "local", { address: "local" }],
];

for (const [kind, id, parsed] of right) {
  test(`${kind} ${id}`, () => assert.equal(parseObjectId(kind, id), parsed));
}

const wrong: [kind: Kind, id: string, sentence: RegExp][] = [
  ["MicroVM", "", /not of the form/],
  ["MicroVM", "metal-1", /does not say the object's name\. Say \[user@\]address\[:port\]\/name/],
  ["MicroVM", "metal-1/", /not of the form/],
  ["MicroVM", "/web", /not of the form/],
  ["MicroVM", "metal-1/vms/web", /not of the form/],
  ["MicroVM", "2001:db8::1/web", /IPv6 address in brackets/],
  ["MicroVM", "metal 1/web", /not of the form/],
  ["MicroVM", "metal-1:ssh/web", /not of the form/],
  ["MicroVM", "metal-1:0/web", /0 is no port/],
  ["MicroVM", "metal-1:65536/web", /65536 is no port/],
  ["MicroVM", "root@local/web", /this machine/],
  ["Host", "local:22", /this machine/],
  ["Host", "@metal-1", /not of the form/],
  ["Host", "metal-1/a/b", /several Hosts/],
];

for (const [kind, id, sentence] of wrong) {
  test(`${kind} ${JSON.stringify(id)} is refused`, () => {
    try {
      parseObjectId(kind, id);
    } catch (error) {
      assert.is((error as MicrovmError).code, "id-malformed");
      assert.match((error as MicrovmError).message, sentence);
      return;
    }
    assert.unreachable("it should have been refused");
  });
}

test.run();
