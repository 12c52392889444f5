import type { Progress } from "./progress";

/** Rarely enough for a CI log, often enough to tell a wait from a hang. */
const everyMs = 30_000;

/**
 * Keeps what a phase is doing to itself, and says every half a minute what it waits for and since when.
 * @returns the progress to report to, what was reported, and what ends it
 */
export function quietProgress(
  say: Progress,
  now: () => number = Date.now,
): { progress: Progress; course: string[]; end: () => void } {
  const course: string[] = [];
  const startedAt = now();
  let since = startedAt;
  let latest: string | undefined;
  const timer = setInterval(() => {
    const seconds = Math.round((now() - since) / 1000);
    if (latest !== undefined)
      say(`still ${latest} (for ${seconds} s, since ${new Date(since).toISOString().slice(11, 19)} UTC)`);
  }, everyMs).unref();
  return {
    progress: (message) => {
      since = now();
      latest = message;
      course.push(`${Math.round((since - startedAt) / 1000)} s  ${message}`);
    },
    course,
    end: () => clearInterval(timer),
  };
}
