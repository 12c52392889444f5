import { expect, test } from "vitest";
import { lintFindings } from "../../infra/cli/migration-lint";
import type { Ended } from "../../infra/core/program";

const ended = (change: Partial<Ended>): Ended => ({
  exitCode: 0,
  isLate: false,
  stdout: "",
  stderr: "",
  how: "exited with 0",
  lastWords: "",
  ...change,
});

const complaint = "0003_label.up.sql:1:1: warning: ban-drop-column Dropping a column may break existing clients.";

test.each<[string, Partial<Ended>, string[]]>([
  ["no complaint", {}, []],
  ["complaints", { exitCode: 1, stdout: `${complaint}\nhelp: do not\n` }, [complaint]],
  [
    "not installed",
    { exitCode: undefined, how: "could not be started (ENOENT)" },
    ["not linted: squawk could not be started (ENOENT)"],
  ],
  [
    "too slow",
    { exitCode: undefined, isLate: true, how: "did not end within 30 s", stdout: complaint },
    ["not linted: squawk did not end within 30 s"],
  ],
  [
    "wrong use",
    { exitCode: 2, how: "exited with 2", lastWords: "error: unexpected argument" },
    ["not linted: squawk exited with 2: error: unexpected argument"],
  ],
])("squawk, %s", (_case, change, findings) => {
  expect(lintFindings(ended(change))).toEqual(findings);
});
