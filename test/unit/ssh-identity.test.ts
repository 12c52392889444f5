import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
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

test("a place that somebody else took first holds no connection: a link is not followed, an open directory not used", async () => {
  const directory = mkdtempSync(join(tmpdir(), "engine-"));
  try {
    symlinkSync("/bin/sh", join(directory, "pulumi"));
    const script = [
      // Not in a command substitution, which is a process of its own.
      `${shared("key")} > "$TMPDIR"first; place=$(dirname "$(cat "$TMPDIR"first)")`,
      'rmdir "$place"; mkdir "$TMPDIR"elsewhere; ln -s "$TMPDIR"elsewhere "$place"',
      shared("key"),
      'rm "$place"; mkdir -m 0755 "$place"',
      shared("key"),
      'chmod 0700 "$place"; chown 65534 "$place" 2>/dev/null || chmod 0755 "$place"',
      shared("key"),
      'ls "$TMPDIR"elsewhere',
    ].join("\n");
    const { stdout } = await execa(join(directory, "pulumi"), ["-c", script], { env: { TMPDIR: `${directory}/` } });
    expect(stdout.split("\n")).toEqual(["undefined", "undefined", "undefined"]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test("where a socket's name would be too long for the system, there is none", async () => {
  const directory = mkdtempSync(join(tmpdir(), "engine-"));
  try {
    const long = join(directory, "d".repeat(80));
    mkdirSync(long);
    const script = `import { writeSshIdentity } from "./infra/host/ssh-identity"; const { privateKey, controlPath } = writeSshIdentity({ address: "host", user: "u", publicKey: "k" }, "key"); console.log(privateKey.length > 100, controlPath);`;
    const { stdout } = await execa("node", ["--import", "tsx", "--input-type=module", "-e", script], {
      env: { TMPDIR: long },
    });
    expect(stdout).toBe("true undefined");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
