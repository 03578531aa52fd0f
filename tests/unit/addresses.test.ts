import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bridgeName, macAddress, tapName, userName } from "../../provider/host/names";
import {
  allocate,
  baseAddress,
  checkAddress,
  firstAddress,
  overlaps,
  toAddress,
  toNumber,
} from "../../provider/resources/addresses";

const test = suite("addresses and names");
const address = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map(toAddress);
const cidr = fc
  .tuple(address, fc.integer({ min: 20, max: 30 }))
  .map(([base, length]) => `${baseAddress(`${base}/${length}`)}/${length}`);

test("numbers and addresses are the same thing", () => {
  fc.assert(fc.property(address, (text) => toAddress(toNumber(text)) === text));
});

test("what is allocated is right, and never given twice", () => {
  fc.assert(
    fc.property(cidr, fc.array(fc.string(), { maxLength: 40 }), (network, keys) => {
      const taken = new Set<string>();
      const size = 2 ** (32 - Number(network.split("/")[1]));
      for (const key of keys.slice(0, size - 3)) {
        const given = allocate({ cidr: network }, (candidate) => taken.has(candidate), key);
        assert.not.ok(taken.has(given));
        assert.is(checkAddress({ cidr: network }, given), undefined);
        taken.add(given);
      }
    }),
  );
});

test("the same key gets the same address where it is free", () => {
  const one = allocate({ cidr: "10.0.0.0/16" }, () => false, "web/0");
  assert.is(
    allocate({ cidr: "10.0.0.0/16" }, () => false, "web/0"),
    one,
  );
});

test("a full network says so", () => {
  assert.throws(() => allocate({ cidr: "10.0.0.0/30" }, () => true, "x"), /all of its 1 addresses are taken/);
});

for (const [given, reason] of [
  ["172.30.1.5", /outside the network/],
  ["172.30.0.0", /network's own/],
  ["172.30.0.255", /broadcast/],
  ["172.30.0.1", /gateway/],
] as const) {
  test(`${given} is refused with a reason`, () =>
    assert.match(checkAddress({ cidr: "172.30.0.0/24" }, given) ?? "", reason));
}

test("networks overlap or they do not", () => {
  assert.ok(overlaps("10.0.0.0/8", "10.200.0.0/16"));
  assert.ok(overlaps("10.0.0.5/24", "10.0.0.128/25"));
  assert.not.ok(overlaps("10.0.0.0/24", "10.0.1.0/24"));
  assert.is(firstAddress("10.0.1.0/24"), "10.0.1.1");
});

test("names fit what Linux allows, and do not collide", () => {
  const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/);
  fc.assert(
    fc.property(name, name, fc.integer({ min: 0, max: 7 }), (a, b, index) => {
      assert.ok(bridgeName(a).length <= 15);
      assert.ok(tapName(a, index).length <= 15);
      assert.ok(userName(a).length <= 32);
      assert.match(macAddress(a, b, index), /^02(:[0-9a-f]{2}){5}$/);
      if (a === b) return;
      assert.is.not(bridgeName(a), bridgeName(b));
      assert.is.not(tapName(a, index), tapName(b, index));
      assert.is.not(userName(a), userName(b));
    }),
  );
});

test.run();
