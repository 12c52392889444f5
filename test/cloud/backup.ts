import { randomUUID } from "node:crypto";
import type { ApiResponse } from "./api";
import type { CloudEvent } from "./events";

type Rule = { RuleName: string; StartWindowMinutes?: number; CompletionWindowMinutes?: number };
type PlanDocument = { BackupPlanName: string; Rules: Rule[] };
type Plan = {
  region: string;
  BackupPlanId: string;
  BackupPlanArn: string;
  VersionId: string;
  CreationDate: number;
  BackupPlan: PlanDocument;
};
type Selection = { BackupPlanId: string; SelectionId: string; CreationDate: number; BackupSelection: unknown };

const account = "123456789012";

/** What Amazon answers in place of a result. */
class Refused extends Error {
  constructor(
    readonly type: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * AWS Backup, but for its vaults' records, which are moto's: moto knows no selections, changes no plan, and keeps the name of one that
 * was deleted. Nothing is ever backed up here: every vault is empty, and a job that is started fails and says so, as Amazon does.
 */
export class Backups {
  private readonly plans = new Map<string, Plan>();
  private readonly selections = new Map<string, Selection>();

  constructor(private readonly emit: (region: string, event: CloudEvent) => Promise<void>) {}

  /** Whether it is answered here; all else is for moto. */
  isMeant(method: string, path: string): boolean {
    const isVaultMade = method === "PUT" && /^\/backup-vaults\/[^/]+\/?$/.test(path);
    return /^\/(backup\/plans|backup-jobs)(\/|\?|$)/.test(path) || isVaultContent(path) || isVaultMade;
  }

  /** @returns null where moto is to answer, since nothing speaks against it */
  answer(region: string, method: string, path: string, body: string): ApiResponse | null {
    try {
      const result = this.resultOf(region, method, path.replace(/\?.*/, "").replace(/\/$/, ""), body);
      return result === null ? null : say(200, result);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const refused = say(400, { Code: error.type, Message: error.message, Type: "User" });
      return { ...refused, headers: { ...refused.headers, "x-amzn-errortype": error.type } };
    }
  }

  private resultOf(region: string, method: string, path: string, body: string): object | null {
    const parts = path.split("/").slice(1).map(decodeURIComponent);
    if (parts[0] === "backup-vaults") {
      if (parts[2] === "recovery-points") return { RecoveryPoints: [] };
      refuseName("BackupVaultName", parts[1] ?? "", /^[a-zA-Z0-9_-]{2,50}$/);
      return null;
    }
    if (parts[0] === "backup-jobs") return this.startJob(region, JSON.parse(body) as { [name: string]: string });
    const [, , plan = "", , selection = ""] = parts;
    if (parts[3] === "selections") return this.ofSelections(method, plan, selection, body);
    if (plan === "")
      return method === "PUT"
        ? this.createPlan(region, (JSON.parse(body) as { BackupPlan: PlanDocument }).BackupPlan)
        : { BackupPlansList: [...this.plans.values()].filter((one) => one.region === region) };
    const found = this.plans.get(plan);
    if (found === undefined) throw notFound(`Backup plan with ID ${plan}`);
    if (method === "POST") {
      found.BackupPlan = checked((JSON.parse(body) as { BackupPlan: PlanDocument }).BackupPlan);
      found.VersionId = randomUUID();
    }
    if (method === "DELETE") {
      if ([...this.selections.values()].some(({ BackupPlanId }) => BackupPlanId === plan))
        throw new Refused(
          "InvalidRequestException",
          "Related backup plan selections must be deleted prior to backup plan deletion",
        );
      this.plans.delete(plan);
    }
    return found;
  }

  private createPlan(region: string, document: PlanDocument): Plan {
    if ([...this.plans.values()].some((plan) => plan.BackupPlan.BackupPlanName === document.BackupPlanName))
      throw new Refused("AlreadyExistsException", "Backup plan with the same plan document already exists");
    const id = randomUUID();
    const plan: Plan = {
      region,
      BackupPlanId: id,
      BackupPlanArn: `arn:aws:backup:${region}:${account}:backup-plan:${id}`,
      VersionId: randomUUID(),
      CreationDate: Date.now() / 1000,
      BackupPlan: checked(document),
    };
    this.plans.set(id, plan);
    return plan;
  }

  private ofSelections(method: string, plan: string, id: string, body: string): object {
    if (method === "PUT") {
      const { BackupSelection } = JSON.parse(body) as { BackupSelection: unknown };
      const made = {
        BackupPlanId: plan,
        SelectionId: randomUUID(),
        CreationDate: Date.now() / 1000,
        BackupSelection,
      };
      this.selections.set(made.SelectionId, made);
      return { BackupPlanId: plan, SelectionId: made.SelectionId, CreationDate: made.CreationDate };
    }
    if (id === "")
      return {
        BackupSelectionsList: [...this.selections.values()].filter(({ BackupPlanId }) => BackupPlanId === plan),
      };
    const found = this.selections.get(id);
    if (found === undefined || found.BackupPlanId !== plan) throw notFound(`Backup selection with ID ${id}`);
    if (method === "DELETE") this.selections.delete(id);
    return method === "DELETE" ? {} : found;
  }

  private startJob(region: string, { BackupVaultName = "", ResourceArn = "" }: { [name: string]: string }): object {
    const id = randomUUID();
    void this.emit(region, {
      source: "aws.backup",
      "detail-type": "Backup Job State Change",
      detail: {
        backupJobId: id,
        backupVaultName: BackupVaultName,
        resourceArn: ResourceArn,
        resourceType: ResourceArn.split(":")[2]?.toUpperCase(),
        state: "FAILED",
        statusMessage: "the local cloud makes no scheduled backups",
      },
    });
    return { BackupJobId: id, CreationDate: Date.now() / 1000 };
  }
}

/** With what Amazon fills in. */
function checked(document: PlanDocument): PlanDocument {
  refuseName("BackupPlanName", document.BackupPlanName, /^[a-zA-Z0-9_.-]{1,50}$/);
  const Rules = document.Rules.map((rule) => {
    const { StartWindowMinutes = 480, CompletionWindowMinutes = 10_080 } = rule;
    if (StartWindowMinutes < 60 || CompletionWindowMinutes - StartWindowMinutes < 60)
      throw new Refused("InvalidParameterValueException", "Start window and completion must be 60 minutes at least");
    return {
      ScheduleExpressionTimezone: "Etc/UTC",
      RuleId: randomUUID(),
      ...rule,
      StartWindowMinutes,
      CompletionWindowMinutes,
    };
  });
  return { ...document, Rules };
}

function refuseName(parameter: string, name: string, rule: RegExp): void {
  if (!rule.test(name))
    throw new Refused("InvalidParameterValueException", `Invalid ${parameter}: ${name} does not match ${rule.source}`);
}

function notFound(what: string): Refused {
  return new Refused("ResourceNotFoundException", `Cannot find ${what}`);
}

function say(status: number, content: object): ApiResponse {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(content) };
}

function isVaultContent(path: string): boolean {
  return /^\/backup-vaults\/[^/]+\/recovery-points(\/|\?|$)/.test(path);
}
