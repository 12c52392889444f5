import { expect, test } from "vitest";
import { BackupSelections } from "../cloud/backup";

test("a selection is made, read, listed and deleted, with or without a slash at its path's end", () => {
  const selections = new BackupSelections();
  for (const path of [
    "/backup/plans/p/selections",
    "/backup/plans/p/selections/",
    "/backup/plans/p/selections?maxResults=1",
  ])
    expect(selections.isMeant(path)).toBe(true);
  expect(selections.isMeant("/backup/plans/p")).toBe(false);
  const made = JSON.parse(
    selections.answer("PUT", "/backup/plans/p/selections", JSON.stringify({ BackupSelection: { SelectionName: "s" } }))
      .body,
  ) as { SelectionId: string };
  const path = `/backup/plans/p/selections/${made.SelectionId}`;
  expect(JSON.parse(selections.answer("GET", path, "").body)).toMatchObject({
    BackupPlanId: "p",
    BackupSelection: { SelectionName: "s" },
  });
  expect(JSON.parse(selections.answer("GET", "/backup/plans/p/selections", "").body)).toMatchObject({
    BackupSelectionsList: [{ SelectionId: made.SelectionId }],
  });
  expect(selections.answer("DELETE", path, "").status).toBe(200);
  expect(selections.answer("GET", path, "")).toMatchObject({
    status: 400,
    headers: { "x-amzn-errortype": "ResourceNotFoundException" },
  });
});

test("a vault is empty, whatever it is asked for: nothing is backed up here", () => {
  const backups = new BackupSelections();
  const path = "/backup-vaults/some-vault/recovery-points/?maxResults=10";
  expect(backups.isMeant(path)).toBe(true);
  expect(JSON.parse(backups.answer("GET", path, "").body)).toEqual({ RecoveryPoints: [] });
  expect(backups.isMeant("/backup-vaults/some-vault")).toBe(false);
});
