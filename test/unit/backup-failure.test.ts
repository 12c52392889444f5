import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { backupFailureMessage, backupFailurePattern } from "../../infra/stack/backup-failure";
import { matches } from "../cloud/events";

const ended = (state: string, vault = "library-production-backups") => ({
  source: "aws.backup",
  "detail-type": "Backup Job State Change",
  detail: { state, backupVaultName: vault },
});
const isTold = (event: object) => matches(JSON.parse(backupFailurePattern("library-production-backups")), event);

test.each(["FAILED", "EXPIRED", "ABORTED", "PARTIAL"])("a scheduled backup that is %s is told", (state) =>
  expect(isTold(ended(state))).toBe(true),
);

test("one that goes well is not, nor one of another vault, nor another job", () => {
  for (const state of ["CREATED", "PENDING", "RUNNING", "COMPLETED"]) expect(isTold(ended(state))).toBe(false);
  expect(isTold(ended("FAILED", "library-staging-backups"))).toBe(false);
  expect(isTold({ ...ended("FAILED"), "detail-type": "Copy Job State Change" })).toBe(false);
});

test("the message names what is in the event, and a section of the runbook that is there", () => {
  const { inputPaths, inputTemplate } = backupFailureMessage("docs/runbooks/alarms.md", "Mara, 555");
  expect([...inputTemplate.matchAll(/<(\w+)>/g)].map(([, name]) => name).sort()).toEqual(
    Object.keys(inputPaths).sort(),
  );
  const [, file = "", section = ""] = /Runbook: (\S+)#(\S+?)\./.exec(inputTemplate.replace(".md", "%")) ?? [];
  expect(readFileSync(file.replace("%", ".md"), "utf8")).toContain(`## ${section}\n`);
});
