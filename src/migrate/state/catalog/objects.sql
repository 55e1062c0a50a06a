-- The objects of the current schema, one row each: its kind and OID, its name in the catalog, the fact about it that needs
-- no more, and what comments.sql knows it by. Of every schema where :every_schema is true.
--
-- Only what a migration can state is read, by its documented names. Left out: what belongs to an extension, Diesel's own
-- table and the runner's.
--
-- Objects that came with the server have OIDs below 16384, and none of them is in a schema of ours.
WITH
-- Objects of the current schema go by their name alone, wherever that is.
here AS (
    SELECT oid, CASE WHEN nspname = current_schema() THEN '' ELSE quote_ident(nspname) || '.' END AS prefix
    FROM pg_namespace
    WHERE
        nspname = current_schema()
        OR (:every_schema AND nspname <> 'information_schema' AND NOT starts_with(nspname, 'pg_'))
),

of_extension AS (
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
),

relation AS (
    SELECT
        class.oid,
        CASE class.relkind
            WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view ' WHEN 'S' THEN 'sequence '
            WHEN 'f' THEN 'foreign table ' ELSE 'table '
        END || here.prefix || quote_ident(class.relname) AS name,
        here.prefix,
        class.relkind
    FROM pg_class AS class
    INNER JOIN here ON class.relnamespace = here.oid
    WHERE
        class.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
        AND class.relname NOT IN ('__diesel_schema_migrations', 'messenger_db_ledger')
        AND class.oid >= 16384
        AND (class.oid, 'pg_class'::regclass) NOT IN (SELECT objid, classid FROM of_extension)
),

object (kind, catalog, oid, name, fact) AS (
    SELECT
        CASE relation.relkind WHEN 'S' THEN 'sequence' ELSE 'relation' END,
        'pg_class'::regclass,
        relation.oid,
        relation.name,
        coalesce(
            (
                SELECT
                    format(
                        '%s START %s INCREMENT %s MINVALUE %s MAXVALUE %s CACHE %s%s', format_type(seqtypid, NULL),
                        seqstart, seqincrement, seqmin, seqmax, seqcache, CASE WHEN seqcycle THEN ' CYCLE' END
                    )
                FROM pg_sequence
                WHERE relation.relkind = 'S' AND seqrelid = relation.oid
            ),
            ''
        )
    FROM relation

    UNION ALL
    -- An index has its name in the schema, whatever table it is of.
    SELECT 'index', NULL, own.oid, 'index ' || quote_ident(own.relname), 'of ' || relation.name
    FROM relation
    INNER JOIN pg_index AS ind ON ind.indrelid = relation.oid
    INNER JOIN pg_class AS own ON own.oid = ind.indexrelid
    WHERE relation.prefix = ''

    UNION ALL
    SELECT
        'routine',
        'pg_proc'::regclass,
        proc.oid,
        CASE proc.prokind WHEN 'p' THEN 'procedure ' WHEN 'a' THEN 'aggregate ' ELSE 'function ' END
        || here.prefix || quote_ident(proc.proname) || '(' || oidvectortypes(proc.proargtypes) || ')',
        ''
    FROM pg_proc AS proc
    INNER JOIN here ON proc.pronamespace = here.oid
    WHERE proc.oid >= 16384 AND (proc.oid, 'pg_proc'::regclass) NOT IN (SELECT objid, classid FROM of_extension)

    UNION ALL
    SELECT
        'type',
        'pg_type'::regclass,
        type.oid,
        CASE type.typtype
            WHEN 'e' THEN 'enum ' WHEN 'd' THEN 'domain ' WHEN 'r' THEN 'range ' WHEN 'm' THEN 'multirange '
            WHEN 'c' THEN 'type ' ELSE 'base type '
        END
        || here.prefix || quote_ident(type.typname),
        NULL
    FROM pg_type AS type
    INNER JOIN here ON type.typnamespace = here.oid
    LEFT JOIN pg_class AS class ON class.oid = type.typrelid
    WHERE
        type.oid >= 16384
        -- Not the types of arrays and of the rows of tables, whose names give way.
        AND (type.typtype IN ('e', 'd', 'r', 'm', 'p') OR (type.typtype = 'b' AND type.typcategory <> 'A') OR class.relkind = 'c')
        AND (type.oid, 'pg_type'::regclass) NOT IN (SELECT objid, classid FROM of_extension)

    UNION ALL
    SELECT
        'configuration',
        'pg_ts_config'::regclass,
        config.oid,
        'text search configuration ' || here.prefix || quote_ident(config.cfgname),
        NULL
    FROM pg_ts_config AS config
    INNER JOIN here ON config.cfgnamespace = here.oid
    WHERE (config.oid, 'pg_ts_config'::regclass) NOT IN (SELECT objid, classid FROM of_extension)

    UNION ALL
    -- Whoever made an extension, and what they say of it, is no part of the schema.
    SELECT 'extension', NULL, oid, 'extension ' || quote_ident(extname), 'installed'
    FROM pg_extension
    WHERE extname <> 'plpgsql'

    UNION ALL
    -- Of no schema: what it does to the objects of a migration, as some platforms have it do, is found there.
    SELECT
        'event trigger',
        NULL,
        oid,
        'event trigger ' || quote_ident(evtname),
        concat_ws(
            ' ', evtevent, 'EXECUTE FUNCTION ' || evtfoid::regproc::text,
            CASE evtenabled WHEN 'D' THEN 'DISABLED' WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS' END
        )
    FROM pg_event_trigger

    UNION ALL
    -- No object of the catalog, but what it publishes it may forbid to change.
    SELECT 'publication', NULL, oid, pubname, NULL
    FROM pg_publication
    WHERE pubupdate OR pubdelete
)

SELECT kind, oid, name, fact, catalog::oid || ' ' || oid || ' 0' AS about
FROM object
