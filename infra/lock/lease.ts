import { z } from "zod";

/** A lock that its owner has not renewed for this long has expired. */
export const leaseSeconds = 60;

/** Often enough that one or two lost answers do not cost the lock. */
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
  /** Rises with each renewal: two renewals must differ, or the store could not detect that a writer read an old one. */
  beat: z.int(),
  isFree: z.boolean(),
  /** The processes that renew it, as `process.ts` names them. */
  processes: z.string().optional(),
  /** Whether its deployment has begun to create or change resources, before its phases. */
  changesResources: z.boolean().optional(),
  /** Who broke it. */
  brokenBy: z.string().optional(),
});

export type Lease = z.infer<typeof leaseSchema>;
export type LeaseHolder = Pick<Lease, "who" | "deployment" | "changesResources">;

/** Ages come from the store's clock only: two operators' clocks may differ. */
export type Held = { lease: Lease; ageSeconds: number };

export type Standing = "free" | "ours" | "lapsed" | "held";

/** What this machine knows of the processes that renewed a lock, from `process.ts`. */
export type KnownProcesses = {
  /** Then nobody has to wait until it expires. */
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

/** Who holds it, since when, in which phase, and its last heartbeat. */
export function describeLease({ lease, ageSeconds }: Held): string {
  return `${lease.who}, since ${lease.since}, in phase ${lease.phase}, last heartbeat ${Math.round(ageSeconds)} s ago`;
}
