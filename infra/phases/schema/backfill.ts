import type { Step } from "../../context/step";
import { Failure } from "../../core/failure";
import { backfill as fill } from "../../database/migrations/backfill";
import { describeProgress, isRoutine } from "../../database/migrations/progress";
import { recordApplicationSchema } from "./schema";

/** Gives existing connections their provider's id, once the new release has made the providers. */
export const backfill: Step = async (context) => {
  const { database, schemaVersion, app } = context.input.settings;
  if (schemaVersion < app.providersSinceSchema)
    return { outcome: "nothing to do", summary: `schema ${schemaVersion} has no providers` };
  // Where two copies must not run, the release was first started by activation.
  await recordApplicationSchema(context);
  try {
    const report = await fill({
      connect: () => context.connect("owner", "whole"),
      options: { lockTimeoutMs: database.lockTimeoutMs, deadlineMs: database.migrationDeadlineMs },
      progress: (event) => {
        const said = describeProgress(event);
        if (said !== undefined) (isRoutine(event) ? context.progress : context.notice)(said);
      },
    });
    context.details.backfill = report;
    if (report.status === "not needed")
      return { outcome: "nothing to do", summary: "every connection that can have a provider has one" };
    return {
      outcome: "completed",
      summary: `${report.filled} connections filled, ${report.remaining} left for the next run`,
    };
  } catch (error) {
    throw new Failure(
      "backfill-stopped",
      error instanceof Error ? error.message : String(error),
      "the release serves; pulumi up goes on from the checkpoint",
    );
  }
};
