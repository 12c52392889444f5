import pg from "pg";
import { withClient } from "../context/database-connection";
import type { StepContext } from "../context/step";
import { loopback } from "../core/loopback";
import { roleNames } from "../core/role-names";
import { journalSinceStart } from "../host/commands/backend-inspection";
import { variableNamesScript } from "../host/commands/diagnosis-script";
import { backendUnit, type Slot } from "../host/commands/paths";
import { judgeJournal, parseJournal } from "../verification/journal";
import { ask, type Section } from "./finding";

/** The checklist's number of lines, for an operator who reads them all. */
const journalLines = 100;

/** TRB-2: the backend's journal, its variables, and the database as the application reaches it. Reads only. */
export async function diagnoseStartup(context: StepContext, slot: Slot): Promise<Section> {
  const { input, host, paths } = context;
  const { app } = input.settings;
  const unit = backendUnit(app.name, slot);
  const anew = `pulumi config set attempt ${input.settings.attempt + 1} --stack ${input.stack}\npulumi up --stack ${input.stack}`;
  const section: Section = { title: "The application's start", box: "TRB-2", asked: [], findings: [] };
  const unreachable = {
    means: "The host or its journal does not answer.",
    command: `aws ec2 describe-instance-status --instance-ids ${input.host.id} --region ${input.settings.target.region}`,
  };

  await ask(
    section,
    `journal of ${unit} since its start`,
    async () => {
      const lines = parseJournal(await host.run("reading the journal", journalSinceStart(app.name, slot)));
      const { errors } = judgeJournal(lines, input.settings.verification.journal);
      if (errors.length > 0)
        section.findings.push({
          what: `${errors.length} of the ${lines.length} lines that ${unit} wrote since its start are errors; the last: ${errors.at(-1)?.slice(0, 300)}`,
          means: "The application says what it lacks. What is harmless belongs in verification.journal.harmless.",
          command: `npm run logs -- ${input.stack} --lines ${journalLines}`,
        });
      return [`${lines.length} lines, ${errors.length} errors`, ...lines.slice(-5).map(({ message }) => message)].join(
        "\n",
      );
    },
    unreachable,
  );

  await ask(
    section,
    "variables",
    async () => {
      const names = (await host.run("reading the names of the slot's variables", variableNamesScript(paths, slot)))
        .split("\n")
        .filter((row) => row !== "");
      const missing = Object.keys(app.backend.variables).filter((name) => !names.includes(name));
      if (missing.length > 0)
        section.findings.push({
          what: `${missing.join(", ")} missing from the environment of slot ${slot}`,
          means: "The file is older than the config, or somebody changed it.",
          command: anew,
        });
      return `${names.join(" ")} (values are never shown)`;
    },
    unreachable,
  );

  await ask(section, "database, as the application reaches it", () => askAsApplication(context), {
    means: "PgBouncer on the host, the database, or the application's password is out of order.",
    command: `npm run preflight -- ${input.stack}`,
  });
  return section;
}

/** The checklist's `SELECT NOW()`, by way of the host's PgBouncer. */
async function askAsApplication({ host, input }: StepContext): Promise<string> {
  const tunnel = await host.tunnel({ address: "127.0.0.1", port: loopback.database });
  try {
    const client = new pg.Client({
      host: "127.0.0.1",
      port: tunnel.localPort,
      user: roleNames.app,
      password: input.settings.secrets.appPassword,
      database: input.database.name,
      connectionTimeoutMillis: 20_000,
      query_timeout: 20_000,
    });
    const connected = client.connect().then(() => client);
    return await withClient(connected, async (open) => {
      const { rows } = await open.query<{ now: Date }>("select now()");
      return `${roleNames.app} answered at ${rows[0]?.now.toISOString()}`;
    });
  } finally {
    tunnel.close();
  }
}
