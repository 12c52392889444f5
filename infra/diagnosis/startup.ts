import pg from "pg";
import { withClient } from "../context/database-connection";
import type { StepContext } from "../context/step";
import { loopback } from "../core/loopback";
import { roleNames } from "../core/role-names";
import { variableNamesScript } from "../host/commands/diagnosis-script";
import { backendUnit, type Slot } from "../host/commands/paths";
import { journalScript } from "../host/commands/stage-script";
import { ask, type Section } from "./finding";

/** The checklist's own number of lines. */
const journalLines = 100;

/** TRB-2: the backend's journal, its variables, and the database as the application reaches it. Reads only. */
export async function diagnoseStartup(context: StepContext, slot: Slot): Promise<Section> {
  const { input, host, paths } = context;
  const { app } = input.settings;
  const isError = new RegExp(input.settings.verification.journal.error, "i");
  const unit = backendUnit(app.name, slot);
  const anew = `pulumi config set attempt ${input.settings.attempt + 1} --stack ${input.stack}\npulumi up --stack ${input.stack}`;
  const section: Section = { title: "The application's start", box: "TRB-2", asked: [], findings: [] };
  const unreachable = {
    means: "The host or its journal does not answer.",
    command: `aws ec2 describe-instance-status --instance-ids ${input.host.id}`,
  };

  await ask(
    section,
    `journal of ${unit}, last ${journalLines} lines`,
    async () => {
      const lines = (await host.run("reading the journal", journalScript(app.name, slot, journalLines)))
        .split("\n")
        .filter((row) => row !== "");
      const errors = lines.filter((row) => isError.test(row));
      if (errors.length > 0)
        section.findings.push({
          what: `${errors.length} of the last ${lines.length} lines of ${unit} are errors; the last: ${errors.at(-1)?.slice(0, 300)}`,
          means: "The application says itself what it lacks.",
          command: `npm run logs -- ${input.stack} --lines ${journalLines} --level error`,
        });
      return [`${lines.length} lines, ${errors.length} errors`, ...lines.slice(-5)].join("\n");
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
