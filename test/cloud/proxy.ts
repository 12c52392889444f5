import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { type ApiResponse, errorResponse, type Handler, motoAddress, Refusal, scopeOf, sendToMoto } from "./api";
import type { Backups } from "./backup";
import type { BucketPolicies } from "./bucket-policies";
import { type Call, type RawCall, readCall } from "./iam/call";
import type { RestOperations } from "./iam/operations";
import type { Permissions } from "./iam/permissions";

export interface ProxyArgs {
  permissions: Permissions;
  operations: RestOperations;
  backups: Backups;
  buckets: BucketPolicies;
  handlers: Readonly<Record<string, Readonly<Record<string, Handler>>>>;
  /** After a change of EC2 or RDS, before it is answered. */
  onChange: () => Promise<void>;
  /** Added to what EC2 and RDS say of a thing that they don't know. */
  staleNote: string;
  /** Answered at /_local-cloud. */
  status: Record<string, unknown>;
  log: (line: string) => void;
}

/** Stands before moto: checks who may what; what has handlers passes through them, everything else as it came. */
export function answerWith(args: ProxyArgs) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const localAnswer = { "/_local-cloud": args.status, "/_local-cloud/permissions": args.permissions.record() }[
      request.url ?? ""
    ];
    if (localAnswer !== undefined) {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(localAnswer));
      return;
    }
    answerCall(args, request, response).catch((error: unknown) => {
      args.log(error instanceof Error ? (error.stack ?? error.message) : String(error));
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  };
}

async function answerCall(args: ProxyArgs, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { keyId, region, service } = scopeOf(request.headers.authorization);
  const { method = "GET", url = "/", headers } = request;
  // What S3 takes is content of any size, which continues as it comes.
  const body = service === "s3" || service === "" ? Buffer.alloc(0) : await buffer(request);
  const raw = { service, region, method, url, headers, body };
  const call = await allowed(args, keyId, raw);
  if (call instanceof Refusal) {
    request.resume();
    const isJson = service === "backup" || headers["x-amz-target"] !== undefined;
    return send(response, errorResponse(service || "s3", call, isJson));
  }
  if (service === "s3") return answerS3(args, call, request, response);
  const backedUp =
    service === "backup" && args.backups.isMeant(method, url)
      ? args.backups.answer(region, method, url, body.toString())
      : null;
  if (backedUp) return send(response, backedUp);
  if (args.handlers[service] === undefined) return send(response, await sendToMoto(method, url, headers, body));
  return send(response, await query(args, raw));
}

/** The call, where the caller may make it. */
async function allowed(args: ProxyArgs, keyId: string, raw: RawCall): Promise<Call | Refusal> {
  if (keyId === "") return new Refusal("AccessDenied", "Access Denied", 403);
  try {
    const call = readCall(raw, args.operations);
    await args.permissions.check(keyId, call);
    return call;
  } catch (error) {
    if (error instanceof Refusal) return error;
    args.log(`who may ${raw.method} ${raw.url} of ${raw.service}: ${String(error)}`);
    return new Refusal("LocalCloudFailure", `the local cloud can't tell who may do this: ${String(error)}`);
  }
}

async function answerS3(
  args: ProxyArgs,
  { operation, input }: Call,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = operation === "PutBucketPolicy" ? (await buffer(request)).toString() : "";
  const answer = args.buckets.answer(operation, String(input.Bucket), body);
  if (answer) return send(response, answer);
  passThrough(request, response);
}

function send(response: ServerResponse, answer: ApiResponse): void {
  const {
    "content-length": _length,
    "transfer-encoding": _encoding,
    connection: _connection,
    ...headers
  } = answer.headers;
  response.writeHead(answer.status, { ...headers, "content-length": Buffer.byteLength(answer.body) }).end(answer.body);
}

async function query(args: ProxyArgs, { service, region, method, url, headers, body }: RawCall): Promise<ApiResponse> {
  const parameters = new URLSearchParams(body.length > 0 ? body.toString() : url.split("?")[1]);
  const action = parameters.get("Action") ?? "";
  const forward = (changed?: URLSearchParams) =>
    sendToMoto(method, url, headers, changed === undefined ? body : Buffer.from(changed.toString()));
  try {
    const handler = args.handlers[service]?.[action];
    const answer = handler ? await handler({ service, region, action, parameters }, forward) : await forward();
    if (answer.status < 300 && !/^(Describe|List|Get)/.test(action)) await args.onChange();
    return withNote(answer, args.staleNote);
  } catch (error) {
    if (error instanceof Refusal) return errorResponse(service, error);
    args.log(`${action}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    const message = `the local cloud failed at ${action}: ${error instanceof Error ? error.message : String(error)}`;
    // No error of the server's, which AWS's clients would try again and again.
    return errorResponse(service, new Refusal("LocalCloudFailure", message, 400));
  }
}

/** moto forgets everything at a stop: a stack older than the cloud asks for what is gone. */
export function withNote(answer: ApiResponse, note: string): ApiResponse {
  if (answer.status < 400 || !/<Code>[A-Za-z.]*NotFound[A-Za-z.]*<\/Code>/.test(answer.body)) return answer;
  return { ...answer, body: answer.body.replace("</Message>", ` (${note})</Message>`) };
}

function passThrough(request: IncomingMessage, response: ServerResponse): void {
  const outgoing = httpRequest(
    { ...motoAddress, method: request.method, path: request.url, headers: request.headers },
    (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(response);
    },
  );
  outgoing.on("error", (error) => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end(`moto does not answer: ${error.message}`);
  });
  response.on("close", () => outgoing.destroy());
  request.pipe(outgoing);
}
