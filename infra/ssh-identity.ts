import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HostAddress, knownHostsLine, type SshFiles } from "./commands/ssh";

const directories = new Set<string>();

/** Key and known host in a directory that only this user reads and that ends with this process. */
export function writeSshIdentity(host: HostAddress, privateKey: string): Required<SshFiles> {
  const directory = mkdtempSync(join(tmpdir(), "deployment-ssh-"));
  // One listener for all: Node takes more than ten for a leak.
  if (directories.size === 0) process.once("exit", () => directories.forEach((each) => rmSync(each, { recursive: true, force: true })));
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
