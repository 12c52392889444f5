import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export function storage(): void {
  const bucket = new aws.s3.Bucket("bucket", { forceDestroy: true });
  new aws.s3.BucketVersioning("bucket", { bucket: bucket.id, versioningConfiguration: { status: "Enabled" } });
  const block = new aws.s3.BucketPublicAccessBlock("bucket", {
    bucket: bucket.id,
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
  });
  new aws.s3.BucketServerSideEncryptionConfiguration("bucket", {
    bucket: bucket.id,
    rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
  });
  new aws.s3.BucketLifecycleConfiguration("bucket", {
    bucket: bucket.id,
    rules: [
      { id: "old", status: "Enabled", filter: { prefix: "old/" }, noncurrentVersionExpiration: { noncurrentDays: 30 } },
    ],
  });
  new aws.s3.BucketPolicy(
    "bucket",
    {
      bucket: bucket.id,
      policy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Deny",
            Principal: "*",
            Action: "s3:*",
            Resource: [bucket.arn, pulumi.interpolate`${bucket.arn}/*`],
            Condition: { Bool: { "aws:SecureTransport": "false" } },
          },
        ],
      }),
    },
    { dependsOn: block },
  );
}
