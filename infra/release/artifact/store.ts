import { createReadStream } from "node:fs";
import {
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { z } from "zod";
import { s3Client } from "../../core/aws-client";
import { Failure } from "../../core/failure";
import { artifactObject, indexObject } from "./object";

const mebibyte = 1_048_576;

/** Archives are read and sent in pieces, four at a time: none is too large for memory, and S3 takes 10,000, which are 80 GiB. */
const partBytes = 8 * mebibyte;

/** Four pieces over a line of 1 Mbit/s. */
const partTimeoutMs = 300_000;

/** An artifact as its bucket knows it. */
const storedSchema = z.strictObject({
  /** SHA-256 of the archive. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().min(1),
  /** What it takes on a host, unpacked. */
  unpackedBytes: z.int().min(1),
});

export type StoredArtifact = z.infer<typeof storedSchema>;

/** Artifacts in the stack's bucket, each under its digest. */
export class ArtifactStore {
  readonly #s3: S3Client;

  constructor(
    readonly bucket: string,
    region: string,
  ) {
    this.#s3 = s3Client(region, { timeoutMs: partTimeoutMs });
  }

  /** What an earlier build of that identity gave, if its archive is there too. */
  async find(key: string): Promise<StoredArtifact | undefined> {
    try {
      const found = await this.#s3.send(new GetObjectCommand({ Bucket: this.bucket, Key: indexObject(key) }));
      const stored = storedSchema.parse(JSON.parse((await found.Body?.transformToString()) ?? ""));
      return (await this.#has(stored)) ? stored : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw this.#explained("artifacts were looked for", error);
    }
  }

  /** Stores an archive unless it is there. The index comes last: it never names what is not there. */
  async keep(key: string, path: string, stored: StoredArtifact, progress: (message: string) => void): Promise<void> {
    try {
      if (!(await this.#has(stored))) await this.#upload(path, stored, progress);
      await this.#s3.send(
        new PutObjectCommand({
          Bucket: this.bucket,
          Key: indexObject(key),
          Body: JSON.stringify(stored),
          ContentType: "application/json",
        }),
      );
    } catch (error) {
      throw this.#explained("the artifact was to be stored", error);
    }
  }

  async #upload(path: string, stored: StoredArtifact, progress: (message: string) => void): Promise<void> {
    const startedAt = Date.now();
    const whole = Math.ceil(stored.bytes / mebibyte);
    progress(`storing the artifact, ${whole} MiB, in s3://${this.bucket}`);
    const upload = new Upload({
      client: this.#s3,
      partSize: partBytes,
      // To remove half an upload takes another permission; the bucket's rule does it after a week.
      leavePartsOnError: true,
      params: {
        Bucket: this.bucket,
        Key: artifactObject(stored.digest),
        Body: createReadStream(path),
        ContentType: "application/gzip",
      },
    });
    let reported = 0;
    upload.on("httpUploadProgress", ({ loaded = 0 }) => {
      if (loaded < reported + stored.bytes / 10 || loaded >= stored.bytes) return;
      reported = loaded;
      const seconds = Math.round((Date.now() - startedAt) / 1000);
      progress(`storing the artifact: ${Math.floor(loaded / mebibyte)} of ${whole} MiB after ${seconds} s`);
    });
    await upload.done();
  }

  async #has(stored: StoredArtifact): Promise<boolean> {
    try {
      const head = await this.#s3.send(
        new HeadObjectCommand({ Bucket: this.bucket, Key: artifactObject(stored.digest) }),
      );
      return head.ContentLength === stored.bytes;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  #explained(when: string, error: unknown): Error {
    const reason = error instanceof Error ? error.message : String(error);
    return new Failure(
      "bucket-unreachable",
      `s3://${this.bucket} did not answer as it should when ${when}: ${reason}`,
      `check that these credentials may read and write there: aws s3 ls s3://${this.bucket}`,
    );
  }
}

function isMissing(error: unknown): boolean {
  return (
    error instanceof NoSuchKey ||
    error instanceof NotFound ||
    (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404)
  );
}
