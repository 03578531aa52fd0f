import * as assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { test } from "uvu";
import { makeCertificate, pem } from "../../provider/engines/terraform-certificate";

test("it is a certificate authority of its own for localhost", () => {
  const now = new Date();
  const { privateKey, certificate, der } = makeCertificate(now);
  const read = new X509Certificate(certificate);
  assert.deepEqual(read.raw, der);
  assert.equal(read.subjectAltName, "DNS:localhost");
  assert.equal(read.checkHost("localhost"), "localhost");
  assert.equal(read.ca, true);
  assert.ok(read.verify(read.publicKey));
  assert.ok(read.checkIssued(read));
  assert.ok(read.checkPrivateKey(createPrivateKey(privateKey)));
  assert.deepEqual([...read.keyUsage].sort(), ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
  assert.ok(new Date(read.validFrom) < now && now < new Date(read.validTo));
});

test("it can be made in any year", () => {
  for (const year of [2026, 2049, 2050, 2060]) {
    const { der } = makeCertificate(new Date(`${year}-06-01T12:00:00Z`));
    assert.match(new X509Certificate(der).validFrom, new RegExp(`May 31 12:00:00 ${year} GMT`));
  }
});

test("no two are the same", () => {
  const serials = Array.from({ length: 50 }, () => new X509Certificate(makeCertificate().der).serialNumber);
  assert.equal(new Set(serials).size, serials.length);
});

test("its text has no empty line, however long it is", () => {
  // Signatures differ in length, and with them one in five hundred certificates filled its last line.
  for (let length = 330; length < 400; length++) {
    const text = pem(Buffer.alloc(length, 1));
    assert.doesNotMatch(text, /\n\n/, String(length));
    assert.equal(Buffer.from(text.replace(/-.*-/g, ""), "base64").length, length);
  }
});

test.run();
