import type { KnownRelease } from "./ledger";

const heads = ["", "release", "verdict", "last served", "artifact", "config", "who", "noted at", "held"] as const;

/** The ledger as an operator reads it, the newest first; `*` marks what serves. */
export function releaseTable(
  known: readonly KnownRelease[],
  host: { serving: string | null; isHeld: (digest: string) => boolean },
): string {
  if (known.length === 0) return "The host remembers no release.";
  const time = (iso: string | undefined) => (iso === undefined ? "never" : `${iso.slice(0, 16).replace("T", " ")}Z`);
  const rows = known.map(({ release, verdict, servedAt, digest, config, who, at }) => [
    digest === host.serving ? "*" : "",
    release,
    verdict,
    time(servedAt),
    digest.slice(0, 16),
    config.slice(0, 8),
    who,
    time(at),
    host.isHeld(digest) ? "yes" : "no",
  ]);
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  const reasons = known.flatMap(({ release, verdict, reason }) =>
    verdict === "bad" && reason !== undefined ? [`${release} was found bad: ${reason}`] : [],
  );
  return [line(heads), ...rows.map(line), ...reasons].join("\n");
}
