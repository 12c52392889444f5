import { expect, test } from "vitest";
import { refusedChanges } from "../../infra/database/instance-changes";

const running = { engineVersion: "15.8", storageGiB: 40 };
const wanted = { engineVersion: "15.8", storageGiB: 40, maxStorageGiB: undefined };

test.each([
  ["nothing", {}],
  ["its major version alone", { engineVersion: "15" }],
  ["a newer minor version", { engineVersion: "15.10" }],
  ["a tenth more storage", { storageGiB: 44 }],
  ["a size that it has outgrown by itself", { storageGiB: 20, maxStorageGiB: 50 }],
])("a configured instance may change %s", (_what, changes) => {
  expect(refusedChanges({ ...wanted, ...changes }, running)).toEqual([]);
});

test.each([
  [
    "to a newer major version",
    { engineVersion: "16" },
    "prompt-library:database.engineVersion must stay a version of PostgreSQL 15: the database runs 15.8, and this program changes no major version " +
      '(docs/runbooks/database-version.md) (it is "16"). Remedy: pulumi config set --path --type string database.engineVersion 15.8',
  ],
  [
    "to an older major version",
    { engineVersion: "14.9" },
    "database.engineVersion must stay a version of PostgreSQL 15",
  ],
  ["to an older minor version", { engineVersion: "15.7" }, "database.engineVersion must not be older than 15.8"],
  ["to less storage", { storageGiB: 20 }, "database.storageGiB must be at least the 40 GiB that the database has"],
  [
    "to a little more storage",
    { storageGiB: 41 },
    "database.storageGiB must be at least 44: RDS grows storage by a tenth",
  ],
  ["to a limit that it has reached", { maxStorageGiB: 40 }, "database.maxStorageGiB must be more than the 40 GiB"],
])("it may not go %s", (_what, changes, expected) => {
  expect(refusedChanges({ ...wanted, ...changes }, running)).toEqual([expect.stringContaining(expected)]);
});

test("everything is said at once", () => {
  expect(refusedChanges({ ...wanted, engineVersion: "17", storageGiB: 20 }, running)).toHaveLength(2);
});
