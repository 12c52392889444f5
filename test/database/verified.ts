import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import pg from "pg";
import { parse } from "yaml";
import type { BoxResult } from "../../infra/checklist/result";
import { statisticsRole } from "../../infra/core/role-names";
import { applicationSettings } from "../../infra/settings/application";
import type { Settings } from "../../infra/settings/settings";
import { verificationSettings } from "../../infra/settings/verification";
import { seeConnections } from "../../infra/verification/existing-connections";
import { verifyRelease } from "../../infra/verification/run";
import type { Subject } from "../../infra/verification/subject";
import { adminAccount, backendEnvironment, type RunningBackend, startBackend } from "../app/backend";
import type { FakeProvider } from "../app/provider";
import type { RunningRedis } from "../app/redis";
import { migrateDatabase } from "../app/schema";
import { startSite } from "../app/site";
import { asOne, type Cluster } from "./cluster";

export type Services = { cluster: Cluster; redis: RunningRedis; provider: FakeProvider };

export type Verified = {
  boxes: BoxResult[];
  details: Record<string, unknown>;
  backend: RunningBackend;
  database: pg.Client;
};

export type VerifyOptions = {
  schemaVersion?: number;
  verification?: Partial<Settings["verification"]>;
  environment?: NodeJS.ProcessEnv;
  /** Pages that take a path's place when it is asked for the first time. */
  firstAnswers?: Readonly<Record<string, string>>;
  /** What the checks are told of the release beside what is true. */
  told?: Partial<Subject>;
  /** Works on the database after its migration, before the release starts. */
  before?: (database: pg.Client, environment: NodeJS.ProcessEnv) => Promise<void>;
};

/** A Redis database for each: what is kept there of one backend must not reach another. */
let next = 0;

const reader = { user: "verification_reader", password: randomBytes(12).toString("hex") };

/** The settings of the rehearsal, which are the defaults, and limits that a busy machine does not reach. */
async function settingsOf(
  environment: NodeJS.ProcessEnv,
  changes: Partial<Settings["verification"]>,
): Promise<Subject["settings"]> {
  const { config } = parse(await readFile("Pulumi.rehearsal.yaml", "utf8")) as {
    config: Record<string, Record<string, unknown>>;
  };
  return {
    app: applicationSettings.parse({ ...config["prompt-library:app"], repository: "." }),
    network: { publicName: "rehearsal.prompt-library.example" } as Settings["network"],
    secrets: {
      adminPassword: adminAccount.password,
      checkPassword: "a password of the check's own",
      app: { JWT_SECRET: environment.JWT_SECRET ?? "" },
    } as Partial<Settings["secrets"]> as Settings["secrets"],
    verification: {
      ...verificationSettings.parse({
        adminEmail: adminAccount.email,
        checkEmail: "deployment-check@prompt-library.example",
      }),
      performance: { calls: 5, p50Ms: 900, p95Ms: 1_100, statementMs: 500, memoryPercent: 80 },
      ...changes,
    },
  };
}

/** Starts a release on a new database, verifies it, and hands over what came of it while it still runs. */
export async function verified(
  services: Services,
  tag: string,
  options: VerifyOptions,
  look: (verified: Verified) => Promise<void>,
): Promise<void> {
  const { cluster, redis, provider } = services;
  const name = `verified_${randomBytes(4).toString("hex")}`;
  const connection = await cluster.createDatabase(name);
  const schemaVersion = options.schemaVersion ?? 2;
  // As the deployment's roles have it: what the checks may read is the owner's tables of schema public.
  await asOne({ ...cluster.superuser, database: name }, [
    "create extension pg_stat_statements",
    `do $$ begin create role ${reader.user} login password '${reader.password}'; exception when duplicate_object then null; end $$`,
    `grant ${statisticsRole} to ${reader.user}`,
    `alter default privileges for role ${connection.user} in schema public grant select on tables to ${reader.user}`,
  ]);
  // Schema 1 as after a rollback, which keeps what it removes in a schema that they may not enter.
  for (const version of schemaVersion === 1 ? [2, 1] : [schemaVersion]) await migrateDatabase(connection, version);
  const environment: NodeJS.ProcessEnv = {
    ...backendEnvironment({
      databaseUrl: cluster.url.replace(/[^/]*$/, name),
      redisUrl: redis.url.replace(/\d+$/, String(next++ % 16)),
    }),
    PROVIDER_ENDPOINT_OVERRIDE: provider.url,
    ...options.environment,
  };
  const database = new pg.Client(connection);
  await database.connect();
  let backend: RunningBackend | undefined;
  try {
    await options.before?.(database, environment);
    const connectionsBefore = await seeConnections(database);
    const running = (backend = await startBackend(tag, environment));
    const site = await startSite(tag, running, options.firstAnswers);
    const record = { phase: "verify" as const, boxes: [] as BoxResult[], details: {} as Record<string, unknown> };
    try {
      await verifyRelease(
        {
          release: tag,
          schemaVersion,
          settings: await settingsOf(environment, options.verification ?? {}),
          origin: site.url,
          backend: {
            journal: async () =>
              running
                .output()
                .split("\n")
                .filter((row) => row !== "")
                .map((message) => ({ priority: null, message })),
            memory: async () => ({
              bytes: await residentBytes(running.pid),
              limitBytes: 512 * 1_048_576,
              source: "the resident memory of its process",
            }),
          },
          connect: async () => {
            const client = new pg.Client({ ...connection, ...reader });
            await client.connect();
            return client;
          },
          execute: async (statement, values) => (await database.query(statement, values)).rowCount ?? 0,
          applicationRole: connection.user,
          searchFiles: async () => ({ searched: 0, found: [] }),
          journalFrom: "its start",
          connectionsBefore,
          progress: () => undefined,
          ...options.told,
        },
        record,
      );
    } finally {
      site.stop();
    }
    await look({ ...record, backend: running, database });
  } finally {
    await database.end();
    await backend?.stop("SIGKILL");
  }
}

async function residentBytes(pid: number): Promise<number> {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) * 1024;
}
