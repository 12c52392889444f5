import { expect, test } from "vitest";
import { readMigrations } from "../../infra/database/migrations";
import type { JournalRow } from "../../infra/database/migrations/journal-state";
import { scriptsReady } from "../../infra/database/migrations/readiness";

const migrations = readMigrations();
const halfDone = { version: 1, pending: { version: 2 } as JournalRow };

test("what would run is said with the chain's digest", () => {
  const chain = /the chain of 2 versions holds, sha256:[0-9a-f]{16}$/;
  expect(scriptsReady(migrations, { version: 0 }, 2)).toMatch(
    /^0001_baseline up, 0002_dynamic_providers up: up, down and verify of both are there; /,
  );
  expect(scriptsReady(migrations, { version: 2 }, 1)).toMatch(/^0002_dynamic_providers down: /);
  expect(scriptsReady(migrations, halfDone, 2)).toMatch(
    /^0002_dynamic_providers up, which an earlier run left half done: /,
  );
  expect(scriptsReady(migrations, { version: 2 }, 2)).toMatch(/^the schema stays at 2; /);
  expect(scriptsReady(migrations, { version: 0 }, 2)).toMatch(chain);
});

test("a version on the way that lacks something is refused by name; one that is not on the way is not", () => {
  const empty = { units: [], creates: [], drops: [], isBaseline: false };
  const lacking = migrations.map((migration) =>
    migration.version === 2 ? { ...migration, down: empty, verify: { ...migration.verify, down: [] } } : migration,
  );
  expect(() => scriptsReady(lacking, { version: 1 }, 2)).toThrow(
    "0002_dynamic_providers has no down, no verify of the way down",
  );
  expect(scriptsReady(lacking, { version: 0 }, 1)).toMatch(/^0001_baseline up: /);
  expect(() => scriptsReady(migrations, { version: 1 }, 3)).toThrow("There is no schema version 3");
});
