-- Version 1 again, with nothing of version 2 left in the way (RBK-3).
DO $$
DECLARE
  left_over text;
BEGIN
  SELECT string_agg(what, ', ' ORDER BY what) INTO left_over
  FROM (
    SELECT 'table ' || t AS what
    FROM unnest(ARRAY['providers', 'models', 'provider_templates']) AS t WHERE to_regclass('public.' || t) IS NOT NULL
    UNION ALL
    SELECT 'column connections.provider_id'
    FROM pg_attribute WHERE attrelid = 'public.connections'::regclass AND attname = 'provider_id' AND NOT attisdropped
    UNION ALL
    SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgrelid = 'public.connections'::regclass AND tgname = 'keep_connection_provider'
    UNION ALL
    SELECT 'index ' || relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relname = 'idx_connections_provider_id'
  ) AS found;
  IF left_over IS NOT NULL THEN
    RAISE EXCEPTION 'schema 1 is not reached: still there: %', left_over;
  END IF;

  IF NOT EXISTS (SELECT FROM pg_constraint
    WHERE conrelid = 'public.connections'::regclass AND conname = 'connections_provider_check' AND convalidated) THEN
    RAISE EXCEPTION 'schema 1 is not reached: connections_provider_check is missing or not validated';
  END IF;

  SELECT string_agg(what, ', ' ORDER BY what) INTO left_over
  FROM (
    SELECT format('foreign key %s of %s', con.conname, con.conrelid::regclass) AS what
    FROM pg_constraint AS con
    JOIN pg_class AS kept ON kept.oid = con.confrelid AND kept.relnamespace = to_regnamespace('rollback_keep')
    JOIN pg_class AS held ON held.oid = con.conrelid AND held.relnamespace <> kept.relnamespace
    WHERE con.contype = 'f'
    UNION
    SELECT format('view %s', held.oid::regclass)
    FROM pg_depend AS d
    JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
    JOIN pg_class AS held ON held.oid = r.ev_class
    JOIN pg_class AS kept ON d.refclassid = 'pg_class'::regclass AND d.refobjid = kept.oid
      AND kept.relnamespace = to_regnamespace('rollback_keep') AND held.relnamespace <> kept.relnamespace
  ) AS found;
  IF left_over IS NOT NULL THEN
    RAISE EXCEPTION 'schema 1 is not reached: still hangs on what was moved aside: %', left_over;
  END IF;
END
$$;
