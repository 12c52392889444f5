import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engineAbove, isAlive } from "../core/process";
import { type HostAddress, knownHostsLine, type SshFiles } from "./commands/ssh";

const prefix = "deployment-ssh-";
const directories = new Set<string>();

/**
 * Key and known host in a directory that only this user reads and that ends with this process; those of processes that were killed,
 * and so could not remove theirs, go now.
 */
export function writeSshIdentity(host: HostAddress, privateKey: string): SshFiles {
  if (directories.size === 0) {
    removeLeftovers();
    // One listener for all: Node takes more than ten for a leak.
    process.once("exit", () => {
      for (const each of directories) rmSync(each, { recursive: true, force: true });
    });
  }
  const directory = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
  directories.add(directory);
  const files = {
    privateKey: join(directory, "key"),
    knownHosts: join(directory, "known_hosts"),
    ...socketIn(directory),
  };
  writeFileSync(files.privateKey, `${privateKey.trim()}\n`, { mode: 0o600 });
  writeFileSync(files.knownHosts, knownHostsLine(host), { mode: 0o600 });
  return files;
}

/**
 * What the phases of one deployment share about its host. It goes once the engine has ended, and nobody guesses its name who has not the key.
 * @returns undefined where no engine is above this process, or it can't be seen; or where somebody else was at that place first: who
 * owns the socket is root on the host
 */
export function sharedDirectory(hostKey: string, privateKey: string): string | undefined {
  const engine = engineAbove()?.pid;
  if (engine === undefined) return undefined;
  const name = createHash("sha256").update(`${hostKey}\0${privateKey}`).digest("hex").slice(0, 16);
  const directory = join(tmpdir(), `${prefix}${engine}-${name}`);
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return isOursAlone(directory) ? directory : undefined;
}

/** Where the phases of one deployment find the connection that the first of them opened: opening one takes a host ten times as long as a command over it. */
export function sharedControlPath({ publicKey }: HostAddress, privateKey: string): string | undefined {
  const directory = sharedDirectory(publicKey, privateKey);
  return directory === undefined ? undefined : socketIn(directory).controlPath;
}

/** No link is followed: it would lead to where somebody else wants it. */
function isOursAlone(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o777) === 0o700;
}

/** None where the system takes no name that long: 104 bytes at least, of which ssh adds 17 of its own while it makes the socket. */
function socketIn(directory: string): { controlPath?: string } {
  const controlPath = join(directory, "control");
  return Buffer.byteLength(controlPath) + 17 < 104 ? { controlPath } : {};
}

function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    const path = join(tmpdir(), name);
    // Another user's is that user's own to remove.
    if (
      pid !== undefined &&
      !isAlive(Number(pid)) &&
      lstatSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.()
    )
      rmSync(path, { recursive: true, force: true });
  }
}
