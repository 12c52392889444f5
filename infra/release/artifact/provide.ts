import { supportedSchemas } from "../../core/compatibility";
import type { Settings } from "../../settings/settings";
import type { Release } from "../release";
import { buildArtifact, builtEarlier } from "./build";
import { artifactKey, identityOf } from "./identity";
import { nodeVersionOf } from "./node-version";
import { ArtifactStore, type StoredArtifact } from "./store";

export type ProvidedArtifact = StoredArtifact & {
  /** Where it was found: in the stack's bucket, on this machine, or nowhere. */
  source: "bucket" | "cache" | "build";
};

/**
 * Makes sure that a release's artifact is stored in the stack's bucket. One that was built anywhere is built nowhere again; one that is
 * found there is not fetched to this machine, since hosts fetch it themselves.
 * @throws Error with the failing build command's last lines, or saying why the bucket does not answer
 */
export async function provideArtifact(
  input: { settings: Settings; release: Release; bucket: string },
  progress: (message: string) => void,
): Promise<ProvidedArtifact> {
  const { settings, release } = input;
  const identity = identityOf(
    settings,
    release.commit,
    supportedSchemas(release.name, settings.app.compatibility) ?? [],
    await nodeVersionOf(settings.app, release.commit),
  );
  const key = artifactKey(identity);
  const store = new ArtifactStore(input.bucket, settings.target.region);
  const found = await store.find(key);
  if (found !== undefined) return { ...found, source: "bucket" };
  const earlier = await builtEarlier(key);
  const artifact = earlier ?? (await buildArtifact(settings.app, identity, release.name, progress));
  const stored = { digest: artifact.digest, bytes: artifact.bytes, unpackedBytes: artifact.unpackedBytes };
  await store.keep(key, artifact.path, stored, progress);
  return { ...stored, source: earlier === undefined ? "build" : "cache" };
}
