import { RDSClient } from "@aws-sdk/client-rds";
import { withClient } from "../../context/database-connection";
import { describeDatabase } from "../../context/database-service";
import { ownerOf } from "../../context/owner";
import { prove, type Step, type StepContext, skip } from "../../context/step";
import { clientOptions } from "../../core/aws-client";
import { Failure } from "../../core/failure";
import { isEmpty } from "../../database/backup/content";
import { findCopies, removeCopy } from "../../database/backup/copies";
import { gateTimeProblem } from "../../database/backup/gate-time";
import { newestProven } from "../../database/backup/retention";
import { stackSnapshots, tagSnapshot } from "../../database/backup/snapshots";
import { schemaVersion } from "../../database/migrations/journal";
import { insideWindow } from "../../settings/maintenance-window";
import { closeIfAsked } from "../slots/maintenance";
import { removeFilesCopies } from "./files";
import { proveSnapshot } from "./proof";
import { pruneSnapshots } from "./retention";
import { type Made, makeSnapshot } from "./snapshot";

const again =
  "mend what is named, then run pulumi up again: it makes another snapshot; the schema has not been touched";

/** When the schema will change: a snapshot, kept; that very snapshot restored aside and proved; the copy removed. */
export const backup: Step = async (context) => {
  const { input, progress } = context;
  await closeIfAsked(context);
  const rds = new RDSClient(clientOptions(input.settings.target.region));
  for (const copy of await findCopies(rds, ownerOf(input))) {
    progress(`removing the restored copy ${copy}, which a run that was killed has left`);
    await removeCopy(rds, copy);
  }
  await removeFilesCopies(context);
  const wanted = input.settings.schemaVersion;
  const { current, nothingYet } = await withClient(context.connect("owner"), async (client) => ({
    current: await schemaVersion(client),
    nothingYet: await isEmpty(client),
  }));
  if (current === wanted) return notNeeded(context, rds, `the schema stays at ${current}`);
  if (nothingYet) return notNeeded(context, rds, "nothing was ever made in the database");

  const { maintenanceWindow, backup: policy } = input.settings;
  const before = await stackSnapshots(rds, ownerOf(input));
  const tooLong =
    policy.proof === "none"
      ? undefined
      : gateTimeProblem(maintenanceWindow, new Date(), secondsOf(newestProven(before)?.tags["gate-seconds"]));
  if (tooLong !== undefined)
    throw new Failure(
      "window-too-short",
      tooLong,
      "wait for the next window's beginning, or: pulumi config set --path maintenanceWindow.override.by NAME, .reason and .until TIME",
    );

  const startedAt = Date.now();
  const { instance } = await describeDatabase(input);
  const made = await makeSnapshot(context, rds, { instance, schemaVersion: current });
  await prove(context, "PRE-2.3", async () => `${made.id}; ${made.restoreCommand}`);
  if (policy.proof === "none") {
    skip(context, ["PRE-2.2", "PRE-2.4", "POST-4.2"], `backup.proof is none: ${policy.reason ?? ""}`);
  } else await proveSnapshot(context, rds, { instance, made });
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  if (policy.proof === "restore")
    await tagSnapshot(rds, made.arn, { "proven-at": new Date().toISOString(), "gate-seconds": String(seconds) });
  const pruned = await prove(context, "PRE-2.5", () => pruneSnapshots(context, rds));
  if (pruned.result === "failed") throw new Failure("backup-not-proved", pruned.evidence, again);
  stillInWindow(context, made, seconds);
  return {
    outcome: "completed",
    summary: `snapshot ${made.id} of schema ${current} is ${policy.proof === "none" ? "available, and nobody proved it" : `proved, ${seconds} s in all`}${context.details.filesStopMs === undefined ? "" : `; requests waited for at most ${String(context.details.filesStopMs)} ms for the files' snapshot`}`,
  };
};

/** It can take most of an hour on RDS, in which nothing is locked: what comes next must still be inside the window. */
function stillInWindow(context: StepContext, made: Made, seconds: number): void {
  try {
    context.details.window = insideWindow(context.input.settings.maintenanceWindow, new Date());
  } catch (error) {
    throw new Failure(
      "window-closed",
      `the backup is done (${made.id}, ${seconds} s), and the maintenance window closed meanwhile: ${error instanceof Error ? error.message : String(error)}`,
      "run pulumi up at the next window's beginning; nothing has changed",
    );
  }
}

/** No change, no snapshot; that restoring works is known from the newest proven one. */
async function notNeeded(context: StepContext, rds: RDSClient, reason: string): ReturnType<Step> {
  skip(context, ["PRE-2.1", "PRE-2.2", "PRE-2.3", "PRE-2.4", "PRE-2.5"], reason);
  const proven = newestProven(await stackSnapshots(rds, ownerOf(context.input)));
  if (proven === undefined) skip(context, ["POST-4.2"], `${reason}, and no snapshot of an earlier change is there`);
  else
    await prove(
      context,
      "POST-4.2",
      async () => `${proven.id} was restored and proved at ${proven.provenAt?.toISOString()}`,
    );
  return { outcome: "nothing to do", summary: `${reason}; no snapshot is needed` };
}

function secondsOf(tag: string | undefined): number | undefined {
  return tag === undefined || !Number.isFinite(Number(tag)) ? undefined : Number(tag);
}
