import type { Connect } from "../migrations/options";
import {
  type ContentDigest,
  compareContent,
  comparisonProblems,
  describeComparison,
  type TableComparison,
} from "./comparison";
import { type ReadOptions, readContent } from "./content";
import { checkIntegrity } from "./integrity";
import type { Layout } from "./layout";
import { findMarker, type Marker } from "./marker";
import { readSequences, type Sequence, sequenceProblems } from "./sequences";

/** What the database held, read on both sides of its snapshot. */
export type Expectation = {
  snapshot: string;
  marker: Marker;
  layout: Layout;
  sequences: Sequence[];
  before: ContentDigest;
  after: ContentDigest;
};

export type Proof = {
  /** Evidence: the marker, and what was looked at; worth nothing where `integrityProblems` has any. */
  integrity: string;
  integrityProblems: string[];
  /** Evidence: what was equal. */
  content: string;
  contentProblems: string[];
  compared: TableComparison[];
};

/** Compares a restored copy with what it must be; changes nothing but making the extension amcheck in it. */
export async function proveCopy(connect: Connect, wanted: Expectation, options: ReadOptions): Promise<Proof> {
  const copy = await connect();
  try {
    const marked = await findMarker(copy, wanted.marker);
    const integrity = await checkIntegrity(copy);
    let damage: string[] = [];
    const content = await readContent(connect, wanted.layout, options).catch((error: Error): ContentDigest => {
      // What is damaged was found already; that it can't be compared either follows.
      if (integrity.problems.length === 0) throw error;
      damage = [`could not be read to its end: ${error.message}`];
      return {};
    });
    const compared = damage.length > 0 ? [] : compareContent(wanted.before, wanted.after, content);
    const sequences = await readSequences(copy);
    return {
      integrity: `the marker row of ${wanted.marker.writtenAt.toISOString()} is in the restored copy; ${integrity.evidence}`,
      integrityProblems: [
        ...(marked === wanted.snapshot
          ? []
          : [`the marker row ${wanted.marker.id} is not in it: it is no copy of this snapshot`]),
        ...integrity.problems,
      ],
      content: describeContent(compared, sequences.length, wanted.layout),
      contentProblems: [...damage, ...comparisonProblems(compared), ...sequenceProblems(wanted.sequences, sequences)],
      compared,
    };
  } finally {
    await copy.end();
  }
}

/** What was equal, and what nobody looked at. */
function describeContent(compared: readonly TableComparison[], sequences: number, layout: Layout): string {
  const list = (text: string, names: readonly string[]) => (names.length === 0 ? [] : [`${text} ${names.join(", ")}`]);
  return [
    describeComparison(compared),
    `${sequences} sequences not behind`,
    ...list("unlogged, so empty after any restore:", layout.unlogged),
    ...list("rows are kept elsewhere:", layout.foreign),
    ...list(
      "left out by backup.exclude:",
      layout.excluded.map(({ table, reason }) => `${table} (${reason})`),
    ),
  ].join("; ");
}
