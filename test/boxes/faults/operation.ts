import type { BoxId } from "../../../infra/checklist/boxes";
import { providerBoxes } from "../../../infra/checklist/provable";
import { describeAutomatedBackups } from "../../../infra/database/backup/automated";
import { ask, type Section } from "../../../infra/diagnosis/finding";
import { teamNotified } from "../../../infra/phases/ending/audience";
import { proveDocuments } from "../../../infra/phases/evidence/documents";
import { proveTroubleshooting } from "../../../infra/phases/evidence/evidence";
import { proveMonitoring } from "../../../infra/phases/evidence/monitoring";
import type { ComputedId } from "../../../infra/report/computed";
import { contactBoxes } from "../../../infra/report/contacts";
import { header } from "../../golden/records";
import type { Fault } from "../fault";
import { computedWith, contextIn, leftBy, proving, unspoken, withCloud } from "../phase";
import { withoutRetention } from "./data";

const providerParts = providerBoxes;

const documents = {
  api: "/nonexistent/api.md",
  userGuide: "/nonexistent/user.md",
  adminGuide: "/nonexistent/admin.md",
  troubleshooting: "/nonexistent/troubleshooting.md",
  runbooks: ["/nonexistent/runbook.md"],
  backup: "/nonexistent/backup.md",
};

const undocumented = (id: BoxId): Fault => ({
  fault: "the document is not there",
  becomes: "failed",
  run: async () => leftBy(id, await contextIn("evidence", { settings: { documents } }), proveDocuments),
});

const unmonitored = (id: BoxId, fault: string, answers: Readonly<Record<string, string>>): Fault => ({
  fault,
  becomes: "failed",
  run: () => withCloud(answers, async () => leftBy(id, await contextIn("evidence"), proveMonitoring)),
});

const notProvedYet = (id: BoxId): Fault => ({
  fault: "no phase proves it",
  becomes: "not yet",
  run: () => unspoken(id),
});

const unsigned = (id: BoxId): Fault => ({
  fault: "nobody has signed it off",
  becomes: "open",
  run: () => unspoken(id),
});

const unanswered = (box: BoxId): Fault => ({
  fault: "a question of the diagnosis gets no answer",
  becomes: "failed",
  run: async () => {
    const section: Section = { title: "what is asked", box, asked: [], findings: [] };
    const refused = () => Promise.reject(new Error("permission denied"));
    await ask(section, "the newest rows", refused, { means: "The role lost a right.", command: "npm run diagnose" });
    return leftBy(box, await contextIn("evidence"), (context) => proveTroubleshooting(context, [section]));
  },
});

const decidedBy = (id: ComputedId, part: BoxId, becomes: "failed" | "not needed", fault: string): Fault => ({
  fault,
  becomes,
  run: () => computedWith(id, { [part]: becomes }),
});

const unreachable = (id: BoxId, key: "contacts" | "escalation" | "dependencies"): Fault => ({
  fault: "nobody is named",
  becomes: "failed",
  run: () => {
    const box = contactBoxes({ ...header, [key]: {} }).find((one) => one.id === id);
    if (box === undefined) throw new Error(`no ${id} among the contacts`);
    return box;
  },
});

export const operationFaults = {
  "MON-1.1": notProvedYet("MON-1.1"),
  "MON-1.2": notProvedYet("MON-1.2"),
  "MON-1.3": notProvedYet("MON-1.3"),
  "MON-1.4": notProvedYet("MON-1.4"),
  "MON-1.5": notProvedYet("MON-1.5"),
  "MON-2.1": notProvedYet("MON-2.1"),
  "MON-2.2": notProvedYet("MON-2.2"),
  "MON-2.3": notProvedYet("MON-2.3"),
  "MON-2.4": notProvedYet("MON-2.4"),
  "MON-2.5": notProvedYet("MON-2.5"),
  "TRB-1": unanswered("TRB-1"),
  "TRB-2": unanswered("TRB-2"),
  "TRB-3": {
    fault: "the release has no registry to ask",
    becomes: "not needed",
    run: async () => {
      const section: Section = { title: "The provider registry", box: "TRB-3", asked: [], findings: [] };
      const context = await contextIn("evidence", { settings: { schemaVersion: 1 } });
      return leftBy("TRB-3", context, () => proveTroubleshooting(context, [section]));
    },
  },
  "POST-1.1": undocumented("POST-1.1"),
  "POST-1.2": undocumented("POST-1.2"),
  "POST-1.3": undocumented("POST-1.3"),
  "POST-1.4": undocumented("POST-1.4"),
  "POST-2.1": {
    fault: "an address was never confirmed",
    becomes: "open",
    run: () => ({
      id: "POST-2.1",
      source: "evidence",
      ...teamNotified("m-1", { confirmed: [], unconfirmed: ["ada@team.example"] }, ["ada@team.example"]),
    }),
  },
  "POST-2.2": unsigned("POST-2.2"),
  "POST-2.3": unsigned("POST-2.3"),
  "POST-2.4": unsigned("POST-2.4"),
  "POST-3.1": unmonitored("POST-3.1", "the dashboard has no graph", {
    GetDashboard: JSON.stringify({ DashboardBody: JSON.stringify({ widgets: [] }) }),
  }),
  "POST-3.2": unmonitored("POST-3.2", "somebody deleted an alarm", {
    DescribeAlarms: JSON.stringify({ MetricAlarms: [] }),
  }),
  "POST-3.3": undocumented("POST-3.3"),
  "POST-4.1": {
    fault: "RDS's newest backup is of the day before yesterday",
    becomes: "failed",
    run: () => {
      const now = new Date("2026-11-26T12:00:00Z");
      const old = new Date(now.getTime() - 48 * 3_600_000);
      const instance = { DBInstanceStatus: "available", BackupRetentionPeriod: 7, LatestRestorableTime: old };
      return proving("POST-4.1", () => describeAutomatedBackups({ ...instance, InstanceCreateTime: old }, now));
    },
  },
  "POST-4.3": {
    fault: "RDS keeps no automated backups, whatever config says",
    becomes: "failed",
    run: () => withoutRetention("POST-4.3", "evidence"),
  },
  "POST-4.4": undocumented("POST-4.4"),
  "SUC-1": decidedBy("SUC-1", "MIG-2.1", "failed", "the migration failed"),
  "SUC-2": decidedBy("SUC-2", "APP-3.2", "failed", "health does not answer"),
  "SUC-3": decidedBy("SUC-3", "APP-2.2", "failed", "a system provider is missing"),
  "SUC-4": decidedBy("SUC-4", "FUN-1.5", "failed", "no provider can be created"),
  "SUC-5": {
    fault: "at schema 1 there are no dynamic providers, though users log in",
    becomes: "not needed",
    run: () => computedWith("SUC-5", Object.fromEntries(providerParts.map((id) => [id, "not needed"]))),
  },
  "SUC-6": decidedBy("SUC-6", "FUN-2.5", "not needed", "there was no connection"),
  "SUC-7": decidedBy("SUC-7", "PER-2.2", "failed", "the API is slow"),
  "SUC-8": decidedBy("SUC-8", "APP-3.1", "failed", "the journal holds an error"),
  "SUC-9": decidedBy("SUC-9", "POST-3.2", "failed", "the alarms would tell nobody"),
  "CON-1": unreachable("CON-1", "contacts"),
  "CON-2": unreachable("CON-2", "escalation"),
  "CON-3": unreachable("CON-3", "dependencies"),
} satisfies Partial<Record<BoxId, Fault>>;
