-- What a table loses when it is moved, for each foreign key that touches one of the tables and each of their comments: SQL that
-- drops it (null: nothing to drop) and SQL that makes it.
WITH moved AS (SELECT unnest(ARRAY[{tables}]::regclass []) AS oid)

SELECT
    1 AS place,
    format('ALTER TABLE %s DROP CONSTRAINT %I', con.conrelid::regclass, con.conname) AS dropped,
    format('ALTER TABLE %s ADD CONSTRAINT %I %s', con.conrelid::regclass, con.conname, pg_get_constraintdef(con.oid)) AS made
FROM pg_constraint AS con
WHERE
    con.contype = 'f'
    AND (con.conrelid IN (SELECT moved.oid FROM moved) OR con.confrelid IN (SELECT moved.oid FROM moved))
UNION ALL
SELECT
    2,
    NULL,
    format('COMMENT ON TABLE %s IS %L', described.objoid::regclass, described.description)
FROM moved
INNER JOIN pg_description AS described
    ON described.classoid = 'pg_class'::regclass AND described.objoid = moved.oid AND described.objsubid = 0
UNION ALL
SELECT
    3,
    NULL,
    format('COMMENT ON COLUMN %s.%I IS %L', moved.oid::regclass, attribute.attname, described.description)
FROM moved
INNER JOIN pg_attribute AS attribute ON attribute.attrelid = moved.oid AND NOT attribute.attisdropped
INNER JOIN pg_description AS described
    ON
        described.classoid = 'pg_class'::regclass
        AND described.objoid = moved.oid
        AND described.objsubid = attribute.attnum
UNION ALL
SELECT
    4,
    NULL,
    format('COMMENT ON CONSTRAINT %I ON %s IS %L', con.conname, con.conrelid::regclass, described.description)
FROM pg_constraint AS con
INNER JOIN pg_description AS described ON described.classoid = 'pg_constraint'::regclass AND described.objoid = con.oid
WHERE con.conrelid IN (SELECT moved.oid FROM moved) OR con.confrelid IN (SELECT moved.oid FROM moved)
UNION ALL
SELECT
    5,
    NULL,
    format('COMMENT ON INDEX %s IS %L', index.indexrelid::regclass, described.description)
FROM moved
INNER JOIN pg_index AS index ON index.indrelid = moved.oid
INNER JOIN pg_description AS described ON described.classoid = 'pg_class'::regclass AND described.objoid = index.indexrelid
ORDER BY 1, 3
