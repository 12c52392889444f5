import type { Blocker } from "./blockers";

/** A migration that did not get through, in words for whoever is on call: what failed, how the schema stands, what to do. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
  /** Who was in the way, when it was a lock. */
  readonly blockers: Blocker[];

  constructor(message: string, details: { blockers?: Blocker[]; cause?: unknown } = {}) {
    super(message, { cause: details.cause });
    this.blockers = details.blockers ?? [];
  }
}

/** SQLSTATE of an error that the server sent. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** The server's message with hint and SQLSTATE; neither the statement nor the detail, which may quote whole rows. */
export function serverSaid(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { hint } = error as { hint?: string };
  const state = sqlState(error);
  return [error.message, hint].filter(Boolean).join(" — ") + (state ? ` [${state}]` : "");
}

/** The connection itself broke, or the server is going away: nothing more can be done in this run. */
export function isConnectionLoss(error: unknown): boolean {
  const state = sqlState(error);
  if (state) return state.startsWith("08") || state.startsWith("57P");
  return (
    error instanceof Error &&
    !(error instanceof MigrationError) &&
    /connection|ECONN|EPIPE|socket|terminated/i.test(error.message)
  );
}
