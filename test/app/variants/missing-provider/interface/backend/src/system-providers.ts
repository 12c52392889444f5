import type { AuthMethod } from "@prompt-library/shared";

export type SystemProvider = {
  identifier: string;
  name: string;
  apiEndpoint: string;
  authMethod: AuthMethod;
  /** The first one is the default. */
  models: { identifier: string; name: string; contextLength: number }[];
};

/** Offered by every installation; made at start, changed by administrators only. */
export const systemProviders: readonly SystemProvider[] = [
  {
    identifier: "openai",
    name: "OpenAI",
    apiEndpoint: "https://api.openai.com/v1",
    authMethod: "api_key",
    models: [
      { identifier: "gpt-4o", name: "GPT-4o", contextLength: 128_000 },
      { identifier: "gpt-4o-mini", name: "GPT-4o mini", contextLength: 128_000 },
    ],
  },
  {
    identifier: "anthropic",
    name: "Anthropic",
    apiEndpoint: "https://api.anthropic.com/v1",
    authMethod: "api_key",
    models: [
      { identifier: "claude-3-5-sonnet-latest", name: "Claude 3.5 Sonnet", contextLength: 200_000 },
      { identifier: "claude-3-5-haiku-latest", name: "Claude 3.5 Haiku", contextLength: 200_000 },
    ],
  },
  {
    identifier: "bedrock",
    name: "Amazon Bedrock",
    apiEndpoint: "https://bedrock-runtime.us-east-1.amazonaws.com",
    authMethod: "aws_iam",
    models: [
      { identifier: "amazon.nova-pro-v1:0", name: "Nova Pro", contextLength: 300_000 },
      { identifier: "amazon.nova-lite-v1:0", name: "Nova Lite", contextLength: 300_000 },
    ],
  },
];

export const systemTemplates = [
  {
    name: "OpenAI compatible",
    description: "A service that speaks OpenAI's API under its own address",
    providerConfig: { api_endpoint: "https://llm.example.com/v1", auth_method: "api_key" },
    defaultModels: [{ identifier: "default", name: "Default model", context_length: 8_192 }],
  },
];
