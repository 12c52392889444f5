import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** AES-256-GCM: `v1:IV:TAG:CIPHERTEXT` in base64. */
export function encryptCredentials(key: Buffer, credentials: unknown): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  const text = Buffer.concat([cipher.update(JSON.stringify(credentials), "utf8"), cipher.final()]);
  return ["v1", ...[iv, cipher.getAuthTag(), text].map((part) => part.toString("base64"))].join(":");
}

/** @throws Error when the text was changed or another key encrypted it */
export function decryptCredentials(key: Buffer, encrypted: string): Record<string, unknown> {
  const [version, iv = "", tag = "", text = ""] = encrypted.split(":");
  if (version !== "v1") throw new Error("unknown form of encrypted credentials");
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(iv, "base64"), { authTagLength: 16 });
  decipher.setAuthTag(Buffer.from(tag, "base64"));
  return JSON.parse(Buffer.concat([decipher.update(Buffer.from(text, "base64")), decipher.final()]).toString("utf8"));
}
