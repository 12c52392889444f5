import { expect, test } from "vitest";
import { lossSince } from "../../infra/database/backup/loss";
import { readMigrations, schemaVersion } from "../../infra/database/migrations";
import { rehearsePair } from "../../infra/database/pair/rehearsal";
import { goTo, seedConnections, seedProviders } from "./library";
import { useCluster } from "./scratch";

const cluster = useCluster();
const migrations = readMigrations();

test.each([
  [1, 2],
  [2, 1],
])("a copy at schema %i goes to %i, back and there again, equal each time", async (from, target) => {
  const scratch = await cluster.database();
  await goTo(scratch, from);
  const client = await scratch.session();
  await seedConnections(client, 300);
  if (from === 2) await seedProviders(client);
  const done = await rehearsePair({ connect: scratch.connect, target, migrations });
  expect(done.problems).toEqual([]);
  expect(done.steps.map((step) => [step.from, step.to])).toEqual([
    [from, target],
    [target, from],
    [from, target],
  ]);
  expect(done.steps[0]?.fingerprint).toBe(done.steps[2]?.fingerprint);
  expect(await schemaVersion(client)).toBe(target);
});

test("a way back that loses a row or leaves another shape is named", async () => {
  const scratch = await cluster.database();
  await goTo(scratch, 1);
  const client = await scratch.session();
  await seedConnections(client, 50);
  const down = migrations.find(({ version }) => version === 2)?.down;
  if (down === undefined) throw new Error("version 2 is gone");
  const [first] = down.units.filter((unit) => unit.kind !== "check" && unit.kind !== "batch");
  const units = [
    {
      ...first,
      statements: [
        "DELETE FROM connections WHERE name = 'connection 7'",
        "ALTER TABLE prompts ADD COLUMN IF NOT EXISTS left_behind int",
      ],
    } as (typeof down.units)[number],
    ...down.units,
  ];
  const broken = migrations.map((migration) =>
    migration.version === 2 ? { ...migration, down: { ...down, units } } : migration,
  );
  const { problems } = await rehearsePair({ connect: scratch.connect, target: 2, migrations: broken });
  expect(problems).toEqual(
    expect.arrayContaining([
      expect.stringContaining("schema 1 came back with another shape: + table public.prompts: column left_behind "),
      expect.stringContaining("schema 1 came back with other rows: public.connections: it holds 49 rows instead of 50"),
    ]),
  );
});

test("what a restore would lose is counted from a moment on", async () => {
  const scratch = await cluster.database();
  await goTo(scratch, 1);
  const client = await scratch.session();
  await seedConnections(client, 20);
  const since = new Date();
  await client.query(
    "INSERT INTO connections (user_id, name, provider, encrypted_config) SELECT user_id, 'later', provider, 'sealed' FROM connections LIMIT 3",
  );
  await client.query(
    "UPDATE connections SET status = 'active', updated_at = clock_timestamp() WHERE name IN ('connection 1', 'connection 2')",
  );
  const loss = await lossSince(client, since, new Date(since.getTime() + 90_000));
  expect(loss.seconds).toBe(90);
  expect(loss.tables.find(({ table }) => table === "connections")).toEqual({
    table: "connections",
    made: 3,
    changed: 2,
  });
  expect(loss.tables.find(({ table }) => table === "users")).toMatchObject({ made: 0 });
});

test.each(["UTC", "Asia/Kolkata", "America/Los_Angeles"])(
  "what a restore would lose is counted the same by a machine in %s, with and without a zone in the column",
  async (zone) => {
    const scratch = await cluster.database();
    const client = await scratch.session();
    await client.query(`CREATE TABLE naive (created_at timestamp, updated_at timestamptz);
      INSERT INTO naive VALUES ('2026-11-26 11:00', '2026-11-26 11:00Z'), ('2026-11-26 11:00', '2026-11-26 12:30Z'), ('2026-11-26 12:30', '2026-11-26 12:30Z')`);
    const own = process.env.TZ;
    try {
      process.env.TZ = zone;
      const { tables } = await lossSince(client, new Date("2026-11-26T12:00:00Z"), new Date());
      expect(tables).toEqual([{ table: "naive", made: 1, changed: 1 }]);
    } finally {
      if (own === undefined) delete process.env.TZ;
      else process.env.TZ = own;
    }
  },
);
