import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ClusterConnection } from "../database/cluster";
import type { WriterTimes } from "./writer-process";

const script = join(dirname(fileURLToPath(import.meta.url)), "writer-process.ts");

/**
 * What a writer felt while `work` ran.
 * @param perSecond writes a second; without it, one after the other
 * @throws what `work` throws, or when the writer failed. */
export async function whileWriting(
  connection: ClusterConnection,
  work: () => Promise<void>,
  perSecond?: number,
): Promise<WriterTimes> {
  const child = spawn(process.execPath, ["--import", "tsx", script], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "close");
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stdin.write(`${JSON.stringify({ connection, perSecond })}\n`);
    const ready = await lines.next();
    if (ready.value !== "ready") throw new Error("the writer did not start; its own message stands above");
    child.stdin.write("mark\n");
    await work();
    child.stdin.end();
    const last = await lines.next();
    if (last.done) throw new Error("the writer failed while the schema changed; its own message stands above");
    return JSON.parse(last.value) as WriterTimes;
  } finally {
    child.stdin.end();
    await ended;
  }
}
