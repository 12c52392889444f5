import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { s3Client } from "../../core/aws-client";
import { archivePrefix, artifactObject, digestOfObject, indexPrefix } from "../artifact/object";

/** What a stack keeps of its releases beyond its host: a copy of the ledger, and the artifacts. */
export class ReleaseStore {
  readonly #s3: S3Client;

  constructor(
    readonly bucket: string,
    readonly stack: string,
    region: string,
  ) {
    this.#s3 = s3Client(region);
  }

  get #ledger() {
    return { Bucket: this.bucket, Key: `ledgers/${this.stack}.jsonl` };
  }

  /** The ledger as it was last copied; empty where there is none. */
  async ledger(): Promise<string> {
    return (await this.#text(this.#ledger.Key)) ?? "";
  }

  async keepLedger(text: string): Promise<void> {
    await this.#s3.send(new PutObjectCommand({ ...this.#ledger, Body: text, ContentType: "application/jsonl" }));
  }

  /** Digests of the artifacts that can be fetched. */
  async digests(): Promise<string[]> {
    const objects = await this.#objects(archivePrefix);
    return [
      ...new Set(
        objects
          .filter(({ isLatest, isDeleted }) => isLatest && !isDeleted)
          .flatMap(({ key }) => digestOfObject(key) ?? []),
      ),
    ];
  }

  /** Removes artifacts with all their versions, and first what leads to them: the index never names what is not there. */
  async remove(digests: readonly string[]): Promise<void> {
    if (digests.length === 0) return;
    const index = await this.#objects(indexPrefix);
    const keys = new Set<string>();
    for (const key of new Set(index.filter(({ isLatest, isDeleted }) => isLatest && !isDeleted).map(({ key }) => key)))
      if (digests.includes(digestNamed(await this.#text(key)))) keys.add(key);
    await this.#delete(index.filter(({ key }) => keys.has(key)));
    const archives = new Set(digests.map(artifactObject));
    await this.#delete((await this.#objects(archivePrefix)).filter(({ key }) => archives.has(key)));
  }

  async #text(key: string): Promise<string | undefined> {
    try {
      const found = await this.#s3.send(new GetObjectCommand({ Bucket: this.bucket, Key: key }));
      return await found.Body?.transformToString();
    } catch (error) {
      if (error instanceof NoSuchKey || (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404))
        return undefined;
      throw error;
    }
  }

  /** Every version below a prefix: in a versioned bucket deleting an object alone frees nothing. */
  async #objects(prefix: string): Promise<ObjectVersion[]> {
    const versions: ObjectVersion[] = [];
    let next: { KeyMarker?: string; VersionIdMarker?: string } = {};
    for (;;) {
      const page = await this.#s3.send(new ListObjectVersionsCommand({ Bucket: this.bucket, Prefix: prefix, ...next }));
      for (const [rows, isDeleted] of [
        [page.Versions, false],
        [page.DeleteMarkers, true],
      ] as const)
        versions.push(
          ...(rows ?? []).map(({ Key, VersionId, IsLatest }) => ({
            key: Key ?? "",
            version: VersionId ?? "null",
            isLatest: IsLatest === true,
            isDeleted,
          })),
        );
      if (page.IsTruncated !== true) return versions;
      next = {
        ...(page.NextKeyMarker === undefined ? {} : { KeyMarker: page.NextKeyMarker }),
        ...(page.NextVersionIdMarker === undefined ? {} : { VersionIdMarker: page.NextVersionIdMarker }),
      };
    }
  }

  async #delete(versions: readonly ObjectVersion[]): Promise<void> {
    // As many as one request takes.
    for (let first = 0; first < versions.length; first += 1000) {
      const Objects = versions.slice(first, first + 1000).map(({ key, version }) => ({ Key: key, VersionId: version }));
      const { Errors = [] } = await this.#s3.send(
        new DeleteObjectsCommand({ Bucket: this.bucket, Delete: { Objects, Quiet: true } }),
      );
      if (Errors.length > 0)
        throw new Error(`s3://${this.bucket}/${Errors[0]?.Key} could not be removed: ${Errors[0]?.Message}`);
    }
  }
}

type ObjectVersion = { key: string; version: string; isLatest: boolean; isDeleted: boolean };

function digestNamed(index: string | undefined): string {
  try {
    return String((JSON.parse(index ?? "") as { digest?: string }).digest);
  } catch {
    return "";
  }
}
