import { RDSClient } from "@aws-sdk/client-rds";
import { whyNotNeeded } from "../../checklist/provable";
import { automatedBackups } from "../../context/database-service";
import { prove, type Step, type StepContext } from "../../context/step";
import { clientOptions } from "../../core/aws-client";
import type { Section } from "../../diagnosis/finding";
import { troubleshoot } from "../../diagnosis/troubleshooting";
import { retentionInForce } from "../backup/retention";
import { proveDocuments } from "./documents";
import { proveMonitoring } from "./monitoring";

/** What can be said only at the end. The report itself is written by the runner, which writes it for a failed phase too. */
export const evidence: Step = async (context) => {
  context.progress("looking at backups and documents");
  await prove(context, "POST-4.1", () => automatedBackups(context.input));
  await prove(context, "POST-4.3", () =>
    retentionInForce(context, new RDSClient(clientOptions(context.input.settings.target.region))),
  );
  await proveDocuments(context);
  await proveMonitoring(context);
  context.progress("asking the questions of npm run diagnose");
  const startedAt = Date.now();
  await proveTroubleshooting(context, await troubleshoot(context, { refreshes: false }));
  context.progress(`diagnosed in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
  return { outcome: "completed", summary: "every box has its result" };
};

/** That a failure could be diagnosed is shown by diagnosing now: each question gets an answer, and what it finds is said. */
export async function proveTroubleshooting(
  context: Pick<StepContext, "phase" | "boxes" | "input">,
  sections: readonly Section[],
): Promise<void> {
  for (const { box, asked, findings } of sections) {
    if (box === undefined) continue;
    await prove(context, box, async () => {
      const { release, settings } = context.input;
      const reason = whyNotNeeded(box, release.name, settings.schemaVersion, settings.app);
      if (reason !== undefined) return { result: "not needed", reason };
      if (asked.length === 0) throw new Error("nothing was asked");
      const silent = asked.filter(({ answer }) => answer.startsWith("no answer"));
      if (silent.length > 0) throw new Error(silent.map(({ question, answer }) => `${question}: ${answer}`).join("; "));
      const found = findings.map(({ what, command }) => `${what} (${command.split("\n").join(", then ")})`);
      return `${asked.map(({ question }) => question).join(", ")}: answered; ${found.join("; ") || "nothing to see to"}`;
    });
  }
}
