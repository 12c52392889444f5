/** The phases in the order in which they run. */
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

export function isPhase(text: string): text is Phase {
  return (phases as readonly string[]).includes(text);
}
