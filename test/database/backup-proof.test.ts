import pg, { type Client } from "pg";
import { beforeAll, describe, expect, test } from "vitest";
import { isEmpty, readContent } from "../../infra/database/backup/content";
import { type Exclusion, layOut } from "../../infra/database/backup/layout";
import { writeMarker } from "../../infra/database/backup/marker";
import { type Expectation, proveCopy } from "../../infra/database/backup/proof";
import { readSequences } from "../../infra/database/backup/sequences";
import { scramVerifier } from "../../infra/database/scram";
import { goTo, seedConnections, seedProviders } from "./library";
import { one, type Scratch, useCluster } from "./scratch";

// A copy is made by CREATE DATABASE … TEMPLATE: the same files, as a restored snapshot has them.
const cluster = useCluster();
let source: Scratch;
let wanted: Expectation;
let copies = 0;

beforeAll(async () => {
  source = await cluster.database();
  await goTo(source, 2);
  const client = await source.connect();
  try {
    await seedConnections(client, 500);
    await seedProviders(client);
  } finally {
    await client.end();
  }
  wanted = await expectation(source);
});

const readers = 2;

async function expectation(
  from: Scratch,
  options: { meanwhile?: () => Promise<void>; exclude?: Exclusion[] } = {},
): Promise<Expectation> {
  const client = await from.connect();
  const read = async () => {
    try {
      const layout = await layOut(client, options.exclude);
      const sequences = await readSequences(client);
      const before = await readContent(from.connect, layout, { readers });
      return { layout, sequences, before, marker: await writeMarker(client, "a-snapshot") };
    } finally {
      await client.end();
    }
  };
  const seen = await read();
  await options.meanwhile?.();
  return { snapshot: "a-snapshot", ...seen, after: await readContent(from.connect, seen.layout, { readers }) };
}

/** A copy, broken as a superuser can; connections to it see what RDS's master would. */
async function copyOf(
  from: Scratch,
  damage: (copy: Client) => Promise<void> = async () => undefined,
): Promise<() => Promise<Client>> {
  const name = `copy_${++copies}`;
  const superuser = await from.session({ isSuperuser: true });
  const admin = new pg.Client({ ...superuserOf(superuser), database: "postgres" });
  await admin.connect();
  await superuser.end();
  try {
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${from.connection.database}`);
  } finally {
    await admin.end();
  }
  const connect = async () => {
    const client = new pg.Client({ ...superuserOf(superuser), database: name });
    await client.connect();
    return client;
  };
  const client = await connect();
  try {
    await damage(client);
  } finally {
    await client.end();
  }
  return connect;
}

async function prove(copy: () => Promise<Client>, expected: Expectation = wanted) {
  return proveCopy(copy, expected, { readers });
}

function superuserOf(client: Client) {
  const { host, port, user, password } = client;
  return { host, port, user, password: String(password) };
}

describe("a restored copy", () => {
  test("that is whole is proved, with what was seen as evidence", async () => {
    const proof = await prove(await copyOf(source));
    expect([...proof.integrityProblems, ...proof.contentProblems]).toEqual([]);
    expect(proof.content).toMatch(
      /public.connections: 500 rows in \d+ ranges equal; public.migration_audit: \d+ rows .*public.models: 4 rows .*public.providers: 4 rows .*public.users: 10 rows .*; no row to compare in .*public.prompts/,
    );
    expect(proof.integrity).toMatch(/amcheck found nothing in \d\d indexes and \d+ tables/);
  });

  test.each<[what: string, sql: string, problem: RegExp]>([
    [
      "one row missing",
      "DELETE FROM connections WHERE id = (SELECT id FROM connections ORDER BY id LIMIT 1 OFFSET 250)",
      /^public.connections: place \(\d+,\d+\) holds no row instead of 1$/,
    ],
    [
      "one column of one row changed",
      "UPDATE users SET password_hash = 'y' WHERE email = 'user-3@example.test'",
      /^public.users: place \(0,\d+\) holds no row instead of 1$/,
    ],
    ["a table missing", "DROP TABLE provider_templates", /^public.provider_templates: the table is missing/],
    ["an empty table", "TRUNCATE models", /^public.models: .*; and 1 ranges more$/],
  ])("with %s is rejected, and the place named", async (_what, sql, problem) => {
    const proof = await prove(await copyOf(source, async (client) => void (await client.query(sql))));
    expect(proof.contentProblems).toEqual([expect.stringMatching(problem)]);
  });

  test("without its marker is rejected, though its rows are equal", async () => {
    const copy = await copyOf(
      source,
      async (client) => void (await client.query("DELETE FROM migration_audit WHERE migration_name = 'backup-marker'")),
    );
    const proof = await prove(copy);
    expect(proof.contentProblems).toEqual([]);
    expect(proof.integrityProblems).toEqual([expect.stringContaining("it is no copy of this snapshot")]);
  });

  test("with an index that lost a row is rejected by amcheck", async () => {
    const copy = await copyOf(source, async (client) => {
      // The row leaves and comes back while its indexes look away, as after a write that never reached them.
      await client.query("SET session_replication_role = replica");
      await client.query("CREATE TEMPORARY TABLE gone AS SELECT * FROM models LIMIT 1");
      await client.query("DELETE FROM models WHERE id = (SELECT id FROM gone)");
      await client.query("UPDATE pg_index SET indisready = false WHERE indexrelid = 'idx_models_status'::regclass");
      await client.query("INSERT INTO models SELECT * FROM gone");
      await client.query("UPDATE pg_index SET indisready = true WHERE indexrelid = 'idx_models_status'::regclass");
    });
    expect((await prove(copy)).integrityProblems).toEqual([
      expect.stringMatching(/^amcheck: .*idx_models_status: heap tuple .* lacks matching index tuple/),
    ]);
  });

  test("is proved while writers continue, and what they did not touch is compared all the same", async () => {
    const client = await source.connect();
    try {
      let copy: (() => Promise<Client>) | undefined;
      const during = await expectation(source, {
        meanwhile: async () => {
          await client.query(
            "UPDATE connections SET name = 'renamed' WHERE id IN (SELECT id FROM connections ORDER BY id LIMIT 20)",
          );
          // These come and go: the copy, made in between, holds them, and neither reading does.
          await client.query(
            "INSERT INTO connections (user_id, name, provider, encrypted_config) SELECT user_id, 'new', provider, 'sealed' FROM connections LIMIT 5",
          );
          await client.end();
          copy = await copyOf(source);
          const later = await source.connect();
          await later.query("DELETE FROM connections WHERE name = 'new'");
          await later.end();
        },
      });
      const proof = await prove(copy ?? source.connect, during);
      expect([...proof.integrityProblems, ...proof.contentProblems]).toEqual([]);
      const connections = proof.compared.find(({ table }) => table === "public.connections");
      expect(connections).toMatchObject({ changed: 20, quiet: 480, rows: 480 });
    } finally {
      await client.end().catch(() => undefined);
    }
  });
});

describe("whatever the database holds is compared", () => {
  /** A database with what is awkward to compare, and how each of it is damaged in a copy. */
  async function awkward(): Promise<Scratch> {
    const scratch = await cluster.database();
    const client = await scratch.connect();
    try {
      await client.query(`
        CREATE TABLE "Named like the alias" (one int, "row" text, t jsonb, place point);
        INSERT INTO "Named like the alias" SELECT 1, n::text, '{}', '(1,2)' FROM generate_series(1, 300) AS n;
        CREATE SCHEMA rollback_keep; CREATE TABLE rollback_keep.users (id int PRIMARY KEY, email text); INSERT INTO rollback_keep.users VALUES (1, 'a@b');
        CREATE TABLE no_key (rights aclitem, many aclitem[], at timestamptz); INSERT INTO no_key VALUES ('postgres=r/postgres', '{postgres=r/postgres}', now());
        CREATE TABLE parted (id bigint, at date) PARTITION BY RANGE (at);
        CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2025-01-01') TO ('2026-01-01'); INSERT INTO parted VALUES (1, '2025-02-02');
        CREATE TABLE large (id int, body text); ALTER TABLE large ALTER body SET STORAGE EXTERNAL; INSERT INTO large SELECT n, repeat(md5(n::text), 5000) FROM generate_series(1, 20) AS n;
        CREATE TABLE counted (id serial PRIMARY KEY); INSERT INTO counted SELECT FROM generate_series(1, 50);
        CREATE UNLOGGED TABLE cache (id int); CREATE TABLE nothing (id int);
        SELECT lo_from_bytea(4711, decode(repeat('ab', 3000000), 'hex'));
        CREATE TABLE wide (id bigint PRIMARY KEY, body text); INSERT INTO wide SELECT n, repeat('x', 700) FROM generate_series(1, 3000) AS n`);
    } finally {
      await client.end();
    }
    return scratch;
  }

  test("and what a restore empties, or nothing was found in, is named", async () => {
    const scratch = await awkward();
    const expected = await expectation(scratch);
    const proof = await prove(await copyOf(scratch), expected);
    expect(proof.contentProblems).toEqual([]);
    expect(proof.content).toContain('public."Named like the alias": 300 rows in 300 ranges equal');
    expect(proof.content).toContain("large objects: 3 rows");
    expect(proof.content).toContain("public.wide: 3000 rows");
    expect(proof.content).toContain("no row to compare in public.nothing");
    expect(proof.content).toContain("unlogged, so empty after any restore: public.cache");
    for (const [damage, table] of [
      [`UPDATE "Named like the alias" SET "row" = 'x' WHERE "row" = '17'`, 'public."Named like the alias"'],
      ["DELETE FROM rollback_keep.users", "rollback_keep.users"],
      ["UPDATE no_key SET many = '{}'", "public.no_key"],
      ["DELETE FROM parted", "public.parted_1"],
      ["UPDATE large SET body = repeat(md5('x'), 5000) WHERE id = 7", "public.large"],
      ["SELECT lo_put(4711, 2500000, 'z')", "large objects"],
      ["DELETE FROM wide WHERE id = 2999", "public.wide"],
      ["SELECT setval('counted_id_seq', 10)", "sequence public.counted_id_seq stands at 10; it stood at 50"],
    ] as const) {
      const broken = await copyOf(scratch, async (client) => void (await client.query(damage)));
      expect((await prove(broken, expected)).contentProblems, damage).toEqual([expect.stringContaining(table)]);
    }
  }, 180_000);

  test("by any session alike: time zone, formats, search_path and locale of its role change no checksum", async () => {
    const scratch = await awkward();
    const expected = await expectation(scratch);
    const superuser = await scratch.session({ isSuperuser: true });
    const role = scratch.connection.user;
    const settings = [
      "TimeZone = 'Asia/Tokyo'",
      "DateStyle = 'German'",
      "extra_float_digits = -5",
      "bytea_output = 'escape'",
    ];
    try {
      for (const setting of [...settings, "search_path = rollback_keep"])
        await superuser.query(`ALTER ROLE ${role} SET ${setting}`);
      expect(await readContent(scratch.connect, expected.layout, { readers })).toEqual(expected.before);
    } finally {
      await superuser.query(`ALTER ROLE ${role} RESET ALL`);
    }
  });

  test("or the gate says which rows it would not see, all tables at once, with the remedy", async () => {
    const scratch = await cluster.database();
    const superuser = await scratch.session({ isSuperuser: true });
    await superuser.query("CREATE TABLE strangers (id int); INSERT INTO strangers VALUES (1)");
    const client = await scratch.connect();
    try {
      await client.query(
        "CREATE TABLE tenants (id int); ALTER TABLE tenants ENABLE ROW LEVEL SECURITY; ALTER TABLE tenants FORCE ROW LEVEL SECURITY",
      );
      await expect(layOut(client, [{ table: "public.sessions", reason: "only logins" }])).rejects.toThrow(
        /backup.exclude names public.sessions, and the database has no such table.*\n.*may not read public.strangers.*GRANT SELECT.*\n.*row security hides rows of public.tenants/,
      );
      const exclude = ["public.strangers", "public.tenants"].map((table) => ({ table, reason: "kept elsewhere" }));
      expect((await layOut(client, exclude)).excluded).toEqual(exclude);
    } finally {
      await client.end();
    }
  });

  test("by a reader whose connection is lost in between: what it was at is read again", async () => {
    const scratch = await awkward();
    const expected = await expectation(scratch);
    const superuser = await scratch.session({ isSuperuser: true });
    let statements = 0;
    const progress = () => {
      if (++statements === 2)
        void superuser.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", [
          scratch.connection.user,
        ]);
    };
    expect(await readContent(scratch.connect, expected.layout, { readers, progress })).toEqual(expected.before);
    expect(statements).toBeGreaterThan(2);
  });
});

test("a database in which nothing was ever made is empty, and one with a single table is not", async () => {
  const scratch = await cluster.database();
  const client = await scratch.connect();
  try {
    expect(await isEmpty(client)).toBe(true);
    await client.query("CREATE TABLE anything (id int)");
    expect(await isEmpty(client)).toBe(false);
    expect(await one<string>(client, "SELECT count(*) FROM anything")).toBe("0");
  } finally {
    await client.end();
  }
});

test("a role whose password was set by its verifier logs in with the password, and with no other", async () => {
  const scratch = await cluster.database();
  const superuser = await scratch.session({ isSuperuser: true });
  await superuser.query(`CREATE ROLE restored_reader LOGIN PASSWORD '${scramVerifier("a-password-of-its-own")}'`);
  const login = async (password: string) => {
    const client = new pg.Client({ ...scratch.connection, user: "restored_reader", password });
    await client.connect();
    await client.end();
  };
  await login("a-password-of-its-own");
  await expect(login("another-one")).rejects.toThrow(/password authentication failed/);
});
