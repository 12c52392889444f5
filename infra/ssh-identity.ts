import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HostAddress, knownHostsLine, type SshFiles } from "./commands/ssh";
import { isAlive } from "./lock/process";

const prefix = "deployment-ssh-";
const directories = new Set<string>();

/**
 * Key and known host in a directory that only this user reads and that ends with this process; those of processes that were killed,
 * and so could not remove theirs, go now.
 */
export function writeSshIdentity(host: HostAddress, privateKey: string): Required<SshFiles> {
  if (directories.size === 0) {
    removeLeftovers();
    // One listener for all: Node takes more than ten for a leak.
    process.once("exit", () => directories.forEach((each) => rmSync(each, { recursive: true, force: true })));
  }
  const directory = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
  directories.add(directory);
  const files = {
    privateKey: join(directory, "key"),
    knownHosts: join(directory, "known_hosts"),
    controlPath: join(directory, "control"),
  };
  writeFileSync(files.privateKey, `${privateKey.trim()}\n`, { mode: 0o600 });
  writeFileSync(files.knownHosts, knownHostsLine(host), { mode: 0o600 });
  return files;
}

function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    const path = join(tmpdir(), name);
    // Another user's is that user's own to remove.
    if (pid !== undefined && !isAlive(Number(pid)) && statSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.()) rmSync(path, { recursive: true, force: true });
  }
}
