import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { migrationsDirectory, readMigrations } from "../../infra/database/migrations/files";
import { nodesOf } from "../../infra/database/sql/parser";
import { relationName } from "../../infra/database/sql/tree";

const squawk = join(
  dirname(createRequire(import.meta.url).resolve("@squawk-cli/linux-x64/package.json")),
  "bin/squawk",
);

async function lint(args: string[], input = ""): Promise<{ code: number; said: string }> {
  const running = promisify(execFile)(squawk, ["--pg-version", "15", "--reporter", "gcc", ...args]);
  running.child.stdin?.end(input);
  return running.then(
    ({ stdout }) => ({ code: 0, said: stdout }),
    (error: { code: number; stdout: string }) => ({ code: error.code, said: error.stdout }),
  );
}

test("no migration holds up users in a way that its file does not argue for", async () => {
  const files = readdirSync(migrationsDirectory)
    .filter((file) => file.endsWith(".sql"))
    .map((file) => join(migrationsDirectory, file));
  expect(files.length).toBeGreaterThanOrEqual(4);
  expect(await lint(files)).toMatchObject({ code: 0 });
}, 60_000);

test("the linter is awake: what the checklist's script does is refused", async () => {
  const { code, said } = await lint(
    ["--stdin-filepath", "script.sql"],
    "ALTER TABLE connections ADD CONSTRAINT fk FOREIGN KEY (provider_id) REFERENCES providers (id);\nCREATE INDEX i ON connections (provider_id);\nALTER TABLE connections DROP COLUMN provider;",
  );
  expect(code).toBe(1);
  for (const rule of [
    "constraint-missing-not-valid",
    "require-concurrent-index-creation",
    "ban-drop-column",
    "require-lock-timeout",
  ])
    expect(said).toContain(rule);
}, 60_000);

test("an index that is not built concurrently belongs to a table that the same version creates", () => {
  const built = readMigrations().flatMap(({ up, down }) =>
    [up, down].flatMap((script) =>
      script.units.flatMap(({ statements }) =>
        statements.flatMap((sql) => {
          const [node] = nodesOf(sql);
          return node && "IndexStmt" in node && !node.IndexStmt.concurrent
            ? [{ table: relationName(node.IndexStmt.relation), creates: script.creates }]
            : [];
        }),
      ),
    ),
  );
  expect(built.length).toBeGreaterThan(10);
  for (const { table, creates } of built) expect(creates).toContainEqual(table);
});
