import type { Progress } from "./progress";

/** Rarely enough for a CI log, often enough to tell a wait from a hang. */
const everyMs = 30_000;

/**
 * Keeps what a phase is doing to itself, and says every half a minute what it waits for and since when. Where the environment holds
 * DEPLOYMENT_PROGRESS=all it says each step at once.
 * @returns the progress to report to, what was reported, and what ends it
 */
export function quietProgress(
  say: Progress,
  now: () => number = Date.now,
): { progress: Progress; course: string[]; end: () => void } {
  const showsAll = process.env.DEPLOYMENT_PROGRESS === "all";
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
      if (showsAll) say(message);
      else course.push(`${Math.round((since - startedAt) / 1000)} s  ${message}`);
    },
    course,
    end: () => clearInterval(timer),
  };
}
