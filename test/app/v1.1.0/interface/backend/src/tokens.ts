import { createHash, randomUUID } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";

export const tokenLifetimeMinutes = 15;

export type Tokens = {
  sign(userId: string): Promise<{ token: string; expiresAt: Date }>;
  /** The user's id; undefined for a token that is malformed, expired or not ours. */
  verify(token: string): Promise<string | undefined>;
};

export function createTokens(secret: string): Tokens {
  const key = new TextEncoder().encode(secret);
  return {
    async sign(userId) {
      const expiresAt = new Date(Date.now() + tokenLifetimeMinutes * 60_000);
      const token = await new SignJWT()
        .setProtectedHeader({ alg: "HS256" })
        .setSubject(userId)
        .setJti(randomUUID())
        .setIssuedAt()
        .setExpirationTime(expiresAt)
        .sign(key);
      return { token, expiresAt };
    },
    verify: (token) =>
      jwtVerify(token, key, { algorithms: ["HS256"] }).then(
        ({ payload }) => payload.sub,
        () => undefined,
      ),
  };
}

/** What the table `sessions` holds, so that a copy of the database lets nobody in. */
export const tokenHash = (token: string): string => createHash("sha256").update(token).digest("hex");
