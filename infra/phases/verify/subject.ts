import { executeAsServing } from "../../context/database-connection";
import type { StepContext } from "../../context/step";
import { loopback } from "../../core/loopback";
import { roleNames, servingRole } from "../../core/role-names";
import { journalSinceStart, memoryScript, readSearch, searchFilesScript } from "../../host/commands/backend-inspection";
import type { Slot } from "../../host/commands/paths";
import { type ConnectionsSeen, connectionsSeenSchema } from "../../verification/existing-connections";
import { parseJournal } from "../../verification/journal";
import type { JournalFrom, Subject } from "../../verification/subject";
import { readRecords } from "../ending/records";

/** The release in a slot, through a tunnel that ends with the work. */
export async function withSubject(
  context: StepContext,
  { slot, before, journalFrom }: { slot: Slot; before: ConnectionsSeen | null; journalFrom: JournalFrom },
  work: (subject: Subject) => Promise<void>,
): Promise<void> {
  const { host, input, progress } = context;
  const { settings, release } = input;
  const { name, backend } = settings.app;
  const tunnel = await host.tunnel({ address: "127.0.0.1", port: loopback.preview[slot] });
  try {
    await work({
      release: release.name,
      schemaVersion: settings.schemaVersion,
      settings,
      origin: `http://127.0.0.1:${tunnel.localPort}`,
      backend: {
        journal: async () => parseJournal(await host.run("reading the journal", journalSinceStart(name, slot))),
        memory: async () => {
          const [source = "", bytes = ""] = (
            await host.run("reading the backend's memory", memoryScript(name, slot))
          ).split(" ");
          return {
            bytes: Number(bytes),
            limitBytes: backend.memoryLimitMiB * 1_048_576,
            source: source === "cgroup" ? "its control group" : "the resident memory of its processes",
          };
        },
      },
      searchFiles: async (patterns) =>
        input.dataVolume === null
          ? { searched: 0, found: [] }
          : readSearch(
              await host.run("searching the shared directories", searchFilesScript(context.paths.shared, patterns)),
            ),
      journalFrom,
      connect: () => context.connect("readonly"),
      execute: (statement, values) => executeAsServing(context, statement, values),
      applicationRole: roleNames[servingRole(settings.database.migrations)],
      connectionsBefore: before,
      progress,
    });
  } finally {
    tunnel.close();
  }
}

/** What this deployment's preflight saw. */
export async function connectionsBefore(context: StepContext): Promise<ConnectionsSeen | null> {
  const records = await readRecords(context);
  const preflight = records
    .filter((record) => record.phase === "preflight")
    .sort((a, b) => a.startedAt.localeCompare(b.startedAt))
    .at(-1);
  const seen = connectionsSeenSchema.safeParse(preflight?.details.connectionsBefore);
  return seen.success ? seen.data : null;
}
