import { randomUUID } from "node:crypto";
import type { ApiResponse } from "./api";

type Selection = { BackupPlanId: string; SelectionId: string; CreationDate: number; BackupSelection: unknown };

/**
 * AWS Backup's selections and what its vaults hold, which moto does not know; its plans and vaults are moto's. Nothing is ever
 * backed up by them here, so every vault is empty. Speaks REST: PUT, GET and DELETE below /backup/plans/PLAN/selections/, and
 * GET of /backup-vaults/VAULT/recovery-points/.
 */
export class BackupSelections {
  private readonly selections = new Map<string, Selection>();

  isMeant(path: string): boolean {
    return /^\/backup\/plans\/[^/]+\/selections(\/|\?|$)/.test(path) || isVaultContent(path);
  }

  answer(method: string, path: string, body: string): ApiResponse {
    const [, plan = "", id = ""] = /^\/backup\/plans\/([^/]+)\/selections\/?([^/?]*)/.exec(path) ?? [];
    const say = (status: number, content: object): ApiResponse => ({
      status,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(content),
    });
    if (isVaultContent(path)) return say(200, { RecoveryPoints: [] });
    if (method === "PUT") {
      const { BackupSelection } = JSON.parse(body) as { BackupSelection: unknown };
      const selection = {
        BackupPlanId: plan,
        SelectionId: randomUUID(),
        CreationDate: Date.now() / 1000,
        BackupSelection,
      };
      this.selections.set(selection.SelectionId, selection);
      return say(200, { BackupPlanId: plan, SelectionId: selection.SelectionId, CreationDate: selection.CreationDate });
    }
    if (id === "")
      return say(200, {
        BackupSelectionsList: [...this.selections.values()].filter(({ BackupPlanId }) => BackupPlanId === plan),
      });
    const found = this.selections.get(id);
    if (found === undefined || found.BackupPlanId !== plan)
      return {
        ...say(400, { Code: "ERROR_2101", Message: `Cannot find Backup selection with ID ${id}`, Type: "User" }),
        headers: { "content-type": "application/json", "x-amzn-errortype": "ResourceNotFoundException" },
      };
    if (method === "DELETE") this.selections.delete(id);
    return say(200, method === "DELETE" ? {} : found);
  }
}

function isVaultContent(path: string): boolean {
  return /^\/backup-vaults\/[^/]+\/recovery-points(\/|\?|$)/.test(path);
}
