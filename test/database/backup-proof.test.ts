import pg, { type Client } from "pg";
import { beforeAll, describe, expect, test } from "vitest";
import { digitsOf, isEmpty, readContent } from "../../infra/database/backup/content";
import { writeMarker } from "../../infra/database/backup/marker";
import { type Expectation, proveCopy } from "../../infra/database/backup/proof";
import { scramVerifier } from "../../infra/database/backup/scram";
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
    wanted = await expectation(client);
  } finally {
    await client.end();
  }
});

async function expectation(client: Client, meanwhile?: () => Promise<void>): Promise<Expectation> {
  const digits = await digitsOf(client);
  const marker = await writeMarker(client, "a-snapshot");
  const before = await readContent(client, digits);
  await meanwhile?.();
  return { snapshot: "a-snapshot", marker, digits, before, after: await readContent(client, digits) };
}

/** A copy, broken as a superuser can, looked at as RDS's master would. */
async function copyOf(
  damage: (copy: Client) => Promise<void> = async () => undefined,
): Promise<{ look: <T>(work: (copy: Client) => Promise<T>) => Promise<T> }> {
  const name = `copy_${++copies}`;
  const superuser = await source.session({ isSuperuser: true });
  const admin = new pg.Client({ ...superuserOf(superuser), database: "postgres" });
  await admin.connect();
  await superuser.end();
  try {
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${source.connection.database}`);
  } finally {
    await admin.end();
  }
  const connect = async () => {
    const client = new pg.Client({ ...superuserOf(superuser), database: name });
    await client.connect();
    return client;
  };
  const look = async <T>(work: (copy: Client) => Promise<T>): Promise<T> => {
    const client = await connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };
  await look(damage);
  return { look };
}

function superuserOf(client: Client) {
  const { host, port, user, password } = client;
  return { host, port, user, password: String(password) };
}

describe("a restored copy", () => {
  test("that is whole is proved, with what was seen as evidence", async () => {
    const proof = await (await copyOf()).look((copy) => proveCopy(copy, wanted));
    expect([...proof.integrityProblems, ...proof.contentProblems]).toEqual([]);
    expect(proof.content).toMatch(
      /connections: 500 rows in \d+ key ranges equal; models: 4 rows .*providers: 4 rows .*users: 10 rows/,
    );
    expect(proof.integrity).toMatch(/amcheck found nothing in \d\d indexes and \d+ tables/);
  });

  test("with one row missing is refused, and the range named", async () => {
    const copy = await copyOf(
      async (client) =>
        void (await client.query(
          "DELETE FROM connections WHERE id = (SELECT id FROM connections ORDER BY id LIMIT 1 OFFSET 250)",
        )),
    );
    const proof = await copy.look((client) => proveCopy(client, wanted));
    expect(proof.contentProblems).toEqual([
      expect.stringMatching(/^connections: keys [0-9a-f]{2}… hold (no row|\d+ rows) instead of \d+$/),
    ]);
  });

  test("with one column of one row changed is refused", async () => {
    const copy = await copyOf(
      async (client) =>
        void (await client.query("UPDATE users SET password_hash = 'y' WHERE email = 'user-3@example.test'")),
    );
    expect((await copy.look((client) => proveCopy(client, wanted))).contentProblems).toEqual([
      expect.stringMatching(/^users: keys .* with another content$/),
    ]);
  });

  test("without its marker is refused, though its rows are equal", async () => {
    const copy = await copyOf(
      async (client) => void (await client.query("DELETE FROM migration_audit WHERE migration_name = 'backup-marker'")),
    );
    const proof = await copy.look((client) => proveCopy(client, wanted));
    expect(proof.contentProblems).toEqual([]);
    expect(proof.integrityProblems).toEqual([expect.stringContaining("it is no copy of this snapshot")]);
  });

  test("with an index that lost a row is refused by amcheck, though its rows are equal", async () => {
    const copy = await copyOf(async (client) => {
      // The row leaves and comes back while its indexes look away, as after a write that never reached them.
      await client.query("SET session_replication_role = replica");
      await client.query("CREATE TEMPORARY TABLE gone AS SELECT * FROM models LIMIT 1");
      await client.query("DELETE FROM models WHERE id = (SELECT id FROM gone)");
      await client.query("UPDATE pg_index SET indisready = false WHERE indexrelid = 'idx_models_status'::regclass");
      await client.query("INSERT INTO models SELECT * FROM gone");
      await client.query("UPDATE pg_index SET indisready = true WHERE indexrelid = 'idx_models_status'::regclass");
    });
    const proof = await copy.look((client) => proveCopy(client, wanted));
    expect(proof.contentProblems).toEqual([]);
    expect(proof.integrityProblems).toEqual([
      expect.stringMatching(/^amcheck: idx_models_status: heap tuple .* lacks matching index tuple/),
    ]);
  });

  test("without a table is refused", async () => {
    const copy = await copyOf(async (client) => void (await client.query("DROP TABLE provider_templates")));
    expect((await copy.look((client) => proveCopy(client, wanted))).contentProblems).toEqual([
      expect.stringContaining("provider_templates: the table is missing"),
    ]);
  });

  test("is proved while writers go on, and what they did not touch is compared all the same", async () => {
    const client = await source.connect();
    try {
      const during = await expectation(client, async () => {
        await client.query(
          "UPDATE connections SET name = 'renamed' WHERE id IN (SELECT id FROM connections ORDER BY id LIMIT 20)",
        );
        await client.query(
          "INSERT INTO connections (user_id, name, provider, encrypted_config) SELECT user_id, 'new', provider, 'sealed' FROM connections LIMIT 5",
        );
      });
      await client.end();
      const copy = await copyOf();
      const proof = await copy.look((found) => proveCopy(found, during));
      expect([...proof.integrityProblems, ...proof.contentProblems]).toEqual([]);
      const connections = proof.compared.find(({ table }) => table === "connections");
      expect(connections?.changed).toBeGreaterThan(1);
      expect(connections?.quiet).toBeGreaterThan(150);
    } finally {
      await client.end().catch(() => undefined);
    }
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
