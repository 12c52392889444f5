import { readFileSync } from "node:fs";
import { regionRoots } from "../settings/region-roots";

/**
 * Who may have signed the database's certificate, in PEM.
 * @param source `amazon` for the authorities of RDS in the region, or the path of a PEM file
 * @throws Error with what to do where the file cannot be read
 */
export function certificateAuthority(source: string, region: string): string {
  if (source === "amazon") return regionRoots(region).join("\n");
  try {
    return readFileSync(source, "utf8");
  } catch (error) {
    throw new Error(
      `prompt-library:database.certificateAuthority must be the path of a file that can be read: ${error instanceof Error ? error.message : String(error)}. Remedy: pulumi config set --path database.certificateAuthority FILE`,
    );
  }
}
