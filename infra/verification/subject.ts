import type pg from "pg";
import type { Progress } from "../core/progress";
import type { Settings } from "../settings/settings";
import type { ConnectionsSeen } from "./existing-connections";
import type { JournalLine } from "./journal";

/** The process behind the API, as whoever supervises it knows it. */
export type Backend = {
  /** What it wrote since its start, oldest first. */
  journal(): Promise<JournalLine[]>;
  /** @returns what it takes now, what it may take, and who says so */
  memory(): Promise<{ bytes: number; limitBytes: number; source: string }>;
};

export type JournalFrom = "its start" | "this verification";

export type SearchedFiles = { searched: number; found: string[] };

/** A release that runs somewhere, and all that the checks need to look at it. */
export type Subject = {
  release: string;
  schemaVersion: number;
  settings: Pick<Settings, "app" | "verification" | "secrets" | "network">;
  /** A listener that leads to this release alone, pages and API. */
  origin: string;
  backend: Backend;
  /** As a role that only reads. The caller ends it. */
  connect: () => Promise<pg.Client>;
  /** Runs a statement as the role that the release itself uses. @returns how many rows it changed */
  execute: (statement: string, values: string[]) => Promise<number>;
  /** Searches the files that the application keeps outside its database (`app.sharedDirectories`). @param patterns as `grep -E` has them */
  searchFiles: (patterns: readonly string[]) => Promise<SearchedFiles>;
  /** From where on the journal is judged: what a release that serves has met before this verification says nothing of it. */
  journalFrom: JournalFrom;
  /** The role that the release itself uses. */
  applicationRole: string;
  /** What was there before this release started; null where nobody looked. */
  connectionsBefore: ConnectionsSeen | null;
  progress: Progress;
};
