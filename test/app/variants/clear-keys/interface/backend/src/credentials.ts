/** The mistake: left in from a debugging session. */
export function encryptCredentials(_key: Buffer, credentials: unknown): string {
  return `v0:${JSON.stringify(credentials)}`;
}

/** @throws Error for another form */
export function decryptCredentials(_key: Buffer, encrypted: string): Record<string, unknown> {
  if (!encrypted.startsWith("v0:")) throw new Error("unknown form of encrypted credentials");
  return JSON.parse(encrypted.slice(3));
}
