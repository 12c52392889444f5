import { readdir, readFile } from "node:fs/promises";
import { DescribeVpcsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { clientOptions } from "../core/aws-client";
import { Failure } from "../core/failure";
import { isPortFree } from "../core/port";
import { placeOf, runGit } from "../release/git";
import { resolveRelease } from "../release/release";

/** What can be found out without asking anybody; undefined where it can't. */
export type Facts = {
  account: string | undefined;
  region: string | undefined;
  freeRange: string | undefined;
  ownRange: string | undefined;
  freePort: string | undefined;
  repository: string | undefined;
  databaseAuthority: string;
  /** What the template says of its application. */
  template: { release: string; compatibility: Record<string, number[]> };
  /** @throws Error where git can't read it */
  readTags: (repository: string) => Promise<string[]>;
  /** Those that were read, in the order of their versions. */
  tagsOf: (repository: string) => readonly string[];
  hasRelease: (name: string, repository: string) => Promise<boolean>;
};

/** Amazon's own answer to who asks. */
const whoAsks = "https://checkip.amazonaws.com";

/**
 * Looks at credentials, network, ports and files. Each question that gets no answer within seconds leaves its fact open.
 * @throws Error where there are no AWS credentials: nothing can be deployed without
 */
export async function findFacts(region: string | undefined, template: Facts["template"]): Promise<Facts> {
  const asked = region ?? "us-east-1";
  const isLocal = isLoopback(process.env.AWS_ENDPOINT_URL);
  const [account, ranges, ownRange, freePort] = await Promise.all([
    callersAccount(asked),
    usedRanges(asked),
    isLocal ? "127.0.0.0/8" : ownAddress(),
    freeTunnelPort(),
  ]);
  const tags = new Map<string, string[]>();
  return {
    account,
    region,
    freeRange: firstFreeRange(ranges),
    ownRange,
    freePort,
    repository: process.env.REHEARSAL_REPOSITORY,
    databaseAuthority: process.env.REHEARSAL_DATABASE_CA ?? "amazon",
    template,
    readTags: async (repository) => {
      const found = await listTags(repository);
      tags.set(repository, found);
      return found;
    },
    tagsOf: (repository) => tags.get(repository) ?? [],
    hasRelease: async (name, repository) =>
      resolveRelease(name, repository).then(
        () => true,
        () => false,
      ),
  };
}

export function isLoopback(endpoint: string | undefined): boolean {
  return endpoint !== undefined && /^https?:\/\/(127\.|localhost)/.test(endpoint);
}

async function callersAccount(region: string): Promise<string | undefined> {
  try {
    const sts = new STSClient(clientOptions(region, { timeoutMs: 10_000, maxAttempts: 1 }));
    return (await sts.send(new GetCallerIdentityCommand({}))).Account;
  } catch (error) {
    throw new Failure(
      "caller-unknown",
      `AWS does not know the caller: ${error instanceof Error ? error.message : String(error)}`,
      "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; aws sts get-caller-identity must answer",
    );
  }
}

/** Empty where the caller may not see them. */
async function usedRanges(region: string): Promise<string[]> {
  const ec2 = new EC2Client(clientOptions(region, { timeoutMs: 10_000, maxAttempts: 1 }));
  const { Vpcs: vpcs = [] } = await ec2.send(new DescribeVpcsCommand({})).catch(() => ({ Vpcs: [] }));
  return vpcs.flatMap(({ CidrBlock: range }) => (range === undefined ? [] : [range]));
}

/** The first 10.N.0.0/16 from 10.20 on that none of the ranges touches. */
export function firstFreeRange(used: readonly string[]): string | undefined {
  const spans = used.map(spanOf);
  const candidates = Array.from({ length: 236 }, (_, index) => `10.${20 + index}.0.0/16`);
  return candidates.find((candidate) => {
    const [first, last] = spanOf(candidate);
    return spans.every(([from, to]) => to < first || from > last);
  });
}

/** First and last address of an IPv4 range, as numbers. */
export function spanOf(range: string): [number, number] {
  const [address = "", bits = "32"] = range.split("/");
  const first = address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
  return [first, first + 2 ** (32 - Number(bits)) - 1];
}

async function ownAddress(): Promise<string | undefined> {
  try {
    const answer = await fetch(whoAsks, { signal: AbortSignal.timeout(5_000) });
    const address = (await answer.text()).trim();
    return /^(\d{1,3}\.){3}\d{1,3}$/.test(address) ? `${address}/32` : undefined;
  } catch {
    return undefined;
  }
}

/** One that no other stack's file here names and nobody listens on; below those that the system hands out for outgoing connections. */
async function freeTunnelPort(): Promise<string | undefined> {
  const files = (await readdir(".")).filter((name) => /^Pulumi\..+\.yaml$/.test(name));
  const texts = await Promise.all(files.map((name) => readFile(name, "utf8")));
  const taken = new Set(
    texts.flatMap((text) => [...text.matchAll(/tunnelPort: (\d+)/g)].map(([, port]) => Number(port))),
  );
  for (let port = 15_432; port < 15_532; port += 1)
    if (!taken.has(port) && (await isPortFree(port))) return String(port);
  return undefined;
}

/** In the order of their versions. @throws Error where git can't read the repository */
async function listTags(repository: string): Promise<string[]> {
  const listed = await runGit(["ls-remote", "--tags", "--refs", "--sort=version:refname", "--", placeOf(repository)], {
    timeoutMs: 20_000,
  });
  if (listed.exitCode !== 0) throw new Error(listed.words);
  return listed.stdout.split("\n").flatMap((row) => /refs\/tags\/(\S+)$/.exec(row)?.[1] ?? []);
}
