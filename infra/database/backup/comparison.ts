/** Rows of one range and a checksum that does not depend on their order. */
export type RangeDigest = { rows: number; checksum: string };

/** By the range's first block, by a row's place, or by a large object's number; a range without rows is not there. */
export type TableDigest = Readonly<Record<string, RangeDigest>>;

/** By the table's name; a table that does not exist is not there. */
export type ContentDigest = Readonly<Record<string, TableDigest>>;

export type TableComparison = {
  table: string;
  /** Ranges with rows that were the same before and after the snapshot, and so had to be the same in the copy. */
  quiet: number;
  /** Ranges that somebody wrote to meanwhile: nothing can be said of them. */
  changed: number;
  /** Rows in the quiet ranges. */
  rows: number;
  /** What is wrong with the copy, a range each. */
  differences: string[];
};

/**
 * Compares a restored copy with what the database held before and after the snapshot. Writers continued meanwhile, so only what was the
 * same both times must be the same in the copy.
 */
export function compareContent(before: ContentDigest, after: ContentDigest, copy: ContentDigest): TableComparison[] {
  const tables = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return tables.map((table) => {
    const [was, is, restored] = [before[table] ?? {}, after[table] ?? {}, copy[table]];
    const compared: TableComparison = { table, quiet: 0, changed: 0, rows: 0, differences: [] };
    if (restored === undefined && before[table] !== undefined && after[table] !== undefined)
      compared.differences.push("the table is missing");
    for (const range of new Set([...Object.keys(was), ...Object.keys(is), ...Object.keys(restored ?? {})])) {
      const [first, last, found] = [was[range], is[range], restored?.[range]];
      if (first === undefined && last === undefined) {
        // Older rows do not come back: what held none before and after held none in between.
        if (found !== undefined) compared.differences.push(`${place(range)} holds ${found.rows} rows instead of none`);
      } else if (first === undefined || last === undefined || !isSame(first, last)) compared.changed += 1;
      else {
        compared.quiet += 1;
        compared.rows += first.rows;
        if (restored !== undefined && (found === undefined || !isSame(first, found)))
          compared.differences.push(difference(range, first, found));
      }
    }
    return compared;
  });
}

/** Why the copy is rejected; nothing where it is as it must be. */
export function comparisonProblems(compared: readonly TableComparison[]): string[] {
  const problems = compared.flatMap(({ table, differences }) =>
    differences.length === 0
      ? []
      : [
          `${table}: ${differences.slice(0, 3).join("; ")}${differences.length > 3 ? `; and ${differences.length - 3} ranges more` : ""}`,
        ],
  );
  const total = (part: "quiet" | "changed") => compared.reduce((sum, table) => sum + table[part], 0);
  if (problems.length === 0 && total("quiet") === 0 && total("changed") > 0)
    problems.push(
      `all ${total("changed")} ranges were written to while the snapshot was made, so that nothing could be compared; deploy in a quieter hour`,
    );
  return problems;
}

/** The comparison as evidence: `public.users: 12 rows in 11 ranges equal; …; no row to compare in public.ratings`. */
export function describeComparison(compared: readonly TableComparison[]): string {
  const [full, empty] = [compared.filter(({ rows }) => rows > 0), compared.filter(({ rows }) => rows === 0)];
  const names = (tables: readonly TableComparison[]) =>
    tables.map(({ table, changed }) => `${table}${changed === 0 ? "" : ` (${changed} ranges changed meanwhile)`}`);
  return [
    ...full.map(
      ({ table, quiet, changed, rows }) =>
        `${table}: ${rows} rows in ${quiet} ranges equal${changed === 0 ? "" : `, ${changed} changed meanwhile`}`,
    ),
    ...(empty.length === 0 ? [] : [`no row to compare in ${names(empty).join(", ")}`]),
  ].join("; ");
}

export function isSame(one: RangeDigest, other: RangeDigest): boolean {
  return one.rows === other.rows && one.checksum === other.checksum;
}

function difference(range: string, wanted: RangeDigest, found: RangeDigest | undefined): string {
  if (found === undefined) return `${place(range)} holds no row instead of ${wanted.rows}`;
  return found.rows === wanted.rows
    ? `${place(range)} holds ${wanted.rows} rows with other content`
    : `${place(range)} holds ${found.rows} rows instead of ${wanted.rows}`;
}

function place(range: string): string {
  if (range === "all") return "it";
  return range.startsWith("(") ? `place ${range}` : `the range at ${range}`;
}
