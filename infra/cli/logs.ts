import { createInterface } from "node:readline";
import { startProgram } from "../core/program";
import { backendLogCommand } from "../host/commands/backend-inspection";
import type { LogLevel } from "./log-levels";
import { isAtLevel, renderLogLine } from "./log-line";
import type { Looked } from "./look";
import { lastInput } from "./stack-input";

export type LogOptions = { follow?: boolean; since?: string; lines: number; level?: LogLevel; json?: boolean };

/** Prints what the backends of both slots wrote, the oldest first. */
export async function logs({ stack, state, open, say }: Looked, options: LogOptions): Promise<boolean> {
  const { input, host } = await open("evidence", lastInput(stack, state));
  const { app, verification } = input.settings;
  const reader = startProgram("ssh", [...host.sshWords(), backendLogCommand(app.name, options)]);
  // Nobody who reads is left: journalctl has nobody to follow for.
  process.stdout.once("error", () => reader.kill());
  let words = "";
  reader.stderr.on("data", (chunk: Buffer) => (words += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => reader.once("close", resolve));
  for await (const row of createInterface({ input: reader.stdout }))
    if (options.level === undefined || isAtLevel(row, options.level, verification.journal))
      say(options.json === true ? row : renderLogLine(row));
  const code = await ended;
  if (code !== 0 && !process.stdout.destroyed)
    throw new Error(`reading the journal on ${host.address.address} failed: ${words.trim()}`);
  return true;
}
