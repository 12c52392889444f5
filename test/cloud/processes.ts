import { readdir, readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { execa } from "execa";
import { markerVariable } from "./names";

/** A process id alone may have been given to another process; together with its start time it is the same one. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks since boot, field 22 of /proc/PID/stat. */
  startTicks: string;
}

/** Null where no such process lives; a zombie counts as gone. */
export async function identify(pid: number): Promise<ProcessIdentity | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  const startTicks = fields?.[19];
  return startTicks === undefined || fields?.[0] === "Z" ? null : { pid, startTicks };
}

export async function isAlive(process: ProcessIdentity): Promise<boolean> {
  return (await identify(process.pid))?.startTicks === process.startTicks;
}

/** Sends the signal to that process and never to another that has its id by now. */
export async function signal(target: ProcessIdentity, name: NodeJS.Signals): Promise<void> {
  if (!(await isAlive(target))) return;
  try {
    process.kill(target.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Whoever bears the cloud's mark in its environment. */
export async function marked(id: string): Promise<ProcessIdentity[]> {
  const found: ProcessIdentity[] = [];
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const environment = await readFile(`/proc/${entry}/environ`, "utf8").catch(() => "");
    if (!environment.split("\0").includes(`${markerVariable}=${id}`)) continue;
    const identity = await identify(Number(entry));
    if (identity) found.push(identity);
  }
  return found;
}

/** Whoever lives in a network namespace, which is made by us, as are its inhabitants. */
export async function inhabitants(namespace: string): Promise<ProcessIdentity[]> {
  const { stdout } = await execa("ip", ["netns", "pids", namespace], { reject: false });
  const all = await Promise.all(
    (stdout ?? "")
      .split("\n")
      .filter(Boolean)
      .map((pid) => identify(Number(pid))),
  );
  return all.filter((one) => one !== null);
}

/** Kills them and waits until they are gone. */
export async function end(processes: ProcessIdentity[], deadlineMs = 20_000): Promise<void> {
  const others = processes.filter(({ pid }) => pid !== process.pid);
  await Promise.all(others.map((one) => signal(one, "SIGKILL")));
  const deadline = Date.now() + deadlineMs;
  for (const one of others)
    while (await isAlive(one)) {
      if (Date.now() > deadline)
        throw new Error(`process ${one.pid} of the local cloud did not end within ${deadlineMs} ms of SIGKILL`);
      await pause(20);
    }
}
