import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";
import { z } from "zod";
import { Failure } from "../core/failure";
import { canonicalJson, sha256 } from "./canonical";
import { type Report, reportSchema } from "./shape";

const signatureSchema = z.strictObject({
  algorithm: z.literal("Ed25519"),
  /** `ed25519:` and the first 16 digits of the SHA-256 of `publicKey`. */
  keyId: z.string(),
  /** SPKI in base64. It shows that the report is whole; who signed it shows only a key from elsewhere. */
  publicKey: z.string(),
  value: z.string(),
});

/** The signature is checked before anything inside the report is looked at. */
const envelopeSchema = z.strictObject({ report: z.unknown(), signature: signatureSchema });

export type SignedReport = { report: Report; signature: z.infer<typeof signatureSchema> };

export type Verification =
  | { verified: true; report: Report; keyId: string; signer: "known" | "unknown" }
  | { verified: false; reason: string };

/** A pair for the stack's secrets and keys: PKCS #8 and SPKI in PEM. */
export function newSigningKeys(): { privateKey: string; publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}

/** @throws Error when the key is not an Ed25519 private key in PEM; the key itself is never in the message */
export function signReport(report: Report, privateKeyPem: string): SignedReport {
  const key = ed25519(() => createPrivateKey(privateKeyPem), "private");
  const publicKey = createPublicKey(key);
  return {
    report,
    signature: {
      algorithm: "Ed25519",
      keyId: keyIdOf(publicKey),
      publicKey: spki(publicKey).toString("base64"),
      value: sign(null, Buffer.from(canonicalJson(report)), key).toString("base64"),
    },
  };
}

/** The file's whole content. `sha256sum` of it is what the page shows. */
export function signedText(signed: SignedReport): string {
  return `${canonicalJson(signed)}\n`;
}

/**
 * Holds a report's file against its signature. Any changed byte fails, white space and the order of keys included, since
 * the file has to be exactly what `signedText` wrote.
 * @param publicKeyPem the key that should have signed it; without it the signer stays unknown
 */
export function verifySigned(json: string, publicKeyPem?: string): Verification {
  const no = (reason: string): Verification => ({ verified: false, reason });
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return no("it is not JSON");
  }
  const envelope = envelopeSchema.safeParse(value);
  if (!envelope.success) return no("it is no signed report");
  const { report: content, signature } = envelope.data;
  if (json !== `${canonicalJson(envelope.data)}\n`)
    return no("its bytes are not those that were written when it was signed");
  const own = publicKeyFrom(signature.publicKey);
  if (own === undefined || keyIdOf(own) !== signature.keyId) return no("the key that it carries is damaged");
  const expected = publicKeyPem === undefined ? own : ed25519(() => createPublicKey(publicKeyPem), "public");
  if (!spki(expected).equals(spki(own)))
    return no(`it was signed with another key: ${signature.keyId}, expected ${keyIdOf(expected)}`);
  const bytes = Buffer.from(signature.value, "base64");
  if (bytes.toString("base64") !== signature.value) return no("its signature is damaged");
  if (!verify(null, Buffer.from(canonicalJson(content)), expected, bytes))
    return no("its signature does not fit its content");
  const parsed = reportSchema.safeParse(content);
  if (!parsed.success) return no("it is signed, but of a shape that this version of the program does not know");
  const report = parsed.data;
  return { verified: true, report, keyId: signature.keyId, signer: publicKeyPem === undefined ? "unknown" : "known" };
}

/** What the page shows of the signed file. */
export function sealOf(signed: SignedReport): { jsonSha256: string; keyId: string } {
  return { jsonSha256: sha256(signedText(signed)), keyId: signed.signature.keyId };
}

function publicKeyFrom(base64: string): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(base64, "base64"), format: "der", type: "spki" });
    return key.asymmetricKeyType === "ed25519" && spki(key).toString("base64") === base64 ? key : undefined;
  } catch {
    return undefined;
  }
}

function spki(key: KeyObject): Buffer {
  return key.export({ type: "spki", format: "der" });
}

function keyIdOf(key: KeyObject): string {
  return `ed25519:${sha256(spki(key).toString("base64")).slice(0, 16)}`;
}

function ed25519(read: () => KeyObject, kind: "private" | "public"): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = read();
  } catch {
    // OpenSSL's own message says less than the one below, and could repeat what it read.
  }
  if (key?.asymmetricKeyType === "ed25519") return key;
  throw new Failure(
    "report-key-unfit",
    `The report's ${kind} key is not an Ed25519 key in PEM`,
    "npm run init -- STACK creates a pair",
  );
}
