import { expect, test } from "vitest";
import { DeploymentLock } from "../../infra/lock/deployment-lock";
import type { Lease } from "../../infra/lock/lease";
import type { LockStore } from "../../infra/lock/store";

/** A bucket that holds one lock, as S3 does: a write is taken only where what it was read from is still there. */
class OneObject implements Pick<LockStore, "read" | "write" | "bucket" | "stack"> {
  readonly bucket = "bucket";
  readonly stack = "stack";
  #held: { lease: Lease; etag: string } | undefined;

  async read() {
    return this.#held === undefined ? undefined : { ...this.#held, ageSeconds: 0 };
  }

  async write(lease: Lease, etag: string | undefined) {
    if (etag !== this.#held?.etag) return undefined;
    this.#held = { lease, etag: JSON.stringify(lease) };
    return this.#held.etag;
  }
}

const lockOf = (store: OneObject, deployment: string, changesResources?: true) =>
  new DeploymentLock(store as unknown as LockStore, {
    who: "ada@desk",
    deployment,
    ...(changesResources === undefined ? {} : { changesResources }),
  });

test("phases know that their own deployment has changed resources, and not that another one had", async () => {
  const store = new OneObject();
  const program = lockOf(store, "run-1", true);
  await program.take("resources", () => undefined);
  await program.leave();
  for (const phase of ["preflight", "backup"]) {
    const lock = lockOf(store, "run-1");
    await lock.take(phase, () => undefined);
    expect(lock.changesResources).toBe(true);
    await (phase === "backup" ? lock.free() : lock.leave());
  }
  const next = lockOf(store, "run-2");
  await next.take("preflight", () => undefined);
  expect(next.changesResources).toBe(false);
  await next.free();
});
