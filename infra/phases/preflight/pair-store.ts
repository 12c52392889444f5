import { GetObjectCommand, NoSuchKey, PutObjectCommand } from "@aws-sdk/client-s3";
import type { StepInput } from "../../context/input";
import { s3Client } from "../../core/aws-client";
import type { Pair } from "../../core/compatibility";
import { type PairReport, pairKey, pairReportSchema } from "../../database/pair/report";

type Place = Pick<StepInput, "bucket" | "settings">;

const client = ({ settings }: Place) => s3Client(settings.target.region);

/** Keeps a report in the stack's bucket, in the place of an earlier one of the same pair; the bucket keeps versions. @returns its key */
export async function keepPairReport(place: Place, report: PairReport): Promise<string> {
  const Key = pairKey(report.from, report.to);
  await client(place).send(
    new PutObjectCommand({
      Bucket: place.bucket,
      Key,
      Body: JSON.stringify(report, null, 2),
      ContentType: "application/json",
    }),
  );
  return Key;
}

/** @returns undefined where nobody rehearsed the pair */
export async function readPairReport(place: Place, one: Pair, other: Pair): Promise<PairReport | undefined> {
  try {
    const found = await client(place).send(new GetObjectCommand({ Bucket: place.bucket, Key: pairKey(one, other) }));
    return pairReportSchema.parse(JSON.parse((await found.Body?.transformToString()) ?? ""));
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}
