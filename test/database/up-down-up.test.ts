import { expect, test } from "vitest";
import { backfill, schemaFingerprint, schemaState, schemaVersion } from "../../infra/database/migrations";
import { contents, goTo, seedConnections, seedProviders } from "./library";
import { one, useCluster } from "./scratch";

const cluster = useCluster();

test("up, down, up ends with an equal schema and loses no row, no column's value", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await goTo(scratch, 1);
  const schemaOne = await schemaFingerprint(client);
  await seedConnections(client, 3_000);
  const rowsOne = await contents(client);

  await goTo(scratch, 2);
  const schemaTwo = await schemaFingerprint(client);
  await seedProviders(client);
  await backfill({ connect: scratch.connect });
  await client.query(
    "UPDATE providers SET auth_config = '{\"region\": \"eu\"}', description = 'edited' WHERE identifier = 'bedrock'",
  );
  await client.query("UPDATE connections SET provider_id = NULL WHERE name = 'connection 7'");
  const rowsTwo = await contents(client);

  const down = await goTo(scratch, 1);
  expect(await schemaFingerprint(client)).toEqual(schemaOne);
  expect(down.applied.map(({ leftOver }) => leftOver)).toEqual([[]]);
  expect(await contents(client)).toEqual(rowsOne);
  expect(await schemaVersion(client)).toBe(1);

  await goTo(scratch, 2);
  expect(await schemaFingerprint(client)).toEqual(schemaTwo);
  expect(await contents(client)).toEqual(rowsTwo);
  expect(await one(client, "SELECT to_regnamespace('rollback_keep')")).toBeNull();
  expect(await schemaState(client)).toEqual({ version: 2 });
});

test("the journal tells each direction, with durations and the longest lock of each statement", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await goTo(scratch, 2);
  await goTo(scratch, 1);
  const { rows } = await client.query(
    "SELECT migration_name, status, details ->> 'direction' AS direction FROM migration_audit ORDER BY (details ->> 'sequence')::int",
  );
  expect(rows).toEqual([
    { migration_name: "0001_baseline", status: "completed", direction: "up" },
    { migration_name: "0002_dynamic_providers", status: "reverted", direction: "up" },
    { migration_name: "0002_dynamic_providers", status: "reverted", direction: "down" },
  ]);
  const units = await one<{ unit: number; longestLockMs: number; attempts: number }[]>(
    client,
    "SELECT details -> 'units' FROM migration_audit WHERE migration_name = '0002_dynamic_providers' ORDER BY executed_at LIMIT 1",
  );
  expect(units.length).toBeGreaterThan(20);
  for (const unit of units) {
    expect(unit.longestLockMs).toBeGreaterThan(0);
    expect(unit.attempts).toBeGreaterThan(0);
  }
});

test("nothing to do changes nothing, not even the journal", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await goTo(scratch, 2);
  const before = await one<string>(client, "SELECT md5(string_agg(m::text, '' ORDER BY id)) FROM migration_audit AS m");
  const report = await goTo(scratch, 2);
  expect(report.applied).toEqual([]);
  expect(await one<string>(client, "SELECT md5(string_agg(m::text, '' ORDER BY id)) FROM migration_audit AS m")).toBe(
    before,
  );
});

test("what a release added to the moved tables comes back with them", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await goTo(scratch, 2);
  await seedProviders(client);
  await client.query("ALTER TABLE providers ADD COLUMN region text");
  await client.query("UPDATE providers SET region = 'eu-central-1'");
  await client.query("CREATE INDEX providers_region ON providers (region)");
  const before = { schema: await schemaFingerprint(client), rows: await contents(client) };
  await goTo(scratch, 1);
  await goTo(scratch, 2);
  expect({ schema: await schemaFingerprint(client), rows: await contents(client) }).toEqual(before);
});

test("a connection that the older release moved to another provider is not moved back", async () => {
  const scratch = await cluster.database();
  const client = await scratch.session();
  await goTo(scratch, 1);
  await seedConnections(client, 8);
  await goTo(scratch, 2);
  await seedProviders(client);
  await backfill({ connect: scratch.connect });
  await goTo(scratch, 1);
  await client.query("UPDATE connections SET provider = 'openai' WHERE name = 'connection 1'");
  await goTo(scratch, 2);
  const read =
    "SELECT p.identifier FROM connections c LEFT JOIN providers p ON p.id = c.provider_id WHERE c.name = 'connection 1'";
  expect(await one(client, read)).toBeNull();
  await backfill({ connect: scratch.connect });
  expect(await one(client, read)).toBe("openai");
});
