import { z } from "zod";
import { Failure } from "../core/failure";
import { settingsSchema } from "../settings/settings";

/** What every phase is given on stdin, and the stack keeps for the commands that look at it later. */
const inputSchema = z.strictObject({
  stack: z.string().min(1),
  release: z.strictObject({ name: z.string(), commit: z.string() }),
  /** Digest of sql/migrations' chain. */
  migrations: z.string(),
  /**
   * `publicKey` is pinned: no other SSH key is taken for this host's. `address` is the elastic one, or the host's own while it has not
   * got that yet (locate-host.ts).
   */
  host: z.strictObject({ id: z.string(), address: z.string(), publicKey: z.string() }),
  database: z.strictObject({
    identifier: z.string(),
    /** Resource id of the instance that began empty, whatever it was restored from since. */
    lineage: z.string(),
    address: z.string(),
    port: z.int(),
    name: z.string(),
    /** PEM. */
    certificateAuthority: z.string(),
  }),
  /** PEM of who signed the public certificate; null where browsers know them. */
  publicAuthority: z.string().nullable(),
  /** Holds `app.sharedDirectories`; null where there are none. */
  dataVolume: z.strictObject({ id: z.string() }).nullable(),
  bucket: z.string(),
  /** Names in CloudWatch. */
  monitoring: z.strictObject({ dashboard: z.string(), alarms: z.array(z.string()) }),
  /** Told when a deployment starts, succeeds or fails. */
  topicArn: z.string(),
  settings: settingsSchema,
});

export type StepInput = z.infer<typeof inputSchema>;

/** @throws Failure where another version of this program made it; its values, secrets among them, are not in the message */
export function readInput(value: unknown): StepInput {
  const parsed = inputSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const places = parsed.error.issues.map(({ path }) => path.join(".") || "the whole of it");
  throw new Failure(
    "made-by-another-version",
    `the input of this stack's phases was written by another version of this program; it differs at ${[...new Set(places)].join(", ")}`,
    "run pulumi up with this version, or use the version that deployed last (npm run history)",
    { changed: "nothing" },
  );
}
