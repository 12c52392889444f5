import type { DBInstance, RDSClient } from "@aws-sdk/client-rds";
import { withClient } from "../../context/database-connection";
import { readHostState } from "../../context/host-state";
import { ownerOf } from "../../context/owner";
import { prove, type StepContext } from "../../context/step";
import { Failure } from "../../core/failure";
import type { Progress } from "../../core/progress";
import type { ContentDigest } from "../../database/backup/comparison";
import { readContent } from "../../database/backup/content";
import type { Manifest } from "../../database/backup/files";
import { type Layout, layOut } from "../../database/backup/layout";
import { type Marker, writeMarker } from "../../database/backup/marker";
import { whenReady } from "../../database/backup/readiness";
import { readSequences, type Sequence } from "../../database/backup/sequences";
import {
  awaitSnapshot,
  beginSnapshot,
  type Purpose,
  type SnapshotTags,
  tagSnapshot,
} from "../../database/backup/snapshots";
import { awaitVolumeSnapshot, beginVolumeSnapshot } from "../../database/backup/volumes";
import { readFiles, volumeClient, withWriterStill } from "./files";

export type Made = {
  id: string;
  arn: string;
  restoreCommand: string;
  marker: Marker;
  layout: Layout;
  sequences: Sequence[];
  before: ContentDigest;
  after: ContentDigest;
  /** The snapshot of the data volume; null where there is none. */
  files: { snapshot: string; before: Manifest; after: Manifest } | null;
};

export type MakeArgs = { instance: DBInstance; schemaVersion: number; purpose?: Purpose };

/** The marker row, then the snapshot, with the database's content read on both sides of it. It is kept whatever follows. */
export async function makeSnapshot(context: StepContext, rds: RDSClient, args: MakeArgs): Promise<Made> {
  const { input, progress } = context;
  const identifier = args.instance.DBInstanceIdentifier ?? input.database.identifier;
  const purpose = args.purpose ?? "before-migration";
  // The run's id makes it one that no snapshot ever had.
  const id = `${identifier}-${purpose === "before-migration" ? `before-${input.settings.schemaVersion}` : "replaced"}-${context.runId.toLowerCase()}`;
  const restoreCommand = `npm run restore -- ${input.stack} ${id}`;
  const made: Partial<Made> = {};
  const proved = await prove(context, "PRE-2.1", async () => {
    const { exclude, readers } = input.settings.backup;
    const connect = () => context.connect("owner", "whole");
    const { layout, sequences, before, marker } = await withClient(connect(), async (client) => {
      const layout = await layOut(client, exclude);
      const sequences = await readSequences(client);
      const before = await readContent(connect, layout, { readers, progress: reportReading(progress, "reading") });
      return { layout, sequences, before, marker: await writeMarker(client, id) };
    });
    progress(`making the snapshot ${id}`);
    const startedAt = Date.now();
    const state = await readHostState(context);
    const owner = ownerOf(input);
    const tags: Partial<SnapshotTags> = {
      purpose,
      "schema-version": String(args.schemaVersion),
      release: (state.serving === null ? undefined : state.slots[state.serving]?.release) ?? "",
      "marker-at": marker.writtenAt.toISOString(),
    };
    const files =
      input.dataVolume === null
        ? null
        : { volumeId: input.dataVolume.id, ec2: volumeClient(context), ...(await timeFiles(context)) };
    const begin = async () => ({
      still: files?.isQuick && !input.settings.app.overlap ? await readFiles(context) : undefined,
      arn: await beginSnapshot(rds, { instance: identifier, id, owner, tags }),
      volume:
        files === null
          ? ""
          : await beginVolumeSnapshot(files.ec2, {
              volumeId: files.volumeId,
              owner,
              databaseSnapshot: id,
            }),
    });
    // The writer stands still for one attempt, never for RDS's own backup.
    const { arn, volume, still } = await whenReady(
      rds,
      identifier,
      () => (files === null ? begin() : withWriterStill(context, begin)),
      progress,
    );
    await awaitSnapshot(rds, id);
    if (files !== null) {
      await awaitVolumeSnapshot(files.ec2, volume);
      await tagSnapshot(rds, arn, { "volume-snapshot": volume });
    }
    const seconds = (Date.now() - startedAt) / 1000;
    context.details.snapshotSeconds = seconds;
    const after = await readContent(connect, layout, { readers, progress: reportReading(progress, "reading again") });
    const madeOfFiles =
      files === null
        ? null
        : { snapshot: volume, before: still ?? files.before, after: still ?? (await readFiles(context)) };
    Object.assign(made, {
      id,
      arn,
      restoreCommand,
      marker,
      layout,
      sequences,
      before,
      after,
      files: madeOfFiles,
    } satisfies Made);
    return `snapshot ${id}${volume === "" ? "" : `, with ${volume} of the data volume,`} was available after ${seconds.toFixed(1)} s`;
  });
  if (proved.result === "failed")
    throw new Failure("snapshot-not-made", proved.evidence, "look at the database in RDS, then run pulumi up again");
  context.details.snapshot = { id, restoreCommand };
  return made as Made;
}

/** Requests wait while the writer stands still: its files are read then only where that takes no longer than this. */
const quickReadMs = 2_000;

async function timeFiles(context: StepContext): Promise<{ before: Manifest; isQuick: boolean }> {
  const startedAt = Date.now();
  const before = await readFiles(context);
  return { before, isQuick: Date.now() - startedAt < quickReadMs };
}

/** A line at most every ten seconds: how much of the database is read. */
export function reportReading(progress: Progress, what: string): (read: { bytes: number; ofBytes: number }) => void {
  const startedAt = Date.now();
  let nextAt = startedAt + 10_000;
  return ({ bytes, ofBytes }) => {
    if (Date.now() < nextAt) return;
    nextAt = Date.now() + 10_000;
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    progress(`${what}: ${Math.round(bytes / 1e6)} of ${Math.round(ofBytes / 1e6)} MB after ${seconds} s`);
  };
}
