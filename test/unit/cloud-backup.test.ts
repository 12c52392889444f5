import { expect, test } from "vitest";
import { Backups } from "../cloud/backup";
import { type CloudEvent, matches } from "../cloud/events";

function started(emit: (region: string, event: CloudEvent) => Promise<void> = async () => {}) {
  const backups = new Backups(emit);
  const ask = (method: string, path: string, body: object = {}) => {
    const answer = backups.answer("us-east-1", method, path, JSON.stringify(body));
    return answer === null
      ? null
      : { ...answer, content: JSON.parse(answer.body) as { [name: string]: unknown; BackupPlanId: string } };
  };
  return { backups, ask };
}

const document = (name: string, startWindow = 60) => ({
  BackupPlan: {
    BackupPlanName: name,
    Rules: [{ RuleName: "scheduled", TargetBackupVaultName: "v", StartWindowMinutes: startWindow }],
  },
});

test("a selection is made, read, listed and deleted, with or without a slash at its path's end", () => {
  const { backups, ask } = started();
  for (const path of [
    "/backup/plans/p/selections",
    "/backup/plans/p/selections/",
    "/backup/plans/p/selections?maxResults=1",
  ])
    expect(backups.isMeant("GET", path)).toBe(true);
  const made = ask("PUT", "/backup/plans/p/selections", { BackupSelection: { SelectionName: "s" } })?.content;
  const path = `/backup/plans/p/selections/${String(made?.SelectionId)}`;
  expect(ask("GET", path)?.content).toMatchObject({ BackupPlanId: "p", BackupSelection: { SelectionName: "s" } });
  expect(ask("GET", "/backup/plans/p/selections")?.content).toMatchObject({
    BackupSelectionsList: [{ SelectionId: made?.SelectionId }],
  });
  expect(ask("DELETE", path)?.status).toBe(200);
  expect(ask("GET", path)).toMatchObject({
    status: 400,
    headers: { "x-amzn-errortype": "ResourceNotFoundException" },
  });
});

test("a plan that was deleted is gone, and leaves its name to another; one with selections stays", () => {
  const { ask } = started();
  const id = ask("PUT", "/backup/plans/", document("stack-backups"))?.content.BackupPlanId ?? "";
  const path = `/backup/plans/${id}/`;
  expect(ask("PUT", "/backup/plans/", document("stack-backups"))?.content).toMatchObject({
    Code: "AlreadyExistsException",
  });
  expect(ask("POST", path, document("stack-backups", 120))?.status).toBe(200);
  expect(ask("GET", path)?.content).toMatchObject({
    BackupPlan: { Rules: [{ StartWindowMinutes: 120, CompletionWindowMinutes: 10_080 }] },
  });
  const selection = ask("PUT", `${path}selections/`, { BackupSelection: {} })?.content.SelectionId;
  expect(ask("DELETE", path)?.content).toMatchObject({ Code: "InvalidRequestException" });
  ask("DELETE", `${path}selections/${String(selection)}`);
  expect(ask("DELETE", path)?.status).toBe(200);
  expect(ask("GET", path)?.content).toMatchObject({ Code: "ResourceNotFoundException" });
  expect(ask("GET", "/backup/plans/")?.content).toEqual({ BackupPlansList: [] });
  expect(ask("PUT", "/backup/plans/", document("stack-backups"))?.status).toBe(200);
});

test("names that Amazon refuses are refused, and so is a window of less than an hour", () => {
  const { backups, ask } = started();
  for (const path of [`/backup-vaults/${"v".repeat(51)}`, "/backup-vaults/a.b"]) {
    expect(backups.isMeant("PUT", path)).toBe(true);
    expect(ask("PUT", path)?.content).toMatchObject({ Code: "InvalidParameterValueException" });
  }
  expect(ask("PUT", `/backup-vaults/${"v".repeat(50)}`)).toBe(null);
  for (const wrong of [document("p".repeat(51)), document("plan", 59)])
    expect(ask("PUT", "/backup/plans/", wrong)?.content).toMatchObject({ Code: "InvalidParameterValueException" });
});

test("a vault is empty, and a job that is started fails and says so: nothing is backed up here", () => {
  const said: CloudEvent[] = [];
  const { backups, ask } = started(async (_region, event) => void said.push(event));
  const path = "/backup-vaults/some-vault/recovery-points/?maxResults=10";
  expect(backups.isMeant("GET", path)).toBe(true);
  expect(ask("GET", path)?.content).toEqual({ RecoveryPoints: [] });
  expect(backups.isMeant("GET", "/backup-vaults/some-vault")).toBe(false);
  const resource = "arn:aws:rds:us-east-1:123456789012:db:library";
  ask("PUT", "/backup-jobs", { BackupVaultName: "some-vault", ResourceArn: resource });
  expect(said).toMatchObject([
    { source: "aws.backup", detail: { backupVaultName: "some-vault", resourceArn: resource, state: "FAILED" } },
  ]);
});

test("a rule's pattern names each field's values", () => {
  const event = {
    source: "aws.backup",
    "detail-type": "Backup Job State Change",
    detail: { state: "FAILED", other: 1 },
  };
  expect(matches({ source: ["aws.backup"], detail: { state: ["EXPIRED", "FAILED"] } }, event)).toBe(true);
  for (const other of [{ source: ["aws.rds"] }, { detail: { state: ["COMPLETED"] } }, { detail: { missing: ["x"] } }])
    expect(matches(other, event)).toBe(false);
});
