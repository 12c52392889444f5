import { RDSClient } from "@aws-sdk/client-rds";
import { openContext } from "../context/context";
import { connectTo, withClient } from "../context/database-connection";
import { describeDatabase } from "../context/database-service";
import { readHostState } from "../context/host-state";
import { ownerOf } from "../context/owner";
import type { StepContext } from "../context/step";
import { clientOptions } from "../core/aws-client";
import { type Pair, pairProblem } from "../core/compatibility";
import { roleNames } from "../core/role-names";
import { whoRuns } from "../core/who-runs";
import { findCopies, removeCopy, restoreCopy } from "../database/backup/copies";
import { whenReady } from "../database/backup/readiness";
import { awaitSnapshot, beginSnapshot, deleteSnapshot, pairSnapshots } from "../database/backup/snapshots";
import { readMigrations } from "../database/migrations";
import { chainDigest } from "../database/migrations/chain";
import { schemaVersion } from "../database/migrations/journal";
import { rehearsePair } from "../database/pair/rehearsal";
import { describePairReport, nothingToRehearse, type PairReport } from "../database/pair/report";
import { DeploymentLock } from "../lock/deployment-lock";
import { LockStore } from "../lock/store";
import { keepPairReport } from "../phases/preflight/pair-store";
import { migrationOptions } from "../phases/schema/schema-plan";
import { resolveRelease } from "../release/release";
import { StackConfig } from "./stack-config";
import { stackInput } from "./stack-input";

export type PairOptions = { stack: string; release?: string; schemaVersion?: number; configFile?: string };

/**
 * Rehearses a pair on its own copy, which is removed afterwards, as is its snapshot. No deployment runs meanwhile: each removes copies
 * that it finds.
 * @returns the report, which is kept in the stack's bucket also where it reports problems
 * @throws Error when it could not be rehearsed at all
 */
export async function pair(options: PairOptions): Promise<PairReport> {
  const config = await new StackConfig(options.stack, options.configFile).read();
  const input = await stackInput(options.stack);
  const { app } = input.settings;
  const to: Pair = {
    release: options.release ?? String(config.release),
    schemaVersion: options.schemaVersion ?? Number(config.schemaVersion),
  };
  await resolveRelease(to.release, app.repository);
  const undeclared = pairProblem(to.release, to.schemaVersion, app.compatibility);
  if (undeclared !== undefined) throw new Error(undeclared);
  const context = openContext("backup", input, new Date(), "pair");
  try {
    const state = await readHostState(context);
    const release = state.serving === null ? undefined : state.slots[state.serving]?.release;
    const from: Pair | null =
      release === undefined
        ? null
        : { release, schemaVersion: await withClient(context.connect("owner"), schemaVersion) };
    const nothing = nothingToRehearse(from, to, input.settings.database.migrations);
    if (from === null || nothing !== undefined) throw new Error(`${options.stack} has no pair to rehearse: ${nothing}`);
    const lock = new DeploymentLock(new LockStore(input.bucket, input.stack, input.settings.target.region), {
      who: whoRuns(),
      deployment: context.runId,
    });
    await lock.take("pair", context.progress);
    try {
      return await onCopy(context, from, to);
    } finally {
      await lock.free();
    }
  } finally {
    await context.host.close();
  }
}

async function onCopy(context: StepContext, from: Pair, to: Pair): Promise<PairReport> {
  const { input, host, progress } = context;
  const owner = ownerOf(input);
  const rds = new RDSClient(clientOptions(input.settings.target.region));
  const clear = async () => {
    for (const copy of await findCopies(rds, owner)) await removeCopy(rds, copy);
    for (const { id } of await pairSnapshots(rds, owner)) await deleteSnapshot(rds, id);
  };
  await clear();
  const { instance } = await describeDatabase(input);
  const snapshot = `${input.database.identifier}-pair-${context.runId.toLowerCase()}`;
  try {
    progress(`making the snapshot ${snapshot}`);
    const { identifier } = input.database;
    const begin = () =>
      beginSnapshot(rds, { instance: identifier, id: snapshot, owner, tags: { purpose: "pair-rehearsal" } });
    await whenReady(rds, identifier, begin, progress);
    await awaitSnapshot(rds, snapshot);
    progress("restoring it beside the database");
    const copy = await restoreCopy(rds, {
      of: instance,
      snapshot,
      owner,
      instanceClass: input.settings.backup.copyInstanceClass,
    });
    const login = { user: roleNames.owner, password: input.settings.secrets.ownerPassword };
    const done = await rehearsePair({
      connect: () => connectTo(copy, login, host, input, "whole"),
      target: to.schemaVersion,
      migrations: readMigrations(),
      options: migrationOptions(input.settings.database),
      progress,
    });
    const report: PairReport = {
      version: 1,
      stack: input.stack,
      from,
      to,
      migrations: chainDigest(),
      snapshot,
      at: new Date().toISOString(),
      steps: done.steps,
      problems: done.problems,
    };
    progress(`kept as s3://${input.bucket}/${await keepPairReport(input, report)}`);
    return report;
  } finally {
    progress("removing copy and snapshot");
    await clear();
  }
}

/** Says what the rehearsal of a pair showed. @returns whether the schema came back as it was */
export function sayPair(report: PairReport): boolean {
  const name = ({ release, schemaVersion: version }: Pair) => `${release} at schema ${version}`;
  const between = `${name(report.from)} ↔ ${name(report.to)}`;
  process.stdout.write(
    report.problems.length === 0
      ? `${between}: ${describePairReport(report)}\n`
      : `${between} did not come back as it was:\n${report.problems.map((row) => `  - ${row}`).join("\n")}\n`,
  );
  return report.problems.length === 0;
}
