/**
 * Characters of APPLICATION-STACK. The tightest limit is S3's, 63 for a bucket, of which `-artifacts-bucket-` and Pulumi's own seven
 * digits take 25. AWS Backup allows 50 for a vault, IAM 64 for a role, RDS 63 for an instance.
 */
export const longestName = 38;

/** Why Amazon would refuse resources that are named after application and stack; undefined where it would not. */
export function nameProblem(application: string, stack: string): string | undefined {
  const rename = (to: string) => `pulumi stack rename --stack ${stack} ${to}`;
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(stack)) {
    const accepted = stack.toLowerCase().match(/[a-z0-9]+/g) ?? ["production"];
    return `the stack's name must be lower-case letters, digits and single hyphens between them, since RDS accepts no other (it is "${stack}"). Remedy: ${rename(accepted.join("-"))}`;
  }
  const name = `${application}-${stack}`;
  if (name.length <= longestName) return undefined;
  return `the name ${name} has ${name.length} characters; application and stack must have at most ${longestName} together, since S3 accepts no longer bucket name. Remedy: ${rename("NAME")}, or: pulumi config set --path app.name NAME`;
}
