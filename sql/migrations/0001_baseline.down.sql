-- The engine gives each statement a lock_timeout and a statement_timeout of its own.
-- squawk-ignore-file require-lock-timeout, require-statement-timeout
-- Refused while a table has rows, see below.
-- squawk-ignore-file ban-drop-table

-- Back to an empty database. There is nothing before the baseline that could keep its rows, so it is refused
-- while there are any; it exists to undo a first migration that failed.

-- migrate:check
DO $$
DECLARE
  relation text;
  has_rows boolean;
BEGIN
  FOREACH relation IN ARRAY ARRAY['users', 'prompts', 'connections', 'ratings', 'sessions'] LOOP
    IF to_regclass('public.' || relation) IS NOT NULL THEN
      EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', relation) INTO has_rows;
      IF has_rows THEN
        RAISE EXCEPTION 'public.% holds rows: going below schema 1 would delete them', relation
          USING HINT = 'pulumi config set schemaVersion 1; or empty the tables yourself if that is what you want, then pulumi up';
      END IF;
    END IF;
  END LOOP;
END
$$;

-- migrate:transaction
DROP TABLE IF EXISTS public.sessions;
DROP TABLE IF EXISTS public.ratings;
DROP TABLE IF EXISTS public.connections;
DROP TABLE IF EXISTS public.prompts;
DROP TABLE IF EXISTS public.users;
-- migrate:end
