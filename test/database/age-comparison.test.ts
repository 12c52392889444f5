import { beforeAll, describe, expect, test } from "vitest";
import { type AgedTable, compareWithNow } from "../../infra/database/backup/age-comparison";
import { layOut } from "../../infra/database/backup/layout";
import { withBaseBackup } from "./base-backup";
import { type Scratch, useCluster } from "./scratch";

const cluster = useCluster();
let source: Scratch;
let superuser: { host: string; port: number; user: string; password: string; database: string };

beforeAll(async () => {
  source = await cluster.database();
  const { host, port, user, password, database } = await source.session({ isSuperuser: true });
  superuser = { host, port, user: String(user), password: String(password), database: String(database) };
});

/** A backup of now, what is written after it, then damage to the restored copy. */
async function compare(args: { before: string; after: string; damage?: string; underWay?: string }) {
  const client = await source.session();
  await client.query(`DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public; ${args.before}`);
  const other = await source.session();
  if (args.underWay !== undefined) await other.query(`BEGIN; ${args.underWay}`);
  return withBaseBackup(
    superuser,
    async (connect) => {
      const copy = () => connect({ database: superuser.database });
      const restored = await copy();
      try {
        const { horizon } = await layOut(restored);
        if (args.damage !== undefined) await restored.query(args.damage);
        const layout = { ...(await layOut(client)), horizon };
        return await compareWithNow(copy, source.connect, layout, { readers: 1 });
      } finally {
        await restored.end();
      }
    },
    async () => {
      if (args.underWay !== undefined) await other.query("COMMIT");
      await client.query(args.after);
    },
  );
}

const only = (tables: AgedTable[], name: string) => tables.find(({ table }) => table === name);
const seed = `CREATE TABLE small (id int PRIMARY KEY, body text); INSERT INTO small SELECT n, 'x' FROM generate_series(1, 100) AS n;
CREATE TABLE wide (id int PRIMARY KEY, body text); INSERT INTO wide SELECT n, repeat('x', 700) FROM generate_series(1, 3000) AS n`;

describe("a copy of an older backup is compared with the database as it is now", () => {
  test("what was changed, deleted or added since is no difference; what is as old as the backup must be in it", async () => {
    const found = await compare({
      before: seed,
      after: `UPDATE small SET body = 'y' WHERE id <= 10; DELETE FROM wide WHERE id BETWEEN 1000 AND 1100; INSERT INTO wide SELECT n, 'new' FROM generate_series(4000, 4100) AS n;
        CREATE TABLE later (id int); INSERT INTO later VALUES (1)`,
    });
    expect(only(found, "public.small")).toMatchObject({ equal: 90, since: 10, problems: [] });
    expect(only(found, "public.wide")).toMatchObject({ equal: 2899, since: 101, problems: [] });
    expect(only(found, "public.later")).toMatchObject({ equal: 0, incomparable: "it was made after the backup" });
  });

  test("a table whose columns a migration has changed since is compared by those that are left", async () => {
    const found = await compare({
      before: seed,
      after:
        "ALTER TABLE small ADD label text; ALTER TABLE wide ADD more int, DROP body; UPDATE small SET label = 'l' WHERE id <= 10",
      damage: "UPDATE small SET body = 'z' WHERE id = 50; DELETE FROM wide WHERE id = 6",
    });
    expect(only(found, "public.small")).toMatchObject({ equal: 89, problems: [expect.stringContaining("(0,50)")] });
    expect(only(found, "public.wide")).toMatchObject({ equal: 2999, problems: [expect.stringContaining("(0,6)")] });
  });

  test("a row that the copy lacks or holds otherwise is found, also beside rows that changed", async () => {
    const found = await compare({
      before: seed,
      after: "UPDATE wide SET body = 'y' WHERE id = 5; UPDATE small SET body = 'y' WHERE id = 1",
      damage: "DELETE FROM wide WHERE id = 6; UPDATE small SET body = 'z' WHERE id = 50",
    });
    expect(only(found, "public.wide")?.problems).toEqual([
      expect.stringMatching(/^the row at \(0,6\) is missing in the copy$/),
    ]);
    expect(only(found, "public.small")?.problems).toEqual([
      expect.stringMatching(/^the row at \(0,50\) is missing in the copy$/),
    ]);
  });

  test("a transaction that was under way at the backup and finished later is no difference", async () => {
    const found = await compare({
      before: seed,
      after: "SELECT 1",
      underWay: "INSERT INTO small VALUES (500, 'late')",
    });
    expect(only(found, "public.small")).toMatchObject({ equal: 100, problems: [] });
  });

  test("a table that was rewritten since is named as one of which nothing can be said", async () => {
    const found = await compare({ before: seed, after: "TRUNCATE small; INSERT INTO small VALUES (1, 'x')" });
    expect(only(found, "public.small")).toMatchObject({
      equal: 0,
      incomparable: expect.stringContaining("written anew since"),
    });
  });
});
