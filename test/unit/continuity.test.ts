import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { changedVariables, continuityScript } from "../../infra/host/commands/continuity";
import { environmentFile } from "../../infra/host/commands/environment";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "continuity-"));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** Runs the script itself on a file as the deployment writes it. */
async function compare(
  before: Record<string, string> | null,
  after: Record<string, string>,
  variables: string[],
): Promise<{ changed: string[]; printed: string }> {
  const file = join(directory, "slot.env");
  if (before !== null) await writeFile(file, environmentFile(before));
  const { stdout } = await execa("bash", ["-euo", "pipefail", "-s"], {
    input: continuityScript(file, variables, "key"),
  });
  return { changed: changedVariables(stdout, environmentFile(after), "key"), printed: stdout };
}

describe("variables that must not change under data", () => {
  test.each([
    ["the same", { K: "one two $x" }, { K: "one two $x", OTHER: "1" }, []],
    ["another value", { K: "1" }, { K: "2" }, ["K"]],
    ["gone", { K: "1" }, {}, ["K"]],
    ["new", {}, { K: "1" }, ["K"]],
    ["in neither", {}, {}, []],
    ["a longer name that begins like it", { KEY: "1", K: "2" }, { KEY: "9", K: "2" }, []],
    ["no release before", null, { K: "1" }, []],
  ])("%s", async (_what, before, after, changed) => {
    expect(
      (await compare(before as Record<string, string> | null, after as Record<string, string>, ["K"])).changed,
    ).toEqual(changed);
  });

  test("no value is printed", async () => {
    const { printed } = await compare({ K: "a-secret-value" }, { K: "a-secret-value" }, ["K"]);
    expect(printed).toMatch(/^K [0-9a-f]{64}$/);
  });
});
