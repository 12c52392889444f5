import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";

/** What a tool of node_modules says against the code: nothing where the rule is kept. */
async function complaints(tool: string, options: readonly string[], cwd = "."): Promise<string> {
  const { exitCode, stdout, stderr } = await execa(resolve("node_modules/.bin", tool), options, { cwd, reject: false });
  return exitCode === 0 ? "" : `${stdout}\n${stderr}`;
}

const layers = ["--config", ".dependency-cruiser.json", "--output-type", "err"];

describe("the code keeps its own rules", () => {
  test("format and lint (Biome)", async () => {
    expect(await complaints("biome", ["check", "--reporter=github"])).toBe("");
  }, 60_000);

  test("imports only point down (dependency-cruiser)", async () => {
    expect(await complaints("depcruise", [...layers, "infra", "test"])).toBe("");
  }, 60_000);

  test("an import that points up is found", async () => {
    const directory = await mkdtemp(join(tmpdir(), "layers-"));
    try {
      for (const name of [".dependency-cruiser.json", "tsconfig.json"]) await cp(name, join(directory, name));
      for (const floor of ["core", "phases"]) await mkdir(join(directory, "infra", floor), { recursive: true });
      await writeFile(join(directory, "infra/phases/upper.ts"), "export const upper = 1;\n");
      await writeFile(join(directory, "infra/core/lower.ts"), 'export { upper } from "../phases/upper";\n');
      expect(await complaints("depcruise", [...layers, "infra"], directory)).toContain("floor-0-core");
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }, 60_000);

  test("nothing is left that nobody uses (knip)", async () => {
    expect(await complaints("knip", [])).toBe("");
  }, 60_000);
});
