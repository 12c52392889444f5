import { type HostState, readHostState, type SlotContent } from "../../context/host-state";
import type { Step, StepContext } from "../../context/step";
import { Failure, HostUnreached, ReleaseRefused } from "../../core/failure";
import { whoRuns } from "../../core/who-runs";
import { keepFilesScript } from "../../host/commands/kept-files";
import { quote } from "../../host/commands/shell";
import { releaseDirectory } from "../../host/commands/stage-script";
import { type KnownRelease, knownReleases, type LedgerEntry, prunable, readLedger } from "../../release/history/ledger";
import { ReleaseStore } from "../../release/history/store";
import { idleSlot, slotFiles } from "../slots/slots";

type Noted = Pick<SlotContent, "release" | "commit" | "digest" | "environment">;

/** Leaves an event in the host's ledger, on the disk before this returns, and in its copy in the bucket, for a host that comes after. */
export async function note(
  context: StepContext,
  event: LedgerEntry["event"],
  content: Noted,
  reason?: string,
): Promise<void> {
  const { release, commit, digest, environment } = content;
  const entry: LedgerEntry = {
    event,
    release,
    commit,
    digest,
    config: environment,
    who: whoRuns(),
    at: new Date().toISOString(),
    ...(reason === undefined ? {} : { reason: reason.split("\n")[0]?.slice(0, 500) ?? "" }),
  };
  const known = await ledgerText(context);
  const isNew = !known.isOnHost && known.text !== "";
  if (isNew) context.notice("this host has no ledger: taking up the copy in the stack's bucket");
  const rows = Buffer.from(`${isNew ? `${known.text}\n` : ""}${JSON.stringify(entry)}\n`).toString("base64");
  const file = quote(context.paths.ledger);
  // A line that a power cut has spoiled must not spoil the next one too.
  await context.host.run(
    "noting it in the ledger",
    `if [ -s ${file} ] && [ -n "$(tail -c 1 ${file})" ]; then echo >> ${file}; fi\nbase64 -d >> ${file} <<'ROWS'\n${rows}\nROWS\nsync ${file}\n`,
  );
  await storeOf(context).keepLedger(`${known.text === "" ? "" : `${known.text}\n`}${JSON.stringify(entry)}\n`);
}

/** What became of each release here, or on the host before this one where this one knows nothing yet. */
export async function releasesOnHost(context: Pick<StepContext, "host" | "paths" | "input">): Promise<KnownRelease[]> {
  return knownReleases(readLedger((await ledgerText(context)).text));
}

async function ledgerText(
  context: Pick<StepContext, "host" | "paths" | "input">,
): Promise<{ text: string; isOnHost: boolean }> {
  const text = await context.host.run("reading the ledger", `cat ${quote(context.paths.ledger)} 2>/dev/null || true`);
  return text === ""
    ? { text: (await storeOf(context).ledger()).trimEnd(), isOnHost: false }
    : { text, isOnHost: true };
}

function storeOf({ input }: Pick<StepContext, "input">): ReleaseStore {
  return new ReleaseStore(input.bucket, input.stack, input.settings.target.region);
}

/** A step after which the ledger says of the staged release what the step has shown. */
export function noting(event: Exclude<LedgerEntry["event"], "bad">, step: Step): Step {
  return async (context) => {
    try {
      const done = await step(context);
      await keepLedger(context, async () => {
        const { staged } = await readHostState(context);
        if (
          staged !== null &&
          (done.outcome === "completed" || (event === "served" && !(await hasServed(context, staged.digest))))
        )
          await note(context, event, staged);
        if (event === "served") await pruneBoth(context);
      });
      return done;
    } catch (error) {
      const hasFailedChecks =
        context.phase === "verify" &&
        error instanceof Failure &&
        !(error instanceof HostUnreached) &&
        error.code !== "rate-limited";
      if (error instanceof ReleaseRefused || hasFailedChecks)
        await keepLedger(context, () => noteRejection(context, error.message));
      throw error;
    }
  };
}

/** What a step has done stands, whether the ledger could be written or not. */
async function keepLedger(context: StepContext, work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) =>
    context.notice(`the ledger could not be kept: ${error instanceof Error ? error.message : String(error)}`),
  );
}

/** Not so for a release that was there before the ledger, or whose run was killed between its turn and its note. */
async function hasServed(context: StepContext, digest: string): Promise<boolean> {
  return (await releasesOnHost(context)).some(
    (release) => release.digest === digest && release.servedAt !== undefined && release.verdict === "verified",
  );
}

async function noteRejection(context: StepContext, reason: string): Promise<void> {
  const { release } = context.input;
  // Stage refuses what no file of the host names yet.
  const { digest } = (context.details.artifact ?? {}) as { digest?: string };
  const state = await readHostState(context);
  const staging =
    digest === undefined
      ? null
      : {
          release: release.name,
          commit: release.commit,
          digest,
          environment: slotFiles(context, idleSlot(state)).digest,
        };
  const content = context.phase === "stage" ? staging : state.staged;
  // What serves, whatever was found now, is what a rollback would have to lead to.
  if (content !== null && content.digest !== digestsIn(state).serving) await note(context, "bad", content, reason);
}

async function pruneBoth(context: StepContext): Promise<void> {
  const gone = await prune(context);
  if (gone.length > 0) context.progress(`pruned from the host: ${gone.join(", ")}`);
  const unkept = await pruneArtifacts(context);
  if (unkept.length > 0)
    context.progress(
      `pruned from s3://${context.input.bucket}: ${unkept.map((digest) => digest.slice(0, 16)).join(", ")}`,
    );
}

/** Removes releases that host.keepReleases leaves no room for; those that serve, or could again, stay. */
export async function prune(context: StepContext): Promise<string[]> {
  const { host, paths, input } = context;
  const state = await readHostState(context);
  const listed = await host.run("listing the releases", `ls -1 ${quote(paths.releases)}`);
  const nameOf = (digest: string) => releaseDirectory(paths, digest).slice(paths.releases.length + 1);
  const gone = prunable({
    known: await releasesOnHost(context),
    onHost: listed.split("\n").filter((name) => name !== ""),
    directoryOf: nameOf,
    ...digestsIn(state),
    keep: input.settings.host.keepReleases,
  });
  if (gone.length > 0)
    await host.runWhole(
      "pruning releases",
      `cd ${quote(paths.releases)}\n${gone.map((name) => `rm -rf -- ${quote(`./${name}`)}\n`).join("")}${keepFilesScript(paths)}`,
      { timeoutMs: 300_000, progress: context.progress },
    );
  return gone;
}

/** Removes artifacts from the bucket by the same rule, so that a new host finds there what it may need. */
export async function pruneArtifacts(context: StepContext): Promise<string[]> {
  const store = storeOf(context);
  const gone = prunable({
    known: await releasesOnHost(context),
    onHost: await store.digests(),
    directoryOf: (digest) => digest,
    ...digestsIn(await readHostState(context)),
    keep: context.input.settings.host.keepReleases,
  });
  await store.remove(gone);
  return gone;
}

function digestsIn({ serving, slots }: HostState): { serving: string | null; inSlots: string[] } {
  return {
    serving: serving === null ? null : (slots[serving]?.digest ?? null),
    inSlots: Object.values(slots).flatMap((content) => (content === null ? [] : [content.digest])),
  };
}
