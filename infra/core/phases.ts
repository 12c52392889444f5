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
  backup: "nothing has changed; writes were never blocked",
  schemaUp: "the running release still serves; the schema is unchanged, or in a state that the next run completes",
  configure: "the old files were restored; the running release still serves",
  stage: "the idle slot is stopped; the running release still serves",
  verify: "the idle slot is stopped; the running release kept serving",
  activate: "traffic was switched back; the previous release serves",
  backfill: "the new release serves; the next run resumes the backfill",
  schemaDown: "the older release serves, on the newer schema, which it also supports",
  evidence: "the release serves; only the report could not be written",
};
