import { withClient } from "../../../context/database-connection";
import type { StepContext } from "../../../context/step";
import { Failure } from "../../../core/failure";
import { roleNames } from "../../../core/role-names";

type Role = keyof typeof roleNames;

/** PRE-1.2: a query as each role, over TLS; every role that can't is named. */
export async function credentials(context: StepContext): Promise<string> {
  const roles = Object.keys(roleNames) as Role[];
  const asked = await Promise.allSettled(roles.map((role) => askAs(context, role)));
  const refused = asked.flatMap((one) => (one.status === "rejected" ? [one.reason as Error] : []));
  const first = refused.find((reason) => reason instanceof Failure) ?? refused[0];
  if (first !== undefined)
    throw new Failure(
      first instanceof Failure ? first.code : "database-unreachable",
      [...new Set(refused.map(({ message }) => message))].join("; "),
      [...new Set(refused.flatMap((reason) => (reason instanceof Failure ? [reason.remedy] : [])))].join("; "),
    );
  const seen = asked.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  return `queries answered as ${seen.join(", ")}; the server's certificate names ${context.input.database.address}`;
}

async function askAs(context: StepContext, role: Role): Promise<string> {
  return withClient(context.connect(role), async (client) => {
    const { rows } = await client.query<{ name: string; version: string | null }>(
      "select current_user as name, (select version from pg_stat_ssl where pid = pg_backend_pid()) as version",
    );
    return `${rows[0]?.name} (${rows[0]?.version ?? "no TLS"})`;
  });
}

const oldestServer = 13;

/** PRE-4.2 */
export async function serverVersion(context: StepContext): Promise<string> {
  return withClient(context.connect("readonly"), async (client) => {
    const { rows } = await client.query<{ number: string; version: string }>(
      "select current_setting('server_version_num') as number, current_setting('server_version') as version",
    );
    if (Number(rows[0]?.number) < oldestServer * 10_000)
      throw new Failure(
        "database-too-old",
        `PostgreSQL must be ${oldestServer} or newer (it is ${rows[0]?.version})`,
        "set database.engineVersion to a newer one, in a separate deployment",
      );
    return `PostgreSQL ${rows[0]?.version}`;
  });
}
