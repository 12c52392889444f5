import { GetObjectCommand, PutObjectCommand, type S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import { s3Client } from "../core/aws-client";
import { type Held, type Lease, leaseSchema } from "./lease";

export type FoundLease = Held & { etag: string };

/** The stack's lock: one object in its bucket, written only if it has not changed since the writer read it. */
export class LockStore {
  readonly #s3: S3Client;
  /** The store's clock at its last answer, in milliseconds. */
  #nowMs = 0;

  constructor(
    readonly bucket: string,
    readonly stack: string,
    region: string,
  ) {
    // A retried write whose first answer was lost would be rejected because of itself.
    this.#s3 = s3Client(region, { timeoutMs: 10_000, maxAttempts: 1 });
    this.#s3.middlewareStack.add(
      (next) => async (args) => {
        const answer = await next(args);
        const { headers } = answer.response as { headers?: Record<string, string> };
        this.#nowMs = Date.parse(headers?.date ?? "") || Date.now();
        return answer;
      },
      { step: "deserialize", priority: "low", name: "storeClock" },
    );
  }

  get #object() {
    return { Bucket: this.bucket, Key: `locks/${this.stack}.json` };
  }

  async read(): Promise<FoundLease | undefined> {
    try {
      const found = await this.#s3.send(new GetObjectCommand(this.#object));
      const lease = leaseSchema.parse(JSON.parse((await found.Body?.transformToString()) ?? ""));
      const ageSeconds = Math.max(0, (this.#nowMs - (found.LastModified?.getTime() ?? 0)) / 1000);
      return { lease, ageSeconds, etag: found.ETag ?? "" };
    } catch (error) {
      if (statusOf(error) === 404 && !(error instanceof Error && error.name === "NoSuchBucket")) return undefined;
      throw error;
    }
  }

  /**
   * Writes it if it has not changed since it was read.
   * @param etag of what was read; undefined if there was none
   * @returns the new etag, or undefined if another writer was faster
   */
  async write(lease: Lease, etag: string | undefined): Promise<string | undefined> {
    const body = JSON.stringify(lease);
    try {
      const condition = etag === undefined ? { IfNoneMatch: "*" } : { IfMatch: etag };
      const done = await this.#s3.send(
        new PutObjectCommand({ ...this.#object, ...condition, Body: body, ContentType: "application/json" }),
      );
      return done.ETag ?? "";
    } catch (error) {
      if (statusOf(error) === 412 || statusOf(error) === 409) return undefined;
      throw error;
    }
  }
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}
