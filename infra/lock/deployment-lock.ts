import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../core/failure";
import * as processes from "../core/process";
import { describeLease, heartbeatSeconds, type Lease, type LeaseHolder, leaseSeconds, standingOf } from "./lease";
import type { FoundLease, LockStore } from "./store";

/** How often an owner that is silent is looked at, until it renews its lock or the lock lapses. */
const watchMs = 2_000;

/**
 * Keeps two deployments of one stack apart, whatever Pulumi backends they keep their state in. Taken by the program before it changes a
 * resource, else by the first phase; renewed by both, freed by the last phase or by one that fails; a killed deployment's lapses, on
 * its own machine at once.
 */
export class DeploymentLock {
  #etag: string | undefined;
  #lease: Lease | undefined;
  #timer: NodeJS.Timeout | undefined;
  #renewal: Promise<void> = Promise.resolve();
  #lost: string | undefined;
  readonly #processes = processes.theseProcesses();

  constructor(
    readonly store: LockStore,
    readonly owner: LeaseHolder,
  ) {}

  /** Whether it was taken and, as far as is known, not lost since. */
  get isHeld(): boolean {
    return this.#lease !== undefined && this.#lost === undefined;
  }

  /** Whether the deployment has begun to create or change resources. */
  get changesResources(): boolean {
    return this.#lease?.changesResources === true;
  }

  /**
   * Takes the lock, or continues with it, and renews it from now on. One whose owner is silent is waited for until it lapses.
   * @throws Failure saying who holds it, since when, and what to do; or that the store can't be asked
   */
  async take(phase: string, progress: (message: string) => void): Promise<void> {
    try {
      await this.#take(phase, progress);
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw new Failure(
        "lock-unreachable",
        `the deployment lock could not be taken in s3://${this.store.bucket}: ${error instanceof Error ? error.message : String(error)}`,
        `see that the bucket is there and that these credentials may read and write it, then run pulumi up again`,
      );
    }
  }

  async #take(phase: string, progress: (message: string) => void): Promise<void> {
    let watched: FoundLease | undefined;
    for (;;) {
      const found = await this.store.read();
      const standing = standingOf(found, this.owner, processes);
      if (standing !== "held" || found === undefined) {
        if (standing === "lapsed" && found !== undefined)
          progress(`the deployment of ${describeLease(found)}, has ended without freeing its lock: taken over`);
        const since = standing === "ours" && found !== undefined ? found.lease.since : new Date().toISOString();
        const lease = {
          ...(standing === "ours" && found?.lease.changesResources === true ? { changesResources: true } : {}),
          ...this.owner,
          since,
          phase,
          beat: (found?.lease.beat ?? 0) + 1,
          isFree: false,
          ...(this.#processes === undefined ? {} : { processes: this.#processes }),
        };
        const etag = await this.store.write(lease, found?.etag);
        if (etag === undefined) continue;
        [this.#etag, this.#lease] = [etag, lease];
        this.#timer = setInterval(() => this.#beat(), heartbeatSeconds * 1000).unref();
        return;
      }
      if (watched === undefined)
        progress(
          `another deployment holds the lock (${describeLease(found)}): waiting up to ${leaseSeconds} s to see whether it lives`,
        );
      else if (watched.etag !== found.etag)
        throw new Failure(
          "lock-held",
          `another deployment of this stack is under way: ${describeLease(found)}. This one has changed nothing since`,
          `wait for its end, then run pulumi up again; if it is dead for certain: npm run lock -- ${this.store.stack} --break`,
        );
      watched ??= found;
      await sleep(watchMs);
    }
  }

  /** @throws Failure when somebody else has the lock by now: what follows must not run */
  async check(): Promise<void> {
    await this.#renewal;
    if (this.#lost !== undefined)
      throw new Failure(
        "lock-lost",
        `this deployment lost its lock: ${this.#lost}`,
        `npm run lock -- ${this.store.stack} says who holds it; then pulumi up, which takes up what is left`,
      );
  }

  /** Stops renewing; the next phase continues with the lock. */
  async leave(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewal;
  }

  /** Frees the lock, if it is still this deployment's. */
  async free(): Promise<void> {
    await this.leave();
    if (this.#lease === undefined || this.#lost !== undefined) return;
    await this.store.write({ ...this.#lease, beat: this.#lease.beat + 1, isFree: true }, this.#etag);
    this.#lease = undefined;
  }

  #beat(): void {
    this.#renewal = this.#renewal.then(async () => {
      if (this.#lease === undefined || this.#lost !== undefined) return;
      const lease = { ...this.#lease, beat: this.#lease.beat + 1 };
      try {
        const etag = await this.store.write(lease, this.#etag);
        if (etag !== undefined) return void ([this.#etag, this.#lease] = [etag, lease]);
        // Perhaps by ourselves: a write whose answer was lost.
        const found = await this.store.read();
        if (found !== undefined && standingOf(found, this.owner, processes) === "ours")
          [this.#etag, this.#lease] = [found.etag, found.lease];
        else if (found?.lease.isFree === true && found.lease.brokenBy === undefined) this.#lease = undefined;
        else
          this.#lost =
            found === undefined
              ? "it is gone"
              : found.lease.isFree
                ? `broken by ${found.lease.brokenBy}`
                : `held by ${describeLease(found)}`;
      } catch {
        // Out of reach for now: the next beat tries again, and until the lease ends nobody takes it.
      }
    });
  }
}

/** Breaks whoever's lock it is; what that was. */
export async function breakLock(store: LockStore, who: string): Promise<FoundLease | undefined> {
  for (;;) {
    const found = await store.read();
    if (found === undefined || found.lease.isFree) return undefined;
    if (
      (await store.write({ ...found.lease, beat: found.lease.beat + 1, isFree: true, brokenBy: who }, found.etag)) !==
      undefined
    )
      return found;
  }
}
