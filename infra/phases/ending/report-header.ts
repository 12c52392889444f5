import type { HostState } from "../../context/host-state";
import type { StepInput } from "../../context/input";
import { whoRuns } from "../../core/who-runs";
import { type DeploymentHeader, reportVersion } from "../../report/header";
import type { PhaseRecord } from "../../report/record";

/** What a run of this input is, with what its records, in order, and the host say of it. */
export function headerOf(
  input: StepInput,
  run: string,
  chain: readonly PhaseRecord[],
  state: HostState | undefined,
): DeploymentHeader {
  const { settings } = input;
  const first = chain.find((record) => record.phase === "preflight");
  return {
    reportVersion,
    run,
    stack: input.stack,
    application: settings.app.name,
    who: whoRuns(),
    ...(first?.details.from === undefined
      ? {}
      : { from: first.details.from as NonNullable<DeploymentHeader["from"]> | null }),
    to: { release: input.release.name, schemaVersion: settings.schemaVersion },
    ...(typeof first?.details.wayBack === "string" ? { wayBack: first.details.wayBack } : {}),
    commit: input.release.commit,
    artifactDigest: state?.staged?.commit === input.release.commit ? `sha256:${state.staged.digest}` : null,
    host: `${input.host.id} at ${input.host.address}`,
    publicUrl: `https://${settings.network.publicName}`,
    providersSinceSchema: settings.app.providersSinceSchema,
    snapshot: null,
    contacts: settings.contacts.team,
    escalation: settings.contacts.escalation,
    dependencies: settings.contacts.dependencies,
  };
}
