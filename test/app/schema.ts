import pg from "pg";
import { readMigrations } from "../../infra/database/migrations/files";
import { migrateTo } from "../../infra/database/migrations/migrate";

/** Brings a database to a schema version by the program's own migrations, as a deployment does. */
export async function migrateDatabase(connection: pg.ClientConfig, target: number): Promise<void> {
  const connect = async () => {
    const client = new pg.Client(connection);
    await client.connect();
    return client;
  };
  await migrateTo({ connect, target, migrations: readMigrations() });
}
