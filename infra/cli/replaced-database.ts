import type { DBInstance, RDSClient } from "@aws-sdk/client-rds";
import { withClient } from "../context/database-connection";
import { ownerOf } from "../context/owner";
import type { StepContext } from "../context/step";
import { Failure } from "../core/failure";
import type { FailureCode } from "../core/failure-codes";
import { describeLoss, type Loss, lossSince } from "../database/backup/loss";
import { awaitSnapshot, beginSnapshot } from "../database/backup/snapshots";
import { awaitVolumeSnapshot, beginVolumeSnapshot } from "../database/backup/volumes";
import { schemaVersion } from "../database/migrations/journal";
import { volumeClient } from "../phases/backup/files";
import { makeSnapshot } from "../phases/backup/snapshot";

/** What the database holds, or why it could not be asked. */
export type There = { schemaVersion: number; loss: Loss } | { silent: string };

/** @throws Failure where it answers and cannot be read */
export async function lookAtDatabase(context: StepContext, since: Date): Promise<There> {
  try {
    return await withClient(context.connect("owner", "whole"), async (client) => ({
      schemaVersion: await schemaVersion(client),
      loss: await lossSince(client, since, new Date()),
    }));
  } catch (error) {
    if (error instanceof Failure && unanswered.includes(error.code)) return { silent: error.message };
    throw error;
  }
}

/** A database that cannot be asked is the very one that is restored. */
const unanswered: readonly FailureCode[] = ["database-unreachable", "database-missing", "login-refused"];

/** As an operator reads it before deciding. */
export function describeThere(there: There, since: Date): string {
  if (!("silent" in there)) return `schema ${there.schemaVersion}.\nLost is ${describeLoss(there.loss)}.`;
  return (
    `a database that does not answer: ${there.silent}\n` +
    `Lost is what was written since ${since.toISOString()}; nobody could count the rows. ` +
    "RDS makes a snapshot of what is there only if it calls the instance available; else it is lost too, unless the stack is protected."
  );
}

/** Snapshots of the database and of the files, as far as RDS makes one. @returns how to undo the restore */
export async function keepWhatIsThere(
  context: StepContext,
  rds: RDSClient,
  instance: DBInstance,
  there: There,
): Promise<string> {
  const { stack, database, dataVolume } = context.input;
  if (!("silent" in there)) {
    const args = { instance, schemaVersion: there.schemaVersion, purpose: "before-restore" } as const;
    const { id } = await makeSnapshot(context, rds, args);
    context.progress(`what is there now is kept as ${id}`);
    return `To undo it: npm run restore -- ${stack} ${id}`;
  }
  const id = `${database.identifier}-replaced-${context.runId.toLowerCase()}`;
  const owner = ownerOf(context.input);
  const files = dataVolume === null ? "" : await keepFiles(context, dataVolume.id, id);
  const tags = { purpose: "before-restore", "volume-snapshot": files } as const;
  try {
    await beginSnapshot(rds, { instance: database.identifier, id, owner, tags });
    await awaitSnapshot(rds, id);
    context.progress(`what is there now is kept as ${id}, though nobody could look at it`);
    return `To undo it: npm run restore -- ${stack} ${id} --release NAME --schema NUMBER`;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    context.notice(
      `RDS made no snapshot of ${database.identifier}, which it calls ${instance.DBInstanceStatus}: ${reason}`,
    );
    return `It cannot be undone: there is no snapshot of what was in the database${files === "" ? "" : `; the files are in ${files}`}.`;
  }
}

async function keepFiles(context: StepContext, volumeId: string, databaseSnapshot: string): Promise<string> {
  const ec2 = volumeClient(context);
  const id = await beginVolumeSnapshot(ec2, { volumeId, owner: ownerOf(context.input), databaseSnapshot });
  await awaitVolumeSnapshot(ec2, id);
  return id;
}
