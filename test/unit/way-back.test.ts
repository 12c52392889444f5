import { describe, expect, test } from "vitest";
import type { Pair } from "../../infra/core/compatibility";
import { transitionProblem, wayBack } from "../../infra/release/way-back";

const compatibility = { "v1.0*": [1], "v1.1*": [1, 2], "v1.2*": [2] };
const pair = (release: string, schemaVersion: number): Pair => ({ release, schemaVersion });

describe("the way back is known before the deployment begins", () => {
  test.each<[string, Pair | null, Pair, string, string]>([
    ["a first deployment", null, pair("v1.1.0", 1), "none", "there is none: nothing served before"],
    ["the same again", pair("v1.1.0", 1), pair("v1.1.0", 1), "none", "none is needed: release and schema stay"],
    [
      "another release alone",
      pair("v1.1.0", 2),
      pair("v1.2.0", 2),
      "application only",
      "application only (schema 2 stays): pulumi config set release v1.1.0 && pulumi up",
    ],
    [
      "both, from a release that runs with either schema",
      pair("v1.1.0", 1),
      pair("v1.2.0", 2),
      "either",
      "application only (v1.1.0 runs with schema 2 too): pulumi config set release v1.1.0 && pulumi up; or full (schema 2 → 1, after v1.1.0 serves; " +
        "what it removes is kept for the next way up): pulumi config set release v1.1.0 && pulumi config set schemaVersion 1 && pulumi up",
    ],
    [
      "the schema alone",
      pair("v1.1.0", 1),
      pair("v1.1.0", 2),
      "full",
      "full (schema 2 → 1, after v1.1.0 serves; what it removes is kept for the next way up): pulumi config set schemaVersion 1 && pulumi up",
    ],
    [
      "a way back",
      pair("v1.2.0", 2),
      pair("v1.1.0", 1),
      "full",
      "full (schema 1 → 2, before v1.2.0 serves; it takes back what was kept): pulumi config set release v1.2.0 && pulumi config set schemaVersion 2 && pulumi up",
    ],
  ])("%s", (_, from, to, kind, words) => {
    expect(wayBack(from, to, compatibility)).toEqual({ kind, words });
  });
});

describe("where the application migrates the database itself", () => {
  const restored =
    "schema 1 comes back by npm run restore alone, without what was written since the snapshot that this deployment makes";
  test.each<[string, "application" | "both", Pair, Pair, string, string]>([
    [
      "its schema stays when the older release comes back",
      "application",
      pair("v1.1.0", 1),
      pair("v1.2.0", 2),
      "application only",
      `application only (v1.1.0 runs with schema 2 too, which is the application's own and stays): pulumi config set release v1.1.0 && pulumi up; ${restored}`,
    ],
    [
      "there is only a restore where no older release runs with it",
      "application",
      pair("v1.0.3", 1),
      pair("v1.2.0", 2),
      "restore only",
      `restore only (schema 2 is the application's own, and nobody takes it back): ${restored}`,
    ],
    [
      "nor is another release behind a schema alone",
      "application",
      pair("v1.2.0", 1),
      pair("v1.2.0", 2),
      "restore only",
      `restore only (schema 2 is the application's own, and nobody takes it back): ${restored}`,
    ],
    [
      "a way down that is refused needs none",
      "application",
      pair("v1.2.0", 2),
      pair("v1.1.0", 1),
      "none",
      "none is needed: schema 2 is the application's own, and database.migrations: application takes none back",
    ],
    [
      "another release alone goes back as ever",
      "application",
      pair("v1.1.0", 2),
      pair("v1.2.0", 2),
      "application only",
      "application only (schema 2 stays): pulumi config set release v1.1.0 && pulumi up",
    ],
    [
      "both: the full way says what becomes of what the application made",
      "both",
      pair("v1.1.0", 1),
      pair("v1.2.0", 2),
      "either",
      "application only (v1.1.0 runs with schema 2 too): pulumi config set release v1.1.0 && pulumi up; or full (schema 2 → 1, after v1.1.0 serves; " +
        "what it removes is kept for the next way up; what the application made since is removed as database.applicationJournal says, and named where that leaves any): " +
        "pulumi config set release v1.1.0 && pulumi config set schemaVersion 1 && pulumi up",
    ],
  ])("%s", (_, migrations, from, to, kind, words) => {
    expect(wayBack(from, to, compatibility, migrations)).toEqual({ kind, words });
  });
});

describe("whoever serves in between must run with what it finds", () => {
  test.each<[string, Pair | null, Pair, RegExp | undefined]>([
    ["a first deployment", null, pair("v1.2.0", 2), undefined],
    ["up, by way of v1.1.0 on schema 2", pair("v1.1.0", 1), pair("v1.2.0", 2), undefined],
    ["down, by way of v1.1.0 on schema 2", pair("v1.2.0", 2), pair("v1.1.0", 1), undefined],
    ["no other schema", pair("v1.0.3", 1), pair("v1.1.0", 1), undefined],
    [
      "up from a release that knows only the older schema",
      pair("v1.0.3", 1),
      pair("v1.2.0", 2),
      /^v1\.0\.3 serves while the schema goes up to 2, but app\.compatibility declares it for schema 1$/,
    ],
    [
      "down to a release that knows only the older schema",
      pair("v1.2.0", 2),
      pair("v1.0.3", 1),
      /^v1\.0\.3 serves on schema 2 before the schema goes down to 1, but .* for schema 1$/,
    ],
    [
      "up from a release that nobody declared",
      pair("hotfix", 1),
      pair("v1.2.0", 2),
      /^hotfix serves .* declares it for nothing$/,
    ],
  ])("%s", (_, from, to, problem) => {
    if (problem === undefined) expect(transitionProblem(from, to, compatibility)).toBeUndefined();
    else
      expect(transitionProblem(from, to, compatibility)).toMatchObject({
        code: "transition-not-declared",
        changed: "nothing",
        message: expect.stringMatching(problem),
      });
  });
});
