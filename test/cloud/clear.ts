import { existsSync } from "node:fs";
import { readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { execa } from "execa";
import type { CloudNames } from "./names";
import { end, inhabitants, marked } from "./processes";
import type { CloudRecord } from "./record";

export const cgroupRoots = ["/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"];

/** Ends and removes all that a cloud has on this machine. Mounts lie in namespaces of their processes and go with them. */
export async function clear(names: CloudNames, record: CloudRecord | null): Promise<void> {
  const { stdout = "" } = await execa("ip", ["netns", "list"], { reject: false });
  const present = stdout.split("\n").map((line) => line.split(" ")[0] ?? "");
  const isOurs = (name: string) => name === names.network || name.startsWith(`${names.network}-`);
  const namespaces = present.filter(isOurs);
  // Twice: what was just being started when its parent ended shows in the second round.
  for (let round = 0; round < 2; round++) {
    await end(await marked(names.id));
    for (const namespace of namespaces) await end(await inhabitants(namespace));
  }
  for (const namespace of namespaces) await execa("ip", ["netns", "delete", namespace]);
  for (const file of record?.loopFiles ?? []) await releaseLoop(file);
  for (const root of cgroupRoots)
    for (const group of await readdir(root).catch(() => [])) if (isOurs(group)) await removeCgroup(join(root, group));
  await rm(names.state, { recursive: true, force: true });
}

/** What is left of one host: its processes, namespace and control groups. */
export async function clearHost(namespace: string): Promise<void> {
  await end(await inhabitants(namespace));
  await execa("ip", ["netns", "delete", namespace], { reject: false });
  for (const root of cgroupRoots) await removeCgroup(join(root, namespace));
}

/** Lets go of the loop devices behind which the file lies. */
export async function releaseLoop(file: string): Promise<void> {
  if (!existsSync(file)) return;
  const { stdout } = await execa("losetup", ["--list", "--noheadings", "--output", "NAME", "--associated", file]);
  for (const device of stdout.split("\n").filter(Boolean)) await execa("losetup", ["--detach", device.trim()]);
}

/** A control group's directory goes by rmdir, innermost first; its files can't be deleted and needn't be. */
export async function removeCgroup(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true }).catch(() => []))
    if (entry.isDirectory()) await removeCgroup(join(directory, entry.name));
  // Busy for a moment after its last process was killed.
  for (const deadline = Date.now() + 10_000; ; await pause(50))
    try {
      return await rmdir(directory);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return;
      if (code !== "EBUSY" || Date.now() > deadline) throw error;
    }
}
