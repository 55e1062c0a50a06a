-- What is in the schema that {schema} names: what ALTER … OWNER TO calls it, its full name, its name alone, what a catalog calls
-- it, its owner, whether that is a member of the role that works, as a superuser is, whether its owner is always that of a
-- table, and whether it is a function that not everybody may call; not what came with an extension. Nothing in it depends on the
-- search_path, but for what the catalog calls a function.
WITH found AS (
    SELECT
        1 AS place,
        'pg_class'::regclass AS catalog,
        class.oid,
        CASE relkind
            WHEN 'v' THEN 'VIEW'
            WHEN 'm' THEN 'MATERIALIZED VIEW'
            WHEN 'S' THEN 'SEQUENCE'
            WHEN 'f' THEN 'FOREIGN TABLE'
            ELSE 'TABLE'
        END AS kind,
        relname::text AS name,
        '' AS arguments,
        CASE relkind
            WHEN 'v' THEN 'view '
            WHEN 'm' THEN 'materialized view '
            WHEN 'S' THEN 'sequence '
            WHEN 'f' THEN 'foreign table '
            ELSE 'table '
        END || relname AS subject,
        relowner AS owner,
        relnamespace AS namespace
    FROM pg_class AS class
    WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    UNION ALL
    SELECT
        2,
        'pg_proc'::regclass,
        oid,
        'ROUTINE',
        proname,
        '(' || coalesce((
            SELECT string_agg(format('%I.%I', namespace.nspname, type.typname), ', ' ORDER BY argument.place)
            FROM unnest(proargtypes::oid []) WITH ORDINALITY AS argument (oid, place)
            INNER JOIN pg_type AS type ON type.oid = argument.oid
            INNER JOIN pg_namespace AS namespace ON namespace.oid = type.typnamespace
        ), '') || ')',
        CASE prokind WHEN 'p' THEN 'procedure ' WHEN 'a' THEN 'aggregate ' ELSE 'function ' END
        || proname || '(' || oidvectortypes(proargtypes) || ')',
        proowner,
        pronamespace
    FROM pg_proc
    UNION ALL
    SELECT
        3,
        'pg_type'::regclass,
        type.oid,
        'TYPE',
        typname,
        '',
        CASE typtype WHEN 'e' THEN 'enum ' WHEN 'd' THEN 'domain ' WHEN 'r' THEN 'range ' ELSE 'type ' END || typname,
        typowner,
        typnamespace
    FROM pg_type AS type
    LEFT JOIN pg_class AS class ON class.oid = type.typrelid
    WHERE typtype IN ('e', 'd', 'r') OR class.relkind = 'c'
    UNION ALL
    SELECT
        4,
        'pg_ts_config'::regclass,
        oid,
        'TEXT SEARCH CONFIGURATION',
        cfgname,
        '',
        'text search configuration ' || cfgname,
        cfgowner,
        cfgnamespace
    FROM pg_ts_config
    UNION ALL
    SELECT
        5,
        'pg_ts_dict'::regclass,
        oid,
        'TEXT SEARCH DICTIONARY',
        dictname,
        '',
        'text search dictionary ' || dictname,
        dictowner,
        dictnamespace
    FROM pg_ts_dict
)

SELECT
    found.kind,
    format('%I.%I', namespace.nspname, found.name) || found.arguments,
    found.name,
    found.subject,
    role.rolname,
    pg_has_role(role.oid, current_user, 'MEMBER'),
    found.kind = 'SEQUENCE' AND EXISTS (
        SELECT FROM pg_depend WHERE classid = found.catalog AND objid = found.oid AND deptype = 'a'
    ),
    CASE WHEN found.kind = 'ROUTINE' THEN NOT has_function_privilege('public', found.oid, 'EXECUTE') ELSE FALSE END
FROM found
INNER JOIN pg_namespace AS namespace ON namespace.oid = found.namespace
INNER JOIN pg_roles AS role ON role.oid = found.owner
WHERE
    namespace.nspname = {schema}
    AND NOT EXISTS (
        SELECT
        FROM pg_depend
        WHERE
            classid = found.catalog
            AND objid = found.oid
            -- A member of an extension, or the sequence of an identity column, which needs no rights of its own.
            AND (deptype = 'e' OR (found.kind = 'SEQUENCE' AND deptype = 'i'))
    )
ORDER BY found.place, found.name, found.arguments
