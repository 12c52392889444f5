import { randomUUID } from "node:crypto";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
/**
 * Runs `work` while no other process runs one under the same lock file, and lets the lock go however `work` ends.
 * A lock whose holder is gone (killed, machine restarted) is taken over. Waits without end, saying so once a minute:
 * what it waits for is a build, and giving up would only start the same build over.
 */
export async function withLock(file, log, work) {
    await mkdir(dirname(file), { recursive: true });
    const mine = { pid: process.pid, started: await startOf(process.pid), id: randomUUID() };
    const claim = `${file}.${mine.id}`;
    // Linking a written file, not creating an empty one: nobody ever reads a lock that doesn't name its holder yet.
    await writeFile(claim, JSON.stringify(mine));
    try {
        let saidAtMs = -Infinity;
        while (!(await linked(claim, file))) {
            const text = await readFile(file, "utf8").catch(() => null);
            if (text === null)
                continue;
            const holder = parseHolder(text);
            if (!holder || !(await isAlive(holder))) {
                await setAside(file, text);
                continue;
            }
            if (Date.now() - saidAtMs > 60_000) {
                log(`waiting for process ${holder.pid}, which holds ${file}`);
                saidAtMs = Date.now();
            }
            await pause(200);
        }
        try {
            return await work();
        }
        finally {
            await rm(file, { force: true });
        }
    }
    finally {
        await rm(claim, { force: true });
    }
}
/** The holder that a lock file names, or null where the file holds anything else. */
export function parseHolder(text) {
    try {
        const value = JSON.parse(text);
        if (typeof value !== "object" || value === null)
            return null;
        const { pid, started, id } = value;
        if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0 || typeof id !== "string")
            return null;
        return { pid, id, started: typeof started === "string" ? started : null };
    }
    catch {
        return null;
    }
}
async function linked(claim, file) {
    try {
        await link(claim, file);
        return true;
    }
    catch (error) {
        if (error.code === "EEXIST")
            return false;
        throw error;
    }
}
/** Moves a dead holder's lock away; where another process was faster and the lock is a live one by now, puts it back. */
async function setAside(file, dead) {
    const aside = `${file}.${randomUUID()}`;
    try {
        await rename(file, aside);
    }
    catch {
        return;
    }
    if ((await readFile(aside, "utf8")) !== dead)
        await linked(aside, file);
    await rm(aside, { force: true });
}
async function isAlive(holder) {
    try {
        process.kill(holder.pid, 0);
    }
    catch (error) {
        if (error.code !== "EPERM")
            return false;
    }
    const started = await startOf(holder.pid);
    return holder.started === null || started === null || started === holder.started;
}
/** When a process began, in clock ticks since boot; null where the system has no /proc. */
async function startOf(pid) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
    // The name in parentheses may hold spaces: fields are counted from behind it, start time being the 22nd of all.
    return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}
