import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ProcessIdentity } from "./processes";

/** What a cloud made on this machine, written before it is made, so that whoever comes after a kill can clear it. */
export interface CloudRecord {
  id: string;
  /** Says which run this is: moto's memory ends with it. */
  run: string;
  /** ISO 8601. */
  startedAt: string;
  /** Of the files that it was started from. */
  code?: string;
  /** The endpoint's port on 127.0.0.1. */
  port: number;
  daemon: ProcessIdentity | null;
  /** Network namespaces, which name the control groups too. */
  namespaces: string[];
  /** Files behind loop devices. */
  loopFiles: string[];
}

const fileOf = (home: string) => join(home, "cloud.json");

export function readRecord(home: string): CloudRecord | null {
  try {
    return JSON.parse(readFileSync(fileOf(home), "utf8")) as CloudRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new Error(`${fileOf(home)}, the local cloud's record of what it made, cannot be read: ${String(error)}`);
  }
}

/** Replaced whole: a reader never sees half of it. Synchronous, so that two changes never overtake each other. */
export function writeRecord(home: string, record: CloudRecord): void {
  const file = fileOf(home);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function changeRecord(home: string, change: (record: CloudRecord) => void): void {
  const record = readRecord(home);
  if (!record) throw new Error(`${fileOf(home)} is gone while the local cloud runs; stop it and start it again`);
  change(record);
  writeRecord(home, record);
}
