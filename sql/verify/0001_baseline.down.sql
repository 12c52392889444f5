DO $$
DECLARE
  left_over text;
BEGIN
  SELECT string_agg(t, ', ' ORDER BY t) INTO left_over
  FROM unnest(ARRAY['users', 'prompts', 'connections', 'ratings', 'sessions']) AS t
  WHERE to_regclass('public.' || t) IS NOT NULL;
  IF left_over IS NOT NULL THEN
    RAISE EXCEPTION 'schema 0 is not reached: still there: %', left_over;
  END IF;
END
$$;
