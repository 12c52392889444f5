import { describe, expect, test } from "vitest";
import { servingRole } from "../../infra/core/role-names";
import type { MigrationReport } from "../../infra/database/migrations";
import { madeSince } from "../../infra/database/migrations/made-since";
import { downProblem, locksOf, migrationOptions, remedyOf } from "../../infra/phases/schema/schema-plan";

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
  expect(downProblem("application", 2, 1)).toMatch(/^schema 2 was made by the application itself/);
  expect([
    downProblem("application", 2, 2),
    downProblem("application", 1, 2),
    downProblem("both", 2, 1),
    downProblem("program", 2, 1),
  ]).toEqual([undefined, undefined, undefined, undefined]);
});

test.each([
  ["2 connection(s) have a provider that schema 1 forbids: a (mistral)", /database\.providerBecomes/],
  [downProblem("application", 2, 1) ?? "", /database\.migrations both/],
  [
    "0002_x does not go down: made since it went up, by the application itself: + relation usage rp.",
    /database\.applicationJournal.*beforeDown/,
  ],
  [
    "0002_x down failed: made since version 2 and in the way of going back: foreign key a of usage.",
    /remove it yourself; where the application migrates .*beforeDown/,
  ],
  ["statement 3 did not get its lock", /once it is gone, pulumi up goes on from here/],
])("the remedy for %j", (message, remedy) => {
  expect(remedyOf(message)).toMatch(remedy);
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
  const before = ["column users.name text", "relation users rp"];
  const after = [...before, "relation providers rp"];
  const usage = [
    "relation usage rp",
    "column usage.id uuid",
    "index CREATE INDEX usage_id ON public.usage USING btree (id)",
    "constraint usage.usage_pkey PRIMARY KEY (id)",
  ];
  expect(madeSince({ before, after, now: after })).toEqual([]);
  expect(madeSince({ before, after, now: [...after, ...usage] })).toEqual(["+ relation usage rp"]);
  expect(madeSince({ before, after, now: [...after, "column users.region text"] })).toEqual([
    "+ column users.region text",
  ]);
  expect(madeSince({ before, after, now: ["relation users rp", "relation providers rp"] })).toEqual([
    "- column users.name text",
  ]);
  expect(
    madeSince({
      before: [...before, "constraint users.old CHECK (true)"],
      after,
      now: [...after, "constraint users.old CHECK (true)"],
    }),
  ).toEqual([]);
});
