import type { Settings } from "../settings/settings";

/** `priority` as syslog's, 0 to 7; null where the supervisor does not know it. `cursor` is the line's own name. */
export type JournalLine = { priority: number | null; message: string; cursor?: string };

type Patterns = Settings["verification"]["journal"];

/** A line without a level gets its unit's from systemd: 6. Its text decides then. */
const errorPriority = 3;

/** Sorts a backend's lines: at error level, of a lower level but reporting trouble, the rest. */
export function judgeJournal(
  lines: readonly JournalLine[],
  patterns: Patterns,
): { errors: string[]; troubles: string[] } {
  const [error, trouble] = [new RegExp(patterns.error, "i"), new RegExp(patterns.trouble, "i")];
  const harmless = [...patterns.harmless, patterns.refused].map((pattern) => new RegExp(pattern, "i"));
  const errors: string[] = [];
  const troubles: string[] = [];
  for (const { priority, message } of lines) {
    if (harmless.some((pattern) => pattern.test(message))) continue;
    if ((priority !== null && priority <= errorPriority) || error.test(message)) errors.push(message);
    else if (trouble.test(message)) troubles.push(message);
  }
  return { errors, troubles };
}

/** The lines after one that was seen before; all of them where it is no longer there. */
export function linesAfter(lines: readonly JournalLine[], cursor: string | undefined): readonly JournalLine[] {
  return cursor === undefined ? lines : lines.slice(lines.findIndex((row) => row.cursor === cursor) + 1);
}

/** What `journalctl -o json` prints; a line that is no text comes as a list of bytes. */
export function parseJournal(printed: string): JournalLine[] {
  return printed
    .split("\n")
    .filter((row) => row.startsWith("{"))
    .map((row) => {
      const { MESSAGE, PRIORITY, __CURSOR } = JSON.parse(row) as {
        MESSAGE?: string | number[] | null;
        PRIORITY?: string;
        __CURSOR?: string;
      };
      const message = Array.isArray(MESSAGE) ? Buffer.from(MESSAGE).toString() : (MESSAGE ?? "");
      return {
        priority: PRIORITY === undefined ? null : Number(PRIORITY),
        message,
        ...(__CURSOR === undefined ? {} : { cursor: __CURSOR }),
      };
    });
}
