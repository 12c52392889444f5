import type pg from "pg";
import type { Progress } from "../core/progress";
import type { Settings } from "../settings/settings";
import type { ConnectionsSeen } from "./existing-connections";
import type { JournalLine } from "./journal";

/** The process behind the API, as its supervisor sees it. */
export type Backend = {
  /** What it wrote since its start, oldest first. */
  journal(): Promise<JournalLine[]>;
  /** @returns what it uses now, what it may use, and where the numbers come from */
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
  /** Connects as a role that only reads. The caller ends the connection. */
  connect: () => Promise<pg.Client>;
  /** Runs a statement as the role that the release itself uses. @returns how many rows it changed */
  execute: (statement: string, values: string[]) => Promise<number>;
  /** Searches the files that the application keeps outside its database (`app.sharedDirectories`). @param patterns as `grep -E` has them */
  searchFiles: (patterns: readonly string[]) => Promise<SearchedFiles>;
  /** From where on the journal is judged: what a release that serves has met before this verification says nothing of it. */
  journalFrom: JournalFrom;
  /** The role that the release itself uses. */
  applicationRole: string;
  /** The connections before this release started; null if they were not sampled. */
  connectionsBefore: ConnectionsSeen | null;
  progress: Progress;
};
