import { createHash } from "node:crypto";
import type { Client, QueryResult } from "pg";
import { otherLines } from "../catalog/other-objects";
import { relationLines } from "../catalog/relations";
import { rightsAndCommentLines } from "../catalog/rights-and-comments";
import { scope } from "../catalog/scope";
import { typeAndRoutineLines } from "../catalog/types-and-routines";

export type SchemaFingerprint = { hash: string; lines: string[] };

/**
 * Everything that `pg_dump --schema-only` would write, as sorted lines, and their SHA-256. A line is `KIND NAME: detail`, the name
 * quoted as SQL needs it; what belongs to a table begins with the table. Left out are the journal, what a rollback keeps aside and
 * what extensions brought. An index that is not valid, which pg_dump leaves out, is told.
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
  const results = answers as QueryResult<{ schema_line: string }>[];
  const lines = results
    .filter(({ fields }) => fields[0]?.name === "schema_line")
    .flatMap(({ rows }) => rows.map((row) => row.schema_line))
    .sort();
  return { hash: createHash("sha256").update(lines.join("\n")).digest("hex"), lines };
}

const queries = [...relationLines, ...typeAndRoutineLines, ...otherLines, ...rightsAndCommentLines];

/** To be run in a transaction, whose settings they change. What a session has set must not show in how names and values are written. */
export const fingerprintStatements = [
  "SET LOCAL search_path = pg_catalog",
  "SET LOCAL datestyle = 'ISO'",
  "SET LOCAL intervalstyle = 'postgres'",
  "SET LOCAL timezone = 'UTC'",
  "SET LOCAL extra_float_digits = 1",
  "SET LOCAL quote_all_identifiers = off",
  `WITH ${scope}\nSELECT line AS schema_line FROM (\n${queries.join("\nUNION ALL\n")}\n) AS lines (line)`,
];

/** What one has and the other lacks, `+` and `-` as in a diff from `before` to `after`; an object that came or went whole is one line. */
export function fingerprintDifference(before: readonly string[], after: readonly string[]): string[] {
  return [
    ...missingFrom(after, before).map((line) => `- ${line}`),
    ...missingFrom(before, after).map((line) => `+ ${line}`),
  ];
}

/** What of `lines` is not in `others`; an object of which nothing is there is one line. */
export function missingFrom(others: readonly string[], lines: readonly string[]): string[] {
  const known = new Set(others);
  const subjects = new Set(others.map(subjectOf));
  const missing = lines.filter((line) => !known.has(line));
  return [...new Set(missing.map((line) => (subjects.has(subjectOf(line)) ? line : subjectOf(line))))];
}

/** `KIND NAME` of a line. A name that holds a colon and a blank is quoted, and ends with its quote. */
export function subjectOf(line: string): string {
  return /^(?:[^":]|"(?:[^"]|"")*"|:(?! ))*/.exec(line)?.[0] ?? line;
}

/** The tables among a fingerprint's lines, as `table NAME` names them; those of schema public without it. */
export function tablesIn(lines: readonly string[]): ReadonlySet<string> {
  const tables = lines.flatMap((line) => /^table (.*)$/.exec(subjectOf(line))?.[1] ?? []);
  return new Set(tables.map((table) => table.replace(/^public\./, "")));
}
