import type { StepContext } from "../../../context/step";
import { namesRelease, pairProblem, supportedSchemas } from "../../../core/compatibility";
import { Failure } from "../../../core/failure";
import { runProgram } from "../../../core/program";
import { declaredVariables, unsetVariables } from "../../../release/declared-variables";
import { cutOff } from "../../../release/find-commit";
import { branchesWith, missingFiles, releaseFile } from "../../../release/release-files";

/** Part of PRE-1.3 */
export function compatibility({ input }: StepContext): string {
  const { settings, release } = input;
  const problem = pairProblem(release.name, settings.schemaVersion, settings.app.compatibility);
  if (problem !== undefined) throw new Error(problem);
  return `${release.name} is commit ${release.commit}; declared for schema ${supportedSchemas(release.name, settings.app.compatibility)?.join(" and ")}`;
}

/** PRE-3.1: the commit is on a release branch, and CI has passed for it. */
export async function mergedAndTested({ input }: StepContext): Promise<string> {
  const { release } = input;
  const { app, preflight } = input.settings;
  const branches = await branchesWith(app.repository, release.commit);
  const on = branches.names.filter((branch) =>
    preflight.releaseBranches.some((pattern) => namesRelease(pattern, branch)),
  );
  const what = `${release.name} (${release.commit.slice(0, 12)})`;
  if (on.length === 0 && branches.isShallow)
    throw cutOff(app.repository, `nobody can tell whether ${what} is on ${preflight.releaseBranches.join(" or ")}`);
  if (on.length === 0)
    throw new Failure(
      "release-not-on-branch",
      `${what} is on none of ${preflight.releaseBranches.join(", ")}, but on ${branches.names.join(", ") || "no branch at all"}`,
      "merge it, or name its branch in preflight.releaseBranches",
    );
  return `on ${on.join(", ")}; ${await ciStatus(preflight.ciStatusCommand, release)}`;
}

async function ciStatus(command: string | undefined, release: { name: string; commit: string }): Promise<string> {
  if (command === undefined) return "no CI is asked (preflight.ciStatusCommand)";
  const done = await runProgram("operator", ["-c", command], {
    env: { RELEASE: release.name, COMMIT: release.commit },
    timeoutMs: 60_000,
  });
  const said = done.lastWords.split("\n").slice(-3).join(" ").slice(0, 300);
  if (done.exitCode !== 0)
    throw new Failure(
      "ci-not-passed",
      `CI has not passed for ${release.commit.slice(0, 12)}: the command ${done.how}: ${said || "it printed nothing"}`,
      "wait for CI, or mend preflight.ciStatusCommand",
    );
  return `CI: ${said || "passed"}`;
}

/** PRE-3.3: settings were parsed to get here; what the release itself asks for is set too. */
export async function environmentSet({ input }: StepContext): Promise<string> {
  const { app, preflight } = input.settings;
  if (preflight.variablesFile === "none")
    return "settings parse; the release declares no variables (preflight.variablesFile)";
  const text = await releaseFile(app.repository, input.release.commit, preflight.variablesFile);
  if (text === undefined)
    throw new Failure(
      "variables-file-missing",
      `${input.release.name} holds no ${preflight.variablesFile}, so nobody knows which variables it needs`,
      "add the file to the release, or name another, or none: pulumi config set --path preflight.variablesFile FILE",
    );
  const declared = declaredVariables(text);
  const unset = unsetVariables(declared, { ...app.backend.variables, ...app.backend.moreVariables });
  if (unset.length > 0)
    throw new Failure(
      "variables-unset",
      `${input.release.name} needs ${unset.join(", ")}, which nothing sets`,
      unset.map((name) => `pulumi config set --path app.backend.moreVariables.${name} VALUE`).join("; "),
    );
  return `settings parse; all ${declared.length} variables of ${preflight.variablesFile} are set: ${declared.join(", ")}`;
}

/** PRE-3.4 */
export async function apiDocumented({ input }: StepContext): Promise<string> {
  const place = input.settings.documents.api;
  if (!place.startsWith("release:"))
    return `${place} is kept outside the release (documents.api); looked up at the end of the deployment`;
  const path = place.slice("release:".length);
  const missing = await missingFiles(input.settings.app.repository, input.release.commit, [path]);
  if (missing.length > 0)
    throw new Failure(
      "document-missing",
      `${input.release.name} carries no ${path}`,
      "write it, or name another place: pulumi config set --path documents.api PLACE",
    );
  return `${input.release.name} carries ${path}`;
}
