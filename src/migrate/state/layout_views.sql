-- The views through which rows of reference tables are locked, where they read the table itself: the name of each, and SQL that
-- makes it anew so that it reads the coordinator's copy, for the coordinator alone. First what drops it, on each server.
WITH unplaced AS (
    SELECT
        view.oid,
        view.relname::text AS name,
        format('%I.%I', {schema}, view.relname) AS full_name,
        format('%I.%I', {schema}, own.relname) AS own_name,
        view.relowner,
        view.relacl
    FROM pg_class AS view
    INNER JOIN pg_class AS own
        ON view.relname = 'local_' || own.relname AND view.relnamespace = own.relnamespace AND own.relkind = 'r'
    WHERE
        view.relnamespace = {schema}::regnamespace
        AND view.relname IN ({names})
        AND EXISTS (
            SELECT
            FROM pg_rewrite AS rule
            INNER JOIN pg_depend AS needed ON needed.classid = 'pg_rewrite'::regclass AND needed.objid = rule.oid
            WHERE rule.ev_class = view.oid AND needed.refclassid = 'pg_class'::regclass AND needed.refobjid = own.oid
        )
)

SELECT
    1 AS place,
    name,
    format('DROP VIEW %s', full_name) AS statement
FROM unplaced
UNION ALL
SELECT
    2,
    name,
    format(
        'DO $$ BEGIN EXECUTE format(''CREATE VIEW %s WITH (security_invoker = true) AS SELECT %s FROM %%s'', '
        || '(SELECT shard_name(logicalrelid, shardid) FROM pg_dist_shard WHERE logicalrelid = ''%s''::regclass)); END $$',
        full_name,
        (
            SELECT string_agg(quote_ident(attribute.attname), ', ' ORDER BY attribute.attnum)
            FROM pg_attribute AS attribute
            WHERE attribute.attrelid = unplaced.oid AND attribute.attnum > 0
        ),
        own_name
    )
FROM unplaced
UNION ALL
SELECT
    3,
    name,
    format('ALTER VIEW %s OWNER TO %I', full_name, pg_get_userbyid(relowner))
FROM unplaced
WHERE pg_get_userbyid(relowner) <> current_user
UNION ALL
SELECT
    4,
    name,
    CASE described.objsubid
        WHEN 0 THEN format('COMMENT ON VIEW %s IS %L', full_name, described.description)
        ELSE format('COMMENT ON COLUMN %s.%I IS %L', full_name, attribute.attname, described.description)
    END
FROM unplaced
INNER JOIN pg_description AS described ON described.classoid = 'pg_class'::regclass AND described.objoid = unplaced.oid
LEFT JOIN pg_attribute AS attribute ON attribute.attrelid = unplaced.oid AND attribute.attnum = described.objsubid
UNION ALL
SELECT
    5,
    name,
    format(
        'GRANT %s ON %s TO %s%s',
        granted.privilege_type,
        full_name,
        CASE granted.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(granted.grantee)) END,
        CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
    )
FROM unplaced
CROSS JOIN LATERAL aclexplode(unplaced.relacl) AS granted
WHERE granted.grantee <> unplaced.relowner
ORDER BY 1, 2, 3
