import { withClient } from "../../context/database-connection";
import { automatedBackups } from "../../context/database-service";
import { readHostState } from "../../context/host-state";
import { findings, proveTogether, type Step, type StepContext } from "../../context/step";
import type { Pair } from "../../core/compatibility";
import { Failure } from "../../core/failure";
import { insideWindow } from "../../settings/maintenance-window";
import { seeConnections } from "../../verification/existing-connections";
import { portProblems } from "../slots/slots";
import { certificates } from "./checks/certificates";
import { credentials, serverVersion } from "./checks/database";
import { externalApis } from "./checks/external-apis";
import { nodeVersion, redis } from "./checks/programs";
import { apiDocumented, compatibility, environmentSet, mergedAndTested } from "./checks/release";
import { target } from "./checks/target";
import { whatServes } from "./checks/what-serves";
import { continuityProblems } from "./continuity";
import { provePairReport } from "./pair-report";
import { migrationScripts, transition, wayBackOf } from "./schema";

/** Looks at everything and changes nothing; all findings at once. */
export const preflight: Step = async (context) => {
  const { input, host, progress } = context;
  const { settings } = input;
  progress(`waiting for the host ${input.host.address} to be ready`);
  const ready = await host.run(
    "waiting for the host's first boot",
    "cloud-init status --wait >/dev/null || cloud-init status --long; systemctl is-system-running || true",
    {
      timeoutMs: 600_000,
    },
  );
  context.details.host = ready;

  progress("checking target, credentials, the release, versions, certificates and backups");
  // Group by group: a host's sshd allows ten sessions over one connection.
  await proveTogether(context, [
    ["PRE-1.1", () => target(context)],
    ["PRE-1.2", () => credentials(context)],
    ["PRE-1.3", () => pairAllowed(context)],
    ["PRE-1.4", () => automatedBackups(input)],
    ["PRE-1.5", async () => insideWindow(settings.maintenanceWindow, new Date())],
  ]);
  await proveTogether(context, [
    ["PRE-3.1", () => mergedAndTested(context)],
    ["PRE-3.2", () => migrationScripts(context)],
    ["PRE-3.3", () => environmentSet(context)],
    ["PRE-3.4", () => apiDocumented(context)],
  ]);
  await proveTogether(context, [
    ["PRE-4.1", () => nodeVersion(context)],
    ["PRE-4.2", () => serverVersion(context)],
    ["PRE-4.3", () => redis(context)],
    ["PRE-4.4", () => certificates(context)],
    ["PRE-4.5", () => externalApis(context)],
  ]);
  if (context.details.from !== undefined) await provePairReport(context, context.details.from as Pair | null);

  const state = await readHostState(context);
  const found = [
    ...findings(context.boxes),
    ...portProblems(context.input.settings, state),
    ...(await continuityProblems(context, state)),
  ];
  if (found.length > 0)
    throw new Failure(
      "preflight-findings",
      `${found.length} finding${found.length === 1 ? "" : "s"}:\n${found.map((row) => `  - ${row}`).join("\n")}`,
      "mend each finding above, then run pulumi up again",
    );
  // For verification: whether the new release leaves them alone when it starts.
  context.details.connectionsBefore = await withClient(context.connect("readonly"), seeConnections);
  return {
    outcome: "completed",
    summary: `${context.boxes.length} boxes hold; ${input.release.name} may go to schema ${settings.schemaVersion}; rollback: ${String(context.details.wayBack)}`,
  };
};

async function pairAllowed(context: StepContext): Promise<string> {
  const from = await whatServes(context);
  const back = wayBackOf(context, from).words;
  context.details.from = from;
  context.details.wayBack = back;
  return `${compatibility(context)}; ${transition(context, from)}; rollback: ${back}`;
}
