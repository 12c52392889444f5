import type pg from "pg";
import type { RangeDigest } from "./comparison";
import { isOlder } from "./horizon";

/** Read in pieces, since one may be larger than a value can be. */
const pieceBytes = 1_048_576;

/**
 * A checksum of each large object, by its number. Those that were made after the horizon are left out.
 * @throws Error with PostgreSQL's words where this role may not read one
 */
export async function readLargeObjects(
  client: pg.Client,
  horizon: string | null,
): Promise<Record<string, RangeDigest>> {
  const isOld = horizon === null ? "true" : isOlder("xmin", horizon);
  const { rows } = await client.query<{ oid: string; rows: string; checksum: string }>(
    `SELECT object.oid::text, count(*)::text AS rows, coalesce(sum(pg_catalog.hash_record_extended(ROW(piece, pg_catalog.lo_get(object.oid, piece * ${pieceBytes}, ${pieceBytes})), 0)), 0)::text AS checksum
     FROM (SELECT oid FROM pg_catalog.pg_largeobject_metadata WHERE ${isOld}) AS object,
     LATERAL (SELECT pg_catalog.lo_lseek64(pg_catalog.lo_open(object.oid, 262144), 0, 2) AS bytes) AS size,
     LATERAL pg_catalog.generate_series(0::bigint, size.bytes / ${pieceBytes}) AS piece
     GROUP BY 1`,
  );
  return Object.fromEntries(rows.map(({ oid, rows: pieces, checksum }) => [oid, { rows: Number(pieces), checksum }]));
}
