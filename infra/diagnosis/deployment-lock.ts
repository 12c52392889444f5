import * as processes from "../core/process";
import { describeLease, type Held, type LeaseHolder, leaseSeconds, standingOf } from "../lock/lease";
import type { LockStore } from "../lock/store";
import { ask, type Section } from "./finding";

/** Who has the deployment lock, in the stack's bucket, and whether they still live. Reads only. */
export async function diagnoseDeploymentLock(
  store: LockStore,
  who: string,
): Promise<{ section: Section; hasBucket: boolean }> {
  const section: Section = { title: "The deployment lock", asked: [], findings: [] };
  const hasBucket = await ask(
    section,
    `s3://${store.bucket}`,
    async () => {
      const found = await store.read();
      section.findings.push(...findingsOf(store.stack, found, isOver(found, who)));
      return found === undefined || found.lease.isFree ? "free" : `held by ${describeLease(found)}`;
    },
    {
      means:
        "No deployment can begin: each takes its lock in this bucket. Where it was deleted, refresh notices that and up creates another; artifacts are built again, and earlier reports are lost.",
      command: `pulumi refresh --run-program --skip-preview --stack ${store.stack}\npulumi up --stack ${store.stack}`,
    },
  );
  return { section, hasBucket };
}

/** Whether the next deployment would not wait for its owner. */
function isOver(found: Held | undefined, who: string): boolean {
  const nobodys: LeaseHolder = { who, deployment: "" };
  return standingOf(found, nobodys, processes) === "lapsed";
}

/** What a lock means that is held, and how it goes away. */
export function findingsOf(stack: string, found: Held | undefined, isLapsed: boolean): Section["findings"] {
  if (found === undefined || found.lease.isFree) return [];
  const breaks = `npm run lock -- ${stack} --break`;
  return isLapsed
    ? [
        {
          what: `the deployment of ${describeLease(found)}, ended without freeing its lock, which has lapsed`,
          means:
            "That program was killed. Nobody is kept out any more; the next up takes the lock over and takes up what is left.",
          command: `${breaks}\npulumi up --stack ${stack}`,
        },
      ]
    : [
        {
          what: `a deployment is under way: ${describeLease(found)}`,
          means: `What else is found may be its work: wait for it. It lapses by itself ${leaseSeconds} s after its program has died; only where that is certain: ${breaks}`,
          command: `npm run lock -- ${stack}`,
        },
      ];
}
