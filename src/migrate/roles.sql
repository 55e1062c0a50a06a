-- What is in the schema that belongs to who migrated until now, or to the owner that {owner} names; not what came with
-- an extension.
WITH ours AS (
    SELECT relowner AS id
    FROM pg_class
    WHERE oid = to_regclass('__diesel_schema_migrations')
    UNION
    SELECT oid
    FROM pg_roles
    WHERE rolname = {owner}
),

found AS (
    SELECT
        1 AS place,
        'pg_class'::regclass AS catalog,
        oid,
        CASE relkind
            WHEN 'v' THEN 'VIEW'
            WHEN 'm' THEN 'MATERIALIZED VIEW'
            WHEN 'S' THEN 'SEQUENCE'
            ELSE 'TABLE'
        END AS kind,
        format('%I.%I', relnamespace::regnamespace::text, relname) AS name,
        relowner AS owner
    FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
    UNION ALL
    SELECT
        2,
        'pg_proc'::regclass,
        oid,
        'ROUTINE',
        oid::regprocedure::text,
        proowner
    FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace
    UNION ALL
    SELECT
        3,
        'pg_type'::regclass,
        oid,
        'TYPE',
        oid::regtype::text,
        typowner
    FROM pg_type
    WHERE typnamespace = current_schema()::regnamespace AND typtype IN ('e', 'd')
    UNION ALL
    SELECT
        4,
        'pg_ts_config'::regclass,
        oid,
        'TEXT SEARCH CONFIGURATION',
        oid::regconfig::text,
        cfgowner
    FROM pg_ts_config
    WHERE cfgnamespace = current_schema()::regnamespace
    UNION ALL
    SELECT
        5,
        'pg_ts_dict'::regclass,
        oid,
        'TEXT SEARCH DICTIONARY',
        oid::regdictionary::text,
        dictowner
    FROM pg_ts_dict
    WHERE dictnamespace = current_schema()::regnamespace
)

SELECT
    kind,
    name,
    found.owner = (SELECT oid FROM pg_roles WHERE rolname = {owner})
FROM found
WHERE
    owner IN (SELECT id FROM ours)
    AND NOT EXISTS (
        SELECT
        FROM pg_depend
        WHERE
            classid = found.catalog
            AND objid = found.oid
            -- A member of an extension, or a sequence that goes with its table.
            AND (deptype = 'e' OR (found.kind = 'SEQUENCE' AND deptype IN ('a', 'i')))
    )
ORDER BY place, name
