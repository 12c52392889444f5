import { X509Certificate } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import type { TLSSocket } from "node:tls";
import { type PublicCertificate, trustedBy } from "./public-certificate";

/** The public site, reached at the host's address under its public name, whether or not that name leads there yet. */
export class PublicSite {
  constructor(
    readonly address: string,
    readonly publicName: string,
    /** What it must show. */
    readonly certificate: PublicCertificate,
  ) {}

  /** @throws Error when TLS fails, another certificate is shown or the answer is not whole within 10 s */
  get(path: string): Promise<{ status: number; body: string }> {
    return this.#within("GET", path);
  }

  /** The same with a JSON body. */
  post(path: string, body: unknown): Promise<{ status: number; body: string }> {
    return this.#within("POST", path, JSON.stringify(body));
  }

  async #within(method: string, path: string, sent?: string): Promise<{ status: number; body: string }> {
    const deadline = AbortSignal.timeout(10_000);
    try {
      return await this.#ask(method, path, sent, deadline);
    } catch (error) {
      const reason = deadline.aborted
        ? "no answer within 10 s"
        : error instanceof Error
          ? error.message
          : String(error);
      throw new Error(`https://${this.publicName}${path} at ${this.address}: ${reason}`);
    }
  }

  #ask(
    method: string,
    path: string,
    sent: string | undefined,
    signal: AbortSignal,
  ): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          host: this.address,
          port: 443,
          method,
          path,
          servername: this.publicName,
          headers: { host: this.publicName, ...(sent === undefined ? {} : { "content-type": "application/json" }) },
          ca: trustedBy(this.certificate),
          signal,
          agent: false,
        },
        (response) => {
          const problem = this.#otherCertificate(response);
          if (problem !== undefined) {
            response.destroy();
            return reject(new Error(problem));
          }
          let body = "";
          response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
          response.on("error", reject);
          response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
        },
      );
      asked.on("error", reject);
      asked.end(sent);
    });
  }

  /** One that is valid too, such as the one before a renewal. */
  #otherCertificate(response: IncomingMessage): string | undefined {
    const shown = (response.socket as TLSSocket).getPeerX509Certificate();
    if (shown?.fingerprint256 === new X509Certificate(this.certificate.chain).fingerprint256) return undefined;
    return `it shows another certificate than keys.tlsCertificate: serial number ${shown?.serialNumber ?? "unknown"}`;
  }
}
