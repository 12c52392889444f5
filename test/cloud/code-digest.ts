import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What the local cloud's own files hold: one that was started from others may not know what this checkout asks of it. */
export function codeDigest(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const hash = createHash("sha256");
  for (const file of readdirSync(here, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .sort())
    hash.update(`${file}\0`).update(readFileSync(join(here, file)));
  return hash.digest("hex");
}
