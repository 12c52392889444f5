import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { bucketPolicy } from "./policies";

export interface ArtifactsArgs {
  /** Off lets `destroy` delete a bucket that still holds artifacts. */
  isProtected: boolean;
}

/**
 * Reports and ledgers keep every version for good. A lock is written every 15 s; an artifact that a deployment removed can be had again
 * for a month.
 */
const expiry = [
  ...Object.entries({ locks: 1, artifacts: 30 }).map(([folder, noncurrentDays]) => ({
    id: folder,
    status: "Enabled",
    filter: { prefix: `${folder}/` },
    noncurrentVersionExpiration: { noncurrentDays },
    expiration: { expiredObjectDeleteMarker: true },
  })),
  { id: "half-uploads", status: "Enabled", filter: {}, abortIncompleteMultipartUpload: { daysAfterInitiation: 7 } },
];

/** A private, versioned, encrypted bucket for artifacts and reports. */
export class Artifacts extends pulumi.ComponentResource {
  readonly bucket: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: ArtifactsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("prompt-library:infra:Artifacts", name, {}, opts);
    const parent = { parent: this };
    const bucket = new aws.s3.Bucket(
      `${name}-bucket`,
      { forceDestroy: !args.isProtected },
      { ...parent, protect: args.isProtected },
    );
    const isPrivate = new aws.s3.BucketPublicAccessBlock(
      `${name}-private`,
      {
        bucket: bucket.id,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
      parent,
    );
    new aws.s3.BucketOwnershipControls(
      `${name}-owner`,
      { bucket: bucket.id, rule: { objectOwnership: "BucketOwnerEnforced" } },
      parent,
    );
    new aws.s3.BucketPolicy(
      `${name}-tls`,
      { bucket: bucket.id, policy: bucket.arn.apply((arn) => JSON.stringify(bucketPolicy(arn))) },
      // Amazon takes one change of a bucket's access at a time.
      { ...parent, dependsOn: [isPrivate] },
    );
    const versions = new aws.s3.BucketVersioning(
      `${name}-versions`,
      { bucket: bucket.id, versioningConfiguration: { status: "Enabled" } },
      parent,
    );
    new aws.s3.BucketServerSideEncryptionConfiguration(
      `${name}-encryption`,
      { bucket: bucket.id, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }] },
      parent,
    );
    new aws.s3.BucketLifecycleConfiguration(
      `${name}-expiry`,
      { bucket: bucket.id, rules: expiry },
      // Without versions there is nothing that a rule could end.
      { ...parent, dependsOn: [versions] },
    );
    this.bucket = bucket.id;
    this.arn = bucket.arn;
    this.registerOutputs({ bucket: this.bucket, arn: this.arn });
  }
}
