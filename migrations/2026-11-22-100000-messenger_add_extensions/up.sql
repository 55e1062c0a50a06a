-- Purpose: the three extensions that later indexes need, all of them part of PostgreSQL's contrib and
--   trusted, so that the owner of the database may create them without being a superuser:
--     pg_trgm    partial search on usernames,
--     unaccent   message search that ignores accents,
--     btree_gin  a message search index that starts from the chat.
-- Lock: none on any table.
-- Tolerable because: an extension that is there already is left as it is, wherever it lives.
-- Code deployed before: sees three extensions more, and needs none.
--
-- Each extension made here is marked by its comment, and down.sql drops the marked ones only: what an
-- administrator installed stays.

DO $$
DECLARE
    extension text;
BEGIN
    FOREACH extension IN ARRAY ARRAY['pg_trgm', 'unaccent', 'btree_gin'] LOOP
        IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = extension) THEN
            EXECUTE format('CREATE EXTENSION %I', extension);
            EXECUTE format('COMMENT ON EXTENSION %I IS %L', extension, 'Created by messenger-db.');
        END IF;
    END LOOP;
END
$$;
