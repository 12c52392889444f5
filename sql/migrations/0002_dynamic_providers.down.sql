-- The engine gives each statement a lock_timeout and a statement_timeout of its own.
-- squawk-ignore-file require-lock-timeout, require-statement-timeout
-- Names and types are the application's; changing a varchar's length is not on anybody's list.
-- squawk-ignore-file prefer-text-field
-- What lacks IF EXISTS is run only where its `migrate:when` or `migrate:unless` says that it is needed.
-- squawk-ignore-file prefer-robust-stmts

-- The way back keeps what it removes, in schema rollback_keep: the three tables move there as they are, with whatever
-- a release has added to them; each connection's provider goes to rollback_keep.connection_providers. The next way up
-- takes both back. Setting migrate.provider_becomes (a JSON object, provider -> provider, '*' for any other)
-- says what connections become whose provider schema 1 forbids; without it they are named and nothing is done.

-- Anything outside that hangs on what will be removed is named before anything has changed; verify looks again afterwards.
-- migrate:check
DO $$
DECLARE
  dependents text;
BEGIN
  WITH leaving AS (
    SELECT to_regclass('public.' || t) AS relation
    FROM unnest(ARRAY['providers', 'models', 'provider_templates']) AS t
  ), dependent AS (
    SELECT format('foreign key %s of %s', con.conname, con.conrelid::regclass) AS what
    FROM pg_constraint AS con
    WHERE con.contype = 'f' AND con.confrelid IN (SELECT relation FROM leaving)
      AND con.conrelid NOT IN (SELECT relation FROM leaving WHERE relation IS NOT NULL)
      AND NOT (con.conrelid = 'public.connections'::regclass AND con.conname = 'fk_connections_provider_id')
    UNION
    SELECT format('%s %s', CASE c.relkind WHEN 'm' THEN 'materialized view' WHEN 'v' THEN 'view' ELSE 'rule on' END, c.oid::regclass)
    FROM pg_depend AS d
    JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
    JOIN pg_class AS c ON c.oid = r.ev_class
    WHERE d.refclassid = 'pg_class'::regclass
      AND (d.refobjid IN (SELECT relation FROM leaving)
        OR d.refobjid = 'public.connections'::regclass AND d.refobjsubid = (
          SELECT attnum FROM pg_attribute WHERE attrelid = 'public.connections'::regclass AND attname = 'provider_id' AND NOT attisdropped))
    UNION
    SELECT format('function %s', p.oid::regprocedure)
    FROM pg_depend AS d JOIN pg_proc AS p ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid IN (SELECT relation FROM leaving)
    UNION
    SELECT format('trigger %s of connections', t.tgname)
    FROM pg_trigger AS t JOIN pg_attribute AS a ON a.attrelid = t.tgrelid AND a.attname = 'provider_id' AND NOT a.attisdropped
    WHERE t.tgrelid = 'public.connections'::regclass AND NOT t.tgisinternal AND t.tgname <> 'keep_connection_provider'
      AND a.attnum = ANY (t.tgattr)
  )
  SELECT string_agg(what, ', ' ORDER BY what) INTO dependents FROM dependent;
  IF dependents IS NOT NULL THEN
    RAISE EXCEPTION 'made since version 2 and in the way of going back: %', dependents
      USING HINT = 'remove them, or have the release that made them remove them; where the application migrates the database itself (database.migrations both): pulumi config set --path ''database.applicationJournal["2"].beforeDown[0]'' STATEMENT for each. Then pulumi up. Until then the older release serves on schema 2';
  END IF;
END
$$;

-- migrate:check
DO $$
DECLARE
  becomes jsonb := coalesce(nullif(current_setting('migrate.provider_becomes', true), ''), '{}')::jsonb;
  allowed text[] := ARRAY['openai', 'bedrock', 'anthropic', 'microsoft-copilot'];
  wrong text;
  forbidden_count bigint;
  examples text;
BEGIN
  SELECT string_agg(format('%s -> %s', key, value), ', ' ORDER BY key) INTO wrong
  FROM jsonb_each_text(becomes) WHERE value <> ALL (allowed);
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'provider_becomes names a provider that schema 1 forbids as well: %', wrong
      USING HINT = format('database.providerBecomes may name %s', array_to_string(allowed, ', '));
  END IF;
  IF becomes ? '*' THEN
    RETURN;
  END IF;
  SELECT count(*), string_agg(format('%s (%s)', id, provider), ', ' ORDER BY id) FILTER (WHERE place <= 20)
    INTO forbidden_count, examples
  FROM (
    SELECT id, provider, row_number() OVER (ORDER BY id) AS place
    FROM public.connections WHERE provider <> ALL (allowed) AND NOT becomes ? provider
  ) AS forbidden;
  IF forbidden_count > 0 THEN
    RAISE EXCEPTION '% connection(s) have a provider that schema 1 forbids: %', forbidden_count, examples
      USING HINT = 'say what those connections become: pulumi config set --path ''database.providerBecomes["*"]'' openai; or change them; or stay: pulumi config set schemaVersion 2. Then pulumi up';
  END IF;
END
$$;

CREATE SCHEMA IF NOT EXISTS rollback_keep;

CREATE TABLE IF NOT EXISTS rollback_keep.connection_providers (
  connection_id uuid PRIMARY KEY,
  provider_id uuid,
  provider varchar(50) NOT NULL,
  became varchar(50)
);

-- What is written between the copy and the last step is mirrored. It acts as its owner: the application has no rights there.
CREATE OR REPLACE FUNCTION rollback_keep.keep_connection_provider() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'INSERT' AND NEW.provider_id IS NULL THEN
    RETURN NULL;
  END IF;
  INSERT INTO rollback_keep.connection_providers (connection_id, provider_id, provider)
  VALUES (NEW.id, NEW.provider_id, NEW.provider)
  ON CONFLICT (connection_id) DO UPDATE SET provider_id = excluded.provider_id;
  RETURN NULL;
END
$$;

-- migrate:when EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'public.connections'::regclass AND attname = 'provider_id' AND NOT attisdropped) AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'public.connections'::regclass AND tgname = 'keep_connection_provider')
CREATE TRIGGER keep_connection_provider AFTER INSERT OR UPDATE OF provider_id ON public.connections
  FOR EACH ROW EXECUTE FUNCTION rollback_keep.keep_connection_provider();

-- A window of keys first: by the filter alone the planner may sort the whole table for each batch.
-- migrate:batch
-- migrate:when EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'public.connections'::regclass AND attname = 'provider_id' AND NOT attisdropped)
WITH window_of_keys AS (
  SELECT id FROM public.connections WHERE ($1 IS NULL OR id > $1) ORDER BY id LIMIT $2
), batch AS (
  SELECT c.id, c.provider_id, c.provider FROM public.connections AS c JOIN window_of_keys USING (id)
  WHERE c.provider_id IS NOT NULL FOR SHARE OF c
), kept AS (
  INSERT INTO rollback_keep.connection_providers (connection_id, provider_id, provider)
  SELECT id, provider_id, provider FROM batch
  ON CONFLICT (connection_id) DO UPDATE SET provider_id = excluded.provider_id
  RETURNING connection_id
)
SELECT (SELECT id FROM window_of_keys ORDER BY id DESC LIMIT 1) AS last_key,
       (SELECT count(*) FROM batch) AS seen, (SELECT count(*) FROM kept) AS changed;

-- The values that config replaces, with the original kept.
-- migrate:batch
-- migrate:when EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'public.connections'::regclass AND attname = 'provider_id' AND NOT attisdropped) AND coalesce(nullif(current_setting('migrate.provider_becomes', true), ''), '{}') <> '{}'
WITH batch AS (
  SELECT id, provider_id, provider,
         coalesce(current_setting('migrate.provider_becomes')::jsonb ->> provider,
                  current_setting('migrate.provider_becomes')::jsonb ->> '*') AS becomes
  FROM public.connections
  WHERE ($1 IS NULL OR id > $1) AND provider NOT IN ('openai', 'bedrock', 'anthropic', 'microsoft-copilot')
  ORDER BY id LIMIT $2 FOR UPDATE
), kept AS (
  INSERT INTO rollback_keep.connection_providers (connection_id, provider_id, provider, became)
  SELECT id, provider_id, provider, becomes FROM batch
  ON CONFLICT (connection_id) DO UPDATE SET provider = excluded.provider, became = excluded.became
), changed AS (
  UPDATE public.connections AS c SET provider = batch.becomes FROM batch WHERE c.id = batch.id AND batch.becomes IS NOT NULL
  RETURNING c.id
)
SELECT (SELECT id FROM batch ORDER BY id DESC LIMIT 1) AS last_key,
       (SELECT count(*) FROM batch) AS seen, (SELECT count(*) FROM changed) AS changed;

-- From here on new rows keep to schema 1 as well. What slipped in before it is replaced by the same statement again,
-- or else found by VALIDATE.
-- migrate:unless EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'public.connections'::regclass AND conname = 'connections_provider_check')
ALTER TABLE public.connections ADD CONSTRAINT connections_provider_check
  CHECK (provider IN ('openai', 'bedrock', 'anthropic', 'microsoft-copilot')) NOT VALID;

-- migrate:batch
-- migrate:when EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'public.connections'::regclass AND attname = 'provider_id' AND NOT attisdropped) AND coalesce(nullif(current_setting('migrate.provider_becomes', true), ''), '{}') <> '{}'
WITH batch AS (
  SELECT id, provider_id, provider,
         coalesce(current_setting('migrate.provider_becomes')::jsonb ->> provider,
                  current_setting('migrate.provider_becomes')::jsonb ->> '*') AS becomes
  FROM public.connections
  WHERE ($1 IS NULL OR id > $1) AND provider NOT IN ('openai', 'bedrock', 'anthropic', 'microsoft-copilot')
  ORDER BY id LIMIT $2 FOR UPDATE
), kept AS (
  INSERT INTO rollback_keep.connection_providers (connection_id, provider_id, provider, became)
  SELECT id, provider_id, provider, becomes FROM batch
  ON CONFLICT (connection_id) DO UPDATE SET provider = excluded.provider, became = excluded.became
), changed AS (
  UPDATE public.connections AS c SET provider = batch.becomes FROM batch WHERE c.id = batch.id AND batch.becomes IS NOT NULL
  RETURNING c.id
)
SELECT (SELECT id FROM batch ORDER BY id DESC LIMIT 1) AS last_key,
       (SELECT count(*) FROM batch) AS seen, (SELECT count(*) FROM changed) AS changed;

ALTER TABLE public.connections VALIDATE CONSTRAINT connections_provider_check;

DROP INDEX CONCURRENTLY IF EXISTS public.idx_connections_provider_id;

-- migrate:transaction
-- migrate:when EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'public.connections'::regclass AND attname = 'provider_id' AND NOT attisdropped)
DROP TRIGGER IF EXISTS keep_connection_provider ON public.connections;
-- The older release doesn't know it, and what it held is kept.
-- squawk-ignore ban-drop-column
ALTER TABLE public.connections DROP COLUMN IF EXISTS provider_id;
-- migrate:end

DROP FUNCTION IF EXISTS rollback_keep.keep_connection_provider();

-- All three or none, so that each table is in exactly one place at any time.
-- migrate:transaction
-- migrate:when to_regclass('public.providers') IS NOT NULL OR to_regclass('public.models') IS NOT NULL OR to_regclass('public.provider_templates') IS NOT NULL
ALTER TABLE IF EXISTS public.providers SET SCHEMA rollback_keep;
ALTER TABLE IF EXISTS public.models SET SCHEMA rollback_keep;
ALTER TABLE IF EXISTS public.provider_templates SET SCHEMA rollback_keep;
-- migrate:end

-- migrate:when to_regprocedure('public.provider_row_updated()') IS NOT NULL
ALTER FUNCTION public.provider_row_updated() SET SCHEMA rollback_keep;
