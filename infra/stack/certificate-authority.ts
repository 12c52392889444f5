import { readFileSync } from "node:fs";
import { Failure } from "../core/failure";
import { regionRoots } from "../settings/region-roots";

/**
 * Who may have signed the database's certificate, in PEM.
 * @param source `amazon` for the authorities of RDS in the region, or the path of a PEM file
 * @throws Error with what to do where the file cannot be read
 */
export function databaseAuthority(source: string, region: string): string {
  return source === "amazon" ? regionRoots(region).join("\n") : readAuthority("database.certificateAuthority", source);
}

/**
 * Who signed the public certificate, in PEM; null where browsers know them.
 * @param source `public`, or the path of a PEM file
 * @throws Error with what to do where the file cannot be read
 */
export function publicAuthority(source: string): string | null {
  return source === "public" ? null : readAuthority("network.certificateAuthority", source);
}

function readAuthority(key: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Failure(
      "settings-wrong",
      `prompt-library:${key} must be the path of a file that can be read: ${error instanceof Error ? error.message : String(error)}`,
      `pulumi config set --path ${key} FILE`,
      { changed: "nothing" },
    );
  }
}
