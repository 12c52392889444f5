import { S3Client } from "@aws-sdk/client-s3";

export function s3Client(region: string): S3Client {
  return new S3Client({
    region,
    // A bucket as part of the host's name is nothing that an endpoint other than Amazon's can be relied on to resolve.
    forcePathStyle: true,
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 20_000, throwOnRequestTimeout: true },
  });
}
