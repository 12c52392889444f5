import { RDSClient } from "@aws-sdk/client-rds";
import { withClient } from "../../context/database-connection";
import { ownerOf } from "../../context/owner";
import { prove, type StepContext, skip } from "../../context/step";
import { clientOptions } from "../../core/aws-client";
import type { Pair } from "../../core/compatibility";
import { Failure } from "../../core/failure";
import { describeLoss, lossSince } from "../../database/backup/loss";
import { newestProven } from "../../database/backup/retention";
import { stackSnapshots } from "../../database/backup/snapshots";
import { describePairReport, nothingToRehearse, pairReportProblem } from "../../database/pair/report";
import { readPairReport } from "./pair-store";

/**
 * PRE-3.5, and what a restore instead of the schema's own rollback would lose, said before anything changes.
 * @param from what serves now; null where nothing does
 */
export async function provePairReport(context: StepContext, from: Pair | null): Promise<void> {
  const { input } = context;
  const to: Pair = { release: input.release.name, schemaVersion: input.settings.schemaVersion };
  const nothing = nothingToRehearse(from, to, input.settings.database.migrations);
  const isSchemaToChange = from !== null && from.schemaVersion !== to.schemaVersion;
  const lost = isSchemaToChange ? await lossOfRestore(context) : undefined;
  if (lost !== undefined) context.progress(lost);
  if (nothing !== undefined) skip(context, ["PRE-3.5"], [nothing, lost].filter(Boolean).join("; "));
  else if (from !== null && lost !== undefined) await holdReport(context, { from, to, lost });
}

async function holdReport(
  context: StepContext,
  { from, to, lost }: { from: Pair; to: Pair; lost: string },
): Promise<void> {
  const { input } = context;
  const report = await readPairReport(input, from, to);
  const problem = pairReportProblem(report, input.migrations);
  const remedy = `npm run pair -- ${input.stack} --release ${to.release} --schema ${to.schemaVersion} rehearses it on a restored copy`;
  await prove(context, "PRE-3.5", async () => {
    if (problem !== undefined && input.settings.backup.pairRehearsal !== "required")
      return { result: "not yet", reason: `${problem}; ${remedy}; ${lost}` };
    if (problem !== undefined || report === undefined)
      throw new Failure("pair-not-rehearsed", `${problem}`, remedy, { changed: "nothing" });
    return `${describePairReport(report)}; ${lost}`;
  });
}

/** The schema's rollback keeps every row; a snapshot is for when it can't be gone. */
async function lossOfRestore(context: StepContext): Promise<string> {
  const { input } = context;
  const proven = newestProven(
    await stackSnapshots(new RDSClient(clientOptions(input.settings.target.region)), ownerOf(input)),
  );
  const markerAt = proven?.tags["marker-at"];
  if (proven === undefined || markerAt === undefined)
    return "a restore from the snapshot that this deployment makes would lose what is written after it";
  const loss = await withClient(context.connect("readonly", "whole"), (client) =>
    lossSince(client, new Date(markerAt), new Date()),
  );
  return `a restore from ${proven.id} would lose ${describeLoss(loss)}`;
}
