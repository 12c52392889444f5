import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** A cloud, a stack or a host of their own: they run beside the database's tests. The others share one stack, one file after the other. */
const apart = [
  "cloud",
  "command-line",
  "every-resource",
  "first-up",
  "hardened-host",
  "network",
  "protection",
  "rollout-order",
  "schema",
].map((name) => `test/stack/${name}.test.ts`);

/** The one that mostly waits for RDS is begun first. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLongest = ({ moduleId }: TestSpecification) => moduleId.endsWith("/stack/protection.test.ts");
    return [...sorted.filter(isLongest), ...sorted.filter((file) => !isLongest(file))];
  }
}

const onTheCloud = { globalSetup: "test/stack/global-setup.ts", testTimeout: 900_000, hookTimeout: 1_800_000 };

/** The migration engine on the other versions of PostgreSQL. What asks the application is the same on each of them. */
const onEachVersion = [
  "blocked",
  "fingerprint",
  "foreign-scripts",
  "refused",
  "roles",
  "several-steps",
  "under-load",
  "up-down-up",
];
const database = { testTimeout: 180_000, hookTimeout: 300_000, maxWorkers: 3, sequence: { groupOrder: 1 } };
const newerDatabases = [16, 17, 18].map((major) => ({
  test: {
    ...database,
    name: `database-${major}`,
    include: onEachVersion.map((name) => `test/database/${name}.test.ts`),
    env: { POSTGRESQL_MAJOR: String(major) },
  },
}));

/** The heights, each alone with `npx vitest run --project NAME`. Bench is no test and has a command of its own. */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { name: "unit", sequence: { groupOrder: 0 }, include: ["test/unit/**/*.test.ts"], testTimeout: 20_000 } },
      {
        // Debian's nginx and HAProxy with a host's files, without a host.
        test: {
          name: "host",
          sequence: { groupOrder: 0 },
          include: ["test/host/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 300_000,
        },
      },
      // Each file starts a PostgreSQL of its own.
      { test: { ...database, name: "database", include: ["test/database/**/*.test.ts"] } },
      ...newerDatabases,
      { test: { name: "stack-apart", sequence: { groupOrder: 1 }, include: apart, ...onTheCloud, maxWorkers: 3 } },
      {
        test: {
          name: "stack",
          sequence: { groupOrder: 2 },
          include: ["test/stack/**/*.test.ts"],
          exclude: apart,
          ...onTheCloud,
          fileParallelism: false,
        },
      },
    ],
  },
});
