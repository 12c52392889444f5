import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { X509Certificate } from "node:crypto";
import { pairProblem, supportedSchemas } from "../compatibility";
import { loopback } from "../commands/paths";
import { insideWindow } from "../maintenance-window";
import { schemaVersion } from "../migrations/journal";
import type { Side } from "../pair/report";
import { roleNames } from "../role-names";
import { continuityProblems } from "./continuity";
import { withClient } from "./database-connection";
import { automatedBackups } from "./database-service";
import { StepFailure } from "./failure";
import { readHostState } from "./host-state";
import { provePairReport } from "./pair-report";
import { migrationScripts, transition, wayBackOf } from "./preflight-schema";
import { findings, prove, type Step, type StepContext } from "./step";

/** Days that a certificate must still hold. */
const certificateDaysLeft = 14;

/** Looks at everything and changes nothing; all findings at once. */
export const preflight: Step = async (context) => {
  const { input, host, progress } = context;
  const { settings } = input;
  progress(`waiting for the host ${input.host.address} to be ready`);
  const ready = await host.run("waiting for the host's first boot", "cloud-init status --wait >/dev/null || cloud-init status --long; systemctl is-system-running || true", {
    timeoutMs: 600_000,
  });
  context.details.host = ready;

  progress("checking target, credentials, versions and backups");
  await prove(context, "PRE-1.1", () => target(context));
  await prove(context, "PRE-1.2", () => credentials(context));
  await prove(context, "PRE-1.3", async () => {
    const from = await whatServes(context);
    context.details.from = from;
    context.details.wayBack = wayBackOf(context, from).words;
    return `${compatibility(context)}; ${transition(context, from)}; the way back: ${wayBackOf(context, from).words}`;
  });
  await prove(context, "PRE-1.4", () => automatedBackups(input));
  await prove(context, "PRE-1.5", async () => insideWindow(settings.maintenanceWindow, new Date()));
  await prove(context, "PRE-3.2", () => migrationScripts(context));
  await prove(context, "PRE-4.1", () => nodeVersion(context));
  await prove(context, "PRE-4.2", () => serverVersion(context));
  await prove(context, "PRE-4.3", async () => `PING answered ${await host.run("asking Redis", `redis-cli -p ${loopback.redis} ping`)}`);
  await prove(context, "PRE-4.4", async () => certificates(context));

  if (context.details.from !== undefined) await provePairReport(context, context.details.from as Side | null);

  const found = [...findings(context.boxes), ...(await continuityProblems(context))];
  if (found.length > 0)
    throw new StepFailure(
      `${found.length} finding${found.length === 1 ? "" : "s"}:\n${found.map((row) => `  - ${row}`).join("\n")}`,
      "mend each finding above, then run pulumi up again",
    );
  return { outcome: "completed", summary: `${context.boxes.length} boxes hold; ${settings.release} may go to schema ${settings.schemaVersion}; the way back: ${String(context.details.wayBack)}` };
};

async function target({ input }: StepContext): Promise<string> {
  const { account, region } = input.settings.target;
  const identity = await new STSClient({ region }).send(new GetCallerIdentityCommand({}));
  if (identity.Account !== account) throw new Error(`the credentials are those of account ${identity.Account}, not ${account}`);
  return `stack ${input.stack}, account ${account}, region ${region}`;
}

async function credentials(context: StepContext): Promise<string> {
  const roles = Object.keys(roleNames) as (keyof typeof roleNames)[];
  const seen = await Promise.all(
    roles.map((role) =>
      withClient(context.connect(role), async (client) => {
        const { rows } = await client.query<{ name: string; version: string | null }>(
          "select current_user as name, (select version from pg_stat_ssl where pid = pg_backend_pid()) as version",
        );
        return `${rows[0]?.name} (${rows[0]?.version ?? "no TLS"})`;
      }),
    ),
  );
  return `queries answered as ${seen.join(", ")}; the server's certificate names ${context.input.database.address}`;
}

function compatibility({ input }: StepContext): string {
  const { settings, release } = input;
  const problem = pairProblem(release.name, settings.schemaVersion, settings.app.compatibility);
  if (problem !== undefined) throw new Error(problem);
  return `${release.name} is commit ${release.commit}; declared for schema ${supportedSchemas(release.name, settings.app.compatibility)?.join(" and ")}`;
}

async function nodeVersion({ input }: StepContext): Promise<string> {
  const version = input.settings.app.build.nodeVersion;
  if (Number.parseInt(version, 10) < 18) throw new Error(`app.build.nodeVersion must be 18 or newer (it is ${version})`);
  return `the artifact carries Node.js ${version}; the host's own is not used`;
}

async function serverVersion(context: StepContext): Promise<string> {
  return withClient(context.connect("readonly"), async (client) => {
    const { rows } = await client.query<{ number: string; version: string }>(
      "select current_setting('server_version_num') as number, current_setting('server_version') as version",
    );
    if (Number(rows[0]?.number) < 130000) throw new Error(`PostgreSQL must be 13 or newer (it is ${rows[0]?.version})`);
    return `PostgreSQL ${rows[0]?.version}`;
  });
}

function certificates({ input }: StepContext): string {
  const { settings } = input;
  const certificate = new X509Certificate(settings.keys.tlsCertificate);
  if (certificate.checkHost(settings.network.publicName) === undefined)
    throw new Error(`keys.tlsCertificate does not bear the name ${settings.network.publicName} (it bears ${certificate.subjectAltName ?? certificate.subject})`);
  const daysLeft = Math.floor((new Date(certificate.validTo).getTime() - Date.now()) / 86_400_000);
  if (daysLeft < certificateDaysLeft)
    throw new Error(`the certificate for ${settings.network.publicName} ends in ${daysLeft} days; at least ${certificateDaysLeft} must be left`);
  return `the certificate for ${settings.network.publicName} holds for ${daysLeft} more days; the database's was verified for PRE-1.2`;
}

async function whatServes(context: StepContext): Promise<{ release: string; schemaVersion: number } | null> {
  const state = await readHostState(context);
  const content = state.serving === null ? null : state.slots[state.serving];
  if (content === null) return null;
  const version = await withClient(context.connect("owner"), schemaVersion);
  return { release: content.release, schemaVersion: version };
}
