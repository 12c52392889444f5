import { parseStatements } from "../../database/migrations/script";
import { describeProblem, SqlSource } from "../../database/sql/source";
import type { Settings } from "../../settings/settings";

/**
 * What of `database.applicationJournal` PostgreSQL would not run in the one transaction that each list is run in, all of it with key, place
 * and caret. Empty where nothing is wrong.
 */
export function journalStatementProblems({
  applicationJournal,
}: Pick<Settings["database"], "applicationJournal">): string[] {
  return Object.entries(applicationJournal).flatMap(([version, lists]) =>
    Object.entries(lists).flatMap(([list, statements]) =>
      statements.flatMap((sql, place) => {
        const key = `database.applicationJournal["${version}"].${list}[${place}]`;
        return parseStatements(new SqlSource(key, Buffer.from(sql)), "transaction").problems.map(describeProblem);
      }),
    ),
  );
}
