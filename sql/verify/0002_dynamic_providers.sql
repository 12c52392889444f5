-- Tables, columns, indexes, triggers and constraints of version 2 (MIG-3.1, MIG-3.2, MIG-3.3). Raises with all that is wrong.
DO $$
DECLARE
  wrong text;
BEGIN
  SELECT string_agg(format('%s.%s (%s)', t, c, d), ', ' ORDER BY t, c) INTO wrong
  FROM (VALUES
    ('providers', 'id', 'uuid'), ('providers', 'identifier', 'character varying'), ('providers', 'name', 'character varying'),
    ('providers', 'description', 'text'), ('providers', 'api_endpoint', 'character varying'),
    ('providers', 'auth_method', 'character varying'), ('providers', 'auth_config', 'jsonb'), ('providers', 'capabilities', 'jsonb'),
    ('providers', 'status', 'character varying'), ('providers', 'is_system', 'boolean'), ('providers', 'created_by', 'uuid'),
    ('providers', 'last_tested', NULL), ('providers', 'test_result', 'jsonb'),
    ('models', 'id', 'uuid'), ('models', 'provider_id', 'uuid'), ('models', 'identifier', 'character varying'),
    ('models', 'name', 'character varying'), ('models', 'context_length', 'integer'), ('models', 'capabilities', 'jsonb'),
    ('models', 'pricing_info', 'jsonb'), ('models', 'status', 'character varying'), ('models', 'is_default', 'boolean'),
    ('provider_templates', 'id', 'uuid'), ('provider_templates', 'name', 'character varying'),
    ('provider_templates', 'provider_config', 'jsonb'), ('provider_templates', 'default_models', 'jsonb'),
    ('provider_templates', 'is_system', 'boolean'), ('provider_templates', 'created_by', 'uuid'),
    ('connections', 'provider_id', 'uuid')
  ) AS expected (t, c, d)
  WHERE NOT EXISTS (
    SELECT FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = t AND column_name = c AND (d IS NULL OR data_type = d)
  );
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'schema 2 is not there: missing columns or of another type: %', wrong;
  END IF;

  IF EXISTS (SELECT FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'connections'
      AND column_name = 'provider_id' AND is_nullable = 'NO') THEN
    RAISE EXCEPTION 'schema 2 is not there: connections.provider_id refuses rows of the older release (NOT NULL)';
  END IF;

  SELECT string_agg(i, ', ' ORDER BY i) INTO wrong
  FROM unnest(ARRAY[
    'idx_providers_identifier', 'idx_providers_status', 'idx_providers_is_system', 'idx_providers_created_by', 'idx_providers_created_at',
    'idx_models_provider_id', 'idx_models_identifier', 'idx_models_status', 'idx_models_is_default', 'idx_models_created_at',
    'idx_provider_templates_name', 'idx_provider_templates_is_system', 'idx_provider_templates_created_by',
    'idx_connections_provider_id'
  ]) AS i
  WHERE NOT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('public.' || i) AND indisvalid AND indisready);
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'schema 2 is not there: indexes missing or invalid: %', wrong;
  END IF;

  SELECT string_agg(t, ', ' ORDER BY t) INTO wrong
  FROM unnest(ARRAY['providers', 'models', 'provider_templates']) AS t
  WHERE NOT EXISTS (
    SELECT FROM pg_trigger WHERE tgrelid = to_regclass('public.' || t) AND tgname = 'update_' || t || '_updated_at' AND tgenabled <> 'D');
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION 'schema 2 is not there: no trigger update_TABLE_updated_at on %', wrong;
  END IF;

  IF NOT EXISTS (
    SELECT FROM pg_constraint
    WHERE conrelid = to_regclass('public.connections') AND conname = 'fk_connections_provider_id' AND contype = 'f'
      AND confrelid = to_regclass('public.providers') AND confdeltype = 'n' AND convalidated
  ) THEN
    RAISE EXCEPTION 'schema 2 is not there: fk_connections_provider_id is missing, not validated, or does not set null';
  END IF;

  IF EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass('public.connections') AND conname = 'connections_provider_check') THEN
    RAISE EXCEPTION 'schema 2 is not there: connections_provider_check still forbids new providers';
  END IF;

  IF to_regclass('rollback_keep.connection_providers') IS NOT NULL
    OR EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass('public.connections') AND tgname = 'keep_connection_provider') THEN
    RAISE EXCEPTION 'schema 2 is not there: what the way back kept has not been taken back whole';
  END IF;
END
$$;
