import type { RDSClient } from "@aws-sdk/client-rds";
import { expect, test } from "vitest";
import { describeThere, keepWhatIsThere, lookAtDatabase } from "../../infra/cli/replaced-database";
import type { StepContext } from "../../infra/context/step";
import { Failure } from "../../infra/core/failure";

const since = new Date("2026-11-26T10:00:00Z");
const contextWhereConnecting = (error: Error) => ({ connect: () => Promise.reject(error) }) as unknown as StepContext;

test.each(["database-unreachable", "database-missing", "login-refused"] as const)(
  "a restore goes on where nobody can look at the database (%s), and says what it cannot count and keep",
  async (code) => {
    const there = await lookAtDatabase(contextWhereConnecting(new Failure(code, "connecting failed", "")), since);
    const said = describeThere(there, since);
    expect(said).toContain("a database that does not answer: connecting failed");
    expect(said).toContain("since 2026-11-26T10:00:00.000Z; nobody could count the rows");
  },
);

test("what is wrong with anything but the database stops it", async () => {
  const error = new Failure("host-unreached", "no way to the host", "");
  await expect(lookAtDatabase(contextWhereConnecting(error), since)).rejects.toBe(error);
});

test("what a database that answers would lose is said in rows", () => {
  const loss = { seconds: 60, tables: [{ table: "users", made: 2, changed: 0 }] };
  expect(describeThere({ schemaVersion: 2, loss }, since)).toBe(
    "schema 2.\nLost is what was written in the last 60 s (users: 2 made); rows that were deleted since come back.",
  );
});

test("a snapshot that RDS refuses is said with RDS's reason, and nothing promises a way to undo the restore", async () => {
  const notices: string[] = [];
  const context = {
    runId: "Run-1",
    input: {
      ...{ stack: "s", dataVolume: null, settings: { app: { name: "library" } } },
      database: { identifier: "library-s", lineage: "db-1" },
    },
    notice: (text: string) => notices.push(text),
  } as unknown as StepContext;
  const rds = { send: () => Promise.reject(new Error("it is failed")) } as unknown as RDSClient;
  const undo = await keepWhatIsThere(context, rds, { DBInstanceStatus: "failed" }, { silent: "no answer" });
  expect(notices).toEqual(["RDS made no snapshot of library-s, which it calls failed: it is failed"]);
  expect(undo).toBe("It cannot be undone: there is no snapshot of what was in the database.");
});
