import type { StepContext } from "../../context/step";
import { closeScript, openScript } from "../../host/commands/maintenance";

/** `maintenance: true`: from here on users see the page that says so. */
export async function closeIfAsked(context: StepContext): Promise<void> {
  if (!context.input.settings.maintenance) return;
  context.notice("maintenance: the service is closed");
  await close(context);
}

export async function close(context: StepContext): Promise<void> {
  await context.host.run("closing the service", closeScript(context.paths));
}

/** Opens the service; whether it was closed. */
export async function open(context: StepContext): Promise<boolean> {
  const wasClosed = (await context.host.run("opening the service", openScript(context.paths))) === "closed";
  if (wasClosed) context.notice("the service is open again");
  return wasClosed;
}
