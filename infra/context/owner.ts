import type { StackOwner } from "../database/backup/ownership";
import type { StepInput } from "./input";

/** Whose the copies and snapshots are that this stack's deployments make. */
export function ownerOf({ settings, stack, database }: StepInput): StackOwner {
  return { application: settings.app.name, stack, database: database.lineage };
}
