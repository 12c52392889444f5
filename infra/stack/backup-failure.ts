/** How a scheduled backup ends that is none: what AWS Backup calls it when it failed, did not begin in time, was stopped, or is not whole. */
const states = ["ABORTED", "EXPIRED", "FAILED", "PARTIAL"];

/** EventBridge's pattern for such an end in one vault. */
export function backupFailurePattern(vault: string): string {
  return JSON.stringify({
    source: ["aws.backup"],
    "detail-type": ["Backup Job State Change"],
    detail: { backupVaultName: [vault], state: states },
  });
}

/** What the message says, with EventBridge's names of its parts. @param runbook a file of this program, or a link */
export function backupFailureMessage(runbook: string, onCall: string) {
  return {
    inputPaths: { resource: "$.detail.resourceArn", state: "$.detail.state", reason: "$.detail.statusMessage" },
    inputTemplate: JSON.stringify(
      `The scheduled backup of <resource> is <state>: <reason>. Runbook: ${runbook}#scheduled-backup. On call: ${onCall}`,
    ),
  };
}
