import pg, { type Client } from "pg";
import { afterAll, beforeAll } from "vitest";
import type { Connect } from "../../infra/database/migrations";
import { type Cluster, type ClusterConnection, startCluster } from "./cluster";

/** An empty database of its own, and connections to it that are ended with it. */
export type Scratch = {
  connection: ClusterConnection;
  connect: Connect;
  /** One more session; a superuser's where asked. Ended after the file's tests at the latest. */
  session(options?: { isSuperuser?: boolean; name?: string }): Promise<Client>;
};

/** One cluster for a file's tests; each takes databases of its own from it. */
export function useCluster(settings: Record<string, string> = {}): {
  database(): Promise<Scratch>;
  running(): Cluster;
} {
  let cluster: Cluster | undefined;
  let databases = 0;
  const sessions: Client[] = [];
  beforeAll(async () => {
    cluster = await startCluster({ settings });
  }, 90_000);
  afterAll(async () => {
    await Promise.all(sessions.map((session) => session.end().catch(() => undefined)));
    await cluster?.stop();
  }, 60_000);
  const started = (): Cluster => {
    if (!cluster) throw new Error("the cluster has not been started");
    return cluster;
  };
  return {
    running: started,
    async database() {
      const cluster = started();
      databases += 1;
      const connection = await cluster.createDatabase(`scratch_${databases}`);
      const { superuser } = cluster;
      return {
        connection,
        connect: async () => {
          const client = new pg.Client(connection);
          // As the program's own: one that is ended as soon as it stands has nobody yet who listens.
          client.on("error", () => undefined);
          await client.connect();
          return client;
        },
        async session(options = {}) {
          const who = options.isSuperuser ? { ...superuser, database: connection.database } : connection;
          const client = new pg.Client({ ...who, application_name: options.name ?? "test" });
          client.on("error", () => undefined);
          await client.connect();
          sessions.push(client);
          return client;
        },
      };
    },
  };
}

/** Waits until `holds` answers something that isn't false, undefined or null; fails, naming `what`, after the deadline in milliseconds. */
export async function until<T>(
  what: string,
  holds: () => Promise<T | false | undefined | null> | T | false | undefined | null,
  deadlineMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const answer = await holds();
    if (answer !== false && answer !== undefined && answer !== null) return answer;
    if (Date.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** One query's first column of its first row. */
export async function one<T>(client: Client, sql: string, values: unknown[] = []): Promise<T> {
  const { rows } = await client.query<unknown[]>({ text: sql, values, rowMode: "array" } as never);
  return (rows as unknown as T[][])[0]?.[0] as T;
}
