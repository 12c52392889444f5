import { withClient } from "../../context/database-connection";
import type { StepContext } from "../../context/step";
import type { Pair } from "../../core/compatibility";
import { Failure } from "../../core/failure";
import { roleNames } from "../../core/role-names";
import { readMigrations } from "../../database/migrations/files";
import { refuseOtherHistory } from "../../database/migrations/history";
import { readJournal } from "../../database/migrations/journal";
import { schemaStateOf } from "../../database/migrations/journal-state";
import { foreignTables } from "../../database/migrations/ownership";
import { scriptsReady } from "../../database/migrations/readiness";
import { transitionProblem, type WayBack, wayBack } from "../../release/way-back";
import { journalStatementProblems } from "../schema/journal-statements";
import { downProblem } from "../schema/schema-plan";

/**
 * PRE-3.2: whether every version between the two is whole, the database ran these very files, and the owner may change its tables.
 * @throws Error saying what isn't so, and the remedy
 */
export async function migrationScripts(context: StepContext): Promise<string> {
  const migrations = readMigrations();
  const problems = journalStatementProblems(context.input.settings.database);
  if (problems.length > 0)
    throw new Failure(
      "journal-statements-wrong",
      problems.join("\n"),
      "pulumi config set --path 'KEY' STATEMENT, with the key that each of them begins with",
      { changed: "nothing" },
    );
  return withClient(context.connect("owner"), async (client) => {
    const journal = await readJournal(client);
    refuseOtherHistory(journal, migrations);
    const { schemaVersion, database } = context.input.settings;
    const state = schemaStateOf(journal);
    const problem = downProblem(database.migrations, state.version, schemaVersion);
    if (problem !== undefined) throw problem;
    const ready = scriptsReady(migrations, state, schemaVersion);
    const foreign = await foreignTables(client);
    if (foreign.length > 0) {
      const owners = [...new Set(foreign.map(({ owner }) => owner))];
      throw new Failure(
        "tables-of-others",
        `${foreign.map(({ table, owner }) => `${table} (of ${owner})`).join(", ")} cannot be migrated by ${roleNames.owner}, who does not own them`,
        `as the master, in this database: ${owners.map((owner) => `REASSIGN OWNED BY ${owner} TO ${roleNames.owner}`).join("; ")}`,
        { changed: "nothing" },
      );
    }
    return ready;
  });
}

/**
 * Part of PRE-1.3: whether what serves in between runs with what it finds.
 * @throws Error naming release, schema and the remedy
 */
export function transition(context: StepContext, from: Pair | null): string {
  const { to, compatibility } = readPair(context);
  const problem = transitionProblem(from, to, compatibility);
  if (problem !== undefined) throw problem;
  return from === null ? "nothing serves yet" : `from ${from.release} with schema ${from.schemaVersion}`;
}

/** How this deployment would be taken back. */
export function wayBackOf(context: StepContext, from: Pair | null): WayBack {
  const { to, compatibility } = readPair(context);
  return wayBack(from, to, compatibility, context.input.settings.database.migrations);
}

function readPair({ input }: StepContext) {
  const { schemaVersion, app } = input.settings;
  return { to: { release: input.release.name, schemaVersion }, compatibility: app.compatibility };
}
