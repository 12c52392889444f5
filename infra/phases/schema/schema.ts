import type pg from "pg";
import { failed } from "../../checklist/result";
import { withClient } from "../../context/database-connection";
import { prove, type Step, type StepContext, skip } from "../../context/step";
import { checklistQueries, inOneLine, providerTables, rowCounts, tableExists } from "../../database/checklist-queries";
import { readMigrations } from "../../database/migrations/files";
import { schemaVersion } from "../../database/migrations/journal";
import { type MigrateToArgs, type MigrationReport, migrateTo } from "../../database/migrations/migrate";
import { describeProgress, isRoutine } from "../../database/migrations/progress";
import { recordTo } from "../../database/migrations/record";
import { downProblem, locksOf, migrationOptions } from "./schema-plan";

/** Brings the schema up to the configured version, before the release that needs it starts. */
export const schemaUp: Step = async (context) => {
  const target = context.input.settings.schemaVersion;
  const look = <T>(work: (client: pg.Client) => Promise<T>) => withClient(context.connect("owner"), work);
  const { from, before } = await look(async (client) => {
    await lookBefore(context, client);
    return { from: await schemaVersion(client), before: await rowCounts(client, providerTables) };
  });
  const { migrations } = context.input.settings.database;
  if (target > from && migrations === "application") {
    skip(
      context,
      ["MIG-2.1", "MIG-2.2", "MIG-3.1", "MIG-3.2", "MIG-3.3"],
      "the application migrates itself when it starts; verify holds that against sql/verify",
    );
    return {
      outcome: "nothing to do",
      summary: `the schema is at ${from}; the application makes ${target} when it starts`,
    };
  }
  const report = target > from ? await migrate(context, target, "MIG-2.1") : undefined;
  await look((client) => lookAfter(context, client, { report, before }));
  if (report === undefined)
    return {
      outcome: "nothing to do",
      summary: `the schema is at ${from}${target < from ? `; ${target} is asked for, after the older release serves` : ""}`,
    };
  return {
    outcome: "completed",
    summary: `schema ${report.from} → ${report.to} in ${seconds(report.durationMs)}, verified`,
  };
};

/** Takes the schema back, once the older release serves: never before. */
export const schemaDown: Step = async (context) => {
  const target = context.input.settings.schemaVersion;
  const from = await withClient(context.connect("owner"), schemaVersion);
  if (target >= from) {
    skip(context, ["RBK-2", "RBK-3"], "the schema was not taken back");
    return { outcome: "nothing to do", summary: `the schema stays at ${from}` };
  }
  const problem = downProblem(context.input.settings.database.migrations, from, target);
  if (problem !== undefined) throw problem;
  const report = await migrate(context, target, "RBK-2");
  context.boxes.push({
    id: "RBK-2",
    result: "passed",
    evidence: `schema ${report.from} → ${report.to} in ${seconds(report.durationMs)} after ${context.input.release.name} served; what it removed is kept in rollback_keep${context.input.dataVolume === null ? "" : "; files in shared directories are as they were: only npm run restore takes those back too"}`,
    source: context.phase,
  });
  await prove(context, "RBK-3", () =>
    withClient(context.connect("owner"), async (client) => {
      const left = [];
      for (const table of providerTables) if (await tableExists(client, table)) left.push(table);
      if (left.length > 0) throw new Error(`still there: ${left.join(", ")}`);
      return `${providerTables.join(", ")} are gone; the release's health and connections were checked before (APP-3.2, FUN-2.1)`;
    }),
  );
  return {
    outcome: "completed",
    summary: `schema ${report.from} → ${report.to} in ${seconds(report.durationMs)}, verified`,
  };
};

/**
 * Where the application migrates itself: holds what it made at its start against every version's verify script, before any user
 * sees the release, and records it.
 */
export async function recordApplicationSchema(context: StepContext): Promise<void> {
  const { database, schemaVersion: target } = context.input.settings;
  if (database.migrations !== "application") return;
  const report = await recordTo(migration(context, target));
  if (report.applied.length > 0) context.notice(`the application made schema ${report.to}; verified and recorded`);
}

/** @param box fails where the schema cannot be brought there */
async function migrate(context: StepContext, target: number, box: "MIG-2.1" | "RBK-2"): Promise<MigrationReport> {
  const report = await migrateTo(migration(context, target)).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    context.boxes.push(failed(box, reason, { source: context.phase }));
    throw error;
  });
  context.details.migration = report;
  context.details.locks = locksOf(report);
  return report;
}

function migration(context: StepContext, target: number): MigrateToArgs {
  return {
    connect: () => context.connect("owner", "whole"),
    target,
    migrations: readMigrations(),
    options: migrationOptions(context.input.settings.database),
    progress: (event) => {
      const said = describeProgress(event);
      if (said !== undefined) (isRoutine(event) ? context.progress : context.notice)(said);
    },
  };
}

async function lookBefore(context: StepContext, client: pg.Client): Promise<void> {
  const isFirst = !(await tableExists(client, "connections"));
  const ask = async (query: string) => inOneLine((await client.query<Record<string, unknown>>(query)).rows);
  const nothing = { result: "not needed", reason: "the database has no tables yet" } as const;
  await prove(context, "MIG-1.1", async () => {
    const rows = (await tableExists(client, "migration_audit"))
      ? await ask(checklistQueries.lastAuditRows)
      : "no journal yet";
    return `schema ${await schemaVersion(client)}; ${rows}`;
  });
  await prove(context, "MIG-1.2", async () => (isFirst ? nothing : ask(checklistQueries.sampledConnections)));
  await prove(context, "MIG-1.3", async () => (isFirst ? nothing : ask(checklistQueries.tableStatistics)));
}

async function lookAfter(
  context: StepContext,
  client: pg.Client,
  seen: { report: MigrationReport | undefined; before: Record<string, number> },
): Promise<void> {
  const { report, before } = seen;
  if (report === undefined) skip(context, ["MIG-2.1"], "no version is missing");
  else
    await prove(
      context,
      "MIG-2.1",
      async () =>
        `journal: ${report.applied.length} completed, schema ${report.from} → ${report.to}; fingerprint ${report.fingerprint.slice(0, 16)}`,
    );
  const { schemaVersion: target, app } = context.input.settings;
  if (target < app.providersSinceSchema) {
    skip(
      context,
      ["MIG-2.2", "MIG-3.1", "MIG-3.2", "MIG-3.3"],
      `dynamic providers come with schema ${app.providersSinceSchema}`,
    );
    return;
  }
  await prove(
    context,
    "MIG-2.2",
    async () => `before: ${inOneLine([before])}; after: ${inOneLine([await rowCounts(client, providerTables)])}`,
  );
  await prove(context, "MIG-3.1", async () => {
    for (const table of providerTables)
      if (!(await tableExists(client, table))) throw new Error(`the table ${table} is missing`);
    return `${providerTables.join(", ")} exist`;
  });
  await prove(context, "MIG-3.2", async () => {
    const { rows } = await client.query<{ name: string; valid: boolean }>(
      `select c.relname as name, i.indisvalid as valid from pg_index i join pg_class c on c.oid = i.indexrelid
       join pg_class t on t.oid = i.indrelid where t.relnamespace = 'public'::regnamespace and c.relname like 'idx\\_%' order by 1`,
    );
    const invalid = rows.filter((row) => !row.valid).map((row) => row.name);
    if (rows.length === 0 || invalid.length > 0)
      throw new Error(`${rows.length} indexes idx_%, invalid: ${invalid.join(", ") || "none"}`);
    return `${rows.length} indexes idx_% are there and valid`;
  });
  await prove(context, "MIG-3.3", async () => {
    const { rows } = await client.query<{ type: string; nullable: string }>(
      "select data_type as type, is_nullable as nullable from information_schema.columns where table_name = 'connections' and column_name = 'provider_id'",
    );
    if (rows[0]?.type !== "uuid") throw new Error(`connections.provider_id is ${rows[0]?.type ?? "missing"}`);
    return `connections.provider_id: ${rows[0].type}, nullable ${rows[0].nullable}`;
  });
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
