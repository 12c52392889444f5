import { existsSync, mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";

const identity = `import { writeSshIdentity } from "./infra/ssh-identity"; const { privateKey } = writeSshIdentity({ address: "host", user: "u", publicKey: "ssh-ed25519 A" }, "key"); console.log(privateKey);`;

/** Another process writes an identity, prints where and ends as `then` says. */
async function written(then = ""): Promise<string> {
  const { stdout } = await execa("node", ["--import", "tsx", "--input-type=module", "-e", `${identity}${then}`], { reject: false });
  return stdout;
}

test("a process takes its SSH identity with it; one that was killed leaves it to the next", async () => {
  expect(existsSync(dirname(await written()))).toBe(false);
  const left = await written('await new Promise((resolve) => setTimeout(resolve, 100)); process.kill(process.pid, "SIGKILL");');
  expect(statSync(left).mode & 0o777).toBe(0o600);
  const alive = mkdtempSync(join(tmpdir(), `deployment-ssh-${process.pid}-`));
  await written();
  expect([existsSync(left), existsSync(alive)]).toEqual([false, true]);
  await execa("rmdir", [alive]);
});
