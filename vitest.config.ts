import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Broken releases, kills, cuts, reboots and a full disk: a quarter of an hour more. `STACK_TEST_ALL=1 npm test` runs them too.
 */
const longTests = ["test/stack/activation.test.ts"];

/** The end of the stack comes last: whatever ran after it would have to make one anew, which takes minutes. */
class EndLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isEnd = ({ moduleId }: TestSpecification) => moduleId.endsWith("/stack/protection.test.ts");
    return [...sorted.filter((file) => !isEnd(file)), ...sorted.filter(isEnd)];
  }
}

/** Four heights, each alone with `npx vitest run --project NAME`. Bench is no test and has a command of its own. */
export default defineConfig({
  test: {
    sequence: { sequencer: EndLast },
    projects: [
      { test: { name: "unit", sequence: { groupOrder: 0 }, include: ["test/unit/**/*.test.ts"], testTimeout: 20_000 } },
      {
        // Each file starts a PostgreSQL of its own.
        test: { name: "database", sequence: { groupOrder: 1 }, include: ["test/database/**/*.test.ts"], testTimeout: 180_000, hookTimeout: 300_000, maxWorkers: 2 },
      },
      {
        // One local cloud for all: one file after the other.
        test: { name: "stack", sequence: { groupOrder: 2 }, include: ["test/stack/**/*.test.ts"], exclude: process.env.STACK_TEST_ALL === "1" ? [] : longTests, globalSetup: "test/stack/global-setup.ts", testTimeout: 900_000, hookTimeout: 1_800_000, fileParallelism: false },
      },
    ],
  },
});
