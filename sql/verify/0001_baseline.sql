-- Passes on every schema from version 1 on, so that it can also tell whether a database that was never migrated
-- by this program has the baseline. Raises with everything that is missing, not only the first.
DO $$
DECLARE
  missing text;
BEGIN
  SELECT string_agg(format('%s.%s (%s)', t, c, d), ', ' ORDER BY t, c) INTO missing
  FROM (VALUES
    ('users', 'id', 'uuid'), ('users', 'email', 'character varying'),
    ('prompts', 'id', 'uuid'), ('prompts', 'user_id', 'uuid'),
    ('connections', 'id', 'uuid'), ('connections', 'user_id', 'uuid'), ('connections', 'provider', 'character varying'),
    ('connections', 'encrypted_config', 'text'), ('connections', 'status', 'character varying'),
    ('ratings', 'id', 'uuid'), ('sessions', 'id', 'uuid')
  ) AS expected (t, c, d)
  WHERE NOT EXISTS (
    SELECT FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = t AND column_name = c AND data_type = d
  );
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'schema 1 is not there: missing or of another type: %', missing;
  END IF;

  SELECT string_agg(t, ', ' ORDER BY t) INTO missing
  FROM unnest(ARRAY['users', 'prompts', 'connections', 'ratings', 'sessions']) AS t
  WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass('public.' || t) AND contype = 'p');
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'schema 1 is not there: no primary key on %', missing;
  END IF;
END
$$;
