import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCloud, stopCloud } from "./cloud/cloud";
import { installDebianPackages, testPackages } from "./debian-packages";
import { judges } from "./toolchain/judges";
import { setupToolchain } from "./toolchain/setup";

/**
 * Whatever the tests need on a bare machine, said as it happens: Debian's packages, the engine and its plugins, the judges, and
 * with the local cloud moto, the other versions of PostgreSQL and the host image. Seconds when it is all there.
 */
const startedAt = Date.now();
const log = (line: string) =>
  void process.stderr.write(`prepare  ${Math.round((Date.now() - startedAt) / 1000)} s  ${line}\n`);

await installDebianPackages(testPackages, log);
await setupToolchain({ log });
await judges(log);
// Started once and stopped, so that its packages, moto and the host image are there before a test waits for them.
const home = await mkdtemp(join(tmpdir(), "prepare-cloud-"));
try {
  await startCloud({ home, log });
} finally {
  await stopCloud({ home, log });
  await rm(home, { recursive: true, force: true });
}
log("ready");
