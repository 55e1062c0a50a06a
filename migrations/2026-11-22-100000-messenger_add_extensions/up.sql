-- Purpose: pg_trgm, for partial search on usernames. It is part of PostgreSQL's contrib and trusted, so that the owner of the
--   database may create it without being a superuser.
-- Lock: none on any table.
-- Tolerable because: an extension that is there already is left as it is, wherever it lives.
-- Code deployed before: sees an extension more, and does not need it.
--
-- What is made here is marked by its comment, and down.sql drops it only then: what an administrator installed stays.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN
        CREATE EXTENSION pg_trgm;
        COMMENT ON EXTENSION pg_trgm IS 'Created by messenger-db.';
    END IF;
END
$$;
