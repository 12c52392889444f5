import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { MigrateProcessInput } from "./migrate-process";

export type Ended = { code: number | null; signal: NodeJS.Signals | null; said: string };

const here = dirname(fileURLToPath(import.meta.url));

/** Starts `migrate-process.ts`; `ended` resolves with what it printed. */
export function startMigration(input: MigrateProcessInput): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, ["--import", "tsx", join(here, "migrate-process.ts")], {
    cwd: join(here, "../.."),
    stdio: ["pipe", "pipe", "pipe"],
  });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stdin.end(JSON.stringify(input));
  const ended = once(child, "close").then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    said,
  }));
  return { child, ended };
}
