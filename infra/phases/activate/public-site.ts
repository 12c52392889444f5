import { request } from "node:https";

/** The public site, reached at the host's address under its public name, whether or not that name leads there yet. */
export class PublicSite {
  constructor(
    readonly address: string,
    readonly publicName: string,
    /** The certificate chain that it must show, PEM. */
    readonly certificate: string,
  ) {}

  /** @throws Error when TLS fails or nothing answers within 10 s */
  get(path: string): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          host: this.address,
          port: 443,
          path,
          servername: this.publicName,
          headers: { host: this.publicName },
          ca: this.certificate,
          timeout: 10_000,
          agent: false,
        },
        (response) => {
          let body = "";
          response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
          response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
        },
      );
      asked.on("timeout", () => asked.destroy(new Error("no answer within 10 s")));
      asked.on("error", (error) =>
        reject(new Error(`https://${this.publicName}${path} at ${this.address}: ${error.message}`)),
      );
      asked.end();
    });
  }
}
