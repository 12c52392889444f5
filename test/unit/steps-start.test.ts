import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { phases } from "../../infra/core/phases";
import { bundleSteps } from "../../infra/stack/phase-bundle";

/** Modules that a file reaches by imports that are there at run time, with the way to each. */
function reached(file: string, way: string[] = [], seen = new Map<string, string[]>()): Map<string, string[]> {
  const text = readFileSync(file, "utf8");
  const imports = [
    ...text.matchAll(/^(?:import|export) ([^;]*?)from "([^"]+)";/gms),
    ...text.matchAll(/\b(import)\("([^"]+)"\)/g),
  ];
  for (const [, clause = "", name = ""] of imports) {
    if (/^type\b/.test(clause)) continue;
    const next = name.startsWith(".") ? `${join(dirname(file), name)}.ts` : name;
    if (seen.has(next)) continue;
    seen.set(next, [...way, file]);
    if (name.startsWith(".")) reached(next, [...way, file], seen);
  }
  return seen;
}

// Each phase is a process of its own: Pulumi's SDK would cost it two seconds of processor time, ten times a deployment.
test("no step loads Pulumi", () => {
  const modules = reached("infra/phases/main.ts");
  expect(modules.size).toBeGreaterThan(50);
  expect(
    [...modules].filter(([name]) => name.startsWith("@pulumi/")).map(([name, way]) => `${name} by ${way.join(", ")}`),
  ).toEqual([]);
});

test("phases are compiled once, and as Pulumi runs them they are all there", async () => {
  await bundleSteps();
  expect(await bundleSteps()).toBe(false);
  const asked = await execa("node", [".steps/main.js", "no-such-phase"], { cwd: "infra", reject: false });
  expect(asked.exitCode).toBe(2);
  for (const phase of phases) expect(asked.stderr).toContain(phase);
});
