import { createInterface } from "node:readline/promises";
import { DescribeDBSnapshotsCommand, RDSClient } from "@aws-sdk/client-rds";
import { openContext } from "../context/context";
import { connectTo, withClient } from "../context/database-connection";
import { describeDatabase } from "../context/database-service";
import { readHostState } from "../context/host-state";
import type { StepInput } from "../context/input";
import { ownerOf } from "../context/owner";
import type { StepContext } from "../context/step";
import { clientOptions } from "../core/aws-client";
import { pairProblem } from "../core/compatibility";
import { Failure } from "../core/failure";
import { mustRun } from "../core/program";
import { masterUser, roleNames } from "../core/role-names";
import { isOwn, tagsOf } from "../database/backup/ownership";
import type { SnapshotTags } from "../database/backup/snapshots";
import { scramVerifier } from "../database/scram";
import { backendUnit } from "../host/commands/paths";
import { restoreFilesScript } from "../host/commands/shared-files";
import { withFilesCopy } from "../phases/backup/files";
import { ensureRunning, slotBackends } from "../phases/slots/slots";
import { databaseIdentifier } from "../stack/database";
import { describeThere, keepWhatIsThere, lookAtDatabase } from "./replaced-database";
import { StackConfig } from "./stack-config";
import { stackInput } from "./stack-input";

export type RestoreOptions = {
  stack: string;
  snapshot: string;
  /** For snapshots that say nothing of themselves, such as RDS's own. */
  release?: string;
  schemaVersion?: number;
  isDatabaseOnly?: boolean;
  configFile?: string;
  /** Hears what would be lost and decides. */
  confirm: (question: string) => Promise<boolean>;
};

/** @throws Error saying what was done so far and what to do next */
export async function restore(options: RestoreOptions): Promise<void> {
  const { stack } = options;
  const input = await stackInput(stack);
  const context = openContext("backup", input, new Date(), "restore");
  try {
    const rds = new RDSClient(clientOptions(input.settings.target.region));
    const wanted = await findSnapshot(rds, options, input);
    const there = await lookAtDatabase(context, wanted.since);
    const files =
      options.isDatabaseOnly === true || input.dataVolume === null ? undefined : wanted.tags["volume-snapshot"];
    const question =
      `${stack}: ${wanted.id} (schema ${wanted.schemaVersion}, ${wanted.release}) in the place of ${describeThere(there, wanted.since)}\n` +
      `Files in shared directories: ${files === undefined ? "stay as they are" : `those of ${files}`}. The application is down until it is done.\n`;
    if (!(await options.confirm(question))) throw new Error("not restored; nothing has changed");
    await whileStopped(context, async () => {
      const { instance } = await describeDatabase(input);
      const undo = await keepWhatIsThere(context, rds, instance, there);
      const address = await replaceInstance(context, options, wanted);
      await alignPasswords(context, address);
      if (files !== undefined) await restoreFiles(context, files);
      context.progress("pulumi up: the release that goes with it, verified as ever");
      await pulumi(options, ["up", "--yes", "--skip-preview"]).catch(() => {
        throw new Error(
          `the database is restored (${address}), and pulumi up failed: fix what it reports, then pulumi up --stack ${stack}. ${undo}`,
        );
      });
      context.progress(`${wanted.id} serves as ${address}. ${undo}`);
      if (input.settings.protection)
        context.progress(
          `the instance ${instance.DBInstanceIdentifier} is kept and Pulumi knows it no more: once nobody needs it, take its deletion protection off and delete it`,
        );
    });
  } finally {
    await context.host.close();
  }
}

type Wanted = {
  id: string;
  since: Date;
  release: string;
  schemaVersion: number;
  engineVersion: string;
  storageGiB: number;
  tags: Partial<SnapshotTags>;
};

async function findSnapshot(rds: RDSClient, options: RestoreOptions, input: StepInput): Promise<Wanted> {
  const { DBSnapshots: [found] = [] } = await rds.send(
    new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: options.snapshot }),
  );
  if (found?.Status !== "available" || found.SnapshotCreateTime === undefined)
    throw new Error(`the snapshot ${options.snapshot} is ${found?.Status ?? "not there"}; nothing has changed`);
  const { EngineVersion: engineVersion, AllocatedStorage: storageGiB } = found;
  if (engineVersion === undefined || storageGiB === undefined)
    throw new Error(`RDS does not say version and size of ${options.snapshot}; nothing has changed`);
  const tags: Partial<SnapshotTags> & Record<string, string | undefined> = tagsOf(found.TagList);
  const owner = ownerOf(input);
  // Of a stack that was destroyed and made again, the database is another one; who names its snapshot means it.
  if (tags.stack !== undefined && !isOwn({ ...tags, database: owner.database }, owner))
    throw new Error(
      `${options.snapshot} is a snapshot of the stack ${tags.stack} of ${tags.application}; nothing has changed`,
    );
  const release = options.release ?? tags.release;
  const version =
    options.schemaVersion ?? (tags["schema-version"] === undefined ? undefined : Number(tags["schema-version"]));
  if (release === undefined || version === undefined)
    throw new Failure(
      "snapshot-unlabelled",
      `${options.snapshot} does not say which release and schema it holds; nothing has changed`,
      "--release NAME --schema NUMBER",
      { changed: "nothing" },
    );
  const undeclared = pairProblem(release, version, input.settings.app.compatibility);
  if (undeclared !== undefined) throw new Error(`${undeclared}. Nothing has changed`);
  return {
    id: options.snapshot,
    since: new Date(tags["marker-at"] ?? found.SnapshotCreateTime),
    release,
    schemaVersion: version,
    engineVersion,
    storageGiB,
    tags,
  };
}

/** What is written while the database is replaced would be in neither: nothing writes. Started again whatever happens. */
async function whileStopped(context: StepContext, work: () => Promise<void>): Promise<void> {
  const { app } = context.input.settings;
  const before = (await readHostState(context)).serving;
  if (before !== null) {
    context.progress(`stopping slot ${before}: the application is down from now on`);
    await context.host.run(`stopping slot ${before}`, `systemctl stop ${backendUnit(app.name, before)}`);
  }
  const start = async () => {
    const state = await readHostState(context);
    if (state.serving !== null)
      await ensureRunning(context, state.serving, slotBackends(context.input.settings, state)[state.serving]);
  };
  await work().catch(async (error: unknown) => {
    // What stopped the restore is what has to be read; a database that does not answer keeps the backend from starting too.
    await start().catch((late: unknown) =>
      context.notice(`the application did not start again: ${late instanceof Error ? late.message : String(late)}`),
    );
    throw error;
  });
  await start();
}

/** By config and Pulumi, so that the state knows the new instance. @returns its address */
async function replaceInstance(context: StepContext, options: RestoreOptions, wanted: Wanted): Promise<string> {
  const { input, progress } = context;
  const config = new StackConfig(options.stack, options.configFile);
  const before = input.settings.database.restoredFrom;
  const number = (before?.number ?? 0) + 1;
  const name = `${input.settings.app.name}-${options.stack}`;
  const plain = { isSecret: false };
  await config.set("database.restoredFrom.snapshot", wanted.id, plain);
  await config.set("database.restoredFrom.number", String(number), plain);
  await config.set("database.restoredFrom.lineage", input.database.lineage, plain);
  // The instance has those of the snapshot, and RDS neither downgrades nor shrinks it to others.
  await config.set("database.engineVersion", wanted.engineVersion, plain);
  await config.set("database.storageGiB", String(wanted.storageGiB), plain);
  await config.set("release", wanted.release, plain);
  await config.set("schemaVersion", String(wanted.schemaVersion), plain);
  const urn = `urn:pulumi:${options.stack}::prompt-library::prompt-library:infra:Database$aws:rds/instance:Instance::${name}-instance`;
  if (input.settings.protection) await pulumi(options, ["state", "unprotect", urn, "--yes"]);
  progress(`restoring ${wanted.id} as the stack's database`);
  await pulumi(options, ["up", "--yes", "--skip-preview", "--target", urn]);
  const { instance } = await describeDatabase({
    ...input,
    database: { ...input.database, identifier: databaseIdentifier(name, { number }) },
  });
  const address = instance.Endpoint?.Address;
  if (address === undefined)
    throw new Error("RDS names no address of the restored database; pulumi up goes on from here");
  return address;
}

/** The snapshot holds the passwords of its own day. */
async function alignPasswords(context: StepContext, address: string): Promise<void> {
  const { secrets } = context.input.settings;
  const login = { user: masterUser, password: secrets.masterPassword };
  await withClient(
    connectTo({ address, port: context.input.database.port }, login, context.host, context.input),
    async (client) => {
      for (const role of Object.keys(roleNames) as (keyof typeof roleNames)[])
        await client.query(
          `ALTER ROLE ${client.escapeIdentifier(roleNames[role])} PASSWORD ${client.escapeLiteral(scramVerifier(secrets[`${role}Password`]))}`,
        );
    },
  );
}

async function restoreFiles(context: StepContext, snapshot: string): Promise<void> {
  context.progress(`putting back the files of ${snapshot}`);
  await withFilesCopy(context, snapshot, (directory) =>
    context.host.run("putting back the files", restoreFilesScript(directory, context.paths.shared), {
      timeoutMs: 1_800_000,
    }),
  );
}

/** RDS takes up to an hour for a database; Pulumi itself gives one up after that. */
const pulumiTimeoutMs = 3 * 3_600_000;

async function pulumi({ stack, configFile }: RestoreOptions, words: string[]): Promise<void> {
  const file = configFile === undefined || words[0] === "state" ? [] : ["--config-file", configFile];
  await mustRun("pulumi", [...words, "--stack", stack, "--non-interactive", ...file], {
    stdout: process.stderr,
    stderr: "inherit",
    timeoutMs: pulumiTimeoutMs,
  });
}

/** Says what would be lost and asks for the stack's name, unless `isSure`. */
export async function confirmByName(stack: string, question: string, isSure: boolean): Promise<boolean> {
  process.stderr.write(question);
  if (isSure) return true;
  if (!process.stdin.isTTY)
    throw new Failure("nobody-to-ask", "nobody can be asked here; nothing has changed", "--yes", {
      changed: "nothing",
    });
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(`Type ${stack} to go on: `)).trim() === stack;
  } finally {
    terminal.close();
  }
}
