-- The composite types of a schema that are on the coordinator alone: what a catalog calls it, and SQL that drops it, makes it, and
-- says again what it is.
SELECT
    'type ' || quote_ident(type.typname) AS subject,
    format('DROP TYPE %I.%I', {schema}, type.typname) AS dropped,
    (
        SELECT
            format(
                'CREATE TYPE %I.%I AS (%s)',
                {schema},
                type.typname,
                string_agg(format('%I %s', field.attname, format_type(field.atttypid, field.atttypmod)), ', ' ORDER BY field.attnum)
            )
        FROM pg_attribute AS field
        WHERE field.attrelid = type.typrelid AND field.attnum > 0 AND NOT field.attisdropped
    ) AS made,
    format('COMMENT ON TYPE %I.%I IS %L', {schema}, type.typname, obj_description(type.oid, 'pg_type')) AS described
FROM pg_type AS type
INNER JOIN pg_class AS class ON class.oid = type.typrelid AND class.relkind = 'c'
WHERE type.typnamespace = {schema}::regnamespace AND type.oid NOT IN ({there})
ORDER BY type.typname
