import type { DBInstance, RDSClient } from "@aws-sdk/client-rds";
import { connectTo } from "../../context/database-connection";
import { ownerOf } from "../../context/owner";
import { findings, prove, type StepContext } from "../../context/step";
import { Failure } from "../../core/failure";
import { masterUser } from "../../core/role-names";
import { findCopies, removeCopy, restoreCopy } from "../../database/backup/copies";
import { type Proof, proveCopy } from "../../database/backup/proof";
import { proveFiles } from "./files";
import { type Made, reportReading } from "./snapshot";

/** Nobody else uses the copy. */
const copyReaders = 2;

/** Restores the snapshot beside the database, holds it against what was read, and removes it again, whatever was found. */
export async function proveSnapshot(
  context: StepContext,
  rds: RDSClient,
  args: { instance: DBInstance; made: Made },
): Promise<void> {
  const { input, host, progress } = context;
  const { made } = args;
  const times: Record<string, number> = {};
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const startedAt = Date.now();
    try {
      return await work();
    } finally {
      times[name] = (Date.now() - startedAt) / 1000;
    }
  };
  context.details.proofSeconds = times;
  let proof: Proof | undefined;
  let failure: unknown;
  try {
    progress(`restoring ${made.id} beside the database; nothing is locked meanwhile`);
    const copy = await timed("restore", () =>
      restoreCopy(rds, {
        of: args.instance,
        snapshot: made.id,
        owner: ownerOf(input),
        instanceClass: input.settings.backup.copyInstanceClass,
      }),
    );
    progress(`proving ${copy.identifier}`);
    const login = { user: masterUser, password: input.settings.secrets.masterPassword };
    proof = await timed("proof", () =>
      proveCopy(
        () => connectTo(copy, login, host, input, "whole"),
        { snapshot: made.id, ...made },
        { readers: copyReaders, progress: reportReading(progress, "comparing the copy") },
      ),
    );
    const { files } = made;
    if (files !== null) {
      const { problems, evidence } = await timed("files", () => proveFiles(context, files));
      proof.contentProblems.push(...problems.map((problem) => `data volume: ${problem}`));
      proof.content += `; ${evidence}`;
    }
  } catch (error) {
    failure = error;
  }
  await timed("removal", () => removeCopies(context, rds));
  const seconds = `restored in ${times.restore?.toFixed(1)} s, proved in ${times.proof?.toFixed(1)} s`;
  const whole = (problems: string[] | undefined, evidence: string | undefined): string => {
    if (failure !== undefined || problems === undefined || evidence === undefined)
      throw new Failure(
        "backup-not-compared",
        `restoring and reading ${made.id} failed: ${failure instanceof Error ? failure.message : String(failure)}`,
        failure instanceof Failure ? failure.remedy : "",
      );
    if (problems.length > 0) throw new Error(`${made.id}: ${problems.join("; ")}`);
    return evidence;
  };
  await prove(context, "PRE-2.2", async () => whole(proof?.integrityProblems, proof?.integrity));
  await prove(
    context,
    "PRE-2.4",
    async () => `${whole(proof?.contentProblems, proof?.content)}; ${seconds}, copy removed`,
  );
  await prove(
    context,
    "POST-4.2",
    async () =>
      `${whole(proof && [...proof.integrityProblems, ...proof.contentProblems], made.id)} was restored and proved, ${seconds}`,
  );
  const found = findings(context.boxes);
  const rows = found.map((row) => `  - ${row}`).join("\n");
  if (failure !== undefined)
    throw new Failure(
      "backup-not-compared",
      `whether the backup is one could not be found out:\n${rows}`,
      "nothing is known against the snapshot itself; once that is fixed, pulumi up makes another and proves that one",
    );
  if (found.length > 0)
    throw new Failure(
      "backup-differs",
      `the backup is not one:\n${rows}`,
      "find out why before anything is changed; pulumi up makes another snapshot and proves that one",
    );
}

/** All of this stack's: a run that is over has none. */
async function removeCopies(context: StepContext, rds: RDSClient): Promise<void> {
  for (const copy of await findCopies(rds, ownerOf(context.input))) {
    context.progress(`removing ${copy}`);
    await removeCopy(rds, copy);
  }
}
