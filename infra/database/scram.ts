import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

/**
 * A password as PostgreSQL itself keeps it (RFC 5803), so that CREATE ROLE and ALTER ROLE carry no password: the server keeps their
 * texts, in pg_stat_statements and, where statements are logged or fail, in its log.
 * @param salt 16 bytes
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16), iterations = 4096): string {
  const salted = pbkdf2Sync(password.normalize("NFKC"), salt, iterations, 32, "sha256");
  const hmac = (text: string) => createHmac("sha256", salted).update(text).digest();
  const storedKey = createHash("sha256").update(hmac("Client Key")).digest("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${storedKey}:${hmac("Server Key").toString("base64")}`;
}

/**
 * The same salt for the same place, so that the same password makes the same verifier. Never made from the password: PostgreSQL tells the
 * salt to whoever begins to log in.
 */
export function saltOf(place: string): Buffer {
  return createHash("sha256").update(place).digest().subarray(0, 16);
}
