import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { afterEach, describe, expect, test } from "vitest";
import { clientOptions, s3Client } from "../../infra/core/aws-client";

let cloud: Server | undefined;

afterEach(() => {
  cloud?.closeAllConnections();
  cloud?.close();
  delete process.env.AWS_ENDPOINT_URL;
});

/** A cloud that takes every request and answers with what is given, and then no more. */
async function silentCloud(begin?: string): Promise<void> {
  process.env.AWS_ACCESS_KEY_ID ??= "testing";
  process.env.AWS_SECRET_ACCESS_KEY ??= "testing";
  cloud = createServer((_request, response) => {
    if (begin !== undefined) response.writeHead(200, { "content-length": 1000 }).write(begin);
  });
  const listening = cloud;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const address = listening.address();
  process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

describe("no call of the cloud waits without a deadline", () => {
  const quick = { timeoutMs: 300, maxAttempts: 1 };

  test("a cloud that takes a request and says nothing", async () => {
    await silentCloud();
    const client = new EC2Client(clientOptions("us-east-1", quick));
    await expect(client.send(new DescribeInstancesCommand({}))).rejects.toThrow(/300/);
  }, 5_000);

  test("a cloud that falls silent within its answer", async () => {
    await silentCloud("the beginning");
    const found = await s3Client("us-east-1", quick).send(new GetObjectCommand({ Bucket: "some", Key: "object" }));
    await expect(found.Body?.transformToString()).rejects.toThrow();
  }, 5_000);

  test("every client of the program is made so", () => {
    const files = readdirSync("infra", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
    const made = files.flatMap((file) =>
      (readFileSync(join("infra", file), "utf8").match(/new \w+Client\(\s*\S+/g) ?? []).map(
        (call) => `${file}: ${call}`,
      ),
    );
    expect(made.length).toBeGreaterThan(8);
    expect(made.filter((call) => !/\((clientOptions\(|\{$)/.test(call))).toEqual([]);
    expect(made.filter((call) => call.endsWith("{")).map((call) => call.split(":")[0])).toEqual(["core/aws-client.ts"]);
  });
});
