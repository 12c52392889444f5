import { EC2Client } from "@aws-sdk/client-ec2";
import { readHostState } from "../../context/host-state";
import { ownerOf } from "../../context/owner";
import type { StepContext } from "../../context/step";
import { clientOptions } from "../../core/aws-client";
import { compareFiles, describeFiles, type Manifest, readManifest } from "../../database/backup/files";
import { attachCopy, findVolumeCopies, removeVolumeCopy } from "../../database/backup/volumes";
import { backendUnit } from "../../host/commands/paths";
import { manifestScript, mountCopyScript, unmountCopyScript } from "../../host/commands/shared-files";
import { quote } from "../../host/commands/shell";
import { ensureRunning, slotBackends } from "../slots/slots";

/** Reading every file takes a while where there are many. */
const readTimeoutMs = 1_800_000;

export function volumeClient(context: StepContext): EC2Client {
  return new EC2Client(clientOptions(context.input.settings.target.region));
}

const copyDirectory = (context: StepContext) => `/run/${context.input.settings.app.name}-data-copy`;

/** What the application's own files hold now. */
export async function readFiles(context: StepContext, directory: string = context.paths.shared): Promise<Manifest> {
  return readManifest(
    await context.host.run("reading the shared directories", manifestScript(directory), { timeoutMs: readTimeoutMs }),
  );
}

/**
 * Runs something while nobody writes to the files half way. Two copies that may run at once write whole files; for one that may
 * not (`app.overlap: false`) the backend stops meanwhile, a second or two in which the proxy holds requests, and is started
 * again whatever happens.
 */
export async function withWriterStill<T>(context: StepContext, work: () => Promise<T>): Promise<T> {
  const { app } = context.input.settings;
  const state = await readHostState(context);
  const { serving } = state;
  const flush = `sync -f ${quote(context.paths.shared)}`;
  if (app.overlap || serving === null) {
    await context.host.run("writing the files out", flush);
    return work();
  }
  context.notice(`stopping slot ${serving} for the files' snapshot (app.overlap is false)`);
  const stoppedAt = Date.now();
  try {
    await context.host.run(`stopping slot ${serving}`, `systemctl stop ${backendUnit(app.name, serving)}\n${flush}`);
    return await work();
  } finally {
    await ensureRunning(context, serving, slotBackends(context.input.settings, state)[serving]);
    const stoppedMs = Date.now() - stoppedAt;
    // A snapshot that RDS was not ready for is begun again.
    const before = typeof context.details.filesStopMs === "number" ? context.details.filesStopMs : 0;
    context.details.filesStopMs = before + stoppedMs;
    context.notice(`slot ${serving} runs again; requests waited for at most ${stoppedMs} ms`);
  }
}

/** Attaches a copy of the snapshot to the host, reads it and removes it again, whatever was found. @returns what is wrong with it, and evidence */
export async function proveFiles(
  context: StepContext,
  args: { snapshot: string; before: Manifest; after: Manifest },
): Promise<{ problems: string[]; evidence: string }> {
  return withFilesCopy(context, args.snapshot, async (directory) => {
    const compared = compareFiles(args.before, args.after, await readFiles(context, directory));
    return {
      problems: compared.differences.slice(0, 5),
      evidence: `data volume: ${describeFiles(compared)} in ${args.snapshot}`,
    };
  });
}

/** Runs something while a copy of the volume's snapshot is mounted on the host, read only. */
export async function withFilesCopy<T>(
  context: StepContext,
  snapshot: string,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  const { input, host } = context;
  if (input.dataVolume === null) throw new Error("the stack has no data volume (app.sharedDirectories names nothing)");
  const ec2 = volumeClient(context);
  try {
    const copy = await attachCopy(ec2, {
      snapshot,
      beside: input.dataVolume.id,
      instanceId: input.host.id,
      owner: ownerOf(input),
    });
    await host.run("mounting the volume's copy", mountCopyScript(copy, copyDirectory(context)));
    return await work(copyDirectory(context));
  } finally {
    await removeFilesCopies(context);
  }
}

/** All of this stack's: a run that is over has none. */
export async function removeFilesCopies(context: StepContext): Promise<void> {
  const ec2 = volumeClient(context);
  const copies = await findVolumeCopies(ec2, ownerOf(context.input));
  if (copies.length === 0) return;
  await context.host.run("letting go of the volume's copy", unmountCopyScript(copyDirectory(context)));
  for (const copy of copies) {
    context.progress(`removing the volume's copy ${copy}`);
    await removeVolumeCopy(ec2, copy);
  }
}
