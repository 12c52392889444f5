import pg, { type Client } from "pg";
import { beforeAll, describe, expect, test } from "vitest";
import { checkIntegrity } from "../../infra/database/backup/integrity";
import { one, type Scratch, useCluster } from "./scratch";

// A copy is made of the same files, as a restored snapshot has them, and damaged before anything has read it.
const cluster = useCluster();
let source: Scratch;
let superuser: Client;
let copies = 0;

beforeAll(async () => {
  source = await cluster.database();
  superuser = await source.session({ isSuperuser: true });
  const owner = await source.connect();
  try {
    await owner.query(`
      CREATE TABLE prompts (id int PRIMARY KEY, body text, owner text COLLATE "C", at timestamptz);
      ALTER TABLE prompts ALTER body SET STORAGE EXTERNAL;
      INSERT INTO prompts SELECT n, repeat(md5(n::text), 300), 'owner ' || n % 7, now() FROM generate_series(1, 400) AS n;
      CREATE INDEX newest ON prompts (at DESC NULLS LAST, id);
      CREATE INDEX lower_owner ON prompts (lower(owner) text_pattern_ops) WHERE id > 100;
      CREATE INDEX "Odd name" ON prompts (owner, at) INCLUDE (id);
      CREATE INDEX same_as_key ON prompts (id);
      CREATE INDEX bodies ON prompts USING hash (body);
      CREATE SCHEMA kept; CREATE TABLE kept.parted (id int, at date) PARTITION BY RANGE (at);
      CREATE TABLE kept.parted_1 PARTITION OF kept.parted FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
      INSERT INTO kept.parted SELECT n, '2025-02-02' FROM generate_series(1, 50) AS n; CREATE INDEX ON kept.parted (id)`);
  } finally {
    await owner.end();
  }
});

/** Connects to a new copy: as a superuser, who may use amcheck, or as the owner of its tables, who may not. */
async function copyOf(as: "superuser" | "owner", damage?: { relation: string; block: number }): Promise<Client> {
  const name = `copy_${++copies}`;
  const admin = new pg.Client({ ...credentials(), database: "postgres" });
  await admin.connect();
  try {
    await superuser.end();
    await admin.query(
      `CREATE DATABASE ${name} TEMPLATE ${source.connection.database} STRATEGY file_copy OWNER ${source.connection.user}`,
    );
    superuser = await source.session({ isSuperuser: true });
    if (damage !== undefined) {
      const file = await one<string>(superuser, `SELECT pg_relation_filepath(${damage.relation})`);
      const oid = await one<string>(admin, `SELECT oid FROM pg_database WHERE datname = '${name}'`);
      const path = `${await one<string>(admin, "SHOW data_directory")}/${file.replace(/^base\/\d+/, `base/${oid}`)}`;
      await admin.query(
        `COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; printf garbage | dd of=${path} bs=1 seek=${damage.block * 8192 + 4000} conv=notrunc status=none'`,
      );
    }
  } finally {
    await admin.end();
  }
  const login = as === "superuser" ? credentials() : source.connection;
  const client = new pg.Client({ ...login, database: name });
  await client.connect();
  return client;
}

function credentials() {
  const { host, port, user, password } = superuser;
  return { host, port, user, password: String(password) };
}

async function checked(client: Client) {
  try {
    return await checkIntegrity(client);
  } finally {
    await client.end();
  }
}

const toast = "(SELECT reltoastrelid FROM pg_class WHERE oid = 'prompts'::regclass)";
const damages = [
  ["a table", { relation: "'prompts'", block: 1 }, /public\.prompts/],
  ["a TOAST table", { relation: toast, block: 3 }, /public\.prompts|pg_toast/],
  ["an index", { relation: "'prompts_pkey'", block: 1 }, /public\.prompts_pkey/],
  ["a partial index", { relation: "'lower_owner'", block: 1 }, /public\.lower_owner/],
  ["a partition", { relation: "'kept.parted_1'", block: 0 }, /kept\.parted_1/],
] as const;

describe("by amcheck, where it may be used", () => {
  test("a whole copy is found to be whole, and what amcheck does not know is named", async () => {
    const { problems, evidence } = await checked(await copyOf("superuser"));
    expect(problems).toEqual([]);
    expect(evidence).toMatch(
      /^amcheck found nothing in 7 indexes and 3 tables; not looked at: public\.bodies \(no B-tree\)$/,
    );
  });

  test.each(damages)("a damaged page of %s is found", async (_what, damage, place) => {
    const { problems } = await checked(await copyOf("superuser", damage));
    expect(problems.join("\n")).toMatch(place);
    for (const problem of problems) expect(problem).toMatch(/^amcheck: /);
  });
});

describe("by reading everything, where amcheck may not be used", () => {
  test("a whole copy is found to be whole, and the evidence says how, and why", async () => {
    const { problems, evidence } = await checked(await copyOf("owner"));
    expect(problems).toEqual([]);
    expect(evidence).toMatch(
      /^amcheck can't be used here \(permission denied to create extension "amcheck"\), so every value of 2 tables was read and every row through each of 5 indexes; page checksums are on; not looked at: public\.bodies \(no B-tree\), public\.(same_as_key|prompts_pkey) \(another index serves as well\)$/,
    );
  });

  test.each(damages)("a damaged page of %s is found", async (_what, damage, place) => {
    const { problems } = await checked(await copyOf("owner", damage));
    expect(problems.join("\n")).toMatch(place);
    for (const problem of problems) expect(problem).toMatch(/^reading/);
  });

  test("a row that an index lost is found", async () => {
    const client = await copyOf("superuser");
    await client.query(
      "CREATE TEMPORARY TABLE gone AS SELECT * FROM prompts WHERE id = 300; DELETE FROM prompts WHERE id = 300",
    );
    await client.query("UPDATE pg_index SET indisready = false WHERE indexrelid = 'newest'::regclass");
    await client.query("INSERT INTO prompts SELECT * FROM gone");
    await client.query("UPDATE pg_index SET indisready = true WHERE indexrelid = 'newest'::regclass");
    const database = client.database;
    await client.end();
    const owner = new pg.Client({ ...source.connection, database });
    await owner.connect();
    expect((await checked(owner)).problems).toEqual([
      "reading by index: public.newest: 399 rows are found through it, and its table has 400 of them",
    ]);
  });

  test("the functions are asked for one by one: what is granted is used", async () => {
    const client = await copyOf("superuser");
    await client.query(
      `CREATE SCHEMA checks; CREATE EXTENSION amcheck SCHEMA checks; GRANT USAGE ON SCHEMA checks TO ${source.connection.user}`,
    );
    const database = client.database;
    const asOwner = async () => {
      const owner = new pg.Client({ ...source.connection, database });
      await owner.connect();
      return checked(owner);
    };
    expect((await asOwner()).evidence).toContain("may not call its functions), so every value of 2 tables was read");
    await client.query(`GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA checks TO ${source.connection.user}`);
    expect((await asOwner()).evidence).toMatch(/^amcheck found nothing in 7 indexes and 3 tables/);
    await client.query(`REVOKE EXECUTE ON FUNCTION checks.verify_heapam FROM ${source.connection.user}`);
    const { evidence, problems } = await asOwner();
    expect(problems).toEqual([]);
    expect(evidence).toContain("every value of 2 tables was read and its part for 7 indexes found nothing");
    await client.end();
  });

  test("a table that may not be read is named, and is nothing against the backup", async () => {
    const client = await copyOf("superuser");
    await client.query("CREATE TABLE strangers (id int); INSERT INTO strangers VALUES (1)");
    const database = client.database;
    await client.end();
    const owner = new pg.Client({ ...source.connection, database });
    await owner.connect();
    const { problems, evidence } = await checked(owner);
    expect(problems).toEqual([]);
    expect(evidence).toContain("public.strangers (permission denied for table strangers)");
  });

  test("a check that fails by itself is told as that", async () => {
    const client = await copyOf("owner");
    await client.query("SET statement_timeout = '1ms'");
    await expect(checked(client)).rejects.toThrow(/could not look at .*statement timeout|canceling statement/);
  });
});
