import { withClient } from "../../../context/database-connection";
import { readHostState } from "../../../context/host-state";
import type { StepContext } from "../../../context/step";
import type { Pair } from "../../../core/compatibility";
import { schemaVersion } from "../../../database/migrations/journal";

/** The pair of release and schema that users have now; null where nothing serves yet. */
export async function whatServes(context: StepContext): Promise<Pair | null> {
  const state = await readHostState(context);
  const content = state.serving === null ? null : state.slots[state.serving];
  if (content === null) return null;
  return { release: content.release, schemaVersion: await withClient(context.connect("owner"), schemaVersion) };
}
