import type { ApiResponse } from "./api";
import { errorResponse, Refusal } from "./api";

/** Buckets' policies, which moto would apply without their conditions: a rule against what comes in the clear would end all. */
export class BucketPolicies {
  private readonly policies = new Map<string, string>();

  /** @returns null where it is for moto */
  answer(operation: string, bucket: string, body: string): ApiResponse | null {
    const say = (status: number, content = ""): ApiResponse => ({ status, headers: {}, body: content });
    switch (operation) {
      case "PutBucketPolicy":
        JSON.parse(body);
        this.policies.set(bucket, body);
        return say(204);
      case "GetBucketPolicy": {
        const policy = this.policies.get(bucket);
        if (policy !== undefined) return say(200, policy);
        return errorResponse("s3", new Refusal("NoSuchBucketPolicy", "The bucket policy does not exist", 404));
      }
      case "DeleteBucketPolicy":
        this.policies.delete(bucket);
        return say(204);
      default:
        return null;
    }
  }

  /** @param resource the ARN of a bucket or of something in it */
  of(resource: string): object | null {
    const policy = this.policies.get(resource.replace("arn:aws:s3:::", "").split("/")[0] ?? "");
    return policy === undefined ? null : (JSON.parse(policy) as object);
  }
}
