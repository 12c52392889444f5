import { z } from "zod";

/** A lock whose owner has not renewed it for this long has lapsed. */
export const leaseSeconds = 60;

/** Often enough that one or two lost answers cost no lease. */
export const heartbeatSeconds = 15;

/** Another version of this program may have written more. */
export const leaseSchema = z.object({
  /** `user@machine`. */
  who: z.string(),
  /** The run id of the deployment's first phase: all its phases are one owner, and a later run that continues with it too. */
  deployment: z.string(),
  /** When the deployment took it; ISO 8601. */
  since: z.string(),
  /** What it was doing when it last renewed it. */
  phase: z.string(),
  /** Rises with each renewal: two of them must differ, or a store could not tell what a writer has read. */
  beat: z.int(),
  isFree: z.boolean(),
  /** Those that renew it, as `process.ts` names them. */
  processes: z.string().optional(),
  /** Whether its deployment has begun to create or change resources, before its phases. */
  changesResources: z.boolean().optional(),
  /** Who broke it. */
  brokenBy: z.string().optional(),
});

export type Lease = z.infer<typeof leaseSchema>;
export type LeaseHolder = Pick<Lease, "who" | "deployment" | "changesResources">;

/** Ages by the store's clock alone: two operators' clocks may differ. */
export type Held = { lease: Lease; ageSeconds: number };

export type Standing = "free" | "ours" | "lapsed" | "held";

/** What is known here of those that renewed a lock, as `process.ts` finds it. */
export type KnownProcesses = {
  /** Nobody has to wait for the lapse then. */
  haveEnded: (processes: string) => boolean;
  /** Program and phases are one deployment. */
  haveThisEngine: (processes: string) => boolean;
};

export function standingOf(found: Held | undefined, owner: LeaseHolder, known: KnownProcesses): Standing {
  if (found === undefined || found.lease.isFree) return "free";
  const { lease, ageSeconds } = found;
  const isTold = (what: (processes: string) => boolean) =>
    lease.who === owner.who && lease.processes !== undefined && what(lease.processes);
  if ((lease.who === owner.who && lease.deployment === owner.deployment) || isTold(known.haveThisEngine)) return "ours";
  return isTold(known.haveEnded) || ageSeconds > leaseSeconds ? "lapsed" : "held";
}

/** Who holds it, since when, what they do and when they were last heard of. */
export function describeLease({ lease, ageSeconds }: Held): string {
  return `${lease.who}, since ${lease.since}, in phase ${lease.phase}, last heard of ${Math.round(ageSeconds)} s ago`;
}
