import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from "@aws-sdk/client-s3";
import { s3Client } from "../core/aws-client";
import { main, type Stacks } from "../report/cli";
import { lastInput } from "./stack-input";
import { inputOf, outputOf, readStackState } from "./stack-state";

const stacks: Stacks = {
  async keyOf(stack) {
    const state = await readStackState(stack);
    const key = outputOf(state, "reportKey") ?? inputOf(state)?.settings.keys.report;
    if (key === undefined)
      throw new Error(`the stack ${stack} was never deployed, so it has no report to be held against its key`);
    return key;
  },
  async fetchNewest(stack) {
    const { bucket, settings } = lastInput(stack, await readStackState(stack));
    const s3 = s3Client(settings.target.region);
    const newest = (await keysBelow(s3, bucket, `reports/${stack}/`))
      .filter((key) => key.endsWith(".json"))
      .sort()
      .at(-1);
    if (newest === undefined) throw new Error(`s3://${bucket} holds no report of the stack ${stack}`);
    const directory = join("reports", stack);
    await mkdir(directory, { recursive: true });
    const file = join(directory, newest.split("/").at(-1) ?? "");
    await writeFile(file, await bodyOf(s3, bucket, newest));
    await writeFile(file.replace(/json$/, "html"), await bodyOf(s3, bucket, newest.replace(/json$/, "html")));
    return file;
  },
};

async function keysBelow(s3: S3Client, bucket: string, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for (let token: string | undefined, first = true; first || token !== undefined; first = false) {
    const page = await s3.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }),
    );
    keys.push(...(page.Contents ?? []).flatMap(({ Key: key }) => (key === undefined ? [] : [key])));
    token = page.NextContinuationToken;
  }
  return keys;
}

async function bodyOf(s3: S3Client, bucket: string, key: string): Promise<string> {
  const object = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return (await object.Body?.transformToString()) ?? "";
}

process.exitCode = await main(process.argv.slice(2), (line) => console.log(line), stacks);
