import { type Command, InvalidArgumentError, Option } from "commander";
import { commandLine, endWith, runCommandLine } from "./command-line";
import { logLevels } from "./log-levels";
import { type Looked, type LookOptions, look } from "./look";

const program = commandLine(
  "deployment",
  "Deploys an application by Pulumi, and looks after what it deployed.",
).enablePositionalOptions();

/** Each command loads what it needs itself: `--help` and a wrong use answer at once. */
function command(name: string, purpose: string): Command {
  const added = commandLine(name, purpose);
  program.addCommand(added);
  return added;
}

/** One that looks at a stack that was deployed. */
function stackCommand(name: string, purpose: string): Command {
  return command(name, purpose)
    .argument("[stack]", "the stack; by default the selected one, or PULUMI_STACK")
    .option("--config-file <file>", "another file than Pulumi.STACK.yaml");
}

const looking =
  <T>(name: string, load: () => Promise<(looked: Looked, options: T) => Promise<boolean>>) =>
  async (stack: string | undefined, options: T & LookOptions) =>
    look(name, stack, options, async (looked) => (await load())(looked, options));

const json: [string, string] = ["--json", "print JSON, for a script"];

function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("It must be a whole number from 1.");
  return Number(text);
}

stackCommand(
  "preflight",
  "Checks what a deployment of the stack as it is configured would check first. Changes nothing.",
).action(looking("preflight", async () => (await import("./preflight")).preflightNow));

stackCommand(
  "verify",
  "Makes every check of the verification against what serves. What a check creates it removes.",
).action(looking("verify", async () => (await import("./verify")).verifyNow));

stackCommand(
  "diagnose",
  "Says what is wrong with a deployed stack, what it means and what to do. Changes nothing by itself.",
)
  .option("--refresh-registry", "have the application reload its provider registry")
  .option("--rebuild-indexes", "rebuild invalid indexes without blocking writers")
  .option("--start-database", "start a database that was stopped, and wait until it answers")
  .option(...json)
  .action(looking("diagnose", async () => (await import("./diagnose")).diagnose));

stackCommand("releases", "Lists the releases that the host knows, and the one that a rollback leads to.")
  .option(...json)
  .action(looking("releases", async () => (await import("./releases")).releases));

stackCommand("status", "Shows what a stack is like now: what serves, slots, config, last report, alarms, lock.")
  .option(...json)
  .action(looking("status", async () => (await import("./status")).status));

stackCommand("history", "Lists the stack's deployments, the newest first, by their signed reports.")
  .option("--limit <number>", "how many", wholeNumber, 10)
  .option(...json)
  .action(looking("history", async () => (await import("./history")).history));

stackCommand(
  "config",
  "Prints every setting as the program reads it, secrets hidden, and what differs from the last deployment.",
)
  .option(...json)
  .action(looking("config", async () => (await import("./config")).config));

stackCommand(
  "plan",
  "Prints what the next up would do, phase by phase, with its rollback; as Markdown for a pull request.",
)
  .option(...json)
  .action(looking("plan", async () => (await import("./plan")).plan));

stackCommand("logs", "Prints what the backends wrote, the oldest first.")
  .option("-f, --follow", "go on with what they write from now on")
  .option("--since <time>", 'from when on, as journalctl reads it: "2026-11-26 01:00", "-10min"')
  .option("--lines <number>", "how many of the newest lines", wholeNumber, 200)
  .addOption(new Option("--level <level>", "only lines of this level and above").choices(logLevels))
  .option("--json", "print each line as journalctl has it")
  .action(looking("logs", async () => (await import("./logs")).logs));

command(
  "ssh",
  "Opens a shell on the stack's host, or runs a command there, with the stack's key and the host's pinned one.",
)
  .argument("<stack>", "the stack")
  .argument("[command...]", "what to run there; without it, a shell")
  .passThroughOptions()
  .action(async (stack: string, words: string[]) =>
    look("ssh", stack, {}, async (looked) => (await import("./ssh")).ssh(looked, words)),
  );

stackCommand("psql", "Opens psql on the stack's database, through the host.")
  .addOption(new Option("--role <role>", "as whom").choices(["readonly", "app", "owner"]).default("readonly"))
  .option("-c, --command <sql>", "run this and end")
  .action(looking("psql", async () => (await import("./psql")).psql));

stackCommand("lock", "Says which deployment of the stack is running, if any.")
  .option("--break", "break its lock; only if that deployment is dead for certain")
  .option(...json)
  .action(looking("lock", async () => (await import("./lock")).lock));

command(
  "init",
  "Takes a new stack all the way to its first preview: its file, what only a person knows, keys and secrets. Leaves alone what exists and is valid.",
)
  .argument("<stack>", "the stack's name")
  .option("--set <path=value...>", "an answer beforehand, such as network.publicName=library.example.org")
  .option("--config-file <file>", "another file than Pulumi.STACK.yaml; a Pulumi.yaml is beside it")
  .option("--no-preview", "do not end with a preview")
  .action(async (stack: string, flags: InitFlags) => {
    const [{ init }, { askerAtTerminal }] = await Promise.all([import("./init"), import("./ask")]);
    endWith(await init(stack, flags, await askerAtTerminal()));
  });

command("pair", "Rehearses a schema change on a restored copy of the database: up, down and up again (PRE-3.5).")
  .argument("<stack>", "the stack; it stays as it is")
  .option("--release <name>", "the release to go to; by default the configured one")
  .option("--schema <number>", "the schema version to go to; by default the configured one", wholeNumber)
  .option("--config-file <file>", "another file than Pulumi.STACK.yaml")
  .action(async (stack: string, { release, schema, configFile }: PairFlags) => {
    const { pair, sayPair } = await import("./pair");
    endWith(
      sayPair(
        await pair({
          stack,
          ...(release !== undefined && { release }),
          ...(schema !== undefined && { schemaVersion: schema }),
          ...(configFile !== undefined && { configFile }),
        }),
      ),
    );
  });

command(
  "drill",
  "Restores the newest scheduled backup beside the database, proves it and says how long a recovery takes.",
)
  .argument("<stack>", "the stack; it stays as it is")
  .option("--snapshot <id>", "another backup of this database")
  .option(...json)
  .action(async (stack: string, { snapshot, json }: { snapshot?: string; json?: boolean }) => {
    const [{ drill }, { describeDrill }] = await Promise.all([import("./drill"), import("../database/backup/drill")]);
    const report = await drill({ stack, ...(snapshot !== undefined && { snapshot }) });
    process.stdout.write(`${json === true ? JSON.stringify(report) : describeDrill(report)}\n`);
    endWith(report.problems.length === 0);
  });

command(
  "restore",
  "Replaces the stack's database by a snapshot, and its files by those of the same time. The application is down meanwhile. " +
    "What is there now is kept in a snapshot of its own; release and schema become those of the snapshot.",
)
  .argument("<stack>", "the stack")
  .argument("<snapshot>", "the snapshot's id in RDS")
  .option("--release <name>", "for a snapshot that does not say which release it goes with")
  .option("--schema <number>", "for a snapshot that does not say which schema it holds", wholeNumber)
  .option("--database-only", "leave the files of shared directories as they are")
  .option("--yes", "do not ask")
  .option("--config-file <file>", "another file than Pulumi.STACK.yaml")
  .action(async (stack: string, snapshot: string, flags: RestoreFlags) => {
    const { restore, confirmByName } = await import("./restore");
    const { release, schema, configFile } = flags;
    await restore({
      stack,
      snapshot,
      confirm: (question) => confirmByName(stack, question, flags.yes === true),
      isDatabaseOnly: flags.databaseOnly === true,
      ...(release !== undefined && { release }),
      ...(schema !== undefined && { schemaVersion: schema }),
      ...(configFile !== undefined && { configFile }),
    });
  });

const migration = command(
  "migration",
  "Writes the files of a new schema version, or checks one on a scratch database.",
);
migration.addCommand(
  commandLine("new", "Writes the four files of the next schema version.")
    .argument("<name>", "what it does, such as add_connection_label")
    .action(async (name: string) => {
      const { newMigration } = await import("./migration");
      process.stdout.write(`${newMigration(name).join("\n")}\n`);
    }),
);
migration.addCommand(
  commandLine(
    "check",
    "Takes a scratch database to a version, back and there again, and prints which locks each statement held.",
  )
    .addOption(
      new Option("--url <url>", "a server where this user may create databases")
        .env("MIGRATION_CHECK_URL")
        .default("postgresql://localhost/postgres"),
    )
    .option("--schema <number>", "which version; by default the newest", wholeNumber)
    .option("--rows <number>", "with how many rows each table is filled", wholeNumber, 10_000)
    .option(...json)
    .action(async ({ url, schema, rows, json }: MigrationFlags) => {
      const { sayMigrationCheck } = await import("./migration");
      endWith(
        await sayMigrationCheck({
          url,
          rows,
          ...(schema !== undefined && { version: schema }),
          ...(json !== undefined && { json }),
          progress: (message) => void process.stderr.write(`migration  ${message}\n`),
        }),
      );
    }),
);

command("report", "Fetches the stack's newest report and checks it; or checks a report that is at hand.")
  .argument("[stack]", "the stack whose newest report is fetched")
  .option("--verify <file>", "check this report: its .json, or its .html beside the .json")
  .option("--stack <stack>", "with --verify: check it with this stack's key")
  .option("--key <file>", "with --verify: check it with this public key")
  .option("--render <file>", "write the page of this signed .json again; needs --out")
  .option("--out <file>", "with --render: where the page goes")
  .action(async (stack: string | undefined, options: ReportFlags) => {
    endWith(await (await import("./report")).report(stack, options));
  });

type MigrationFlags = { url: string; schema?: number; rows: number; json?: boolean };
type InitFlags = import("./init").InitFlags;
type PairFlags = { release?: string; schema?: number; configFile?: string };
type RestoreFlags = PairFlags & { databaseOnly?: boolean; yes?: boolean };
type ReportFlags = import("./report").ReportOptions;

await runCommandLine(program);
