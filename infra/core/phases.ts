/** The order of a deployment; rolling back is the same order with the prior config. */
export const phases = [
  "preflight",
  "backup",
  "schemaUp",
  "configure",
  "stage",
  "verify",
  "activate",
  "backfill",
  "schemaDown",
  "evidence",
] as const;

export type Phase = (typeof phases)[number];

/** What still serves, and what was undone, when a phase fails. Said in its error and in the report. */
export const whereItFails: Record<Phase, string> = {
  preflight: "nothing has changed",
  backup: "nothing has changed; writers were never stopped",
  schemaUp: "the release that served still serves; the schema is as it was, or in a state that the next run finishes",
  configure: "the old files are back in place; the release that served still serves",
  stage: "the idle slot is stopped; the release that served still serves",
  verify: "the idle slot is stopped; the release that served never left",
  activate: "traffic has turned back; the release that served before serves",
  backfill: "the new release serves; the backfill goes on where it was at the next run",
  schemaDown: "the older release serves, on the newer schema that it also runs with",
  evidence: "the release serves; only the report could not be written",
};
