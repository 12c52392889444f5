import { createHash } from "node:crypto";
import type { Settings } from "../settings";

/** What decides an artifact's content; two machines with the same make the same. */
export type ArtifactIdentity = {
  commit: string;
  build: Settings["app"]["build"];
  frontend: Settings["app"]["frontend"];
  platform: string;
};

/** Rises when the layout inside the archive changes. */
const layoutVersion = 1;

export function artifactKey(identity: ArtifactIdentity): string {
  return createHash("sha256").update(JSON.stringify([layoutVersion, identity])).digest("hex");
}
