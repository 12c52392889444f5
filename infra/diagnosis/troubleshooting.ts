import { withClient } from "../context/database-connection";
import { readHostState } from "../context/host-state";
import type { StepContext } from "../context/step";
import type { Section } from "./finding";
import { diagnoseMigrations } from "./migrations";
import { diagnoseRegistry } from "./registry";
import { diagnoseStartup } from "./startup";

/** The checklist's troubleshooting, TRB-1 to TRB-3, against the release that serves. */
export async function troubleshoot(context: StepContext, options: { refreshes: boolean }): Promise<Section[]> {
  const migrations = await withClient(context.connect("readonly"), (client) =>
    diagnoseMigrations(context.input.stack, client),
  );
  const { serving } = await readHostState(context);
  if (serving === null) return [migrations];
  return [migrations, await diagnoseStartup(context, serving), await diagnoseRegistry(context, serving, options)];
}
