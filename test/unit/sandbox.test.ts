import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";

const golden = "test/golden/commands";

test("systemd-analyze finds each of our services exposed to 2.0 at most", async () => {
  const directory = await mkdtemp(join(tmpdir(), "units-"));
  try {
    const units = (await readdir(golden)).filter((name) => name.endsWith(".service"));
    expect(units.length).toBeGreaterThan(3);
    const exposed = [];
    for (const unit of units) {
      // A unit needs an instance's name where it is a template.
      const file = join(directory, unit.replace("@", "@blue"));
      await copyFile(join(golden, unit), file);
      const done = await execa(
        "systemd-analyze",
        ["security", "--offline=true", "--threshold=20", "--no-pager", file],
        { reject: false, all: true },
      );
      if (done.exitCode !== 0) exposed.push(done.all.split("\n").at(-1));
    }
    expect(exposed).toEqual([]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
