import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";

const identity = `import { writeSshIdentity } from "./infra/host/ssh-identity"; const { privateKey } = writeSshIdentity({ address: "host", user: "u", publicKey: "ssh-ed25519 A" }, "key"); console.log(privateKey);`;

/** Another process writes an identity, prints where and ends as `then` says. */
async function written(then = ""): Promise<string> {
  const { stdout } = await execa("node", ["--import", "tsx", "--input-type=module", "-e", `${identity}${then}`], {
    reject: false,
  });
  return stdout;
}

test("a process takes its SSH identity with it; one that was killed leaves it to the next", async () => {
  expect(existsSync(dirname(await written()))).toBe(false);
  const left = await written(
    'await new Promise((resolve) => setTimeout(resolve, 100)); process.kill(process.pid, "SIGKILL");',
  );
  expect(statSync(left).mode & 0o777).toBe(0o600);
  const alive = mkdtempSync(join(tmpdir(), `deployment-ssh-${process.pid}-`));
  await written();
  expect([existsSync(left), existsSync(alive)]).toEqual([false, true]);
  await execa("rmdir", [alive]);
});

const shared = (key: string) =>
  `node --import tsx --input-type=module -e 'import { sharedControlPath } from "./infra/host/ssh-identity"; console.log(sharedControlPath({ address: "host", user: "u", publicKey: "k" }, "${key}"));'`;

test("phases of one engine find each other's connection, and nobody else's; its directory goes once the engine has ended", async () => {
  const directory = mkdtempSync(join(tmpdir(), "engine-"));
  try {
    // By its name alone a process is taken for the engine.
    symlinkSync("/bin/sh", join(directory, "pulumi"));
    const { stdout } = await execa(
      join(directory, "pulumi"),
      ["-c", `${shared("key")}; ${shared("key")}; ${shared("other")}; stat -c %a "$TMPDIR"deployment-ssh-$$-*; :`],
      {
        env: { TMPDIR: `${directory}/` },
      },
    );
    const [first, second, other, ...modes] = stdout.split("\n");
    expect(first).toMatch(/\/deployment-ssh-\d+-[0-9a-f]{16}\/control$/);
    expect([second, other === first, ...modes]).toEqual([first, false, "700", "700"]);
    expect((await execa("sh", ["-c", shared("key")])).stdout).toBe("undefined");
    await execa("node", ["--import", "tsx", "--input-type=module", "-e", identity], {
      env: { TMPDIR: `${directory}/` },
    });
    expect(existsSync(dirname(first ?? ""))).toBe(false);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
