import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { type ApiResponse, errorResponse, type Handler, motoAddress, Refusal, scopeOf, sendToMoto } from "./api";
import type { Backups } from "./backup";

export interface ProxyArgs {
  backups: Backups;
  handlers: Readonly<Record<string, Readonly<Record<string, Handler>>>>;
  /** After a change of EC2 or RDS, before it is answered. */
  onChange: () => Promise<void>;
  /** Added to what EC2 and RDS say of a thing that they don't know. */
  staleNote: string;
  /** Answered at /_local-cloud. */
  status: Record<string, unknown>;
  log: (line: string) => void;
}

/** Stands before moto: what has handlers passes through them, everything else as it came. */
export function answerWith(args: ProxyArgs) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    if (request.url === "/_local-cloud") {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(args.status));
      return;
    }
    const { region, service } = scopeOf(request.headers.authorization);
    const { method = "GET", url = "" } = request;
    if (service === "backup" && args.backups.isMeant(method, url)) {
      void text(request).then(async (asked) => {
        const { status, headers, body } =
          args.backups.answer(region, method, url, asked) ??
          (await sendToMoto(method, url, request.headers, Buffer.from(asked)));
        response.writeHead(status, headers).end(body);
      });
      return;
    }
    if (args.handlers[service] === undefined) {
      passThrough(request, response);
      return;
    }
    query(args, service, region, request)
      .then((answer) => {
        const {
          "content-length": _length,
          "transfer-encoding": _encoding,
          connection: _connection,
          ...headers
        } = answer.headers;
        response
          .writeHead(answer.status, { ...headers, "content-length": Buffer.byteLength(answer.body) })
          .end(answer.body);
      })
      .catch((error: unknown) => {
        args.log(error instanceof Error ? (error.stack ?? error.message) : String(error));
        response.writeHead(500).end();
      });
  };
}

async function query(args: ProxyArgs, service: string, region: string, request: IncomingMessage): Promise<ApiResponse> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const parameters = new URLSearchParams(body.length > 0 ? body.toString() : (request.url ?? "").split("?")[1]);
  const action = parameters.get("Action") ?? "";
  const forward = (changed?: URLSearchParams) =>
    sendToMoto(
      request.method ?? "POST",
      request.url ?? "/",
      request.headers,
      changed === undefined ? body : Buffer.from(changed.toString()),
    );
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
