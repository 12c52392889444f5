import { Failure } from "../core/failure";
import type { FailureCode } from "../core/failure-codes";
import { roleNames } from "../core/role-names";

/** As whom a connection was asked for, and to what. */
export type Login = { address: string; database: string; user: string };

type Explanation = { code: FailureCode; what: (login: Login) => string; remedy: (login: Login) => string };

/** PostgreSQL's refusals by SQLSTATE (its appendix A). Only what depends on the role names it: one cause is one finding. */
const explanations: Record<string, Explanation> = {
  "28P01": {
    code: "login-refused",
    what: ({ address, user }) => `${address} rejected the password of ${user}`,
    remedy: ({ user }) =>
      `set ${secretOf(user)} back to the role's password: pulumi config set --secret --path ${secretOf(user)}; then pulumi up`,
  },
  "28000": {
    code: "login-refused",
    what: ({ address, user }) => `${address} does not let ${user} log in`,
    remedy: () =>
      "a role that is missing or may not log in: pulumi refresh --run-program --skip-preview, then pulumi up, which restores it; no pg_hba.conf entry: see that the server accepts TLS connections from the host (a new RDS instance does so shortly after it is available), then pulumi up again",
  },
  "3D000": {
    code: "database-missing",
    what: ({ address, database }) => `there is no database ${database} on ${address}`,
    remedy: () =>
      "check database.name; if the database was dropped, restore it from a backup (docs/operating.md), then pulumi up",
  },
  "42501": {
    code: "login-refused",
    what: ({ address, database, user }) => `${user} lacks the privilege to connect to ${database} on ${address}`,
    remedy: ({ database, user }) =>
      `as the database's owner: GRANT CONNECT ON DATABASE "${database}" TO "${user}"; then pulumi up`,
  },
  "53300": {
    code: "database-unreachable",
    what: ({ address }) => `${address} has no free connection`,
    remedy: () =>
      "end sessions that nobody needs (SELECT pid, usename, application_name, state, state_change FROM pg_stat_activity ORDER BY state_change), then pulumi up again",
  },
  "57P03": {
    code: "database-unreachable",
    what: ({ address }) => `${address} is starting, stopping or recovering, and accepts no connections yet`,
    remedy: () => `wait until it is available (${statusCommand}), then pulumi up again`,
  },
};

const statusCommand =
  "aws rds describe-db-instances --query 'DBInstances[].[DBInstanceIdentifier,DBInstanceStatus]' --output table";

/** Why a connection to PostgreSQL could not be opened, in the server's words, and what to do. */
export function explainConnection(login: Login, error: unknown): Failure {
  const { code, message } = error instanceof Error ? (error as Error & { code?: string }) : { message: String(error) };
  const known = code === undefined ? undefined : explanations[code];
  return known === undefined
    ? new Failure(
        "database-unreachable",
        `connecting to the database ${login.address} failed: ${message}`,
        `check that the database is running (${statusCommand}), then pulumi up again`,
        { cause: error },
      )
    : new Failure(known.code, `${known.what(login)}: ${message}`, known.remedy(login), { cause: error });
}

function secretOf(user: string): string {
  const [role] = Object.entries(roleNames).find(([, name]) => name === user) ?? ["master"];
  return `secrets.${role}Password`;
}
