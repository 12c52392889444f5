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

/**
 * The one service that may take a role, on behalf of this account and no other. Where the service does not say for whom it acts, which
 * Amazon documents for few of them, `iam:PassRole` alone decides: a role can be passed only within its account.
 */
export function serviceTrust(service: string, account: string): Policy {
  return policy({
    Effect: "Allow",
    Principal: { Service: service },
    Action: "sts:AssumeRole",
    Condition: { StringEqualsIfExists: { "aws:SourceAccount": account } },
  });
}

/** Alarms and rules of EventBridge may publish; whoever of this account may by their own policy does it over TLS. */
export function topicPolicy(arn: string, account: string): Policy {
  const allow = (service: string) => ({
    Sid: service.split(".")[0],
    Effect: "Allow",
    Principal: { Service: service },
    Action: "sns:Publish",
    Resource: arn,
  });
  return policy(
    { ...allow("cloudwatch.amazonaws.com"), Condition: { StringEquals: { "aws:SourceAccount": account } } },
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
