import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** A key and a certificate for it, made for one process. */
export interface Certificate {
  /** PEM. */
  privateKey: string;
  /** PEM. */
  certificate: string;
  der: Buffer;
}

const day = 86_400_000;

/**
 * The certificate that a plugin shows: signed by itself, since Terraform takes the one that the plugin names for the
 * only authority, and for `localhost`, which is what it expects. Written here, since the libraries that do it take as
 * long to load as the rest of the provider, and Terraform starts it four times a run.
 */
export function makeCertificate(now = new Date()): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(set(sequence(oid.commonName, utf8("localhost"))));
  const algorithm = sequence(oid.ecdsaWithSha256);
  const body = sequence(
    tagged(0, integer(Buffer.from([2]))), // version 3
    integer(Buffer.concat([Buffer.from([0x40]), randomBytes(15)])),
    algorithm,
    name,
    sequence(time(now.getTime() - day), time(now.getTime() + 365 * day)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    tagged(
      3,
      sequence(
        extension(oid.basicConstraints, sequence(boolean(true)), true),
        // Digital signature, key agreement, signing of certificates.
        extension(oid.keyUsage, der(0x03, Buffer.from([2, 0b1000_1100])), true),
        extension(oid.extendedKeyUsage, sequence(oid.clientAuth, oid.serverAuth)),
        extension(oid.subjectAltName, sequence(der(0x82, Buffer.from("localhost")))),
      ),
    ),
  );
  const signature = der(0x03, Buffer.from([0]), sign("sha256", body, privateKey));
  const whole = sequence(body, algorithm, signature);
  return {
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    certificate: pem(whole),
    der: whole,
  };
}

/** A certificate as text. OpenSSL takes no empty line, which one of 384 bytes would have had at its end. */
export function pem(certificate: Buffer): string {
  const lines = certificate.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

const oid = {
  commonName: der(0x06, Buffer.from([0x55, 0x04, 0x03])),
  ecdsaWithSha256: der(0x06, Buffer.from([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02])),
  basicConstraints: der(0x06, Buffer.from([0x55, 0x1d, 0x13])),
  keyUsage: der(0x06, Buffer.from([0x55, 0x1d, 0x0f])),
  extendedKeyUsage: der(0x06, Buffer.from([0x55, 0x1d, 0x25])),
  subjectAltName: der(0x06, Buffer.from([0x55, 0x1d, 0x11])),
  serverAuth: der(0x06, Buffer.from([0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01])),
  clientAuth: der(0x06, Buffer.from([0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02])),
};

/** A value in DER: tag, length, content. */
function der(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const hex = body.length.toString(16);
  const length = Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex");
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}

function sequence(...content: Buffer[]): Buffer {
  return der(0x30, ...content);
}

function set(...content: Buffer[]): Buffer {
  return der(0x31, ...content);
}

function tagged(number: number, content: Buffer): Buffer {
  return der(0xa0 | number, content);
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes);
}

function utf8(text: string): Buffer {
  return der(0x0c, Buffer.from(text));
}

function boolean(value: boolean): Buffer {
  return der(0x01, Buffer.from([value ? 0xff : 0]));
}

/** Up to 2049 the year has two digits. */
function time(at: number): Buffer {
  const digits = `${new Date(at).toISOString().replace(/\D/g, "").slice(0, 14)}Z`;
  return digits < "2050" ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}

function extension(id: Buffer, value: Buffer, critical = false): Buffer {
  return sequence(id, ...(critical ? [boolean(true)] : []), der(0x04, value));
}
