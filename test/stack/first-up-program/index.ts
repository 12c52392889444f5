import { setTimeout as pause } from "node:timers/promises";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { Artifacts } from "../../../infra/stack/artifacts";
import { lockBeforeChanges } from "../../../infra/stack/lock-before-changes";

const config = new pulumi.Config();

// The engine hears of the bucket last, as the race of registrations has it now and then.
pulumi.runtime.registerStackTransformation(({ type, props, opts }) =>
  type === "aws:s3/bucket:Bucket"
    ? { props: { ...props, tags: pulumi.output(pause(2_000).then(() => ({ registered: "last" }))) }, opts }
    : undefined,
);

const artifacts = await lockBeforeChanges({
  region: "us-east-1",
  window: config.requireObject("window"),
  declare: () => new Artifacts("artifacts", { isProtected: false }),
});
const first = new aws.sns.Topic("first", { displayName: config.require("topic") });

export const bucket = artifacts.bucket;
export const topic = first.arn;
