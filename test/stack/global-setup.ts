import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { endRehearsal } from "../rehearsal/rehearsal";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the one local cloud and the stack on it are. */
    rehearsalHome: string;
  }
}

/**
 * One local cloud for the stack tests of a project, started by the first that needs it and gone with the last. `STACK_TEST_HOME` names
 * a directory that stays, for whoever writes a test: the next run finds the cloud and the stack as the last one left them.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const kept = process.env.STACK_TEST_HOME && join(process.env.STACK_TEST_HOME, project.name);
  const home = kept ?? (await mkdtemp(join(tmpdir(), "stack-tests-")));
  project.provide("rehearsalHome", home);
  return async () => {
    if (kept !== undefined) return;
    await endRehearsal({ home, log: (line) => void process.stderr.write(`${line}\n`) });
    await rm(home, { recursive: true, force: true });
  };
}
