import type pg from "pg";
import {
  type ContentDigest,
  compareContent,
  comparisonProblems,
  describeComparison,
  type TableComparison,
} from "./comparison";
import { type RangeDigits, readContent } from "./content";
import { checkIntegrity } from "./integrity";
import { findMarker, type Marker } from "./marker";

/** What the database held, read on both sides of its snapshot. */
export type Expectation = {
  snapshot: string;
  marker: Marker;
  digits: RangeDigits;
  before: ContentDigest;
  after: ContentDigest;
};

export type Proof = {
  /** Evidence: marker and amcheck; empty where `integrityProblems` has any. */
  integrity: string;
  integrityProblems: string[];
  /** Evidence: what was equal. */
  content: string;
  contentProblems: string[];
  compared: TableComparison[];
};

/** Holds a restored copy against what it must be; changes nothing but making the extension amcheck in it. */
export async function proveCopy(copy: pg.Client, wanted: Expectation): Promise<Proof> {
  const marked = await findMarker(copy, wanted.marker);
  const integrity = await checkIntegrity(copy);
  const compared = compareContent(wanted.before, wanted.after, await readContent(copy, wanted.digits));
  const integrityProblems = [
    ...(marked === wanted.snapshot
      ? []
      : [`the marker row ${wanted.marker.id} is not in it: it is no copy of this snapshot`]),
    ...integrity.problems.map((problem) => `amcheck: ${problem}`),
  ];
  return {
    integrity: `the marker row of ${wanted.marker.writtenAt.toISOString()} is in the restored copy; amcheck found nothing in ${integrity.indexes} indexes and ${integrity.tables} tables`,
    integrityProblems,
    content: describeComparison(compared),
    contentProblems: comparisonProblems(compared),
    compared,
  };
}
