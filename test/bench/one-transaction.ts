import type { Migration } from "../../infra/database/migrations";

/** The same schema change the way the checklist's script makes it: its plain statements, all in one transaction. */
export function upInOneTransaction(migration: Migration): string {
  const statements = migration.up.units
    .filter(
      ({ kind, statements: [sql = ""] }) =>
        kind !== "check" && kind !== "batch" && !/rollback_keep|keep_connection_provider|VALIDATE/.test(sql),
    )
    .flatMap((unit) => unit.statements)
    .map((sql) => sql.replace(" NOT VALID", "").replace("CONCURRENTLY ", ""));
  return ["BEGIN", ...statements, "COMMIT"].join(";\n");
}

/** And back, keeping nothing. */
export const downInOneTransaction = `
BEGIN;
ALTER TABLE connections DROP COLUMN provider_id;
ALTER TABLE connections ADD CONSTRAINT connections_provider_check
  CHECK (provider IN ('openai', 'bedrock', 'anthropic', 'microsoft-copilot'));
DROP TABLE models, provider_templates, providers;
DROP FUNCTION provider_row_updated();
COMMIT`;
