import { stat } from "node:fs/promises";
import type { BoxId } from "../../checklist/boxes";
import { prove, type StepContext } from "../../context/step";
import { missingFiles } from "../../release/release-files";
import type { Settings } from "../../settings/settings";

/** Which of the configured documents a box asks for. */
const asked: readonly [BoxId, (documents: Settings["documents"]) => readonly string[]][] = [
  ["POST-1.1", ({ api }) => [api]],
  ["POST-1.2", ({ userGuide }) => [userGuide]],
  ["POST-1.3", ({ adminGuide }) => [adminGuide]],
  ["POST-1.4", ({ troubleshooting }) => [troubleshooting]],
  ["POST-3.3", ({ runbooks }) => runbooks],
  ["POST-4.4", ({ backup }) => [backup]],
];

/** Looks each configured document up. */
export async function proveDocuments(context: StepContext): Promise<void> {
  const { settings, release } = context.input;
  for (const [id, placesOf] of asked)
    await prove(context, id, async () => {
      const places = placesOf(settings.documents);
      const missing = (
        await Promise.all(places.map((place) => problemOf(place, settings.app.repository, release.commit)))
      ).filter((problem) => problem !== undefined);
      if (missing.length > 0)
        throw new Error(
          `${missing.join("; ")}; remedy: write it, or name another place: pulumi config set --path documents.NAME PLACE`,
        );
      return places.join(", ");
    });
}

/** @returns what is wrong with a document, or undefined where it is there */
async function problemOf(place: string, repository: string, commit: string): Promise<string | undefined> {
  if (place.startsWith("https://")) {
    const answer = await fetch(place, { signal: AbortSignal.timeout(20_000) }).catch((error: unknown) =>
      error instanceof Error ? error : new Error(String(error)),
    );
    if (answer instanceof Error) return `${place} does not answer (${answer.message})`;
    return answer.ok ? undefined : `${place} answers ${answer.status}`;
  }
  if (place.startsWith("release:")) {
    const missing = await missingFiles(repository, commit, [place.slice("release:".length)]);
    return missing.length === 0 ? undefined : `commit ${commit.slice(0, 12)} holds no ${missing[0]}`;
  }
  const size = await stat(place).then(
    (file) => file.size,
    () => 0,
  );
  return size > 0 ? undefined : `${place} is not there`;
}
