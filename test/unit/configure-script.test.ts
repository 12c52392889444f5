import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { configureScript } from "../../infra/host/commands/configure-script";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "configure-"));
  // The script asks systemd to read units again; this machine has none to be asked.
  await writeFile(join(directory, "systemctl"), `#!/bin/sh\necho "$@" >> ${join(directory, "asked")}\n`, {
    mode: 0o755,
  });
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

async function configured(owner: string, loads: Record<string, string> = { nginx: "systemctl reload nginx" }) {
  const file = { path: join(directory, "file"), content: "text\n", mode: "0644", owner, services: ["nginx"] };
  const { stdout } = await execa("bash", ["-euo", "pipefail", "-s"], {
    input: configureScript({ files: [file], tests: [], loads }),
    env: { PATH: `${directory}:${process.env.PATH}` },
  });
  return stdout;
}

describe.skipIf(process.getuid?.() !== 0)("a file of the host", () => {
  test("is placed again where only its owner has changed", async () => {
    expect(await configured("root:root")).toBe(join(directory, "file"));
    expect(await configured("root:root")).toBe("");
    expect(await configured("www-data:root")).toBe(join(directory, "file"));
    expect((await stat(join(directory, "file"))).uid).not.toBe(0);
    expect(await readFile(join(directory, "asked"), "utf8")).toContain("reload nginx");
  });

  test("is placed again where only its mode has changed", async () => {
    await configured("root:root");
    await chmod(join(directory, "file"), 0o600);
    expect(await configured("root:root")).toBe(join(directory, "file"));
  });

  test("is placed where nothing has to be loaded", async () => {
    expect(await configured("root:root", {})).toBe(join(directory, "file"));
  });
});
