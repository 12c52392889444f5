import type { Owner } from "../database/backup/ownership";
import type { StepInput } from "./input";

/** Whose the copies and snapshots are that this stack's deployments make. */
export function ownerOf({ settings, stack, database }: StepInput): Owner {
  return { application: settings.app.name, stack, database: database.lineage };
}
