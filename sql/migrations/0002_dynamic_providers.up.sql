-- The engine gives each statement a lock_timeout and a statement_timeout of its own.
-- squawk-ignore-file require-lock-timeout, require-statement-timeout
-- Names and types are the application's; changing a varchar's length is not on anybody's list.
-- squawk-ignore-file prefer-text-field, prefer-bigint-over-int
-- Indexes of tables that this very version creates are built while these are empty.
-- squawk-ignore-file require-concurrent-index-creation
-- What lacks IF EXISTS is run only where its `migrate:when` or `migrate:unless` says that it is needed.
-- squawk-ignore-file prefer-robust-stmts

-- Dynamic provider management. Every statement runs in a short transaction of its own, under the lock budget, and
-- may be run again after a kill at any point. What an earlier way back kept in rollback_keep is taken back.

-- migrate:check
DO $$
DECLARE
  twice text;
BEGIN
  SELECT string_agg(t, ', ' ORDER BY t) INTO twice
  FROM unnest(ARRAY['providers', 'models', 'provider_templates']) AS t
  WHERE to_regclass('public.' || t) IS NOT NULL AND to_regclass('rollback_keep.' || t) IS NOT NULL;
  IF twice IS NOT NULL THEN
    RAISE EXCEPTION 'these tables exist twice, in public and as kept by an earlier way back in rollback_keep: %', twice
      USING HINT = 'something created them again since then: compare the two, drop or rename the one that is not wanted, then pulumi up';
  END IF;
END
$$;

-- The kept tables come back whole, in one step: rows, indexes, triggers and columns that a release added to them.
-- migrate:transaction
-- migrate:when to_regclass('rollback_keep.providers') IS NOT NULL OR to_regclass('rollback_keep.models') IS NOT NULL OR to_regclass('rollback_keep.provider_templates') IS NOT NULL
ALTER TABLE IF EXISTS rollback_keep.providers SET SCHEMA public;
ALTER TABLE IF EXISTS rollback_keep.models SET SCHEMA public;
ALTER TABLE IF EXISTS rollback_keep.provider_templates SET SCHEMA public;
-- migrate:end

-- migrate:when to_regprocedure('rollback_keep.provider_row_updated()') IS NOT NULL AND to_regprocedure('public.provider_row_updated()') IS NULL
ALTER FUNCTION rollback_keep.provider_row_updated() SET SCHEMA public;

-- A name of our own: an application that migrates itself may own a function of the usual name.
CREATE OR REPLACE FUNCTION public.provider_row_updated() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END
$$;

CREATE TABLE IF NOT EXISTS public.providers (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  identifier varchar(50) NOT NULL UNIQUE,
  name varchar(255) NOT NULL,
  description text,
  api_endpoint varchar(500),
  auth_method varchar(20) NOT NULL
    CONSTRAINT providers_auth_method_check CHECK (auth_method IN ('api_key', 'oauth2', 'aws_iam', 'custom')),
  auth_config jsonb NOT NULL DEFAULT '{}',
  capabilities jsonb NOT NULL DEFAULT '{}',
  status varchar(20) NOT NULL DEFAULT 'active'
    CONSTRAINT providers_status_check CHECK (status IN ('active', 'inactive', 'testing')),
  is_system boolean NOT NULL DEFAULT false,
  created_by uuid REFERENCES public.users (id) ON DELETE SET NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  last_tested timestamptz,
  test_result jsonb
);

CREATE TABLE IF NOT EXISTS public.models (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  provider_id uuid NOT NULL REFERENCES public.providers (id) ON DELETE CASCADE,
  identifier varchar(100) NOT NULL,
  name varchar(255) NOT NULL,
  description text,
  context_length integer NOT NULL DEFAULT 4096,
  capabilities jsonb NOT NULL DEFAULT '{}',
  pricing_info jsonb,
  status varchar(20) NOT NULL DEFAULT 'active'
    CONSTRAINT models_status_check CHECK (status IN ('active', 'inactive', 'deprecated')),
  is_default boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (provider_id, identifier)
);

CREATE TABLE IF NOT EXISTS public.provider_templates (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name varchar(255) NOT NULL,
  description text,
  provider_config jsonb NOT NULL,
  default_models jsonb NOT NULL DEFAULT '[]',
  is_system boolean NOT NULL DEFAULT false,
  created_by uuid REFERENCES public.users (id) ON DELETE SET NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX IF NOT EXISTS idx_providers_identifier ON public.providers (identifier);
CREATE INDEX IF NOT EXISTS idx_providers_status ON public.providers (status);
CREATE INDEX IF NOT EXISTS idx_providers_is_system ON public.providers (is_system);
CREATE INDEX IF NOT EXISTS idx_providers_created_by ON public.providers (created_by);
CREATE INDEX IF NOT EXISTS idx_providers_created_at ON public.providers (created_at);
CREATE INDEX IF NOT EXISTS idx_models_provider_id ON public.models (provider_id);
CREATE INDEX IF NOT EXISTS idx_models_identifier ON public.models (identifier);
CREATE INDEX IF NOT EXISTS idx_models_status ON public.models (status);
CREATE INDEX IF NOT EXISTS idx_models_is_default ON public.models (is_default);
CREATE INDEX IF NOT EXISTS idx_models_created_at ON public.models (created_at);
CREATE INDEX IF NOT EXISTS idx_provider_templates_name ON public.provider_templates (name);
CREATE INDEX IF NOT EXISTS idx_provider_templates_is_system ON public.provider_templates (is_system);
CREATE INDEX IF NOT EXISTS idx_provider_templates_created_by ON public.provider_templates (created_by);

-- migrate:unless EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass('public.providers') AND tgname = 'update_providers_updated_at')
CREATE TRIGGER update_providers_updated_at BEFORE UPDATE ON public.providers
  FOR EACH ROW EXECUTE FUNCTION public.provider_row_updated();

-- migrate:unless EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass('public.models') AND tgname = 'update_models_updated_at')
CREATE TRIGGER update_models_updated_at BEFORE UPDATE ON public.models
  FOR EACH ROW EXECUTE FUNCTION public.provider_row_updated();

-- migrate:unless EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass('public.provider_templates') AND tgname = 'update_provider_templates_updated_at')
CREATE TRIGGER update_provider_templates_updated_at BEFORE UPDATE ON public.provider_templates
  FOR EACH ROW EXECUTE FUNCTION public.provider_row_updated();

-- From here on the table that users write to. Each statement asks whether it is needed before it takes a lock.
-- migrate:unless EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'public.connections'::regclass AND attname = 'provider_id' AND NOT attisdropped)
ALTER TABLE public.connections ADD COLUMN IF NOT EXISTS provider_id uuid;

-- migrate:unless EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'public.connections'::regclass AND conname = 'fk_connections_provider_id')
ALTER TABLE public.connections ADD CONSTRAINT fk_connections_provider_id
  FOREIGN KEY (provider_id) REFERENCES public.providers (id) ON DELETE SET NULL NOT VALID;

-- migrate:when EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'public.connections'::regclass AND conname = 'connections_provider_check')
ALTER TABLE public.connections DROP CONSTRAINT IF EXISTS connections_provider_check;

-- A way back that was broken off leaves the trigger that mirrors provider_id.
-- migrate:when EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'public.connections'::regclass AND tgname = 'keep_connection_provider')
DROP TRIGGER IF EXISTS keep_connection_provider ON public.connections;

-- Takes back which provider each connection had. A connection that the older release has moved to another provider
-- since, or that has been given one already, stays as it is: the backfill phase derives what is left. A value that the
-- way back had replaced gets its original again.
-- migrate:batch
-- migrate:when to_regclass('rollback_keep.connection_providers') IS NOT NULL
WITH batch AS (
  SELECT kept.connection_id, kept.provider_id, kept.provider, kept.became
  FROM rollback_keep.connection_providers AS kept
  WHERE ($1 IS NULL OR kept.connection_id > $1) ORDER BY kept.connection_id LIMIT $2
), taken AS (
  UPDATE public.connections AS c
  SET provider_id = coalesce(c.provider_id, batch.provider_id),
      provider = CASE WHEN batch.became IS NOT NULL THEN batch.provider ELSE c.provider END
  FROM batch
  WHERE c.id = batch.connection_id AND c.provider = coalesce(batch.became, batch.provider)
    AND (c.provider_id IS NULL AND batch.provider_id IS NOT NULL OR batch.became IS NOT NULL)
  RETURNING c.id
), forgotten AS (
  DELETE FROM rollback_keep.connection_providers AS kept USING batch WHERE kept.connection_id = batch.connection_id
)
SELECT (SELECT connection_id FROM batch ORDER BY connection_id DESC LIMIT 1) AS last_key,
       (SELECT count(*) FROM batch) AS seen, (SELECT count(*) FROM taken) AS changed;

-- migrate:when to_regclass('rollback_keep.connection_providers') IS NOT NULL
-- Empty by now, and known to nobody but this file and its way down.
-- squawk-ignore ban-drop-table
DROP TABLE IF EXISTS rollback_keep.connection_providers;

-- migrate:when to_regprocedure('rollback_keep.keep_connection_provider()') IS NOT NULL
DROP FUNCTION IF EXISTS rollback_keep.keep_connection_provider();

-- Only when nothing else was put there.
-- migrate:when to_regnamespace('rollback_keep') IS NOT NULL AND NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('rollback_keep')) AND NOT EXISTS (SELECT FROM pg_proc WHERE pronamespace = to_regnamespace('rollback_keep'))
DROP SCHEMA IF EXISTS rollback_keep;

ALTER TABLE public.connections VALIDATE CONSTRAINT fk_connections_provider_id;

CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_connections_provider_id ON public.connections (provider_id);
