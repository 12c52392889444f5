import type { IncomingHttpHeaders } from "node:http";
import type { RestOperations } from "./operations";

/** One call of Amazon's interface, whatever protocol it came in. */
export interface Call {
  /** As IAM names it: `cloudwatch`, not `monitoring`. */
  service: string;
  region: string;
  operation: string;
  /** Parameters, in the query protocol's names (`Tags.member.1.Key`) or JSON's. */
  input: Readonly<Record<string, unknown>>;
}

export interface RawCall {
  service: string;
  region: string;
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  /** Empty where it wasn't read. */
  body: Buffer;
}

/** The services whose operations are told by method and path. S3's bodies are content and are not read here. */
const isRest = (service: string) => service === "s3" || service === "backup";

export function readCall(raw: RawCall, operations: RestOperations): Call {
  const service = raw.service === "monitoring" ? "cloudwatch" : raw.service;
  const call = (operation: string, input: Call["input"]) => ({ service, region: raw.region, operation, input });
  if (isRest(service)) {
    const { name, values } = operations.find(service, raw);
    const { searchParams } = new URL(raw.url, "http://endpoint");
    return call(name, { ...json(raw.body), ...Object.fromEntries(searchParams), ...values });
  }
  const target = raw.headers["x-amz-target"];
  if (typeof target === "string") return call(target.split(".").at(-1) ?? "", json(raw.body));
  // Smithy's binary protocol, which CloudWatch's client speaks: the parameters stay unread.
  const [, cborOperation] = /\/operation\/(\w+)$/.exec(raw.url) ?? [];
  if (cborOperation !== undefined) return call(cborOperation, {});
  const parameters = new URLSearchParams(raw.body.length > 0 ? raw.body.toString() : raw.url.split("?")[1]);
  return call(parameters.get("Action") ?? "", Object.fromEntries(parameters));
}

function json(body: Buffer): Record<string, unknown> {
  return body.length > 0 && body[0] === 0x7b ? (JSON.parse(body.toString()) as Record<string, unknown>) : {};
}
