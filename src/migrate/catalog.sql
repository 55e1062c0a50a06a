-- The catalog, one row for each fact: the object it is about, that object's owner, the owner of Diesel's table (or else
-- who asks), and the fact itself, in an order that does not depend on the server. Of the current schema; of every schema where :every_schema is true.
--
-- Left out: what belongs to an extension, Diesel's own table and the runner's, privileges, and NOT NULL constraints
-- by name, which PostgreSQL 18 lists and 15 does not (each column says whether it may be null).
--
-- obj_description() would carry out a query of its own for each object; looked up here, comments cost a quarter less.
WITH
-- Objects of the current schema go by their name alone, wherever that is.
here AS (
    SELECT oid, nspname, CASE WHEN nspname = current_schema() THEN '' ELSE quote_ident(nspname) || '.' END AS prefix
    FROM pg_namespace
    WHERE
        nspname = current_schema()
        OR (:every_schema AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\_%')
),

of_extension AS (
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
),

relation AS (
    SELECT
        class.*,
        CASE class.relkind
            WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view ' WHEN 'S' THEN 'sequence '
            WHEN 'f' THEN 'foreign table ' ELSE 'table '
        END || here.prefix || class.relname AS subject
    FROM pg_class AS class
    INNER JOIN here ON class.relnamespace = here.oid
    WHERE
        class.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
        AND class.relname NOT IN ('__diesel_schema_migrations', 'messenger_db_ledger')
        AND (class.oid, 'pg_class'::regclass) NOT IN (SELECT objid, classid FROM of_extension)
),

routine AS (
    SELECT
        proc.oid,
        proc.proowner,
        proc.prokind,
        CASE proc.prokind WHEN 'p' THEN 'procedure ' WHEN 'a' THEN 'aggregate ' ELSE 'function ' END
        || here.prefix || proc.proname || '(' || oidvectortypes(proc.proargtypes) || ')' AS subject,
        quote_ident(here.nspname) || '.' || quote_ident(proc.proname) || '(' AS full_name,
        quote_ident(proc.proname) || '(' AS own_name
    FROM pg_proc AS proc
    INNER JOIN here ON proc.pronamespace = here.oid
    WHERE (proc.oid, 'pg_proc'::regclass) NOT IN (SELECT objid, classid FROM of_extension)
),

type AS (
    SELECT
        type.*,
        CASE type.typtype WHEN 'e' THEN 'enum ' WHEN 'd' THEN 'domain ' WHEN 'r' THEN 'range ' ELSE 'type ' END
        || here.prefix || type.typname AS subject
    FROM pg_type AS type
    INNER JOIN here ON type.typnamespace = here.oid
    LEFT JOIN pg_class AS class ON class.oid = type.typrelid
    WHERE
        (type.typtype IN ('e', 'd', 'r') OR class.relkind = 'c')
        AND (type.oid, 'pg_type'::regclass) NOT IN (SELECT objid, classid FROM of_extension)
),

search AS (
    SELECT config.*, 'text search configuration ' || here.prefix || config.cfgname AS subject
    FROM pg_ts_config AS config
    INNER JOIN here ON config.cfgnamespace = here.oid
    WHERE (config.oid, 'pg_ts_config'::regclass) NOT IN (SELECT objid, classid FROM of_extension)
),

fact (subject, owner, rank, line) AS (
    -- Whoever made an extension, and what they say of it, is no part of the schema.
    SELECT 'extension ' || extname, NULL::oid, 0, 'installed'
    FROM pg_extension
    WHERE extname <> 'plpgsql'

    UNION ALL
    SELECT
        type.subject,
        type.typowner,
        0,
        concat_ws(
            ' ',
            CASE type.typtype
                WHEN 'd' THEN format_type(type.typbasetype, type.typtypmod)
                WHEN 'r' THEN (SELECT format_type(rngsubtype, NULL) FROM pg_range WHERE rngtypid = type.oid)
                WHEN 'e' THEN (
                    SELECT string_agg(quote_literal(label.enumlabel), ', ' ORDER BY label.enumsortorder)
                    FROM pg_enum AS label
                    WHERE label.enumtypid = type.oid
                )
                ELSE (
                    SELECT string_agg(att.attname || ' ' || format_type(att.atttypid, att.atttypmod), ', ' ORDER BY att.attnum)
                    FROM pg_attribute AS att
                    WHERE att.attrelid = type.typrelid AND att.attnum > 0 AND NOT att.attisdropped
                )
            END,
            CASE WHEN type.typnotnull THEN 'NOT NULL' END,
            'DEFAULT ' || type.typdefault,
            '-- ' || (SELECT description FROM pg_description WHERE objoid = type.oid AND classoid = 'pg_type'::regclass AND objsubid = 0)
        )
    FROM type

    UNION ALL
    SELECT
        type.subject,
        type.typowner,
        1,
        concat_ws(
            ' ',
            'constraint',
            con.conname,
            pg_get_constraintdef(con.oid),
            '-- ' || (SELECT description FROM pg_description WHERE objoid = con.oid AND classoid = 'pg_constraint'::regclass AND objsubid = 0)
        )
    FROM pg_constraint AS con
    INNER JOIN type ON con.contypid = type.oid
    WHERE con.contype <> 'n'

    UNION ALL
    SELECT
        relation.subject,
        relation.relowner,
        0,
        concat_ws(
            ' ',
            CASE relation.relpersistence WHEN 'u' THEN 'UNLOGGED' WHEN 't' THEN 'TEMPORARY' END,
            CASE WHEN relation.relrowsecurity THEN 'ROW LEVEL SECURITY' END,
            CASE WHEN relation.relforcerowsecurity THEN 'FORCE ROW LEVEL SECURITY' END,
            CASE relation.relreplident
                WHEN 'f' THEN 'REPLICA IDENTITY FULL'
                WHEN 'n' THEN CASE WHEN relation.relkind IN ('r', 'p') THEN 'REPLICA IDENTITY NOTHING' END
            END,
            'PARTITION BY ' || pg_get_partkeydef(relation.oid),
            (
                SELECT 'INHERITS ' || string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno)
                FROM pg_inherits
                WHERE inhrelid = relation.oid
            ),
            pg_get_expr(relation.relpartbound, relation.oid),
            (
                SELECT
                    format(
                        '%s START %s INCREMENT %s MINVALUE %s MAXVALUE %s CACHE %s%s', format_type(seqtypid, NULL),
                        seqstart, seqincrement, seqmin, seqmax, seqcache, CASE WHEN seqcycle THEN ' CYCLE' END
                    )
                FROM pg_sequence
                WHERE seqrelid = relation.oid
            ),
            'WITH (' || array_to_string(relation.reloptions, ', ') || ')',
            '-- ' || (SELECT description FROM pg_description WHERE objoid = relation.oid AND classoid = 'pg_class'::regclass AND objsubid = 0)
        )
    FROM relation

    UNION ALL
    SELECT
        relation.subject,
        relation.relowner,
        definition.number::integer,
        'definition ' || regexp_replace(btrim(definition.line), '\s+', ' ', 'g')
    FROM relation
    CROSS JOIN LATERAL
        string_to_table(pg_get_viewdef(relation.oid), E'\n') WITH ORDINALITY AS definition (line, number)
    WHERE relation.relkind IN ('v', 'm')

    UNION ALL
    SELECT
        relation.subject,
        relation.relowner,
        10000 + att.attnum,
        concat_ws(
            ' ',
            'column',
            att.attname,
            format_type(att.atttypid, att.atttypmod),
            'COLLATE ' || (SELECT quote_ident(collname) FROM pg_collation WHERE oid = att.attcollation AND oid <> own.typcollation),
            CASE WHEN att.attnotnull THEN 'NOT NULL' END,
            CASE att.attgenerated WHEN '' THEN 'DEFAULT ' ELSE 'GENERATED ' END
            || pg_get_expr(def.adbin, def.adrelid),
            CASE att.attgenerated WHEN 's' THEN 'STORED' WHEN 'v' THEN 'VIRTUAL' END,
            CASE att.attidentity WHEN 'a' THEN 'IDENTITY ALWAYS' WHEN 'd' THEN 'IDENTITY BY DEFAULT' END,
            CASE
                WHEN att.attstorage = own.typstorage OR relation.relkind NOT IN ('r', 'p') THEN NULL
                ELSE 'STORAGE ' || CASE att.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END
            END,
            CASE att.attcompression WHEN 'p' THEN 'COMPRESSION pglz' WHEN 'l' THEN 'COMPRESSION lz4' END,
            -- Only what a migration can state: a server marks columns with options of its own, too (15.20 with pg_attver).
            'WITH (' || (
                SELECT string_agg(option, ', ' ORDER BY option)
                FROM unnest(att.attoptions) AS option
                WHERE split_part(option, '=', 1) IN ('n_distinct', 'n_distinct_inherited')
            ) || ')',
            '-- ' || (SELECT description FROM pg_description WHERE objoid = relation.oid AND classoid = 'pg_class'::regclass AND objsubid = att.attnum)
        )
    FROM relation
    INNER JOIN pg_attribute AS att ON att.attrelid = relation.oid
    INNER JOIN pg_type AS own ON own.oid = att.atttypid
    LEFT JOIN pg_attrdef AS def ON def.adrelid = att.attrelid AND def.adnum = att.attnum
    WHERE att.attnum > 0 AND NOT att.attisdropped AND relation.relkind <> 'S'

    UNION ALL
    SELECT
        relation.subject,
        relation.relowner,
        20000,
        concat_ws(
            ' ',
            'constraint',
            con.conname,
            pg_get_constraintdef(con.oid),
            -- A foreign key is carried out by triggers, which ALTER TABLE … DISABLE TRIGGER ALL disables.
            (
                SELECT 'DISABLED'
                WHERE EXISTS (SELECT FROM pg_trigger WHERE tgconstraint = con.oid AND tgisinternal AND tgenabled <> 'O')
            ),
            '-- ' || (SELECT description FROM pg_description WHERE objoid = con.oid AND classoid = 'pg_constraint'::regclass AND objsubid = 0)
        )
    FROM pg_constraint AS con
    INNER JOIN relation ON con.conrelid = relation.oid
    WHERE con.contype NOT IN ('n', 't')

    UNION ALL
    SELECT
        relation.subject,
        relation.relowner,
        30000,
        concat_ws(
            ' ',
            'index',
            own.relname,
            CASE WHEN ind.indisunique THEN 'UNIQUE' END,
            regexp_replace(pg_get_indexdef(ind.indexrelid), '^.*? (?=USING )', ''),
            CASE WHEN NOT (ind.indisvalid AND ind.indisready AND ind.indislive) THEN 'INVALID' END,
            CASE WHEN ind.indisclustered THEN 'CLUSTERED' END,
            CASE WHEN ind.indisreplident THEN 'REPLICA IDENTITY' END,
            '-- ' || (SELECT description FROM pg_description WHERE objoid = ind.indexrelid AND classoid = 'pg_class'::regclass AND objsubid = 0)
        )
    FROM pg_index AS ind
    INNER JOIN relation ON ind.indrelid = relation.oid
    INNER JOIN pg_class AS own ON ind.indexrelid = own.oid

    UNION ALL
    SELECT
        relation.subject,
        relation.relowner,
        40000,
        concat_ws(
            ' ',
            'trigger',
            regexp_replace(pg_get_triggerdef(trig.oid, true), '^CREATE (CONSTRAINT )?TRIGGER (\S+) ', '\2 \1'),
            CASE trig.tgenabled WHEN 'D' THEN 'DISABLED' WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS' END,
            '-- ' || (SELECT description FROM pg_description WHERE objoid = trig.oid AND classoid = 'pg_trigger'::regclass AND objsubid = 0)
        )
    FROM pg_trigger AS trig
    INNER JOIN relation ON trig.tgrelid = relation.oid
    WHERE NOT trig.tgisinternal

    UNION ALL
    SELECT
        relation.subject,
        relation.relowner,
        50000,
        concat_ws(
            ' ',
            'rule',
            rule.rulename,
            regexp_replace(pg_get_ruledef(rule.oid, true), '\s+', ' ', 'g'),
            CASE rule.ev_enabled WHEN 'D' THEN 'DISABLED' WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS' END,
            '-- ' || (SELECT description FROM pg_description WHERE objoid = rule.oid AND classoid = 'pg_rewrite'::regclass AND objsubid = 0)
        )
    FROM pg_rewrite AS rule
    INNER JOIN relation ON rule.ev_class = relation.oid
    WHERE rule.rulename <> '_RETURN'

    UNION ALL
    SELECT
        relation.subject,
        relation.relowner,
        60000,
        concat_ws(
            ' ',
            'policy',
            policy.polname,
            CASE policy.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
            CASE WHEN policy.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
            'TO ' || (
                SELECT string_agg(CASE role WHEN 0 THEN 'PUBLIC' ELSE role::regrole::text END, ', ' ORDER BY role::regrole::text)
                FROM unnest(policy.polroles) AS role
            ),
            'USING ' || pg_get_expr(policy.polqual, policy.polrelid),
            'WITH CHECK ' || pg_get_expr(policy.polwithcheck, policy.polrelid),
            '-- ' || (SELECT description FROM pg_description WHERE objoid = policy.oid AND classoid = 'pg_policy'::regclass AND objsubid = 0)
        )
    FROM pg_policy AS policy
    INNER JOIN relation ON policy.polrelid = relation.oid

    UNION ALL
    SELECT
        relation.subject,
        relation.relowner,
        70000,
        concat_ws(
            ' ',
            'statistics',
            stat.stxname,
            regexp_replace(pg_get_statisticsobjdef(stat.oid), '^CREATE STATISTICS .*?\.(".*?"|\S*) ', ''),
            '-- ' || (SELECT description FROM pg_description WHERE objoid = stat.oid AND classoid = 'pg_statistic_ext'::regclass AND objsubid = 0)
        )
    FROM pg_statistic_ext AS stat
    INNER JOIN relation ON stat.stxrelid = relation.oid

    UNION ALL
    SELECT
        routine.subject,
        routine.proowner,
        0,
        '-- ' || (SELECT description FROM pg_description WHERE objoid = routine.oid AND classoid = 'pg_proc'::regclass AND objsubid = 0)
    FROM routine

    UNION ALL
    -- Line by line, so that a difference is no longer than what differs.
    SELECT
        routine.subject,
        routine.proowner,
        definition.number::integer,
        '| ' || definition.line
    FROM routine
    CROSS JOIN LATERAL
        string_to_table(
            replace(
                CASE WHEN routine.prokind <> 'a' THEN replace(pg_get_functiondef(routine.oid), routine.full_name, routine.own_name) END,
                E'\r', ''
            ),
            E'\n'
        ) WITH ORDINALITY AS definition (line, number)

    UNION ALL
    SELECT
        search.subject,
        search.cfgowner,
        0,
        concat_ws(' ', 'PARSER', parser.prsname, '-- ' || (SELECT description FROM pg_description WHERE objoid = search.oid AND classoid = 'pg_ts_config'::regclass AND objsubid = 0))
    FROM search
    INNER JOIN pg_ts_parser AS parser ON parser.oid = search.cfgparser

    UNION ALL
    SELECT
        search.subject,
        search.cfgowner,
        1,
        format('mapping %s %s', token.alias, string_agg(dict.dictname, ', ' ORDER BY map.mapseqno))
    FROM search
    INNER JOIN pg_ts_config_map AS map ON map.mapcfg = search.oid
    INNER JOIN pg_ts_dict AS dict ON dict.oid = map.mapdict
    INNER JOIN LATERAL ts_token_type(search.cfgparser) AS token ON token.tokid = map.maptokentype
    GROUP BY search.subject, search.cfgowner, token.alias
)

SELECT
    subject,
    owner,
    (
        SELECT coalesce(
            (
                SELECT class.relowner
                FROM pg_class AS class
                INNER JOIN pg_namespace AS schema ON schema.oid = class.relnamespace
                WHERE class.relname = '__diesel_schema_migrations' AND schema.nspname = current_schema()
            ),
            current_user::regrole
        )
    ) AS runner,
    rtrim(replace(subject || ': ' || coalesce(line, ''), E'\n', '\n')) AS line
FROM fact
ORDER BY subject COLLATE "C", rank, line COLLATE "C"
