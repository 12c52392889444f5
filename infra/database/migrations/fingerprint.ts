import { createHash } from "node:crypto";
import type { Client, QueryResult } from "pg";

export type SchemaFingerprint = { hash: string; lines: string[] };

/**
 * Tables, columns, constraints, indexes, triggers, views and functions of schema public as sorted lines, and their SHA-256. Left out
 * are grants and owners, the order of columns, the journal itself, what extensions brought and what the way back keeps aside.
 */
export async function schemaFingerprint(client: Client): Promise<SchemaFingerprint> {
  const text = ["BEGIN READ ONLY", ...fingerprintStatements, "COMMIT"].join(";\n");
  return fingerprintIn(
    await client.query(text).catch(async (error: unknown) => {
      await client.query("ROLLBACK").catch(() => undefined);
      throw error;
    }),
  );
}

/** Of the answers to `fingerprintStatements`, whatever other statements were sent with them. */
export function fingerprintIn(answers: unknown): SchemaFingerprint {
  const results = answers as QueryResult<{ line: string }>[];
  const lines = results
    .filter(({ fields }) => fields[0]?.name === "line")
    .flatMap(({ rows }) => rows.map((row) => row.line))
    .sort();
  return { hash: createHash("sha256").update(lines.join("\n")).digest("hex"), lines };
}

const query = `WITH relations AS (
       SELECT c.oid, c.relname, c.relkind, c.relpersistence FROM pg_class AS c
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relname <> 'migration_audit'
         AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
     )
     SELECT format('relation %s %s%s', relname, relkind, relpersistence) AS line FROM relations
     UNION ALL
     SELECT format('column %s.%s %s%s%s%s', r.relname, a.attname, format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN ' not null' END,
       ' default ' || pg_get_expr(d.adbin, d.adrelid), CASE WHEN a.attidentity <> '' OR a.attgenerated <> '' THEN format(' %s%s', a.attidentity, a.attgenerated) END)
     FROM relations AS r JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
     LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     UNION ALL
     SELECT format('constraint %s.%s %s', r.relname, con.conname, pg_get_constraintdef(con.oid))
     FROM relations AS r JOIN pg_constraint AS con ON con.conrelid = r.oid
     UNION ALL
     SELECT format('index %s%s', pg_get_indexdef(i.indexrelid), CASE WHEN NOT (i.indisvalid AND i.indisready) THEN ' INVALID' END)
     FROM relations AS r JOIN pg_index AS i ON i.indrelid = r.oid
     UNION ALL
     SELECT format('trigger %s %s', pg_get_triggerdef(t.oid), t.tgenabled)
     FROM relations AS r JOIN pg_trigger AS t ON t.tgrelid = r.oid AND NOT t.tgisinternal
     UNION ALL
     SELECT format('view %s %s', r.relname, pg_get_viewdef(r.oid)) FROM relations AS r WHERE r.relkind IN ('v', 'm')
     UNION ALL
     SELECT format('function %s %s', p.oid::regprocedure, md5(pg_get_functiondef(p.oid)))
     FROM pg_proc AS p WHERE p.pronamespace = 'public'::regnamespace AND p.prokind IN ('f', 'p')
       AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')`;

/** To be run in a transaction, whose search_path they change. What a session has set must not show in how names are written. */
export const fingerprintStatements = ["SET LOCAL search_path = pg_catalog", query];

/** What one has and the other lacks, `+` and `-` as in a diff from `before` to `after`. */
export function fingerprintDifference(before: string[], after: string[]): string[] {
  return [
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ];
}
