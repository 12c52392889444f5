import { execFile } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { fetchScript } from "../../infra/host/commands/fetch-script";

// The local cloud takes any signature; this server takes only the one that Amazon would.
const role = { AccessKeyId: "ASIAEXAMPLE", SecretAccessKey: "secret/with+signs", Token: "a/session+token==" };
const region = "eu-central-1";

test("the script's curl signs as Amazon's Signature Version 4 asks, with the role's session", async () => {
  const archive = Buffer.from("an archive");
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const url = request.url ?? "";
    if (url === "/latest/api/token") return void response.end("TOKEN");
    if (url.startsWith("/latest/")) return void response.end(url.endsWith("/host") ? JSON.stringify(role) : "host");
    const problem = signatureProblem(request);
    seen.push(problem);
    response.writeHead(problem === "" ? 200 : 403).end(problem === "" ? archive : problem);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const directory = await mkdtemp(join(tmpdir(), "fetch-test-"));
  try {
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await writeFile(join(directory, "environment"), `AWS_ENDPOINT_URL=${origin}\n`);
    const script = fetchScript({
      region,
      bucket: "artifacts",
      object: "artifacts/a.tar.gz",
      archive: join(directory, "archive"),
      digest: createHash("sha256").update(archive).digest("hex"),
      release: "v1.2.0",
    })
      .replaceAll("http://169.254.169.254", origin)
      .replace("/etc/environment", join(directory, "environment"));
    await promisify(execFile)("bash", [
      "-euo",
      "pipefail",
      "-c",
      `${script}\ncp "$archive" ${join(directory, "kept")}`,
    ]);
    expect(seen).toEqual([""]);
    expect(await readFile(join(directory, "kept"))).toEqual(archive);
  } finally {
    server.close();
    await rm(directory, { recursive: true, force: true });
  }
});

function signatureProblem(request: IncomingMessage): string {
  const [, date = "", signed = "", signature = ""] =
    /Credential=ASIAEXAMPLE\/(\d{8})\/eu-central-1\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})/.exec(
      request.headers.authorization ?? "",
    ) ?? [];
  const names = signed.split(";");
  for (const name of ["host", "x-amz-date", "x-amz-security-token"])
    if (!names.includes(name)) return `${name} is not signed (${signed})`;
  if (request.headers["x-amz-security-token"] !== role.Token) return "another session's token";
  const value = (name: string) => String(request.headers[name] ?? "").trim();
  const canonical = [
    "GET",
    request.url,
    "",
    ...names.map((name) => `${name}:${value(name)}`),
    "",
    signed,
    value("x-amz-content-sha256"),
  ].join("\n");
  const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
  const key = [region, "s3", "aws4_request"].reduce(hmac, hmac(`AWS4${role.SecretAccessKey}`, date));
  const scope = `${date}/${region}/s3/aws4_request`;
  const text = [
    "AWS4-HMAC-SHA256",
    value("x-amz-date"),
    scope,
    createHash("sha256").update(canonical).digest("hex"),
  ].join("\n");
  return hmac(key, text).toString("hex") === signature ? "" : `the signature does not match:\n${canonical}`;
}
