-- The catalog of the current schema, one line for each fact, in an order that does not depend on the server.
-- Left out: what belongs to an extension, Diesel's own table, and NOT NULL constraints by name, which
-- PostgreSQL 18 lists and 15 does not (each column says whether it may be null).
WITH
here AS (
    SELECT oid FROM pg_namespace WHERE nspname = current_schema()
),

of_extension AS (
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
),

relation AS (
    SELECT class.oid, class.relname, class.relkind, class.reloptions, class.relpersistence, class.relrowsecurity
    FROM pg_class AS class
    INNER JOIN here ON class.relnamespace = here.oid
    WHERE
        class.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
        AND class.relname <> '__diesel_schema_migrations'
        AND (class.oid, 'pg_class'::regclass) NOT IN (SELECT objid, classid FROM of_extension)
),

routine AS (
    SELECT proc.oid, proc.oid::regprocedure::text AS signature
    FROM pg_proc AS proc
    INNER JOIN here ON proc.pronamespace = here.oid
    WHERE
        proc.prokind <> 'a'
        AND (proc.oid, 'pg_proc'::regclass) NOT IN (SELECT objid, classid FROM of_extension)
),

type AS (
    SELECT type.oid, type.typname, type.typtype, type.typbasetype, type.typtypmod, type.typnotnull, type.typdefault
    FROM pg_type AS type
    INNER JOIN here ON type.typnamespace = here.oid
    WHERE
        type.typtype IN ('e', 'd')
        AND (type.oid, 'pg_type'::regclass) NOT IN (SELECT objid, classid FROM of_extension)
),

search AS (
    SELECT config.oid, config.cfgname, config.cfgparser
    FROM pg_ts_config AS config
    INNER JOIN here ON config.cfgnamespace = here.oid
    WHERE (config.oid, 'pg_ts_config'::regclass) NOT IN (SELECT objid, classid FROM of_extension)
),

fact (subject, rank, line) AS (
    SELECT
        'extension ' || extname,
        0,
        concat_ws(' -- ', '', obj_description(oid, 'pg_extension'))
    FROM pg_extension
    WHERE extname <> 'plpgsql'

    UNION ALL
    SELECT
        CASE type.typtype WHEN 'e' THEN 'enum ' ELSE 'domain ' END || type.typname,
        0,
        concat_ws(
            ' ',
            CASE type.typtype
                WHEN 'd' THEN format_type(type.typbasetype, type.typtypmod)
                ELSE (
                    SELECT string_agg(quote_literal(label.enumlabel), ', ' ORDER BY label.enumsortorder)
                    FROM pg_enum AS label
                    WHERE label.enumtypid = type.oid
                )
            END,
            CASE WHEN type.typnotnull THEN 'NOT NULL' END,
            'DEFAULT ' || type.typdefault,
            '-- ' || obj_description(type.oid, 'pg_type')
        )
    FROM type

    UNION ALL
    SELECT
        'domain ' || type.typname,
        1,
        format('constraint %s %s', con.conname, pg_get_constraintdef(con.oid))
    FROM pg_constraint AS con
    INNER JOIN type ON con.contypid = type.oid

    UNION ALL
    SELECT
        CASE relation.relkind
            WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view ' WHEN 'S' THEN 'sequence '
            WHEN 'f' THEN 'foreign table ' ELSE 'table '
        END || relation.relname,
        0,
        concat_ws(
            ' ',
            CASE relation.relpersistence WHEN 'u' THEN 'UNLOGGED' WHEN 't' THEN 'TEMPORARY' END,
            CASE WHEN relation.relrowsecurity THEN 'ROW LEVEL SECURITY' END,
            'WITH (' || array_to_string(relation.reloptions, ', ') || ')',
            '-- ' || obj_description(relation.oid, 'pg_class')
        )
    FROM relation

    UNION ALL
    SELECT
        'view ' || relation.relname,
        1,
        'definition ' || regexp_replace(pg_get_viewdef(relation.oid), '\s+', ' ', 'g')
    FROM relation
    WHERE relation.relkind IN ('v', 'm')

    UNION ALL
    SELECT
        CASE relation.relkind WHEN 'v' THEN 'view ' ELSE 'table ' END || relation.relname,
        100 + att.attnum,
        concat_ws(
            ' ',
            'column',
            att.attname,
            format_type(att.atttypid, att.atttypmod),
            'COLLATE ' || (
                SELECT quote_ident(coll.collname)
                FROM pg_collation AS coll
                INNER JOIN pg_type AS own ON own.oid = att.atttypid
                WHERE coll.oid = att.attcollation AND coll.oid <> own.typcollation
            ),
            CASE WHEN att.attnotnull THEN 'NOT NULL' END,
            CASE att.attgenerated WHEN '' THEN 'DEFAULT ' ELSE 'GENERATED ' END
            || pg_get_expr(def.adbin, def.adrelid),
            CASE att.attidentity WHEN 'a' THEN 'IDENTITY ALWAYS' WHEN 'd' THEN 'IDENTITY BY DEFAULT' END,
            '-- ' || col_description(relation.oid, att.attnum)
        )
    FROM relation
    INNER JOIN pg_attribute AS att ON att.attrelid = relation.oid
    LEFT JOIN pg_attrdef AS def ON def.adrelid = att.attrelid AND def.adnum = att.attnum
    WHERE att.attnum > 0 AND NOT att.attisdropped AND relation.relkind <> 'S'

    UNION ALL
    SELECT
        'table ' || relation.relname,
        10000,
        concat_ws(
            ' ',
            'constraint',
            con.conname,
            pg_get_constraintdef(con.oid),
            '-- ' || obj_description(con.oid, 'pg_constraint')
        )
    FROM pg_constraint AS con
    INNER JOIN relation ON con.conrelid = relation.oid
    WHERE con.contype <> 'n'

    UNION ALL
    SELECT
        'table ' || relation.relname,
        20000,
        concat_ws(
            ' ',
            'index',
            own.relname,
            regexp_replace(pg_get_indexdef(ind.indexrelid), '^CREATE (UNIQUE )?INDEX \S+ ON (ONLY )?\S+ ', '\1'),
            CASE WHEN NOT ind.indisvalid THEN 'INVALID' END,
            CASE WHEN ind.indisclustered THEN 'CLUSTERED' END,
            CASE WHEN ind.indisreplident THEN 'REPLICA IDENTITY' END,
            '-- ' || obj_description(ind.indexrelid, 'pg_class')
        )
    FROM pg_index AS ind
    INNER JOIN relation ON ind.indrelid = relation.oid
    INNER JOIN pg_class AS own ON ind.indexrelid = own.oid

    UNION ALL
    SELECT
        CASE relation.relkind WHEN 'v' THEN 'view ' ELSE 'table ' END || relation.relname,
        30000,
        concat_ws(
            ' ',
            'trigger',
            regexp_replace(pg_get_triggerdef(trig.oid), '^CREATE (CONSTRAINT )?TRIGGER ', '\1'),
            CASE trig.tgenabled WHEN 'D' THEN 'DISABLED' WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS' END,
            '-- ' || obj_description(trig.oid, 'pg_trigger')
        )
    FROM pg_trigger AS trig
    INNER JOIN relation ON trig.tgrelid = relation.oid
    WHERE NOT trig.tgisinternal

    UNION ALL
    SELECT
        'table ' || relation.relname,
        40000,
        concat_ws(
            ' ',
            'policy',
            policy.polname,
            policy.polcmd,
            CASE WHEN policy.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
            'USING ' || pg_get_expr(policy.polqual, policy.polrelid),
            'WITH CHECK ' || pg_get_expr(policy.polwithcheck, policy.polrelid)
        )
    FROM pg_policy AS policy
    INNER JOIN relation ON policy.polrelid = relation.oid

    UNION ALL
    SELECT
        'table ' || relation.relname,
        50000,
        concat_ws(
            ' ',
            'statistics',
            stat.stxname,
            pg_get_statisticsobjdef(stat.oid)
        )
    FROM pg_statistic_ext AS stat
    INNER JOIN relation ON stat.stxrelid = relation.oid

    UNION ALL
    SELECT
        'function ' || routine.signature,
        0,
        concat_ws(
            ' ',
            regexp_replace(pg_get_functiondef(routine.oid), '\s+', ' ', 'g'),
            '-- ' || obj_description(routine.oid, 'pg_proc')
        )
    FROM routine

    UNION ALL
    SELECT
        'text search configuration ' || search.cfgname,
        0,
        concat_ws(' ', 'PARSER', parser.prsname, '-- ' || obj_description(search.oid, 'pg_ts_config'))
    FROM search
    INNER JOIN pg_ts_parser AS parser ON parser.oid = search.cfgparser

    UNION ALL
    SELECT
        'text search configuration ' || search.cfgname,
        1,
        format('%s: %s', token.alias, string_agg(dict.dictname, ', ' ORDER BY map.mapseqno))
    FROM search
    INNER JOIN pg_ts_config_map AS map ON map.mapcfg = search.oid
    INNER JOIN pg_ts_dict AS dict ON dict.oid = map.mapdict
    INNER JOIN LATERAL ts_token_type(search.cfgparser) AS token ON token.tokid = map.maptokentype
    GROUP BY search.cfgname, token.alias
)

SELECT rtrim(subject || CASE rank WHEN 0 THEN ' ' ELSE ': ' END || line) AS line
FROM fact
ORDER BY subject COLLATE "C", rank, line COLLATE "C"
