import { S3Client } from "@aws-sdk/client-s3";

// Which Node runs this is said in package.json. Operators need not read seven lines about it in each preview.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

// Each process would say seven lines about Node 20; package.json says which Node this program needs.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

/** The cloud's slowest answers: an instance that shuts down, a snapshot that begins. */
const slowestAnswerMs = 120_000;

/**
 * What every client of Amazon's is made with. By itself none has a deadline: a connection that is lost without a word would be waited
 * for without end.
 * @param timeoutMs from the request to the answer, and for how long the connection may be silent while a body is read
 */
export function clientOptions(region: string, { timeoutMs = slowestAnswerMs, maxAttempts = 3 } = {}) {
  return {
    region,
    maxAttempts,
    requestHandler: {
      connectionTimeout: Math.min(5_000, timeoutMs),
      requestTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      throwOnRequestTimeout: true,
    },
  };
}

/** A client of S3, for what is small unless another time is given. */
export function s3Client(region: string, { timeoutMs = 20_000, maxAttempts = 2 } = {}): S3Client {
  return new S3Client({
    ...clientOptions(region, { timeoutMs, maxAttempts }),
    // A bucket as part of the host's name is nothing that an endpoint other than Amazon's can be relied on to resolve.
    forcePathStyle: true,
  });
}
