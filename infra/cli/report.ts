import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { s3Client } from "../core/aws-client";
import { Failure } from "../core/failure";
import { checkReport, renderReport } from "../report/check";
import { readObject, reportKeys } from "./report-archive";
import { lastInput } from "./stack-input";
import { inputOf, outputOf, readStackState } from "./stack-state";

export type ReportOptions = { verify?: string; stack?: string; key?: string; render?: string; out?: string };

/**
 * Fetches a stack's newest report and checks it, checks a report that is at hand, or writes its page again.
 * @returns whether it is to be trusted
 */
export async function report(stack: string | undefined, options: ReportOptions): Promise<boolean> {
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  if (options.render !== undefined && options.out !== undefined) return renderReport(options.render, options.out, say);
  if (options.verify !== undefined) {
    const { key } = options;
    const signer = stack ?? options.stack;
    const publicKey =
      signer !== undefined ? await keyOf(signer) : key === undefined ? undefined : await readFile(key, "utf8");
    return checkReport(options.verify, { publicKey, stack: signer }, say);
  }
  if (stack === undefined)
    throw new Failure("stack-not-named", "no stack is named", "npm run report -- STACK, or --verify FILE");
  return checkReport(await fetchNewest(stack), { publicKey: await keyOf(stack), stack }, say);
}

async function keyOf(stack: string): Promise<string> {
  const state = await readStackState(stack);
  const key = outputOf(state, "reportKey") ?? inputOf(state)?.settings.keys.report;
  if (key === undefined)
    throw new Error(`the stack ${stack} was never deployed, so nobody knows the key of its reports`);
  return key;
}

/** @returns the path of its JSON */
async function fetchNewest(stack: string): Promise<string> {
  const state = await readStackState(stack);
  const { bucket, settings } = lastInput(stack, state);
  const s3 = s3Client(settings.target.region);
  const [newest] = await reportKeys(s3, bucket, stack);
  if (newest === undefined) throw new Error(`s3://${bucket} holds no report of the stack ${stack}`);
  const last = basename(outputOf(state, "report") ?? "", ".html");
  if (basename(newest, ".json") < last)
    throw new Failure(
      "newest-report-missing",
      `s3://${bucket}/${newest} is the newest report that the bucket holds, and the stack's last good deployment wrote a newer one, ${last}`,
      `the bucket keeps every version: aws s3api list-object-versions --bucket ${bucket} --prefix reports/${stack}/${last}`,
    );
  const directory = join("reports", stack);
  await mkdir(directory, { recursive: true });
  const file = join(directory, newest.split("/").at(-1) ?? "");
  await writeFile(file, await readObject(s3, bucket, newest));
  await writeFile(file.replace(/json$/, "html"), await readObject(s3, bucket, newest.replace(/json$/, "html")));
  return file;
}
