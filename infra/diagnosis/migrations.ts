import type pg from "pg";
import { inOneLine } from "../database/checklist-queries";
import { lockHolder } from "../database/migrations/advisory-lock";
import { schemaState } from "../database/migrations/journal";
import type { SchemaState } from "../database/migrations/journal-state";
import { ask, type Section } from "./finding";

/** The checklist's own queries for a migration that failed. Foreign keys come from the catalogue: the checklist's view shows them to their owner only. */
const queries = {
  "migration status":
    "select migration_name, executed_at, executed_by, status, left(details ->> 'error', 200) as error from migration_audit order by executed_at desc limit 20",
  "constraints of providers":
    "select conname, contype, convalidated from pg_constraint where conrelid = to_regclass('public.providers') order by conname",
  "foreign keys of connections": `select conname, pg_get_constraintdef(oid) as definition from pg_constraint
    where contype = 'f' and conrelid = to_regclass('public.connections') order by conname`,
} as const;

export type MigrationTraces = {
  schema: SchemaState;
  lockHolder: string | undefined;
  invalidIndexes: readonly string[];
};

/** TRB-1: what a migration left, and what the journal says of it. Reads only. */
export async function diagnoseMigrations(stack: string, client: pg.Client): Promise<Section> {
  const section: Section = { title: "Database migrations", box: "TRB-1", asked: [], findings: [] };
  const otherwise = {
    means: "The journal or the schema is not as this program left it.",
    command: `pulumi preview --stack ${stack}`,
  };
  for (const [question, query] of Object.entries(queries))
    await ask(
      section,
      question,
      async () => inRows((await client.query<Record<string, unknown>>(query)).rows),
      otherwise,
    );
  await ask(
    section,
    "schema version",
    async () => {
      const traces = {
        schema: await schemaState(client),
        lockHolder: await lockHolder(client),
        invalidIndexes: await invalidIndexes(client),
      };
      section.findings.push(...migrationFindings(stack, traces));
      return `${traces.schema.version}${traces.schema.pending === undefined ? "" : `, version ${traces.schema.pending.version} half done`}; invalid indexes: ${traces.invalidIndexes.join(", ") || "none"}`;
    },
    otherwise,
  );
  return section;
}

/** What the traces of a migration mean. */
export function migrationFindings(
  stack: string,
  { schema, lockHolder: holder, invalidIndexes: invalid }: MigrationTraces,
): Section["findings"] {
  const { pending } = schema;
  if (holder !== undefined)
    return [
      {
        what: `a migration is going on: ${holder}`,
        means:
          "Let it end. If whoever started it is gone, PostgreSQL ends that session by itself once its connection breaks; the next run goes on from there.",
        command: `npm run diagnose -- ${stack}`,
      },
    ];
  if (pending !== undefined)
    return [
      {
        what: `version ${pending.version} (${pending.name}) is half done on its way ${pending.direction}: the journal says ${pending.status}`,
        means: `The schema is at ${schema.version} and works. The next run finishes what is asked for, or takes it back where it is not${invalid.length === 0 ? "" : `; with it go the invalid indexes ${invalid.join(", ")}`}.`,
        command: `pulumi up --stack ${stack}`,
      },
    ];
  return invalid.map((index) => ({
    what: `the index ${index} is invalid`,
    means:
      "PostgreSQL keeps it up to date and never uses it: a build that was cut off left it, and no migration is half done that would make it anew.",
    command: `npm run diagnose -- ${stack} --rebuild-indexes`,
  }));
}

/** In schema public, by name. */
export async function invalidIndexes(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name from pg_index i join pg_class c on c.oid = i.indexrelid
     where c.relnamespace = 'public'::regnamespace and not (i.indisvalid and i.indisready) order by 1`,
  );
  return rows.map(({ name }) => name);
}

/** Builds each invalid index again without stopping writers; what an earlier rebuild that was cut off left beside it goes. */
export async function rebuildIndexes(client: pg.Client): Promise<string[]> {
  const names = await invalidIndexes(client);
  for (const name of names) {
    const index = `public.${client.escapeIdentifier(name)}`;
    await client.query(
      /_cc(new|old)\d*$/.test(name)
        ? `drop index concurrently if exists ${index}`
        : `reindex index concurrently ${index}`,
    );
  }
  return names;
}

function inRows(rows: readonly Record<string, unknown>[]): string {
  return rows.length === 0 ? "no rows" : rows.map((row) => inOneLine([row])).join("\n");
}
