-- Drops the extension if up.sql created it, told by its comment.

DO $$
BEGIN
    IF EXISTS (
        SELECT
        FROM pg_extension
        WHERE extname = 'pg_trgm' AND obj_description(oid, 'pg_extension') = 'Created by messenger-db.'
    ) THEN
        DROP EXTENSION pg_trgm;
    END IF;
END
$$;
