import type pg from "pg";
import { Failure } from "../core/failure";

/** How the application queries providers and what refers to them; an index must serve each query. */
export const providerQueries = [
  { name: "a provider by identifier", sql: "select * from public.providers where identifier = 'openai'" },
  { name: "providers by status", sql: "select * from public.providers where status = 'active'" },
  {
    name: "models of a provider",
    sql: "select * from public.models where provider_id = '00000000-0000-4000-8000-000000000000'",
  },
  {
    name: "connections of a provider",
    sql: "select * from public.connections where provider_id = '00000000-0000-4000-8000-000000000000'",
  },
] as const;

export type Statement = { id: string; query: string; meanMs: number; calls: number };

/** The statements on providers and models of one role, as they are counted so far. @throws Failure if statements are not counted */
export async function providerStatements(client: pg.Client, role: string): Promise<Statement[]> {
  const { rows: there } = await client.query("select from pg_extension where extname = 'pg_stat_statements'");
  if (there.length === 0)
    throw new Failure(
      "statements-not-counted",
      "the extension pg_stat_statements is missing, so statements are not timed",
      "create extension pg_stat_statements, and pg_stat_statements in shared_preload_libraries",
    );
  const { rows } = await client.query<Statement>(
    `select s.queryid::text as id, min(s.query) as query, sum(s.calls)::float8 as calls,
       sum(s.mean_exec_time * s.calls)::float8 / nullif(sum(s.calls), 0) as "meanMs"
     from pg_stat_statements s join pg_roles r on r.oid = s.userid join pg_database d on d.oid = s.dbid
     where r.rolname = $1 and d.datname = current_database() and s.query ~* '\\m(providers|models)\\M'
       and s.query ~* '^\\s*(select|insert|update|delete|with)\\M'
     group by s.queryid`,
    [role],
  );
  return rows;
}

/** What was called in between, slowest first. The server forgets statements where it has too many: one with fewer calls was counted from zero. */
export function statementsSince(before: readonly Statement[], after: readonly Statement[]): Statement[] {
  const known = new Map(before.map((row) => [row.id, row]));
  return after
    .flatMap((row) => {
      const then = known.get(row.id);
      if (then === undefined || then.calls > row.calls) return [row];
      const calls = row.calls - then.calls;
      return calls === 0
        ? []
        : [{ ...row, calls, meanMs: (row.meanMs * row.calls - then.meanMs * then.calls) / calls }];
    })
    .sort((a, b) => b.meanMs - a.meanMs);
}

export type IndexUse = { name: string; scans: number; isValid: boolean };

export async function indexUses(client: pg.Client): Promise<IndexUse[]> {
  const { rows } = await client.query<IndexUse>(
    `select u.indexrelname as name, u.idx_scan::int as scans, i.indisvalid as "isValid"
     from pg_stat_user_indexes u join pg_index i using (indexrelid)
     where u.schemaname = 'public' and (u.relname in ('providers', 'models', 'provider_templates') or u.indexrelname = 'idx_connections_provider_id')
     order by 1`,
  );
  return rows;
}

/** Indexes that a plan uses, and tables that it scans in full. @param plan as `explain (format json)` gives it */
export function planScans(plan: unknown): { indexes: string[]; wholeTables: string[] } {
  const found = { indexes: [] as string[], wholeTables: [] as string[] };
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const each of node) visit(each);
    if (typeof node !== "object" || node === null || Array.isArray(node)) return;
    const { "Node Type": type, "Index Name": index, "Relation Name": table } = node as Record<string, unknown>;
    if (typeof index === "string") found.indexes.push(index);
    if (type === "Seq Scan" && typeof table === "string") found.wholeTables.push(table);
    Object.values(node).forEach(visit);
  };
  visit(plan);
  return found;
}
