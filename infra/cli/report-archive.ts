import { GetObjectCommand, ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import type { StepInput } from "../context/input";
import type { Pair } from "../core/compatibility";
import { type Verification, verifySigned } from "../report/sign";

/** The signed JSON of every report that the stack's bucket holds, the newest first: a run's id begins with its time. */
export async function reportKeys(s3: S3Client, bucket: string, stack: string): Promise<string[]> {
  const keys: string[] = [];
  for (let token: string | undefined, first = true; first || token !== undefined; first = false) {
    const page = await s3.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: `reports/${stack}/`,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }),
    );
    keys.push(...(page.Contents ?? []).flatMap(({ Key: key }) => (key?.endsWith(".json") ? [key] : [])));
    token = page.NextContinuationToken;
  }
  return keys.sort().reverse();
}

export async function readObject(s3: S3Client, bucket: string, key: string): Promise<string> {
  const object = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return (await object.Body?.transformToString()) ?? "";
}

export type ArchivedReport = {
  /** When the deployment ended; ISO 8601. */
  at: string;
  /** `not to be trusted` where the signature is not the stack's. */
  state: string;
  headline: string;
  who: string;
  from: string;
  to: string;
  seconds: number;
  address: string;
};

/** What the newest reports say, the newest first. */
export async function newestReports(
  s3: S3Client,
  { bucket, stack, settings }: Pick<StepInput, "bucket" | "stack" | "settings">,
  count: number,
): Promise<ArchivedReport[]> {
  const keys = (await reportKeys(s3, bucket, stack)).slice(0, count);
  return Promise.all(
    keys.map(async (key) =>
      describeReport(
        verifySigned(await readObject(s3, bucket, key), settings.keys.report),
        `s3://${bucket}/${key.replace(/json$/, "html")}`,
      ),
    ),
  );
}

function describeReport(found: Verification, address: string): ArchivedReport {
  if (!found.verified)
    return {
      at: "",
      state: "not to be trusted",
      headline: found.reason,
      who: "",
      from: "",
      to: "",
      seconds: 0,
      address,
    };
  const { report } = found;
  const { from, to, who } = report.header;
  const name = (side: Pair) => `${side.release} at schema ${side.schemaVersion}`;
  return {
    at: report.finishedAt ?? report.startedAt ?? "",
    state: report.state,
    headline: report.headline,
    who,
    from: from === null ? "nothing" : from === undefined ? "unknown" : name(from),
    to: name(to),
    seconds: Math.round(report.timeline.reduce((sum, { durationMs = 0 }) => sum + durationMs, 0) / 1000),
    address,
  };
}
