import { z } from "zod";

/** What a host remembers of its releases, an event a line. */
const entrySchema = z.object({
  event: z.enum(["staged", "verified", "served", "bad"]),
  release: z.string(),
  commit: z.string(),
  /** SHA-256 of the artifact. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  /** SHA-256 of the backend's environment and command: the config that it ran with. */
  config: z.string(),
  /** `user@machine`. */
  who: z.string(),
  /** ISO 8601. */
  at: z.string(),
  reason: z.string().optional(),
});

export type LedgerEntry = z.infer<typeof entrySchema>;

export type Verdict = "verified" | "bad" | "not verified";

export type KnownRelease = Omit<LedgerEntry, "event"> & {
  verdict: Verdict;
  /** When it last began to serve; ISO 8601. */
  servedAt?: string;
  /** When it first did. */
  firstServedAt?: string;
};

/** The entries of a ledger, the oldest first; a line that a full disk or a power cut has spoiled is left out. */
export function readLedger(text: string): LedgerEntry[] {
  return text.split("\n").flatMap((row) => {
    try {
      const parsed = entrySchema.safeParse(JSON.parse(row));
      return parsed.success ? [parsed.data] : [];
    } catch {
      return [];
    }
  });
}

/** Each artifact once, as its newest entry tells, the newest first. Its verdict is the latest one that was given. */
export function knownReleases(entries: readonly LedgerEntry[]): KnownRelease[] {
  const known = new Map<string, KnownRelease>();
  for (const { event, reason, ...entry } of entries) {
    const before = known.get(entry.digest);
    known.delete(entry.digest);
    const isVerdict = event !== "staged";
    const verdict: Verdict = event === "bad" ? "bad" : isVerdict ? "verified" : (before?.verdict ?? "not verified");
    const why = isVerdict ? reason : before?.reason;
    const servedAt = event === "served" ? entry.at : before?.servedAt;
    const firstServedAt = before?.firstServedAt ?? servedAt;
    known.set(entry.digest, {
      ...entry,
      verdict,
      ...(why === undefined ? {} : { reason: why }),
      ...(servedAt === undefined ? {} : { servedAt }),
      ...(firstServedAt === undefined ? {} : { firstServedAt }),
    });
  }
  return [...known.values()].reverse();
}

/** Where a rollback leads that names no release: what served last before the serving one and was not found bad. */
export function lastGood(known: readonly KnownRelease[], serving: string | null): KnownRelease | undefined {
  return known
    .filter(({ digest, verdict, servedAt }) => digest !== serving && verdict === "verified" && servedAt !== undefined)
    .sort((a, b) => ((a.servedAt ?? "") < (b.servedAt ?? "") ? 1 : -1))[0];
}

/** Whether one artifact served here before another ever did: to go from the other to it is a rollback, and no release like any. */
export function isRollback(known: readonly KnownRelease[], from: string, to: string): boolean {
  const firstServed = (digest: string) => known.find((release) => release.digest === digest)?.firstServedAt;
  const [then, earlier] = [firstServed(from), firstServed(to)];
  return from !== to && then !== undefined && earlier !== undefined && earlier < then;
}

/** Said before a release is tried that was found bad here, or nothing. */
export function badWarning(known: readonly KnownRelease[], digest: string): string | undefined {
  const found = known.find((release) => release.digest === digest);
  if (found?.verdict !== "bad") return undefined;
  return `warning: ${found.release} was found bad on this host at ${found.at}: ${found.reason ?? "no reason was kept"}. It is tried again because config names it`;
}

export type PruneArgs = {
  known: readonly KnownRelease[];
  /** The releases' directories that are on the host, by name. */
  onHost: readonly string[];
  directoryOf: (digest: string) => string;
  serving: string | null;
  /** Digests of what the slots hold. */
  inSlots: readonly string[];
  /** How many to keep beside the serving and the last good one. */
  keep: number;
};

/**
 * Directories to remove. Never the serving release's, a slot's or the last good one's; of the rest the newest stay, those found bad
 * only where good ones leave room: a release that failed pushes no good one out.
 */
export function prunable({ known, onHost, directoryOf, serving, inSlots, keep }: PruneArgs): string[] {
  const fixed = [serving, lastGood(known, serving)?.digest, ...inSlots].flatMap((digest) =>
    digest === null || digest === undefined ? [] : [directoryOf(digest)],
  );
  const rest = known
    .map(({ digest, verdict }) => ({ directory: directoryOf(digest), verdict }))
    .filter(({ directory }) => onHost.includes(directory) && !fixed.includes(directory));
  const ordered = [
    ...rest.filter(({ verdict }) => verdict !== "bad"),
    ...rest.filter(({ verdict }) => verdict === "bad"),
  ];
  const kept = new Set([...fixed, ...ordered.slice(0, keep).map(({ directory }) => directory)]);
  return onHost.filter((directory) => !kept.has(directory));
}
