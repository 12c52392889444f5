-- The engine gives each statement a lock_timeout and a statement_timeout of its own.
-- squawk-ignore-file require-lock-timeout, require-statement-timeout
-- Names and types are the application's; changing a varchar's length is not on anybody's list.
-- squawk-ignore-file prefer-text-field, prefer-bigint-over-int
-- Indexes of tables that this very version creates are built while these are empty.
-- squawk-ignore-file require-concurrent-index-creation

-- The schema before dynamic providers. A database that already holds one of these tables is not touched:
-- once verify/0001_baseline.sql passes there, this version is recorded as completed and nothing here runs.
-- migrate:baseline

CREATE TABLE IF NOT EXISTS public.users (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  email varchar(255) NOT NULL UNIQUE,
  password_hash text NOT NULL,
  name varchar(255),
  role varchar(20) NOT NULL DEFAULT 'user' CONSTRAINT users_role_check CHECK (role IN ('admin', 'user')),
  is_active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.prompts (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
  title varchar(255) NOT NULL,
  content text NOT NULL,
  is_public boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.connections (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
  name varchar(255) NOT NULL,
  provider varchar(50) NOT NULL
    CONSTRAINT connections_provider_check CHECK (provider IN ('openai', 'bedrock', 'anthropic', 'microsoft-copilot')),
  encrypted_config text NOT NULL,
  status varchar(20) NOT NULL DEFAULT 'active',
  last_tested timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.ratings (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  prompt_id uuid NOT NULL REFERENCES public.prompts (id) ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
  rating integer NOT NULL CONSTRAINT ratings_rating_check CHECK (rating BETWEEN 1 AND 5),
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (prompt_id, user_id)
);

CREATE TABLE IF NOT EXISTS public.sessions (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
  token_hash text NOT NULL,
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX IF NOT EXISTS idx_prompts_user_id ON public.prompts (user_id);
CREATE INDEX IF NOT EXISTS idx_connections_user_id ON public.connections (user_id);
CREATE INDEX IF NOT EXISTS idx_ratings_user_id ON public.ratings (user_id);
CREATE INDEX IF NOT EXISTS idx_sessions_user_id ON public.sessions (user_id);
CREATE INDEX IF NOT EXISTS idx_sessions_token_hash ON public.sessions (token_hash);
