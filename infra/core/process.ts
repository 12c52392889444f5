import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A process beyond its number, which is used again: boot, namespace of numbers, number, and when it started. */
type Named = { boot: string; namespace: string; pid: number; startTicks: string };

/**
 * This process and the engine above it, which outlives each phase: both have to be gone before a deployment is over.
 * Undefined where the system keeps no such account of its processes.
 */
export function theseProcesses(): string | undefined {
  const own = look(process.pid);
  if (own === undefined) return undefined;
  const engine = engineAbove();
  return JSON.stringify(engine === undefined ? [own.named] : [own.named, engine]);
}

/** The engine that this process is of; undefined where none is above it, or it can't be seen. */
export function engineAbove(): Named | undefined {
  for (let above = look(process.ppid); above !== undefined; above = look(above.parent))
    if (above.command === "pulumi") return above.named;
  return undefined;
}

/** Whether they are of the engine that this process is of. */
export function haveThisEngine(processes: string): boolean {
  const engine = engineOf(theseProcesses());
  return engine !== undefined && engine === engineOf(processes);
}

/** As JSON; undefined where no engine is above a process, or it can't be seen. */
export function engineOf(processes: string | undefined): string | undefined {
  try {
    const [, engine] = JSON.parse(processes ?? "[]") as Named[];
    return engine && JSON.stringify(engine);
  } catch {
    return undefined;
  }
}

/** Whether all of them are known to have ended: they were this machine's, and are not there any more. */
export function haveEnded(processes: string): boolean {
  try {
    const here = look(process.pid)?.named;
    const ended = ({ boot, namespace, pid, startTicks }: Named) =>
      boot === here?.boot && namespace === here.namespace && look(pid)?.named.startTicks !== startTicks;
    return (JSON.parse(processes) as Named[]).every(ended);
  } catch {
    return false;
  }
}

function look(pid: number): { named: Named; command: string; parent: number } | undefined {
  try {
    // proc(5): the command's name, which may hold anything, is in parentheses; of what follows the 2nd is the parent, the 20th the start.
    const [, command = "", rest = ""] = /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    const fields = rest.split(" ");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return {
      named: { boot, namespace: readlinkSync("/proc/self/ns/pid"), pid, startTicks: fields[19] ?? "" },
      command,
      parent: Number(fields[1]),
    };
  } catch {
    return undefined;
  }
}

/** Whether there is such a process on this machine, be it of another user. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Ends a process and all that it has started, at once. */
export function endWithDescendants(pid: number): void {
  const parents = new Map(
    numbersOfAll().flatMap((each) => {
      const found = look(each);
      return found === undefined ? [] : [[each, found.parent] as const];
    }),
  );
  // Found before any of them ends: the children of one that has ended are the system's.
  const family = new Set([pid]);
  for (const member of family) for (const [child, parent] of parents) if (parent === member) family.add(child);
  for (const member of family)
    try {
      process.kill(member, "SIGKILL");
    } catch {
      // It has ended already.
    }
}

/** None where the system keeps no such account. */
function numbersOfAll(): number[] {
  try {
    return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}
