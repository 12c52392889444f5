import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { keepFilesScript } from "../../infra/host/commands/kept-files";
import type { Slot } from "../../infra/host/commands/paths";
import { packArtifact } from "../../infra/release/artifact/pack";
import type { Front } from "./front";

/**
 * A release's frontend, packed as an artifact and unpacked as the host does, in a slot of the front.
 * @returns the release's directory
 */
export async function bringFrontend(
  front: Front,
  slot: Slot,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), "front-release-"));
  try {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(work, "tree/frontend", path)), { recursive: true });
      await writeFile(join(work, "tree/frontend", path), content);
    }
    const { path, digest } = await packArtifact(join(work, "tree"), join(work, "artifact.tar.gz"));
    const release = join(front.root, "releases", digest.slice(0, 16));
    await mkdir(release, { recursive: true });
    await execa("tar", ["-xzf", path, "-C", release, "--no-same-owner"]);
    await rm(join(front.root, "slots", slot), { force: true });
    await symlink(release, join(front.root, "slots", slot));
    await front.run(keepFilesScript);
    return release;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
