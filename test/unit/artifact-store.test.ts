import { createHash } from "node:crypto";
import { mkdtempSync, openSync, rmSync, truncateSync, writeSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { ArtifactStore } from "../../infra/release/artifact/store";

const root = mkdtempSync(join(tmpdir(), "artifact-store-"));
const before = { ...process.env };
let bucket: Server | undefined;

afterEach(() => {
  bucket?.closeAllConnections();
  bucket?.close();
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

type Put = { part: number | null; path: string; bytes: number; digest: string };

async function digestOf(request: IncomingMessage): Promise<{ bytes: number; digest: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const piece of request) {
    bytes += (piece as Buffer).length;
    hash.update(piece as Buffer);
  }
  return { bytes, digest: hash.digest("hex") };
}

/** S3 as far as an upload needs it: it keeps nothing but what came in which piece. */
async function emptyBucket(refusesPart?: number): Promise<Put[]> {
  const puts: Put[] = [];
  bucket = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://bucket");
    const part = url.searchParams.get("partNumber");
    const received = await digestOf(request);
    const answer = (status: number, body = "") =>
      response.writeHead(status, { etag: `"${received.digest}"`, "content-type": "application/xml" }).end(body);
    if (request.method === "HEAD") return answer(404);
    if (request.method === "PUT") {
      if (part !== null && Number(part) === refusesPart)
        return answer(403, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>");
      puts.push({ part: part === null ? null : Number(part), path: url.pathname, ...received });
      return answer(200);
    }
    return url.searchParams.has("uploads")
      ? answer(200, "<InitiateMultipartUploadResult><UploadId>one</UploadId></InitiateMultipartUploadResult>")
      : answer(200, "<CompleteMultipartUploadResult><ETag>all</ETag></CompleteMultipartUploadResult>");
  });
  const listening = bucket;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const address = listening.address();
  process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  process.env.AWS_ACCESS_KEY_ID = "testing";
  process.env.AWS_SECRET_ACCESS_KEY = "testing";
  return puts;
}

const digest = "a".repeat(64);

/** A file of mostly nothing, with something at its end. */
function archive(bytes: number): string {
  const path = join(root, `${bytes}.tar.gz`);
  const file = openSync(path, "w");
  truncateSync(path, bytes);
  writeSync(file, Buffer.from("the end"), 0, 7, bytes - 7);
  return path;
}

test("a large archive is sent in pieces, with how far it is and since when, and its index after it", async () => {
  const bytes = 90 * 1_048_576 + 5;
  const puts = await emptyBucket();
  const said: string[] = [];
  await new ArtifactStore("some", "us-east-1").keep(
    "key",
    archive(bytes),
    { digest, bytes, unpackedBytes: 1 },
    (words) => said.push(words),
  );
  const parts = puts.filter(({ part }) => part !== null).sort((one, other) => one.part! - other.part!);
  expect(parts.length).toBe(12);
  expect(parts.reduce((sum, part) => sum + part.bytes, 0)).toBe(bytes);
  const last = Buffer.alloc(parts.at(-1)!.bytes);
  last.write("the end", last.length - 7);
  expect(parts.at(-1)!.digest).toBe(createHash("sha256").update(last).digest("hex"));
  expect(puts.at(-1)).toMatchObject({ part: null, path: "/some/artifacts/index/key.json" });
  expect(said[0]).toBe("storing the artifact, 91 MiB, in s3://some");
  expect(said.slice(1).length).toBeGreaterThanOrEqual(5);
  for (const words of said.slice(1)) expect(words).toMatch(/^storing the artifact: \d+ of 91 MiB after \d+ s$/);
});

test("an archive whose upload is refused is not named by the index, and the reason is reported", async () => {
  const bytes = 20 * 1_048_576;
  const puts = await emptyBucket(2);
  const kept = new ArtifactStore("some", "us-east-1").keep(
    "key",
    archive(bytes),
    { digest, bytes, unpackedBytes: 1 },
    () => undefined,
  );
  await expect(kept).rejects.toMatchObject({
    code: "bucket-unreachable",
    message: expect.stringContaining("Access Denied"),
  });
  expect(puts.filter(({ path }) => path.includes("index"))).toEqual([]);
});

test("a small archive is sent whole", async () => {
  const puts = await emptyBucket();
  await new ArtifactStore("some", "us-east-1").keep(
    "key",
    archive(1000),
    { digest, bytes: 1000, unpackedBytes: 1 },
    () => undefined,
  );
  expect(puts.map(({ part, path }) => [part, path])).toEqual([
    [null, `/some/artifacts/${digest}.tar.gz`],
    [null, "/some/artifacts/index/key.json"],
  ]);
});
