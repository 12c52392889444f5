import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

/** Modules that a file reaches by imports that are there at run time, with the way to each. */
function reached(file: string, way: string[] = [], seen = new Map<string, string[]>()): Map<string, string[]> {
  const text = readFileSync(file, "utf8");
  const imports = [...text.matchAll(/^(?:import|export) ([^;]*?)from "([^"]+)";/gms), ...text.matchAll(/\b(import)\("([^"]+)"\)/g)];
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
  const modules = reached("infra/steps/main.ts");
  expect(modules.size).toBeGreaterThan(50);
  expect([...modules].filter(([name]) => name.startsWith("@pulumi/")).map(([name, way]) => `${name} by ${way.join(", ")}`)).toEqual([]);
});
