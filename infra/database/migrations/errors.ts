import { type Changed, Failure, type FailureDetails } from "../../core/failure";
import type { FailureCode } from "../../core/failure-codes";
import type { Blocker } from "./blockers";

export type MigrationErrorDetails = FailureDetails & {
  remedy?: string;
  /** Who was in the way, when it was a lock. */
  blockers?: Blocker[];
};

/** What is right unless the failure or the script itself knows better. */
const usualRemedy = "remove what the message names; then pulumi up, which continues from here";

/**
 * A migration that did not get through: what failed and the schema's state. `migration-failed` takes the code of the statement that
 * failed, where it has a more precise one; any other code says what state the schema is in now, and stays. Remedy and blockers are those
 * of the statement that failed, unless given; a script gives the remedy as its exception's HINT.
 */
export class MigrationError extends Failure {
  readonly blockers: Blocker[];

  constructor(code: FailureCode, message: string, { remedy, blockers, ...details }: MigrationErrorDetails = {}) {
    const { cause } = details;
    const inner = cause instanceof MigrationError ? cause : undefined;
    super(
      code === "migration-failed" && inner ? inner.code : code,
      message,
      remedy ?? inner?.remedy ?? hintOf(cause) ?? usualRemedy,
      details,
    );
    this.name = "MigrationError";
    this.blockers = blockers ?? inner?.blockers ?? [];
  }
}

/** How a failure ends that itself changed nothing: what the same run did before it stays. */
export function unchangedBut(kept: readonly string[]): { state: string; changed: Changed } {
  return kept.length === 0
    ? { state: "Nothing was changed.", changed: "nothing" }
    : { state: `Nothing else was changed; ${whatStays(kept)}`, changed: "kept" };
}

export function whatStays(kept: readonly string[]): string {
  return `what this run did before stays: ${kept.join("; ")}.`;
}

/** A script's own; PostgreSQL's are about its SQL and stay part of the message. */
function hintOf(error: unknown): string | undefined {
  const { hint, code } = (error ?? {}) as { hint?: string; code?: string };
  return code === "P0001" && hint !== "" ? hint : undefined;
}

/** SQLSTATE of an error that the server sent. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** The server's message with SQLSTATE, and its hint unless that is a script's remedy; neither the statement nor the detail, which may quote whole rows. */
export function serverSaid(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { hint } = error as { hint?: string };
  const state = sqlState(error);
  return (
    [error.message, state === "P0001" ? undefined : hint].filter(Boolean).join(" — ") + (state ? ` [${state}]` : "")
  );
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
