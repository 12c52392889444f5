import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { type Element, escapeXml, parseXml } from "./xml";

/** A request in AWS's query protocol, which EC2, RDS, STS and IAM speak. */
export interface QueryRequest {
  service: string;
  /** Signed for; moto keeps each region's records apart. */
  region: string;
  action: string;
  parameters: URLSearchParams;
}

export interface ApiResponse {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Answers one action; `forward` asks moto, which keeps the records, with other parameters where some are given. */
export type Handler = (
  request: QueryRequest,
  forward: (changed?: URLSearchParams) => Promise<ApiResponse>,
) => Promise<ApiResponse>;

/** What Amazon would refuse, in its words where they are known. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}

/** Key, region and service stand in the signature's scope; all empty where nobody signed. */
export function scopeOf(authorization: string | undefined): { keyId: string; region: string; service: string } {
  const [, keyId = "", region = "", service = ""] =
    /Credential=([^/]*)\/[^/]*\/([^/]*)\/([^/]*)\/aws4_request/.exec(authorization ?? "") ?? [];
  return { keyId, region, service };
}

/** @param isJson whether the service was asked in JSON */
export function errorResponse(service: string, refusal: Refusal, isJson = false): ApiResponse {
  const { status } = refusal;
  if (isJson) {
    const code = refusal.code === "AccessDenied" ? "AccessDeniedException" : refusal.code;
    const body = JSON.stringify({ __type: code, message: refusal.message });
    return { status, headers: { "content-type": "application/json", "x-amzn-errortype": code }, body };
  }
  const code = escapeXml(refusal.code);
  const message = escapeXml(refusal.message);
  if (service === "s3") {
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
    return { status, headers: { "content-type": "application/xml" }, body };
  }
  const body =
    service === "ec2"
      ? `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>local-cloud</RequestID></Response>`
      : `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>local-cloud</RequestId></ErrorResponse>`;
  return { status, headers: { "content-type": "text/xml" }, body };
}

/** Values of `Name.1`, `Name.2` or `Name.Member.1` … in order. */
export function listOf(parameters: URLSearchParams, name: string): string[] {
  const found: [number, string][] = [];
  for (const [key, value] of parameters) {
    const match = new RegExp(`^${name}\\.(?:[A-Za-z]+\\.)?(\\d+)$`).exec(key);
    if (match) found.push([Number(match[1]), value]);
  }
  return found.sort(([a], [b]) => a - b).map(([, value]) => value);
}

export const motoAddress = { host: "127.0.0.1", port: 5000 };

/** Sends a request to moto as it came. */
export function sendToMoto(
  method: string,
  path: string,
  headers: IncomingHttpHeaders,
  body: Buffer,
): Promise<ApiResponse> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { ...motoAddress, method, path, headers: { ...headers, "content-length": String(body.length) } },
      (reply) => {
        const chunks: Buffer[] = [];
        reply.on("data", (chunk: Buffer) => chunks.push(chunk));
        reply.on("error", reject);
        reply.on("end", () =>
          resolve({ status: reply.statusCode ?? 502, headers: reply.headers, body: Buffer.concat(chunks).toString() }),
        );
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

const versions: Record<string, string> = {
  ec2: "2016-11-15",
  rds: "2014-10-31",
  sts: "2011-06-15",
  iam: "2010-05-08",
  sns: "2010-03-31",
};

/** Asks moto itself; raises where it answers with an error. */
export async function ask(
  service: string,
  region: string,
  action: string,
  parameters: Record<string, string> = {},
): Promise<Element> {
  const body = new URLSearchParams({ Action: action, Version: versions[service] ?? "", ...parameters });
  const answer = await sendToMoto(
    "POST",
    "/",
    {
      host: `${service}.${region}.amazonaws.com`,
      "content-type": "application/x-www-form-urlencoded; charset=utf-8",
      authorization: `AWS4-HMAC-SHA256 Credential=local/20200101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`,
    },
    Buffer.from(body.toString()),
  );
  if (answer.status >= 300)
    throw new Error(`moto answered ${action} with ${answer.status}: ${answer.body.slice(0, 500)}`);
  return parseXml(answer.body);
}
