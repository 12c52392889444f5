import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { StepInput } from "./input";

/** Where a run's report is kept: its page; the signed JSON lies beside it. */
export function reportAddress(input: Pick<StepInput, "bucket" | "stack">, runId: string): string {
  return `s3://${input.bucket}/${reportKey(input.stack, runId, "html")}`;
}

/**
 * Keeps page and signed JSON in the stack's bucket, which keeps every version of both.
 * @throws Error within a minute where S3 is out of reach
 */
export async function storeReport(input: StepInput, runId: string, content: { json: string; html: string }): Promise<void> {
  const s3 = reportClient(input.settings.target.region);
  const put = (kind: "json" | "html", type: string) =>
    s3.send(
      new PutObjectCommand({ Bucket: input.bucket, Key: reportKey(input.stack, runId, kind), Body: content[kind], ContentType: type }),
    );
  await put("json", "application/json");
  await put("html", "text/html; charset=utf-8");
}

export function reportClient(region: string): S3Client {
  return new S3Client({
    region,
    // A bucket as part of the host's name is nothing that an endpoint other than Amazon's can be relied on to resolve.
    forcePathStyle: true,
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 20_000, throwOnRequestTimeout: true },
  });
}

function reportKey(stack: string, runId: string, kind: "json" | "html"): string {
  return `reports/${stack}/${runId}.${kind}`;
}
