import type pg from "pg";
import { type ContentDigest, compareContent } from "../backup/comparison";
import { readWhole } from "../backup/content";
import { layOut } from "../backup/layout";
import {
  fingerprintDifference,
  type Migration,
  type MigrationOptions,
  type MigrationReport,
  migrateTo,
  type SchemaFingerprint,
  schemaFingerprint,
  schemaVersion,
} from "../migrations";
import { type PairStep, pairPath } from "./report";

type Seen = { schema: SchemaFingerprint; content: ContentDigest };

export type PairArgs = {
  /** To a copy that nobody else uses, as the schema's owner. */
  connect: () => Promise<pg.Client>;
  target: number;
  migrations: Migration[];
  options?: Partial<MigrationOptions>;
  progress?: (message: string) => void;
  /** Given what each of the three ways did. */
  onReport?: (report: MigrationReport) => void;
};

/** Takes a copy's schema there, back and there again, and holds schema and rows against those of the same version before. */
export async function rehearsePair(args: PairArgs): Promise<{ from: number; steps: PairStep[]; problems: string[] }> {
  const client = await args.connect();
  try {
    const from = await schemaVersion(client);
    const look = async (): Promise<Seen> => ({
      schema: await schemaFingerprint(client),
      content: await applicationContent(client),
    });
    const seen = new Map<number, Seen>([[from, await look()]]);
    const steps: PairStep[] = [];
    const problems: string[] = [];
    for (const target of pairPath(from, args.target)) {
      args.progress?.(`schema ${await schemaVersion(client)} → ${target}, on the copy`);
      const report = await migrateTo({
        connect: args.connect,
        target,
        migrations: args.migrations,
        ...(args.options && { options: args.options }),
      });
      args.onReport?.(report);
      const now = await look();
      steps.push({
        from: report.from,
        to: report.to,
        durationMs: report.durationMs,
        longestLockMs: Math.max(0, ...report.applied.map(({ longestLockMs }) => longestLockMs)),
        fingerprint: now.schema.hash,
      });
      const before = seen.get(target);
      if (before !== undefined) problems.push(...differences(target, before, now));
      seen.set(target, now);
    }
    return { from, steps, problems };
  } finally {
    await client.end();
  }
}

function differences(version: number, before: Seen, now: Seen): string[] {
  const schema = fingerprintDifference(before.schema.lines, now.schema.lines);
  return [
    ...schema.map((line) => `schema ${version} came back with another shape: ${line}`),
    ...compareContent(before.content, before.content, now.content).flatMap(({ table, differences }) =>
      differences.map((one) => `schema ${version} came back with other rows: ${table}: ${one}`),
    ),
  ];
}

/** Every table but those that migrations themselves write to. */
async function applicationContent(client: pg.Client): Promise<ContentDigest> {
  const layout = await layOut(client);
  const isEngines = ({ name }: { name: string }) =>
    name === "public.migration_audit" || name.startsWith("rollback_keep.");
  return readWhole(client, { ...layout, tables: layout.tables.filter((table) => !isEngines(table)) });
}
