import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { startCloud, stopCloud } from "./cloud/cloud";
import { setupToolchain } from "./toolchain/setup";

/**
 * Whatever the tests need on a bare machine, said as it happens: Debian's packages, the engine and its plugins, moto and the
 * host image. Seconds when it is all there.
 */
const packages = ["chromium", "git", "openssh-client", "openssl", "postgresql", "postgresql-contrib", "redis-server", "curl", "jq", "python3-venv"];

const startedAt = Date.now();
const log = (line: string) => void process.stderr.write(`prepare  ${Math.round((Date.now() - startedAt) / 1000)} s  ${line}\n`);

async function missingPackages(): Promise<string[]> {
  const listed = await execa("dpkg-query", ["-W", "-f", "${Package} ${db:Status-Status}\\n", ...packages], { reject: false });
  const installed = new Set(listed.stdout.split("\n").filter((row) => row.endsWith(" installed")).map((row) => row.split(" ")[0]));
  return packages.filter((name) => !installed.has(name));
}

const missing = await missingPackages();
if (missing.length > 0) {
  log(`apt-get install ${missing.join(" ")}`);
  await execa("apt-get", ["update", "-qq"]);
  await execa("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], { env: { DEBIAN_FRONTEND: "noninteractive" } });
}
await setupToolchain({ log });
// Started once and stopped, so that its packages, moto and the host image are there before a test waits for them.
const home = await mkdtemp(join(tmpdir(), "prepare-cloud-"));
try {
  await startCloud({ home, log });
} finally {
  await stopCloud({ home, log });
  await rm(home, { recursive: true, force: true });
}
log("ready");
