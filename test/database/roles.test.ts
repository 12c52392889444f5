import pg, { type Client } from "pg";
import { expect, test } from "vitest";
import { masterUser, roleNames, statisticsRole } from "../../infra/core/role-names";
import { one, useCluster } from "./scratch";

const cluster = useCluster();
const password = "a-password-of-a-test";

/** What infra/stack/roles.ts makes beside the owner, by the statements of the provider that it makes them with. */
async function makeRoles(database: string): Promise<void> {
  const defaults = `ALTER DEFAULT PRIVILEGES FOR ROLE ${roleNames.owner} IN SCHEMA public`;
  await as("master", database, async (master) => {
    for (const role of [roleNames.app, roleNames.readonly])
      await master.query(`DO $$ BEGIN CREATE ROLE ${role} LOGIN PASSWORD '${password}';
        EXCEPTION WHEN duplicate_object THEN NULL; END $$`);
    await master.query(`GRANT ${statisticsRole} TO ${roleNames.readonly}`);
    await master.query(`GRANT CONNECT ON DATABASE ${database} TO ${roleNames.app}, ${roleNames.readonly}`);
    await master.query(`${defaults} GRANT DELETE, INSERT, SELECT, UPDATE ON TABLES TO ${roleNames.app}`);
    await master.query(`${defaults} GRANT SELECT, USAGE ON SEQUENCES TO ${roleNames.app}`);
    await master.query(`${defaults} GRANT SELECT ON TABLES TO ${roleNames.readonly}`);
  });
}

async function as<T>(
  who: "master" | "owner" | "app" | "readonly",
  database: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const { master, connection } = cluster.running();
  const login = { master, owner: connection, app: null, readonly: null }[who];
  const client = new pg.Client(
    login ? { ...login, database } : { ...connection, database, user: roleNames[who as "app"], password },
  );
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

test("the master makes roles and databases without being a superuser, and without being one of its roles unasked", async () => {
  const { connection } = await cluster.database();
  await as("master", connection.database, async (master) => {
    expect(await one(master, "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = $1", [masterUser])).toBe(
      false,
    );
    await master.query("CREATE ROLE somebody_else");
    const made = master.query("SET ROLE somebody_else");
    await expect(made).rejects.toThrow("permission denied to set role");
  });
});

test("from PostgreSQL 16 on the master may grant pg_monitor and not what it holds only through it", async () => {
  const { connection } = await cluster.database();
  await makeRoles(connection.database);
  await as("master", connection.database, async (master) => {
    await master.query(`GRANT pg_monitor TO ${roleNames.app}; REVOKE pg_monitor FROM ${roleNames.app}`);
    const part = master.query(`GRANT pg_read_all_stats TO ${roleNames.app}`);
    if (cluster.running().server.major < 16) await part;
    else await expect(part).rejects.toThrow('permission denied to grant role "pg_read_all_stats"');
    const superusers = master.query(`GRANT postgres TO ${roleNames.app}`);
    await expect(superusers).rejects.toThrow(/must be superuser|permission denied to grant role/);
  });
});

test.each(["owner", "readonly"] as const)("the %s role sees what the session of another does", async (who) => {
  const { connection } = await cluster.database();
  await makeRoles(connection.database);
  await as("app", connection.database, async (app) => {
    await app.query("BEGIN");
    const pid = await one<number>(app, "SELECT pg_backend_pid()");
    const state = await as(who, connection.database, (client) =>
      one(client, "SELECT state FROM pg_stat_activity WHERE pid = $1", [pid]),
    );
    expect(state).toBe("idle in transaction");
  });
});

test("what the owner makes serves the application, and the readonly role to look at", async () => {
  const { connection } = await cluster.database();
  await makeRoles(connection.database);
  await as("owner", connection.database, (owner) => owner.query("CREATE TABLE things (id serial, name text)"));
  await as("app", connection.database, async (app) => {
    await app.query("INSERT INTO things (name) VALUES ('one')");
    await expect(app.query("CREATE TABLE others ()")).rejects.toThrow("permission denied");
    await expect(app.query("ALTER TABLE things ADD more text")).rejects.toThrow("must be owner");
  });
  await as("readonly", connection.database, async (readonly) => {
    expect(await one(readonly, "SELECT name FROM things")).toBe("one");
    await expect(readonly.query("DELETE FROM things")).rejects.toThrow("permission denied");
  });
});

test("the master creates extensions in the owner's database and changes passwords of the roles that it made", async () => {
  const { connection } = await cluster.database();
  await makeRoles(connection.database);
  await as("master", connection.database, async (master) => {
    await master.query("CREATE EXTENSION pgcrypto");
    for (const role of Object.values(roleNames)) await master.query(`ALTER ROLE ${role} CONNECTION LIMIT 50`);
  });
});
