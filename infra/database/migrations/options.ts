import type { Client } from "pg";

/** A new connection of the schema's owner, directly to the server: no pool in between, its settings are ours. Connected. */
export type Connect = () => Promise<Client>;

export type MigrationOptions = {
  /** How long a statement may queue for a lock that holds others up behind it, in milliseconds. */
  lockTimeoutMs: number;
  /** The same where the lock holds nobody up (SHARE UPDATE EXCLUSIVE): waiting longer spares building an index again. */
  gentleLockTimeoutMs: number;
  /** How long a statement may run that holds others up, in milliseconds: it is broken off then and nothing was done. */
  statementTimeoutMs: number;
  /** The same for what holds nobody up: CONCURRENTLY, VALIDATE, checks. */
  longStatementTimeoutMs: number;
  /** For how long one statement is tried again, or another migration waited for, in milliseconds. */
  deadlineMs: number;
  /** The most rows that a batch takes at once; a batch that takes long is made smaller. */
  batchSize: number;
  /** Visible to migrations as `current_setting('migrate.NAME')`. */
  settings: Record<string, string>;
  /**
   * For applications that keep their own journal: SQL by version that records there what was done, run in one
   * transaction with our journal's own entry.
   */
  alsoRecord: Record<number, { up?: string[]; down?: string[] }>;
  /**
   * Whether an application migrates the same database itself. Then a version goes down only when nothing is left that was made since
   * it went up: what `beforeDown` doesn't remove is named, and nothing is changed.
   */
  isShared: boolean;
  /** SQL by version that removes what the application made since, with its own journal's entries: all of it or nothing. */
  beforeDown: Record<number, string[]>;
};

export const defaultOptions: MigrationOptions = {
  lockTimeoutMs: 200,
  gentleLockTimeoutMs: 30_000,
  statementTimeoutMs: 10_000,
  longStatementTimeoutMs: 3_600_000,
  deadlineMs: 300_000,
  batchSize: 2_000,
  settings: {},
  alsoRecord: {},
  isShared: false,
  beforeDown: {},
};
