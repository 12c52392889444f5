/** What the API and the pages agree on. Types only: nothing here is built or shipped. */
export type Role = "admin" | "user";
export type User = { id: string; email: string; role: Role };
export type Session = { token: string; user: User };

export type Prompt = { id: string; title: string; content: string; is_public: boolean; created_at: string };

export type Connection = {
  id: string;
  name: string;
  /** The provider's identifier; the only thing that connections from before dynamic providers have. */
  provider: string;
  provider_id: string | null;
  status: string;
  created_at: string;
  last_tested: string | null;
};

export type AuthMethod = "api_key" | "oauth2" | "aws_iam" | "custom";
export type ProviderStatus = "active" | "inactive" | "testing";

export type Model = { id: string; identifier: string; name: string; context_length: number; status: string; is_default: boolean };

export type TestResult = { success: boolean; message: string; http_status?: number; ms: number };

/** As administrators see it; how the provider is authenticated to never leaves the server. */
export type Provider = {
  id: string;
  identifier: string;
  name: string;
  description: string | null;
  api_endpoint: string | null;
  auth_method: AuthMethod;
  has_auth_config: boolean;
  capabilities: Record<string, unknown>;
  status: ProviderStatus;
  is_system: boolean;
  created_at: string;
  updated_at: string;
  last_tested: string | null;
  test_result: TestResult | null;
  models: Model[];
};

/** As users see it when they make a connection. */
export type OfferedProvider = Pick<Provider, "id" | "identifier" | "name" | "description" | "auth_method" | "models">;

export type ProviderTemplate = {
  id: string;
  name: string;
  description: string | null;
  provider_config: Record<string, unknown>;
  default_models: unknown[];
  is_system: boolean;
  created_at: string;
};

export type RegistryStatus = {
  status: "healthy" | "degraded" | "empty";
  total: number;
  active: number;
  models: number;
  healthy: number;
  unhealthy: number;
  unknown: number;
  refreshed_at: string;
};

export type Failure = { error: { code: string; message: string } };
