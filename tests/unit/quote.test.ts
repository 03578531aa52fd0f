import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { redact } from "../../provider/ssh";
import { quote } from "../../provider/ssh/quote";

const test = suite("shell text");

test("a quoted word reaches a real shell's command unchanged", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string({ unit: "binary" }).map((s) => Buffer.from(s.replaceAll("\0", "")).toString()),
        { minLength: 1, maxLength: 20 },
      ),
      (words) => {
        const out = execFileSync("/bin/sh", ["-c", `printf '%s\\0' ${words.map(quote).join(" ")}`], {
          encoding: "utf8",
        });
        assert.equal(out.split("\0").slice(0, -1), words);
      },
    ),
    { numRuns: 100 },
  );
});

test("a NUL is refused", () => assert.throws(() => quote("a\0b"), /NUL/));

test("secrets and private keys do not survive redaction", () => {
  const text =
    "password hunter22 and\n-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\ndone";
  assert.is(redact(text, ["hunter22"]), "password [secret] and\n[private key]\ndone");
});

test.run();
