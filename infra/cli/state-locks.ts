import { readdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { isAlive } from "../core/process";
import type { StackTraces } from "../diagnosis/stack-traces";
import { askPulumi } from "./pulumi";

const lockSchema = z.object({ pid: z.number(), username: z.string(), hostname: z.string(), timestamp: z.string() });

/** Pulumi's locks on a stack of a file backend; other backends don't show theirs. */
export async function readStateLocks(stack: string): Promise<StackTraces["locks"]> {
  const done = await askPulumi(["whoami", "--json", "--verbose"]);
  const url = done.isGood ? (JSON.parse(done.stdout) as { url?: string }).url : undefined;
  if (url === undefined || !url.startsWith("file://")) return undefined;
  const root = url === "file://~" ? join(process.env.HOME ?? "", ".pulumi") : join(fileURLToPath(url), ".pulumi");
  // organization/PROJECT/STACK, as Pulumi's DIY backends lay them out.
  const directory = join(root, "locks", "organization", "prompt-library", stack);
  const files = await readdir(directory).catch((): string[] => []);
  const texts = await Promise.all(
    files
      .filter((file) => file.endsWith(".json"))
      .map((file) => readFile(join(directory, file), "utf8").catch(() => "null")),
  );
  return texts.flatMap((text) => {
    const lock = lockSchema.safeParse(JSON.parse(text));
    if (!lock.success) return [];
    const { pid, username, hostname: machine, timestamp } = lock.data;
    return [
      { user: username, machine, pid, since: timestamp, isAlive: machine === hostname() ? isAlive(pid) : undefined },
    ];
  });
}
