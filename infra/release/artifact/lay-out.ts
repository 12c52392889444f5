import { chmod, cp, mkdir, realpath, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Failure } from "../../core/failure";
import type { Settings } from "../../settings/settings";
import { type Part, settleLinks } from "./links";

/**
 * What git and package managers note for themselves: no program reads it, it may hold an address's password, and a time of day in it
 * makes each build another artifact.
 */
const bookkeeping =
  /\/\.git$|\/node_modules\/(\.modules\.yaml|\.pnpm-workspace-state[^/]*\.json|\.yarn-integrity|\.yarn-state\.yml)$/;

/**
 * Lays out what a build made: `app/` what the backend needs, `frontend/` the built files, `runtime/bin/node`.
 * @throws Failure naming what is missing, or a link that would not work on the host
 */
export async function layOut(tree: string, checkout: string, app: Settings["app"], node: string): Promise<void> {
  await mkdir(join(tree, "runtime/bin"), { recursive: true });
  await cp(node, join(tree, "runtime/bin/node"));
  await chmod(join(tree, "runtime/bin/node"), 0o755);
  const from = await realpath(checkout);
  const backend: Part = { from, to: join(tree, "app"), setting: "app.build.include" };
  for (const path of app.build.include) await copy(join(from, path), join(backend.to, path), backend.setting, path);
  const { directory } = app.frontend;
  const frontend: Part = { from: join(from, directory), to: join(tree, "frontend"), setting: "app.frontend.directory" };
  await copy(frontend.from, frontend.to, frontend.setting, directory);
  for (const part of [backend, frontend]) await settleLinks(part, from, app.sharedDirectories);
}

async function copy(from: string, to: string, setting: string, path: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  const options = { recursive: true, verbatimSymlinks: true, filter: (each: string) => !bookkeeping.test(each) };
  await cp(from, to, options).catch(async (error: NodeJS.ErrnoException) => {
    // Half a copy is of no use to a build that follows.
    await rm(to, { recursive: true, force: true });
    throw new Failure(
      "artifact-incomplete",
      error.code === "ENOENT"
        ? `${setting} names ${path}, which the build did not create`
        : `${setting} names ${path}, which could not be copied: ${error.message}`,
      `check that app.build.commands create ${path}, or change ${setting}`,
      { changed: "nothing" },
    );
  });
}
