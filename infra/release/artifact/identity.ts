import { createHash } from "node:crypto";
import type { Settings } from "../../settings/settings";

/** What decides an artifact's content; two machines with the same make the same. */
export type ArtifactIdentity = {
  commit: string;
  build: Settings["app"]["build"] & { nodeVersion: string };
  /** How its files are served is no part of them. */
  frontend: Pick<Settings["app"]["frontend"], "directory">;
  platform: string;
  /** What the manifest declares. */
  schemaVersions: readonly number[];
  /** Where the release declares its variables. */
  variablesFile: string;
};

/** Rises when the same identity gives another archive: another layout, other times. */
const layoutVersion = 4;

export function identityOf(
  settings: Pick<Settings, "app" | "preflight">,
  commit: string,
  schemaVersions: readonly number[],
  nodeVersion: string,
): ArtifactIdentity {
  const { build, frontend } = settings.app;
  return {
    commit,
    build: { ...build, nodeVersion },
    frontend: { directory: frontend.directory },
    platform: "linux-x64",
    schemaVersions,
    variablesFile: settings.preflight.variablesFile,
  };
}

export function artifactKey(identity: ArtifactIdentity): string {
  return createHash("sha256")
    .update(JSON.stringify([layoutVersion, identity]))
    .digest("hex");
}
