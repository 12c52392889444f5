import { z } from "zod";
import { pairSchema } from "../core/compatibility";

const person = z.strictObject({ name: z.string(), email: z.string().optional(), phone: z.string().optional() });
const dependency = z.strictObject({ name: z.string(), contact: z.string() });

export const snapshotSchema = z.strictObject({
  id: z.string().min(1),
  /** The exact command that restores it, to be copied as it stands. */
  restoreCommand: z.string().min(1),
});

export const reportVersion = 2;

/** What the deployment is, known before any phase ran. `contacts` and `escalation` have the shape of the settings. */
export const deploymentHeaderSchema = z.strictObject({
  reportVersion: z.literal(reportVersion),
  /** The run that ends with this report, as its files are named: under another name it would pass for another run's. */
  run: z.string().min(1),
  stack: z.string().min(1),
  application: z.string().min(1),
  /** Who ran it, as the machine that runs it knows: user@host, or the CI job. */
  who: z.string().min(1),
  /** What served before; null on a first deployment, absent where the run stopped before it could ask. */
  from: pairSchema.nullable().optional(),
  to: pairSchema,
  /** How this deployment is taken back, as preflight worked it out. */
  wayBack: z.string().min(1).optional(),
  /** Full hash of the release's commit. */
  commit: z.string().min(1),
  /** `sha256:…`; null while none was built. */
  artifactDigest: z.string().min(1).nullable(),
  host: z.string().min(1),
  publicUrl: z.string().optional(),
  /** From which schema version on the provider boxes apply (`app.providersSinceSchema`). */
  providersSinceSchema: z.int().min(1).default(2),
  /** null where none was made; a `snapshot` in the backup phase's details fills it. */
  snapshot: snapshotSchema.nullable(),
  contacts: z.record(z.string(), person),
  escalation: z.record(z.string(), person),
  dependencies: z.record(z.string(), dependency),
});

export type DeploymentHeader = z.infer<typeof deploymentHeaderSchema>;
export type Person = z.infer<typeof person>;
export type Dependency = z.infer<typeof dependency>;
