import { createHmac } from "node:crypto";

/** The same token with one character of its signature changed; not the last one, some of whose bits are unused. */
export function withChangedSignature(token: string): string {
  const place = Math.max(token.lastIndexOf(".") + 1, token.length - 12);
  const changed = token[place] === "A" ? "B" : "A";
  return token.slice(0, place) + changed + token.slice(place + 1);
}

/** The same claims, correctly signed but expired; undefined if the token is not an HS256 JWT. */
export function expiredTwin(token: string, secret: string): string | undefined {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const sign = (text: string) => createHmac("sha256", secret).update(text).digest("base64url");
  if (signature === "" || sign(`${header}.${payload}`) !== signature) return undefined;
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
  const past = Math.floor(Date.now() / 1000) - 3600;
  const old = Buffer.from(JSON.stringify({ ...claims, iat: past - 900, exp: past })).toString("base64url");
  return `${header}.${old}.${sign(`${header}.${old}`)}`;
}
