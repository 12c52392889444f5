import type { Client } from "pg";
import { type QualifiedName, quoted, shownName } from "../sql/tree";
import { MigrationError } from "./errors";
import type { Sessions } from "./session";
import type { Steps } from "./statement";

/**
 * What an attempt that was cut off has left is removed, or finished where there is no rollback. Answers `done` when nothing else is
 * to do. The worker has its limits already.
 *
 * @throws MigrationError when the name belongs to something else
 */
export async function removeLeftovers(sessions: Sessions, steps: Steps): Promise<"done" | undefined> {
  const { worker, engine } = sessions;
  switch (steps.of) {
    case "create-index": {
      const found = await indexNamed(engine, steps.index);
      if (found === undefined) return undefined;
      refuseOther(steps, found);
      // Dropping it would wait until it is valid.
      if (found.is_being_built)
        throw Object.assign(new Error(`somebody builds the index ${shownName(steps.index)} right now`), {
          code: "55P03",
        });
      // IF NOT EXISTS would take it for the real one.
      if (!found.is_valid) await dropIndex(worker, steps.index);
      return undefined;
    }
    case "reindex":
      for (const leftover of await reindexLeftovers(engine, steps)) await dropIndex(worker, leftover);
      return undefined;
    case "detach-partition": {
      const state = await partitionState(engine, steps);
      if (state !== "pending") return undefined;
      // Queries do not see its rows any more, and there is no rollback from here but by ATTACH.
      await worker.query(`ALTER TABLE ${quoted(steps.table)} DETACH PARTITION ${quoted(steps.partition)} FINALIZE`);
      return "done";
    }
    // A half dropped index is dropped by the same statement. What a procedure has committed only its author knows.
    case "drop-index":
    case "procedure":
    case "vacuum":
      return undefined;
    default:
      return steps satisfies never;
  }
}

/** The statement says that it succeeded: whether what it was for is there. @throws MigrationError */
export async function checkResult({ engine }: Sessions, steps: Steps): Promise<void> {
  switch (steps.of) {
    case "create-index": {
      const found = await indexNamed(engine, steps.index);
      if (!found?.is_valid)
        throw new MigrationError(
          "step-incomplete",
          `The index ${shownName(steps.index)} is not valid after it was built.`,
        );
      refuseOther(steps, found);
      return;
    }
    case "drop-index":
      if (await indexNamed(engine, steps.index))
        throw new MigrationError(
          "step-incomplete",
          `The index ${shownName(steps.index)} is still there after it was dropped.`,
        );
      return;
    case "reindex": {
      const wrong = [...(await invalidIndexes(engine, steps)), ...(await reindexLeftovers(engine, steps))];
      if (wrong.length > 0)
        throw new MigrationError(
          "step-incomplete",
          `Not valid after REINDEX: ${wrong.map(shownName).join(", ")}. Drop or rebuild each.`,
        );
      return;
    }
    case "detach-partition":
      if ((await partitionState(engine, steps)) !== undefined)
        throw new MigrationError(
          "step-incomplete",
          `${shownName(steps.partition)} is still a partition of ${shownName(steps.table)}.`,
        );
      return;
    case "procedure":
    case "vacuum":
      return;
    default:
      return steps satisfies never;
  }
}

type IndexFound = {
  table_schema: string | null;
  table_name: string | null;
  is_valid: boolean;
  is_unique: boolean;
  is_being_built: boolean;
};

/** Whatever relation has that name; it has no table where it is no index. */
async function indexNamed(engine: Client, { schema, name }: QualifiedName): Promise<IndexFound | undefined> {
  const { rows } = await engine.query<IndexFound>(
    `SELECT tn.nspname AS table_schema, t.relname AS table_name, coalesce(i.indisvalid AND i.indisready AND i.indislive, true) AS is_valid,
       coalesce(i.indisunique, false) AS is_unique,
       EXISTS (SELECT FROM pg_stat_progress_create_index AS building WHERE building.index_relid = c.oid) AS is_being_built
     FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
     LEFT JOIN pg_class AS t ON t.oid = i.indrelid LEFT JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
     WHERE n.nspname = $1 AND c.relname = $2`,
    [schema, name],
  );
  return rows[0];
}

/** An index of somebody else's under that name is neither dropped nor taken for the one that was asked for. */
function refuseOther({ index, table, isUnique }: Extract<Steps, { of: "create-index" }>, found: IndexFound): void {
  const isOurs = found.table_schema === table.schema && found.table_name === table.name && found.is_unique === isUnique;
  if (isOurs) return;
  const what =
    found.table_name === null
      ? "no index"
      : `${found.is_unique ? "a unique index" : "an index"} of ${shownName({ schema: found.table_schema ?? "", name: found.table_name })}`;
  throw new MigrationError(
    "name-taken",
    `${shownName(index)} is there already, and it is ${what}: ${isUnique ? "a unique index" : "an index"} of ${shownName(table)} was asked for.`,
    { remedy: "rename the one or the other; then pulumi up" },
  );
}

type Reindex = Extract<Steps, { of: "reindex" }>;

/** The table whose indexes are rebuilt, with its TOAST table; of an index the table that it belongs to. */
const reindexed = `SELECT t.oid, t.reltoastrelid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_index AS own ON own.indexrelid = c.oid JOIN pg_class AS t ON t.oid = coalesce(own.indrelid, c.oid)
  WHERE n.nspname = $1 AND c.relname = $2`;

/** REINDEX CONCURRENTLY builds beside the old index under a name of its own, and leaves one of the two when it is cut off. */
async function reindexLeftovers(engine: Client, { name }: Reindex): Promise<QualifiedName[]> {
  const { rows } = await engine.query<QualifiedName>(
    `SELECT n.nspname AS schema, c.relname AS name FROM (${reindexed}) AS met JOIN pg_index AS i ON i.indrelid IN (met.oid, met.reltoastrelid)
     JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE NOT (i.indisvalid AND i.indisready AND i.indislive) AND c.relname ~ '_cc(new|old)\\d*$'`,
    [name.schema, name.name],
  );
  return rows;
}

async function invalidIndexes(engine: Client, { what, name }: Reindex): Promise<QualifiedName[]> {
  const { rows } = await engine.query<QualifiedName>(
    `SELECT n.nspname AS schema, c.relname AS name FROM (${reindexed}) AS met JOIN pg_index AS i ON i.indrelid = met.oid
     JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE NOT (i.indisvalid AND i.indisready) AND ($3 = 'table' OR n.nspname = $1 AND c.relname = $2)
       AND c.relname !~ '_cc(new|old)\\d*$'`,
    [name.schema, name.name, what],
  );
  return rows;
}

async function partitionState(
  engine: Client,
  { table, partition }: Extract<Steps, { of: "detach-partition" }>,
): Promise<"attached" | "pending" | undefined> {
  const { rows } = await engine.query<{ is_pending: boolean }>(
    `SELECT inhdetachpending AS is_pending FROM pg_inherits
     WHERE inhparent = to_regclass($1) AND inhrelid = to_regclass($2)`,
    [quoted(table), quoted(partition)],
  );
  const [row] = rows;
  return row === undefined ? undefined : row.is_pending ? "pending" : "attached";
}

async function dropIndex(worker: Client, index: QualifiedName): Promise<void> {
  await worker.query(`DROP INDEX CONCURRENTLY IF EXISTS ${quoted(index)}`);
}
