import { afterAll, beforeAll, expect, test } from "vitest";
import { openContext } from "../../infra/context/context";
import { withClient } from "../../infra/context/database-connection";
import { type SchemaState, schemaFingerprint, schemaState } from "../../infra/database/migrations";
import type { Rehearsal } from "../rehearsal/rehearsal";
import { type Deployment, deploy, deployed, latestReport, servingRelease } from "./deployed";
import { deployedInput, forgetRateLimit } from "./steps";

// v1.2.0 that migrates itself when it starts: no lock, plain CREATE TRIGGER, a journal of its own, and a table that this program does not know.
const release = "v1.2.0-migrates-itself";
const journal = `database.applicationJournal["2"]`;
const reason = "the lead: what this test looks at comes after the backup";

let rehearsal: Rehearsal;
let before: Seen;

type Seen = { state: SchemaState; schema: string[]; theirs: string | null };

beforeAll(async () => {
  rehearsal = await deployed("v1.1.0", 1);
  await forgetWhatIsKept();
  before = await look();
  await rehearsal.pulumi.setConfig("backup.reason", reason);
  await rehearsal.pulumi.setConfig("backup.proof", "none");
});

afterAll(async () => {
  for (const path of ["backup.proof", "backup.reason", "database.migrations", "database.applicationJournal"])
    await rehearsal.pulumi.capture("config", "rm", "--path", path);
  await onDatabase("DROP TABLE IF EXISTS provider_usage");
  await deployed("v1.1.0", 1);
  await forgetWhatIsKept();
});

/** As in a stack that never was at version 2. */
async function forgetWhatIsKept(): Promise<void> {
  await onDatabase(
    "DROP SCHEMA IF EXISTS rollback_keep CASCADE; DROP TABLE IF EXISTS schema_migrations; DROP FUNCTION IF EXISTS update_updated_at_column",
  );
}

async function up(of: string, schemaVersion: number, config: Record<string, string> = {}): Promise<Deployment> {
  await forgetRateLimit(await deployedInput(rehearsal));
  return deploy(rehearsal, of, schemaVersion, config);
}

async function onDatabase(sql?: string): Promise<Seen> {
  const context = openContext("schemaUp", await deployedInput(rehearsal), new Date());
  try {
    return await withClient(context.connect("owner"), async (client) => {
      if (sql !== undefined) await client.query(sql);
      const hasJournal =
        (await client.query("SELECT to_regclass('public.schema_migrations') IS NOT NULL AS yes")).rows[0]?.yes === true;
      const theirs = hasJournal
        ? (
            await client.query<{ names: string | null }>(
              "SELECT string_agg(name, ' ' ORDER BY name) AS names FROM schema_migrations",
            )
          ).rows[0]?.names
        : undefined;
      return {
        state: await schemaState(client),
        schema: (await schemaFingerprint(client)).lines,
        theirs: theirs ?? null,
      };
    });
  } finally {
    await context.host.close();
  }
}

const look = () => onDatabase();

const withoutJournal = ({ schema }: Seen) => schema.filter((line) => !line.includes("schema_migrations"));

test("both: this program's version goes first, the application finds it done, and goes on with its own", async () => {
  const done = await up(release, 2, {
    "database.migrations": "both",
    [`${journal}.up[0]`]:
      "CREATE TABLE IF NOT EXISTS schema_migrations (name varchar(255) PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())",
    [`${journal}.up[1]`]:
      "INSERT INTO schema_migrations (name) VALUES ('002_dynamic_providers') ON CONFLICT DO NOTHING",
    [`${journal}.down[0]`]: "DELETE FROM schema_migrations WHERE name = '002_dynamic_providers'",
  });
  expect(done.exitCode, done.output).toBe(0);
  expect(await servingRelease(rehearsal)).toBe(release);
  const two = await look();
  expect(two).toMatchObject({ state: { version: 2 }, theirs: "002_dynamic_providers 003_provider_usage" });
  expect(two.schema).toContainEqual(expect.stringMatching(/^table public\.provider_usage: /));
  const { header, boxes } = await latestReport();
  expect(header.wayBack).toMatch(
    /or full \(schema 2 → 1, .* what the application made since is removed as database\.applicationJournal says/,
  );
  expect(boxes.find(({ id }) => id === "PRE-2.4")).toMatchObject({
    result: "not needed",
    reason: expect.stringContaining(reason) as string,
  });
});

test("the way back names what the running release made since and changes nothing: the older release serves, on a whole version 2", async () => {
  const two = await look();
  const refused = await up("v1.1.0", 1);
  expect(refused.exitCode).not.toBe(0);
  expect(refused.output).toMatch(
    /made since it went up, by the application itself: \+ table public\.provider_usage\. Nothing was changed/,
  );
  expect(await servingRelease(rehearsal)).toBe("v1.1.0");
  expect(await look()).toEqual(two);
  const { next, serving } = await latestReport();
  expect(serving).toMatch(/^v1\.1\.0 .*2/);
  expect(next.join("\n")).toContain("beforeDown");
});

test("once config says how that is removed, a plain re-run takes it and version 2 back, and leaves no mixture", async () => {
  const back = await up("v1.1.0", 1, {
    [`${journal}.beforeDown[0]`]: "DROP TABLE IF EXISTS provider_usage",
    [`${journal}.beforeDown[1]`]: "DELETE FROM schema_migrations WHERE name = '003_provider_usage'",
  });
  expect(back.exitCode, back.output).toBe(0);
  const one = await look();
  expect(one).toMatchObject({ state: { version: 1 }, theirs: null });
  expect(withoutJournal(one)).toEqual(before.schema);
  expect(await servingRelease(rehearsal)).toBe("v1.1.0");
});

test("application: what it makes when it starts is verified and recorded before any user sees it", async () => {
  await forgetWhatIsKept();
  const done = await up(release, 2, { "database.migrations": "application" });
  expect(done.exitCode, done.output).toBe(0);
  expect(done.output).toMatch(/the application made schema 2; verified and recorded/);
  expect(await look()).toMatchObject({ state: { version: 2 }, theirs: "002_dynamic_providers 003_provider_usage" });
  const { header, boxes } = await latestReport();
  expect(header.wayBack).toMatch(
    /^application only \(v1\.1\.0 runs with schema 2 too, which is the application's own and stays\).*npm run restore alone/,
  );
  for (const id of ["PRE-3.5", "MIG-2.1"])
    expect([id, boxes.find((box) => box.id === id)?.reason]).toEqual([id, expect.stringMatching(/the application m/)]);
});

test("application: nobody takes that back; preflight says so before anything has changed", async () => {
  const two = await look();
  const refused = await up("v1.1.0", 1);
  expect(refused.exitCode).not.toBe(0);
  expect(refused.output).toMatch(/schema 2 was made by the application itself/);
  expect(refused.output).toMatch(/database\.migrations both/);
  expect(await servingRelease(rehearsal)).toBe(release);
  expect(await look()).toEqual(two);
});
