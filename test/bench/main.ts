import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { Argument } from "commander";
import { commandLine, runCommandLine } from "../../infra/cli/command-line";
import { benches } from "./benches";
import type { BenchResult } from "./result";

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

const program = commandLine("bench", "Measures, and keeps the numbers in test/bench/results.json.")
  .addArgument(new Argument("<name...>", "what to measure").choices(Object.keys(benches)))
  .addHelpText(
    "after",
    `\n${Object.entries(benches)
      .map(([name, { what }]) => `${name}: ${what}`)
      .join("\n")}`,
  )
  .action(async (names: string[]) => {
    const startedAt = Date.now();
    for (const name of names) {
      const say = (line: string) =>
        void process.stderr.write(`bench ${name}  ${Math.round((Date.now() - startedAt) / 1000)} s  ${line}\n`);
      await benches[name]!.run(say, keep);
    }
  });

await runCommandLine(program);
