import { PutObjectCommand } from "@aws-sdk/client-s3";
import type { StepInput } from "../../context/input";
import { s3Client } from "../../core/aws-client";

/** Where a run's report is kept: its page; the signed JSON lies beside it. */
export function reportAddress(input: Pick<StepInput, "bucket" | "stack">, runId: string): string {
  return `s3://${input.bucket}/${reportKey(input.stack, runId, "html")}`;
}

/**
 * Keeps page and signed JSON in the stack's bucket, which keeps every version of both.
 * @throws Error within a minute where S3 is out of reach
 */
export async function storeReport(
  input: StepInput,
  runId: string,
  content: { json: string; html: string },
): Promise<void> {
  const s3 = s3Client(input.settings.target.region);
  const put = (kind: "json" | "html", type: string) =>
    s3.send(
      new PutObjectCommand({
        Bucket: input.bucket,
        Key: reportKey(input.stack, runId, kind),
        Body: content[kind],
        ContentType: type,
      }),
    );
  await put("json", "application/json");
  await put("html", "text/html; charset=utf-8");
}

function reportKey(stack: string, runId: string, kind: "json" | "html"): string {
  return `reports/${stack}/${runId}.${kind}`;
}
