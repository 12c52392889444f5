import type { TestResult } from "@prompt-library/shared";

const timeoutMs = 5_000;

export type ProbeTarget = { identifier: string; api_endpoint: string | null };
export type Probe = (target: ProbeTarget, key?: string) => Promise<TestResult>;

/**
 * Where provider tests go instead of the providers themselves: in places without a way to the internet.
 * @throws Error when PROVIDER_ENDPOINT_OVERRIDE is no address
 */
export function readEndpointOverride({ PROVIDER_ENDPOINT_OVERRIDE: value }: NodeJS.ProcessEnv): string | undefined {
  if (value && !/^https?:\/\/[^/]+\/?$/.test(value))
    throw new Error("environment: PROVIDER_ENDPOINT_OVERRIDE must be an origin such as http://192.0.2.1:8080");
  return value?.replace(/\/$/, "") || undefined;
}

/** `ENDPOINT/models`; overridden, the provider's identifier comes first, so that one address can stand for all. */
export function probeAddress({ identifier, api_endpoint }: ProbeTarget, override: string | undefined): string {
  const endpoint = new URL(api_endpoint ?? "");
  const path = `${endpoint.pathname.replace(/\/$/, "")}/models`;
  return override ? `${override}/${identifier}${path}` : `${endpoint.origin}${path}`;
}

/**
 * Asks a provider for its models. Without a key any answer below 500 shows that it can be reached, also one that asks for
 * a key; with one, 401 and 403 mean that the key is refused.
 */
export const createProbe =
  (override: string | undefined): Probe =>
  async (target, key) => {
    if (!target.api_endpoint) return { success: false, message: "The provider has no api_endpoint", ms: 0 };
    const startedAt = performance.now();
    const ms = () => Math.round(performance.now() - startedAt);
    try {
      const { status, body } = await fetch(probeAddress(target, override), {
        headers: key ? { Authorization: `Bearer ${key}`, "x-api-key": key } : {},
        redirect: "manual",
        signal: AbortSignal.timeout(timeoutMs),
      });
      await body?.cancel();
      const isRefused = key !== undefined && (status === 401 || status === 403);
      const success = status < 500 && !isRefused;
      const message = success ? "The provider answers" : isRefused ? "The provider refuses the key" : `The provider answers ${status}`;
      return { success, message, http_status: status, ms: ms() };
    } catch (cause) {
      return { success: false, message: `The provider can't be reached: ${unreachable(cause)}`, ms: ms() };
    }
  };

function unreachable(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  if (inner instanceof Error && "code" in inner && typeof inner.code === "string") return inner.code;
  return inner instanceof Error ? inner.message : String(inner);
}
