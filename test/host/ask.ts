import type { IncomingHttpHeaders } from "node:http";
import { request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { connect } from "node:tls";
import type { Front } from "./front";

export type Answer = { status: number; headers: IncomingHttpHeaders; body: Buffer };

export type Question = {
  method?: string;
  headers?: Record<string, string>;
  body?: Buffer;
  /** Over plain HTTP, to port 80 or another of the front's. */
  plainPort?: number;
  /** Called with each piece of the answer as it arrives. */
  onData?: (piece: string) => void;
};

/** Asks the front as a client that knows its public name; its certificate is not looked at. */
export function ask(front: Front, path: string, question: Question = {}): Promise<Answer> {
  const { publicName } = front.settings.network;
  const { plainPort } = question;
  return new Promise((resolve, reject) => {
    const asked = (plainPort === undefined ? secureRequest : plainRequest)(
      {
        host: front.address,
        port: plainPort ?? 443,
        path,
        method: question.method ?? "GET",
        headers: { host: publicName, ...question.headers },
        servername: publicName,
        rejectUnauthorized: false,
        agent: false,
        timeout: 30_000,
      },
      (response) => {
        const pieces: Buffer[] = [];
        response.on("data", (piece: Buffer) => {
          pieces.push(piece);
          question.onData?.(piece.toString());
        });
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) }),
        );
      },
    );
    asked.on("timeout", () => asked.destroy(new Error("no answer within 30 s")));
    asked.on("error", reject);
    asked.end(question.body);
  });
}

/** What the front says to bytes that are no good request, as it says it. */
export function say(front: Front, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: front.address, port: 443, rejectUnauthorized: false }, () => socket.write(bytes));
    let said = "";
    socket.setEncoding("utf8").on("data", (piece) => (said += piece));
    socket.setTimeout(10_000, () => socket.destroy(new Error("no answer within 10 s")));
    socket.on("error", reject).on("close", () => resolve(said));
  });
}
