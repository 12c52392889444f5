import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { startWindowMinutes } from "../settings/database-windows";
import { minutesOf } from "../settings/time-of-day";
import { backupFailureMessage, backupFailurePattern } from "./backup-failure";
import { serviceTrust } from "./policies";

export interface ScheduledBackupsArgs {
  /** Its AWS account. */
  account: string;
  /** Each day at this time, in UTC. */
  atUtc: string;
  keepDays: number;
  /** ARNs of what is backed up. */
  resources: pulumi.Input<string>[];
  /** Told when a backup fails or does not begin in time. */
  topicArn: pulumi.Input<string>;
  /** A file of this program, or a link. */
  runbook: string;
  /** Name and number. */
  onCall: string;
  /** Off lets `destroy` delete a vault that still holds recovery points. */
  isProtected: boolean;
}

/** Snapshots of database and data volume by AWS Backup, whether anybody deploys or not. */
export class ScheduledBackups extends pulumi.ComponentResource {
  readonly vault: pulumi.Output<string>;
  readonly plan: pulumi.Output<string>;

  constructor(name: string, args: ScheduledBackupsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("prompt-library:infra:ScheduledBackups", name, {}, opts);
    const parent = { parent: this };
    const vault = new aws.backup.Vault(
      `${name}-vault`,
      { name, forceDestroy: !args.isProtected },
      { ...parent, protect: args.isProtected },
    );
    const plan = new aws.backup.Plan(
      `${name}-plan`,
      {
        name,
        rules: [
          {
            ruleName: "scheduled",
            targetVaultName: vault.name,
            schedule: `cron(${minutesOf(args.atUtc) % 60} ${Math.floor(minutesOf(args.atUtc) / 60)} * * ? *)`,
            // Without it AWS Backup may begin eight hours later, in any window.
            startWindow: startWindowMinutes,
            lifecycle: { deleteAfter: args.keepDays },
          },
        ],
      },
      parent,
    );
    const role = new aws.iam.Role(
      `${name}-role`,
      { assumeRolePolicy: JSON.stringify(serviceTrust("backup.amazonaws.com", args.account)) },
      parent,
    );
    const allowed = new aws.iam.RolePolicyAttachment(
      `${name}-role`,
      { role: role.name, policyArn: "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup" },
      parent,
    );
    new aws.backup.Selection(
      `${name}-selection`,
      { name: "database-and-files", planId: plan.id, iamRoleArn: role.arn, resources: args.resources },
      { ...parent, dependsOn: [allowed] },
    );
    const failed = new aws.cloudwatch.EventRule(
      `${name}-failed`,
      { description: "A scheduled backup failed or expired", eventPattern: vault.name.apply(backupFailurePattern) },
      parent,
    );
    new aws.cloudwatch.EventTarget(
      `${name}-failed`,
      {
        rule: failed.name,
        arn: args.topicArn,
        inputTransformer: backupFailureMessage(args.runbook, args.onCall),
      },
      parent,
    );
    this.vault = vault.name;
    this.plan = plan.arn;
    this.registerOutputs({ vault: this.vault, plan: this.plan });
  }
}
