import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { Failure } from "../core/failure";
import {
  type Migration,
  type MigrationReport,
  migrateTo,
  migrationsDirectory,
  readMigrations,
} from "../database/migrations";
import { readMigrationFiles } from "../database/migrations/files";
import { label } from "../database/migrations/hash-chain";
import { newFiles } from "../database/migrations/new-files";
import { missingParts } from "../database/migrations/readiness";
import { fillTables } from "../database/pair/fill";
import { rehearsePair } from "../database/pair/rehearsal";
import { lintMigration } from "./migration-lint";
import { type MigrationCheck, renderMigrationCheck } from "./migration-text";

/** Writes the files of the next version. @returns their paths @throws Failure where the name cannot be one, or a file is there */
export function newMigration(name: string, directory: string = migrationsDirectory): string[] {
  if (!/^[a-z][a-z0-9_]*$/.test(name))
    throw new Failure(
      "settings-wrong",
      `a migration's name must be lower-case letters, digits and underscores, and begin with a letter (it is ${JSON.stringify(name)})`,
      "npm run migration -- new add_connection_label",
      { changed: "nothing" },
    );
  const version = Math.max(0, ...readMigrationFiles(directory).map((migration) => migration.version)) + 1;
  const files = Object.entries(newFiles(version, name)).map(
    ([path, content]) => [join(directory, "..", path), content] as const,
  );
  const there = files.map(([path]) => path).filter((path) => existsSync(path));
  if (there.length > 0)
    throw new Failure("name-taken", `${there.join(", ")} is there already`, "remove it, or take another name", {
      changed: "nothing",
    });
  for (const [path, content] of files) writeFileSync(path, content);
  return files.map(([path]) => path);
}

export type MigrationCheckOptions = {
  /** Of a server on which a scratch database may be created. */
  url: string;
  /** The newest unless another is named. */
  version?: number;
  /** With how many each table is filled. */
  rows: number;
  directory?: string;
  progress?: (message: string) => void;
};

/**
 * Takes a scratch database, filled to a size, to a version, back and there again; the database is gone afterwards.
 * @throws Failure where the files cannot run or no database can be made; MigrationError where a statement fails
 */
export async function checkMigration(options: MigrationCheckOptions): Promise<MigrationCheck> {
  const { rows, progress, directory = migrationsDirectory } = options;
  const migrations = readMigrations(directory, { allowsNew: true });
  const migration = wholeVersion(migrations, options.version);
  const { version } = migration;
  const linted = await lintMigration(directory, migration);
  return onScratch(options.url, async (connect) => {
    progress?.(`a scratch database goes to version ${version - 1}`);
    if (version > 1) await migrateTo({ connect, target: version - 1, migrations });
    const client = await connect();
    try {
      progress?.(`its tables are filled with ${rows} rows each`);
      const filled = await fillTables(client, rows);
      const { rows: shown } = await client.query<{ server_version: string }>("SHOW server_version");
      const reports: MigrationReport[] = [];
      const { problems } = await rehearsePair({
        connect,
        target: version,
        migrations,
        ...(progress && { progress }),
        onReport: (report) => void reports.push(report),
      });
      return { migration, linted, server: shown[0]?.server_version ?? "", rows, filled, reports, problems };
    } finally {
      await client.end();
    }
  });
}

function wholeVersion(migrations: readonly Migration[], wanted: number | undefined): Migration {
  const newest = migrations.at(-1);
  const migration = wanted === undefined ? newest : migrations.find(({ version }) => version === wanted);
  if (migration === undefined)
    throw new Failure(
      "version-unknown",
      `there is no version ${wanted ?? 1}`,
      `the newest is ${newest?.version ?? 0}`,
      {
        changed: "nothing",
      },
    );
  const missing = missingParts(migration);
  if (missing.length === 0) return migration;
  throw new Failure(
    "migration-incomplete",
    `${label(migration)} has no ${missing.join(", no ")}`,
    "write what is missing, then run this again; sql/README.md says what each file is for",
    { changed: "nothing" },
  );
}

async function onScratch<T>(url: string, work: (connect: () => Promise<pg.Client>) => Promise<T>): Promise<T> {
  const name = `migration_check_${randomBytes(6).toString("hex")}`;
  const open = async (connectionString: string) => {
    const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 });
    await client.connect();
    return client;
  };
  const server = await open(url).catch((error: unknown) => {
    throw new Failure(
      "database-unreachable",
      `no scratch database could be created: ${error instanceof Error ? error.message : String(error)}`,
      "--url postgresql://USER@HOST/postgres of a server where USER may create databases; never one that users are on",
      { changed: "nothing" },
    );
  });
  try {
    await server.query(`CREATE DATABASE ${name}`);
    const own = new URL(url);
    own.pathname = `/${name}`;
    try {
      return await work(() => open(own.href));
    } finally {
      await server.query(`DROP DATABASE ${name} WITH (FORCE)`);
    }
  } finally {
    await server.end();
  }
}

/** The command: prints the check as Markdown, or JSON. @returns whether nothing is wrong */
export async function sayMigrationCheck(options: MigrationCheckOptions & { json?: boolean }): Promise<boolean> {
  const check = await checkMigration(options);
  process.stdout.write(`${options.json === true ? JSON.stringify(check) : renderMigrationCheck(check)}\n`);
  return check.problems.length === 0 && check.linted.length === 0;
}
