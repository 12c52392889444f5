import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../core/failure";
import * as processes from "../core/process";
import { describeLease, heartbeatSeconds, type Lease, type LeaseHolder, leaseSeconds, standingOf } from "./lease";
import type { FoundLease, LockStore } from "./store";

/** How often the lock of another owner is read, until it is renewed or expires. */
const watchMs = 2_000;

/**
 * Keeps two deployments of one stack apart, even if they use different Pulumi backends. The program takes it before it changes a
 * resource, otherwise the first phase does. Both renew it; the last phase, or one that fails, frees it. The lock of a killed
 * deployment expires, for its own machine at once.
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

  /** Whether it was taken and, as far as known, not lost since. */
  get isHeld(): boolean {
    return this.#lease !== undefined && this.#lost === undefined;
  }

  /** Whether the deployment has begun to create or change resources. */
  get changesResources(): boolean {
    return this.#lease?.changesResources === true;
  }

  /**
   * Takes the lock, or continues with it, and renews it from now on. Waits for another owner's lock until it is renewed or expires.
   * @throws Failure saying who holds it, since when, and what to do; or that the bucket cannot be reached
   */
  async take(phase: string, progress: (message: string) => void): Promise<void> {
    try {
      await this.#take(phase, progress);
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw new Failure(
        "lock-unreachable",
        `the deployment lock could not be taken in s3://${this.store.bucket}: ${error instanceof Error ? error.message : String(error)}`,
        `check that the bucket exists and that these credentials may read and write it, then run pulumi up again`,
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
          progress(`the deployment of ${describeLease(found)}, ended without freeing its lock; taking it over`);
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
          `another deployment holds the lock (${describeLease(found)}): waiting up to ${leaseSeconds} s for its next heartbeat`,
        );
      else if (watched.etag !== found.etag)
        throw new Failure(
          "lock-held",
          `another deployment of this stack is running: ${describeLease(found)}. This one has changed nothing meanwhile`,
          `wait until it ends, then run pulumi up again; if it is certainly dead: npm run lock -- ${this.store.stack} --break`,
        );
      watched ??= found;
      await sleep(watchMs);
    }
  }

  /** @throws Failure if another deployment has taken the lock: what follows must not run */
  async check(): Promise<void> {
    await this.#renewal;
    if (this.#lost !== undefined)
      throw new Failure(
        "lock-lost",
        `this deployment lost its lock: ${this.#lost}`,
        `npm run lock -- ${this.store.stack} says who holds it; then run pulumi up, which resumes the deployment`,
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
        // Perhaps this deployment changed it: a write whose answer was lost.
        const found = await this.store.read();
        if (found !== undefined && standingOf(found, this.owner, processes) === "ours")
          [this.#etag, this.#lease] = [found.etag, found.lease];
        else if (found?.lease.isFree === true && found.lease.brokenBy === undefined) this.#lease = undefined;
        else
          this.#lost =
            found === undefined
              ? "it was deleted"
              : found.lease.isFree
                ? `broken by ${found.lease.brokenBy}`
                : `held by ${describeLease(found)}`;
      } catch {
        // Unreachable for now: the next heartbeat tries again, and nobody takes the lock before it expires.
      }
    });
  }
}

/** Breaks the lock, no matter who holds it. @returns the lock that was broken */
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
