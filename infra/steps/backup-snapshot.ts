import type { DBInstance, RDSClient } from "@aws-sdk/client-rds";
import type { ContentDigest } from "../backup/comparison";
import { digitsOf, type RangeDigits, readContent } from "../backup/content";
import { type Marker, writeMarker } from "../backup/marker";
import { awaitSnapshot, beginSnapshot, type Purpose, type SnapshotTags } from "../backup/snapshots";
import { withClient } from "./database-connection";
import { StepFailure } from "./failure";
import { readHostState } from "./host-state";
import { prove, type StepContext } from "./step";

export type Made = {
  id: string;
  arn: string;
  restoreCommand: string;
  marker: Marker;
  digits: RangeDigits;
  before: ContentDigest;
  after: ContentDigest;
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
  const isMade = await prove(context, "PRE-2.1", async () => {
    const { marker, digits, before } = await withClient(context.connect("owner"), async (client) => {
      const digits = await digitsOf(client);
      progress("reading counts and checksums of what must not be lost");
      const before = await readContent(client, digits);
      return { digits, before, marker: await writeMarker(client, id) };
    });
    progress(`making the snapshot ${id}`);
    const startedAt = Date.now();
    const state = await readHostState(context);
    const tags: Partial<SnapshotTags> = {
      stack: input.stack,
      purpose,
      "schema-version": String(args.schemaVersion),
      release: (state.serving === null ? undefined : state.slots[state.serving]?.release) ?? "",
      "marker-at": marker.writtenAt.toISOString(),
    };
    const arn = await beginSnapshot(rds, { instance: identifier, id, tags });
    await awaitSnapshot(rds, id);
    const seconds = (Date.now() - startedAt) / 1000;
    context.details.snapshotSeconds = seconds;
    progress("reading the same again: what is the same both times must be in the snapshot");
    const after = await withClient(context.connect("owner"), (client) => readContent(client, digits));
    Object.assign(made, { id, arn, restoreCommand, marker, digits, before, after } satisfies Made);
    return `snapshot ${id} was available after ${seconds.toFixed(1)} s`;
  });
  if (!isMade) throw new StepFailure(context.boxes.at(-1)?.evidence ?? "no snapshot", "look at the database in RDS, then run pulumi up again");
  context.details.snapshot = { id, restoreCommand };
  return made as Made;
}
