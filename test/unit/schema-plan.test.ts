import { describe, expect, test } from "vitest";
import { servingRole } from "../../infra/core/role-names";
import type { MigrationReport } from "../../infra/database/migrations";
import { madeSince } from "../../infra/database/migrations/made-since";
import { journalStatementProblems } from "../../infra/phases/schema/journal-statements";
import { downProblem, locksOf, migrationOptions } from "../../infra/phases/schema/schema-plan";

const database = {
  lockTimeoutMs: 200,
  statementTimeoutMs: 10_000,
  migrationDeadlineMs: 600_000,
  migrations: "program" as const,
  providerBecomes: {},
  applicationJournal: {
    "2": {
      up: ["INSERT INTO theirs VALUES (2)"],
      down: ["DELETE FROM theirs"],
      beforeDown: ["DROP TABLE IF EXISTS more"],
    },
  },
};

describe("what a stack's settings mean for the migrations", () => {
  test("the application's journal counts only where both migrate", () => {
    for (const migrations of ["program", "application"] as const)
      expect(migrationOptions({ ...database, migrations })).toMatchObject({
        isShared: false,
        alsoRecord: {},
        beforeDown: {},
        settings: {},
      });
    expect(migrationOptions({ ...database, migrations: "both" })).toEqual({
      lockTimeoutMs: 200,
      statementTimeoutMs: 10_000,
      deadlineMs: 600_000,
      settings: {},
      isShared: true,
      alsoRecord: { 2: { up: ["INSERT INTO theirs VALUES (2)"], down: ["DELETE FROM theirs"] } },
      beforeDown: { 2: ["DROP TABLE IF EXISTS more"] },
    });
  });

  test("what connections become reaches the migration's own setting", () => {
    expect(migrationOptions({ ...database, providerBecomes: { mistral: "openai" } }).settings).toEqual({
      provider_becomes: '{"mistral":"openai"}',
    });
  });

  test("an application that migrates itself connects as the owner", () => {
    expect((["program", "application", "both"] as const).map(servingRole)).toEqual(["app", "owner", "owner"]);
  });
});

test("only what this program made is taken back by it", () => {
  expect(downProblem("application", 2, 1)).toMatchObject({
    code: "schema-of-the-application",
    changed: "nothing",
    remedy: expect.stringContaining("database.migrations both"),
  });
  expect([
    downProblem("application", 2, 2),
    downProblem("application", 1, 2),
    downProblem("both", 2, 1),
    downProblem("program", 2, 1),
  ]).toEqual([undefined, undefined, undefined, undefined]);
});

test("the report's locks name table, mode, statement and tries", () => {
  const unit = {
    unit: 9,
    summary: "ALTER TABLE public.connections ADD",
    attempts: 3,
    totalMs: 900,
    longestLockMs: 2.5,
    locks: [{ table: "connections", mode: "AccessExclusiveLock" }],
    blockers: [],
  };
  const report = {
    applied: [{ name: "0002_x", direction: "up", units: [unit, { ...unit, unit: 10, locks: [] }] }],
  } as unknown as MigrationReport;
  expect(locksOf(report)).toEqual([
    {
      table: "connections",
      mode: "ACCESS EXCLUSIVE",
      statement: "0002_x up, statement 9: ALTER TABLE public.connections ADD",
      waitedMs: 897.5,
      heldMs: 2.5,
      retries: 2,
    },
  ]);
});

test("what was made since is named once, and what the version itself brought or takes is not", () => {
  const before = ["table public.users: column name text", "table public.users: {}"];
  const after = [...before, "table public.providers: {}"];
  const usage = [
    'table public."a: b": {}',
    'table public."a: b": column id uuid',
    'table public."a: b": index CREATE INDEX i ON public."a: b" USING btree (id)',
  ];
  expect(madeSince({ before, after, now: after })).toEqual([]);
  expect(madeSince({ before, after, now: [...after, ...usage] })).toEqual(['+ table public."a: b"']);
  expect(madeSince({ before, after, now: [...after, "table public.users: column region text"] })).toEqual([
    "+ table public.users: column region text",
  ]);
  expect(madeSince({ before, after, now: ["table public.users: {}", "table public.providers: {}"] })).toEqual([
    "- table public.users: column name text",
  ]);
  expect(
    madeSince({
      before: [...before, "table public.users: constraint old CHECK (true)"],
      after,
      now: [...after, "table public.users: constraint old CHECK (true)"],
    }),
  ).toEqual([]);
});

test("statements of the application's journal that cannot run are told with their key, all at once", () => {
  const applicationJournal = {
    "2": { up: ["INSERT INTO a VALUES (1)"], down: ["DELETE FORM a"], beforeDown: ["DROP TABLE a", "COMMIT"] },
  };
  expect(journalStatementProblems({ applicationJournal })).toEqual([
    'database.applicationJournal["2"].down[0]:1:8: syntax error at or near "FORM"\n    DELETE FORM a\n           ^',
    expect.stringMatching(/^database\.applicationJournal\["2"\]\.beforeDown\[1\]:1:1: transactions are the engine's/),
  ]);
});
