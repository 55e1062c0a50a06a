-- Drops the extensions that up.sql created, told by their comment, and leaves all others.

DO $$
DECLARE
    extension text;
BEGIN
    FOR extension IN
        SELECT extname
        FROM pg_extension
        WHERE extname IN ('pg_trgm', 'unaccent', 'btree_gin')
            AND obj_description(oid, 'pg_extension') = 'Created by messenger-db.'
    LOOP
        EXECUTE format('DROP EXTENSION %I', extension);
    END LOOP;
END
$$;
