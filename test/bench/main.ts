import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { benches } from "./benches";
import type { BenchResult } from "./result";

const usage = `usage: npm run bench [-- NAME …]
  ${Object.entries(benches)
    .map(([name, bench]) => `${name.padEnd(18)}${bench.what}`)
    .join("\n  ")}
Without a name: all of them. The numbers go to test/bench/results.json; those of benches that did not run stay.`;

const file = fileURLToPath(new URL("results.json", import.meta.url));

/** A result of the same name takes the place of the older one; the file is sorted by name, so that a diff shows what moved. */
function keep(results: readonly BenchResult[]): void {
  let known: BenchResult[] = [];
  try {
    known = JSON.parse(readFileSync(file, "utf8")) as BenchResult[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const all = new Map([...known, ...results].map((result) => [result.name, result]));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(
    file,
    `${JSON.stringify(
      [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
      null,
      2,
    )}\n`,
  );
  for (const { name, value, unit, beside } of results)
    process.stdout.write(
      `${name.padEnd(44)}${String(value).padStart(10)} ${unit}${beside === undefined ? "" : `   (${beside})`}\n`,
    );
}

async function main(names: string[]): Promise<void> {
  const unknown = names.filter((name) => !(name in benches));
  if (unknown.length > 0 || names.includes("--help"))
    throw new Error(`${unknown.length > 0 ? `no bench ${unknown.join(", ")}\n` : ""}${usage}`);
  const startedAt = Date.now();
  for (const name of names.length > 0 ? names : Object.keys(benches)) {
    const say = (line: string) =>
      void process.stderr.write(`bench ${name}  ${Math.round((Date.now() - startedAt) / 1000)} s  ${line}\n`);
    await benches[name]!.run(say, keep);
  }
}

await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
