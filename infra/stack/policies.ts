/** Policies that say who else may do what with the stack's things. */

type Policy = { Version: "2012-10-17"; Statement: object[] };

const policy = (...Statement: object[]): Policy => ({ Version: "2012-10-17", Statement });

/** Whoever is allowed to, but over TLS 1.2 or newer. @param arn the bucket's */
export function bucketPolicy(arn: string): Policy {
  const refuse = (Sid: string, Condition: object) => ({
    Sid,
    Effect: "Deny",
    Principal: "*",
    Action: "s3:*",
    Resource: [arn, `${arn}/*`],
    Condition,
  });
  return policy(
    refuse("TlsOnly", { Bool: { "aws:SecureTransport": "false" } }),
    refuse("Tls12OrNewer", { NumericLessThan: { "s3:TlsVersion": "1.2" } }),
  );
}

/** Those that say for whom they act whenever they take a role, as Amazon documents. */
const namesItsCaller = new Set(["vpc-flow-logs.amazonaws.com"]);

/**
 * The one service that may take a role, on behalf of this account and no other. Of a service that does not document that it says for
 * whom it acts, silence is allowed: `iam:PassRole` decides then, which reaches no further than the role's account.
 */
export function serviceTrust(service: string, account: string): Policy {
  const operator = namesItsCaller.has(service) ? "StringEquals" : "StringEqualsIfExists";
  return policy({
    Effect: "Allow",
    Principal: { Service: service },
    Action: "sts:AssumeRole",
    Condition: { [operator]: { "aws:SourceAccount": account } },
  });
}

/** What VPC flow logs need to write to one group. @param group its ARN */
export function logWriterPolicy(group: string): Policy {
  return policy(
    { Effect: "Allow", Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: `${group}:*` },
    { Effect: "Allow", Action: ["logs:DescribeLogGroups", "logs:DescribeLogStreams"], Resource: "*" },
  );
}

/** Alarms, RDS and rules of EventBridge may publish; whoever of this account may by their own policy does it over TLS. */
export function topicPolicy(arn: string, account: string): Policy {
  const allow = (service: string) => ({
    Sid: service.split(".")[0],
    Effect: "Allow",
    Principal: { Service: service },
    Action: "sns:Publish",
    Resource: arn,
  });
  const ours = { StringEquals: { "aws:SourceAccount": account } };
  return policy(
    { ...allow("cloudwatch.amazonaws.com"), Condition: ours },
    { ...allow("events.rds.amazonaws.com"), Sid: "rds", Condition: ours },
    // Without a condition: EventBridge passes no key that one could name, and nothing would arrive.
    allow("events.amazonaws.com"),
    {
      Sid: "TlsOnly",
      Effect: "Deny",
      Principal: "*",
      Action: "sns:Publish",
      Resource: arn,
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    },
  );
}
