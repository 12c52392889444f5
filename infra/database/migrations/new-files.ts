import { label } from "./hash-chain";

/** The four files of a new version, by their path below `sql/`. They hold no statement yet: until their author writes them `check` refuses. */
export function newFiles(version: number, name: string): Record<string, string> {
  const base = label({ version, name });
  const lint = `-- The engine sets lock_timeout and statement_timeout for each statement.
-- squawk-ignore-file require-lock-timeout, require-statement-timeout
`;
  return {
    [`migrations/${base}.up.sql`]: `${lint}-- ${base}: say here what changes and why. sql/README.md lists the directives.
-- Each statement runs in its own short transaction and may run again after a kill: IF NOT EXISTS, or migrate:unless.
`,
    [`migrations/${base}.down.sql`]: `${lint}-- Back to version ${version - 1} without losing a row: move what leaves to schema rollback_keep.
`,
    [`verify/${base}.sql`]: `-- Raises unless version ${version} is there.
`,
    [`verify/${base}.down.sql`]: `-- Raises unless version ${version} is gone.
`,
  };
}
