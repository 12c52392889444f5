import { readdir, readFile } from "node:fs/promises";

/** Reads every process's command line again and again; the host's processes are among this machine's. */
export function watchProcesses(found: Set<string>): () => void {
  let isOver = false;
  void (async () => {
    while (!isOver) {
      for (const entry of await readdir("/proc")) {
        if (!/^\d+$/.test(entry)) continue;
        const line = await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "");
        if (line !== "") found.add(line.replaceAll("\0", " "));
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  return () => {
    isOver = true;
  };
}
