-- The facts about the objects that objects.sql lists, by their OIDs (:relations, :sequences and so on), one row each: the kind
-- and the OID of the object, the rank of the fact among those of its object, and the fact, which for a body of a function is
-- all its lines. Where there may be a comment on a part of the object, the name of the part, and what comments.sql knows it by.
--
-- objects.rs sends each part between two UNION ALL as a statement of its own, which is planned sooner than one of all; and
-- does not send those about kinds of which there is no object.
--
-- Only facts that a migration can state are read, by their documented names: servers mark columns, tables, indexes and
-- functions with options of their own. What one may tune without changing what is stored has lines of its own, which
-- begin with `setting`, `statistics` or `comment`.
--
-- Left out: privileges, and NOT NULL constraints by name, which PostgreSQL 18 lists and 15 does not (each column says
-- whether it may be null).
--
-- settings.sql makes the settings that the text depends on; a string with a backslash is written E'' because
-- standard_conforming_strings may be off while this is parsed.
SELECT
    'type' AS kind,
    type.oid,
    0 AS rank,
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
                SELECT string_agg(quote_ident(att.attname) || ' ' || format_type(att.atttypid, att.atttypmod), ', ' ORDER BY att.attnum)
                FROM pg_attribute AS att
                WHERE att.attrelid = type.typrelid AND att.attnum > 0 AND NOT att.attisdropped
            )
        END,
        CASE WHEN type.typnotnull THEN 'NOT NULL' END,
        'DEFAULT ' || type.typdefault
    ) AS line,
    NULL AS part,
    NULL AS about
FROM pg_type AS type
WHERE type.oid = ANY (:types)

UNION ALL
SELECT
    'type',
    contypid,
    1,
    concat_ws(' ', 'constraint', quote_ident(conname), pg_get_constraintdef(oid)),
    'constraint ' || quote_ident(conname),
    concat_ws(' ', 'pg_constraint'::regclass::oid, oid, 0)
FROM pg_constraint
WHERE contypid = ANY (:types) AND contype <> 'n'

UNION ALL
SELECT 'relation', class.oid, 1, state.line, NULL, NULL
FROM pg_class AS class
CROSS JOIN LATERAL (
    VALUES
    (CASE class.relpersistence WHEN 'u' THEN 'unlogged' WHEN 't' THEN 'temporary' END),
    (CASE WHEN class.relrowsecurity THEN 'row security' END),
    (CASE WHEN class.relforcerowsecurity THEN 'row security forced' END),
    ('of type ' || nullif(class.reloftype, 0)::regtype::text),
    ('partitioned by ' || pg_get_partkeydef(class.oid)),
    ('partition ' || pg_get_expr(class.relpartbound, class.oid))
) AS state (line)
WHERE class.oid = ANY (:relations) AND state.line IS NOT NULL

UNION ALL
-- Of which no row can be updated or deleted: what identifies a row is not published, or the filter asks for more.
SELECT 'relation', class.oid, 1, 'published without replica identity', NULL, NULL
FROM pg_publication AS publication
INNER JOIN pg_publication_tables AS published ON published.pubname = publication.pubname
INNER JOIN pg_namespace AS schema ON schema.nspname = published.schemaname
INNER JOIN pg_class AS class ON class.relnamespace = schema.oid AND class.relname = published.tablename
WHERE
    publication.oid = ANY (:publications)
    AND class.oid = ANY (:relations)
    AND class.relreplident <> 'f'
    -- The index that was to identify a row may be gone.
    AND NOT EXISTS (
        SELECT FROM pg_index AS identity
        WHERE
            identity.indrelid = class.oid
            AND identity.indisvalid
            AND CASE class.relreplident WHEN 'd' THEN identity.indisprimary WHEN 'i' THEN identity.indisreplident END
    )
GROUP BY class.oid

UNION ALL
SELECT 'relation', class.oid, 1, 'published without what identifies a row', NULL, NULL
FROM pg_publication_rel AS member
INNER JOIN pg_class AS class ON class.oid = member.prrelid
LEFT JOIN pg_index AS identity
    ON identity.indrelid = class.oid
        AND CASE class.relreplident WHEN 'd' THEN identity.indisprimary WHEN 'i' THEN identity.indisreplident END
WHERE
    class.oid = ANY (:relations)
    AND class.relreplident <> 'n'
    AND member.prpubid = ANY (:publications)
    AND (
        member.prattrs IS NOT NULL
        AND (class.relreplident = 'f' OR NOT identity.indkey::smallint[] <@ member.prattrs::smallint[])
        OR class.relreplident <> 'f'
        AND member.prqual IS NOT NULL
        AND EXISTS (
            SELECT FROM pg_depend AS part
            WHERE
                part.classid = 'pg_publication_rel'::regclass
                AND part.objid = member.oid
                AND part.refclassid = 'pg_class'::regclass
                AND part.refobjid = class.oid
                AND part.refobjsubid > 0
                AND part.refobjsubid <> ALL (identity.indkey::smallint[])
        )
    )
GROUP BY class.oid

UNION ALL
SELECT 'relation', inhrelid, 1, 'inherits ' || inhparent::regclass::text, NULL, NULL
FROM pg_inherits
WHERE inhrelid = ANY (:relations)

UNION ALL
-- What is asked of a table is asked of those that inherit from it, too.
SELECT 'relation', inhparent, 1, 'child ' || inhrelid::regclass::text, NULL, NULL
FROM pg_inherits
WHERE inhparent = ANY (:relations)

UNION ALL
SELECT
    'relation',
    class.oid,
    2,
    CASE WHEN class.relkind = 'v' THEN 'option ' ELSE 'setting ' END
    || split_part(option, '=', 1) || ': '
    || CASE
        WHEN starts_with(option, 'security_') THEN (substr(option, strpos(option, '=') + 1)::boolean)::text
        ELSE substr(option, strpos(option, '=') + 1)
    END,
    NULL,
    NULL
FROM pg_class AS class
CROSS JOIN LATERAL unnest(class.reloptions) AS option
WHERE
    class.oid = ANY (:relations)
    AND CASE
        WHEN class.relkind = 'v' THEN split_part(option, '=', 1) IN ('check_option', 'security_barrier', 'security_invoker')
        ELSE
            starts_with(option, 'autovacuum_')
            OR split_part(option, '=', 1) IN (
                'fillfactor', 'log_autovacuum_min_duration', 'parallel_workers', 'toast_tuple_target', 'user_catalog_table',
                'vacuum_index_cleanup', 'vacuum_max_eager_freeze_failure_rate', 'vacuum_truncate'
            )
    END

UNION ALL
SELECT
    'relation',
    class.oid,
    2,
    'setting replica identity: '
    || CASE class.relreplident
        WHEN 'f' THEN 'FULL'
        WHEN 'n' THEN 'NOTHING'
        ELSE coalesce(
            (
                SELECT quote_ident(own.relname)
                FROM pg_index AS ind
                INNER JOIN pg_class AS own ON own.oid = ind.indexrelid
                WHERE ind.indrelid = class.oid AND ind.indisreplident
            ),
            'an index that is gone'
        )
    END,
    NULL,
    NULL
FROM pg_class AS class
WHERE class.oid = ANY (:relations) AND class.relkind IN ('r', 'p') AND class.relreplident IN ('f', 'n', 'i')

UNION ALL
SELECT
    'relation',
    class.oid,
    100 + definition.number::integer,
    'definition ' || regexp_replace(btrim(definition.line), E'\\s+', ' ', 'g'),
    NULL,
    NULL
FROM pg_class AS class
CROSS JOIN LATERAL pg_get_viewdef(class.oid) AS shown (definition)
CROSS JOIN LATERAL (
    SELECT EXISTS (
        SELECT FROM pg_proc
        WHERE proname = 'keeps_inbox' AND pronargs = 0 AND pronamespace = class.relnamespace AND prosrc = 'SELECT true'
    )
) AS kept (is_kept)
CROSS JOIN LATERAL
    string_to_table(
        -- Where the list of chats by user is kept, and presence read, is no part of the schema: keep_inbox switches both views
        -- with keeps_inbox. Nor is whose copy is locked where Citus distributes the database: the table has the number of a
        -- shard then. And PostgreSQL 15 names the one relation of a view before each column, which later ones do not.
        CASE
            WHEN class.relname = 'inbox_entries'
                THEN regexp_replace(
                    CASE
                        WHEN kept.is_kept
                            THEN replace(
                                replace(replace(shown.definition, 'inbox_truth', '?'), 'inbox_by_user', 'inbox_truth'),
                                '?', 'inbox_by_user'
                            )
                        ELSE shown.definition
                    END,
                    E'\\minbox_truth\\.', '', 'g'
                )
            WHEN class.relname = 'presence_entries' AND kept.is_kept
                THEN CASE regexp_replace(shown.definition, E'\\s+|\\musers\\.', '', 'g')
                    WHEN 'SELECTidASuser_id,NULL::user_statusASstatus,created_atASlast_seen_atFROMusers;'
                        THEN E'SELECT user_id,\nstatus,\nlast_seen_at\nFROM user_presence;'
                    -- Not the definition that belongs to a list that is read from the tables of the chats.
                    ELSE shown.definition || ' where inbox_by_user is kept'
                END
            WHEN class.relname = 'presence_entries' THEN regexp_replace(shown.definition, E'\\muser_presence\\.', '', 'g')
            WHEN class.relname IN ('local_chats', 'local_contacts', 'local_user_sessions', 'local_users')
                THEN regexp_replace(
                    CASE
                        WHEN EXISTS (SELECT FROM pg_class AS citus WHERE citus.relname = 'pg_dist_partition')
                            THEN regexp_replace(
                                shown.definition,
                                E'\\m(\\w+\\.)?(chats|contacts|user_sessions|users)_\\d{6,}\\M', E'\\2', 'g'
                            )
                        ELSE shown.definition
                    END,
                    E'\\m(chats|contacts|user_sessions|users)\\.', '', 'g'
                )
            ELSE shown.definition
        END,
        E'\n'
    ) WITH ORDINALITY AS definition (line, number)
WHERE class.oid = ANY (:relations) AND class.relkind IN ('v', 'm')

UNION ALL
SELECT
    'relation',
    att.attrelid,
    10000 + att.attnum,
    concat_ws(
        ' ',
        'column',
        quote_ident(att.attname),
        format_type(att.atttypid, att.atttypmod),
        'COLLATE ' || nullif(att.attcollation, type.typcollation)::regcollation::text,
        CASE
            WHEN
                att.attnotnull
                -- The domains that refuse NULL, by NOT NULL or by a check that does not let it pass as checks do by themselves;
                -- and those made of one.
                OR att.atttypid IN (
                    WITH RECURSIVE domain AS MATERIALIZED (
                        SELECT
                            base.oid,
                            base.typbasetype,
                            base.typnotnull OR base.oid IN (
                                SELECT con.contypid FROM pg_constraint AS con
                                WHERE
                                    con.contypid <> 0 AND con.contype = 'c'
                                    AND pg_get_constraintdef(con.oid) ~* E'\\m(IS|COALESCE|CASE|num_nulls|num_nonnulls)\\M'
                            ) AS refuses
                        FROM pg_type AS base
                        WHERE base.typtype = 'd'
                    ),

                    made_of AS (
                        SELECT domain.oid, domain.typbasetype, domain.refuses FROM domain
                        UNION ALL
                        SELECT made_of.oid, domain.typbasetype, domain.refuses
                        FROM made_of
                        INNER JOIN domain ON domain.oid = made_of.typbasetype
                    )

                    SELECT made_of.oid FROM made_of WHERE made_of.refuses
                )
                THEN 'NOT NULL'
        END,
        -- Since PostgreSQL 18 it may hold for new rows alone.
        CASE
            WHEN att.attnotnull AND EXISTS (
                SELECT FROM pg_constraint AS con
                WHERE con.conrelid = att.attrelid AND con.contype = 'n' AND con.conkey[1] = att.attnum AND NOT con.convalidated
            ) THEN 'NOT VALID'
        END,
        CASE att.attgenerated WHEN '' THEN 'DEFAULT ' ELSE 'GENERATED ' END
        || coalesce(pg_get_expr(def.adbin, def.adrelid), type.typdefault),
        CASE att.attgenerated WHEN 's' THEN 'STORED' WHEN 'v' THEN 'VIRTUAL' END,
        CASE att.attidentity WHEN 'a' THEN 'IDENTITY ALWAYS' WHEN 'd' THEN 'IDENTITY BY DEFAULT' END
    ),
    'column ' || quote_ident(att.attname),
    concat_ws(' ', 'pg_class'::regclass::oid, att.attrelid, att.attnum)
FROM pg_attribute AS att
INNER JOIN pg_type AS type ON type.oid = att.atttypid
LEFT JOIN pg_attrdef AS def ON def.adrelid = att.attrelid AND def.adnum = att.attnum
WHERE att.attrelid = ANY (:relations) AND att.attnum > 0 AND NOT att.attisdropped

UNION ALL
SELECT
    'relation',
    att.attrelid,
    15000,
    format('setting %s of column %s: %s', split_part(option, '=', 1), quote_ident(att.attname), substr(option, strpos(option, '=') + 1)),
    NULL,
    NULL
FROM pg_attribute AS att
INNER JOIN pg_type AS type ON type.oid = att.atttypid
CROSS JOIN LATERAL unnest(
    ARRAY[
        'storage='
        || CASE WHEN att.attstorage <> type.typstorage THEN CASE att.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' WHEN 'x' THEN 'EXTENDED' END END,
        'compression=' || CASE att.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END,
        'statistics=' || CASE WHEN att.attstattarget >= 0 THEN att.attstattarget END
    ] || att.attoptions
) AS option
WHERE
    att.attrelid = ANY (:relations)
    AND att.attnum > 0
    AND NOT att.attisdropped
    -- Few have any: the rest is not asked of the others.
    AND (att.attstorage <> type.typstorage OR att.attcompression <> '' OR att.attstattarget >= 0 OR att.attoptions IS NOT NULL)
    AND (SELECT relkind FROM pg_class WHERE oid = att.attrelid) <> 'v'
    AND split_part(option, '=', 1) IN ('storage', 'compression', 'statistics', 'n_distinct', 'n_distinct_inherited')

UNION ALL
SELECT
    'relation',
    con.conrelid,
    20000,
    concat_ws(
        ' ',
        'constraint',
        quote_ident(con.conname),
        pg_get_constraintdef(con.oid),
        -- A foreign key is carried out by triggers, which ALTER TABLE … DISABLE TRIGGER ALL disables.
        CASE
            WHEN con.oid IN (SELECT tgconstraint FROM pg_trigger WHERE tgisinternal AND tgenabled <> 'O') THEN 'DISABLED'
        END
    ),
    'constraint ' || quote_ident(con.conname),
    concat_ws(' ', 'pg_constraint'::regclass::oid, con.oid, 0)
FROM pg_constraint AS con
WHERE con.conrelid = ANY (:relations) AND con.contype NOT IN ('n', 't')

UNION ALL
-- Key by key, because pg_get_indexdef() prints every option of a column, and names by the search_path.
SELECT
    'relation',
    ind.indrelid,
    30000,
    concat_ws(
        ' ',
        'index',
        quote_ident(own.relname),
        CASE WHEN ind.indisunique THEN 'UNIQUE' END,
        'USING',
        quote_ident(method.amname),
        '(' || (
            SELECT
                string_agg(
                    concat_ws(
                        ' ',
                        pg_get_indexdef(ind.indexrelid, key.number::integer, false),
                        'COLLATE ' || nullif(nullif(key.collated, 0), 'pg_catalog."default"'::regcollation::oid)::regcollation::text,
                        (SELECT quote_ident(opcname) FROM pg_opclass WHERE oid = key.class AND NOT opcdefault),
                        CASE
                            WHEN key.flags & 3 = 1 THEN 'DESC NULLS LAST'
                            WHEN key.flags & 3 = 2 THEN 'NULLS FIRST'
                            WHEN key.flags & 3 = 3 THEN 'DESC'
                        END
                    ),
                    ', ' ORDER BY key.number
                )
            FROM unnest(ind.indclass::oid[], ind.indcollation::oid[], ind.indoption::smallint[])
                WITH ORDINALITY AS key (class, collated, flags, number)
        ) || ')',
        'INCLUDE (' || (
            SELECT string_agg(pg_get_indexdef(ind.indexrelid, number, false), ', ' ORDER BY number)
            FROM generate_series(ind.indnkeyatts + 1, ind.indnatts) AS number
        ) || ')',
        CASE WHEN ind.indnullsnotdistinct THEN 'NULLS NOT DISTINCT' END,
        'WHERE ' || pg_get_expr(ind.indpred, ind.indrelid),
        CASE WHEN NOT (ind.indisvalid AND ind.indisready AND ind.indislive) THEN 'INVALID' END
    ),
    'index ' || quote_ident(own.relname),
    concat_ws(' ', 'pg_class'::regclass::oid, own.oid, 0)
FROM pg_index AS ind
INNER JOIN pg_class AS own ON own.oid = ind.indexrelid
INNER JOIN pg_am AS method ON method.oid = own.relam
WHERE ind.indrelid = ANY (:relations)

UNION ALL
SELECT
    'relation',
    ind.indrelid,
    35000,
    format('setting %s of index %s: %s', split_part(option, '=', 1), quote_ident(own.relname), substr(option, strpos(option, '=') + 1)),
    NULL,
    NULL
FROM pg_index AS ind
INNER JOIN pg_class AS own ON own.oid = ind.indexrelid
CROSS JOIN LATERAL unnest(
    ARRAY[CASE WHEN ind.indisclustered THEN 'clustered=on' END] || own.reloptions || ARRAY(
        SELECT replace(option, '=', ' of key ' || att.attnum || '=')
        FROM pg_attribute AS att
        CROSS JOIN LATERAL unnest(att.attoptions) AS option
        WHERE att.attrelid = ind.indexrelid
    )
) AS option
WHERE
    ind.indrelid = ANY (:relations)
    AND split_part(split_part(option, '=', 1), ' of key ', 1) IN (
        'autosummarize', 'buffering', 'clustered', 'deduplicate_items', 'fastupdate', 'fillfactor', 'gin_pending_list_limit',
        'pages_per_range', 'siglen', 'numranges', 'n_distinct_per_range', 'false_positive_rate', 'values_per_range'
    )

UNION ALL
SELECT
    'relation',
    tgrelid,
    40000,
    concat_ws(
        ' ',
        'trigger',
        quote_ident(tgname),
        regexp_replace(pg_get_triggerdef(oid, true), E'^CREATE (CONSTRAINT )?TRIGGER ("(?:[^"]|"")*"|[^ ]+) ', E'\\1'),
        CASE tgenabled WHEN 'D' THEN 'DISABLED' WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS' END
    ),
    'trigger ' || quote_ident(tgname),
    concat_ws(' ', 'pg_trigger'::regclass::oid, oid, 0)
FROM pg_trigger
WHERE tgrelid = ANY (:relations) AND NOT tgisinternal

UNION ALL
SELECT
    'relation',
    ev_class,
    50000,
    concat_ws(
        ' ',
        'rule',
        quote_ident(rulename),
        regexp_replace(pg_get_ruledef(oid, true), E'\\s+', ' ', 'g'),
        CASE ev_enabled WHEN 'D' THEN 'DISABLED' WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS' END
    ),
    'rule ' || quote_ident(rulename),
    concat_ws(' ', 'pg_rewrite'::regclass::oid, oid, 0)
FROM pg_rewrite
WHERE ev_class = ANY (:relations) AND rulename <> '_RETURN'

UNION ALL
SELECT
    'relation',
    polrelid,
    60000,
    concat_ws(
        ' ',
        'policy',
        quote_ident(polname),
        CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
        CASE WHEN polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
        'TO ' || (
            SELECT string_agg(CASE role WHEN 0 THEN 'PUBLIC' ELSE role::regrole::text END, ', ' ORDER BY role::regrole::text)
            FROM unnest(polroles) AS role
        ),
        'USING ' || pg_get_expr(polqual, polrelid),
        'WITH CHECK ' || pg_get_expr(polwithcheck, polrelid)
    ),
    'policy ' || quote_ident(polname),
    concat_ws(' ', 'pg_policy'::regclass::oid, oid, 0)
FROM pg_policy
WHERE polrelid = ANY (:relations)

UNION ALL
SELECT
    'relation',
    stxrelid,
    70000,
    format(
        'statistics %s: %s',
        quote_ident(stxname),
        regexp_replace(
            pg_get_statisticsobjdef(oid), E'^CREATE STATISTICS (?:"(?:[^"]|"")*"|[^ ."]+)\\.(?:"(?:[^"]|"")*"|[^ ]+) ', ''
        )
    ),
    'statistics ' || quote_ident(stxname),
    concat_ws(' ', 'pg_statistic_ext'::regclass::oid, oid, 0)
FROM pg_statistic_ext
WHERE stxrelid = ANY (:relations)

UNION ALL
SELECT
    'routine',
    proc.oid,
    0,
    concat_ws(
        ' ',
        '| (' || pg_get_function_arguments(proc.oid) || ')',
        'RETURNS ' || pg_get_function_result(proc.oid),
        'LANGUAGE ' || quote_ident(language.lanname),
        CASE proc.prokind WHEN 'w' THEN 'WINDOW' END,
        CASE proc.provolatile WHEN 'i' THEN 'IMMUTABLE' WHEN 's' THEN 'STABLE' END,
        CASE proc.proparallel WHEN 's' THEN 'PARALLEL SAFE' WHEN 'r' THEN 'PARALLEL RESTRICTED' END,
        CASE WHEN proc.proisstrict THEN 'STRICT' END,
        CASE WHEN proc.prosecdef THEN 'SECURITY DEFINER' END,
        CASE WHEN proc.proleakproof THEN 'LEAKPROOF' END,
        'SUPPORT ' || nullif(proc.prosupport::oid, 0)::regproc::text,
        'FROM ' || proc.probin
    ),
    NULL,
    NULL
FROM pg_proc AS proc
INNER JOIN pg_language AS language ON language.oid = proc.prolang
WHERE proc.oid = ANY (:routines)

UNION ALL
-- A function of the same name that takes as many arguments: which of the two a statement calls, the types alone decide, or nothing.
SELECT
    'routine',
    proc.oid,
    1,
    'ambiguous with ' || quote_ident(other.proname) || '(' || oidvectortypes(other.proargtypes) || ')',
    NULL,
    NULL
FROM pg_proc AS proc
INNER JOIN pg_proc AS other ON other.proname = proc.proname AND other.pronamespace = proc.pronamespace AND other.oid <> proc.oid
WHERE
    proc.oid = ANY (:routines)
    AND proc.pronargs >= other.pronargs - other.pronargdefaults
    AND (proc.pronargs <= other.pronargs OR other.provariadic <> 0)

UNION ALL
SELECT
    'routine',
    oid,
    10,
    CASE proname
        WHEN 'keeps_inbox' THEN replace(prosrc, 'SELECT true', 'SELECT false')
        ELSE replace(coalesce(pg_get_function_sqlbody(oid), prosrc), E'\r', '')
    END,
    NULL,
    NULL
FROM pg_proc
WHERE oid = ANY (:routines) AND prokind <> 'a'

UNION ALL
SELECT
    'routine',
    proc.oid,
    1,
    'setting ' || split_part(option, '=', 1) || ': ' || substr(option, strpos(option, '=') + 1),
    NULL,
    NULL
FROM pg_proc AS proc
INNER JOIN pg_language AS language ON language.oid = proc.prolang
CROSS JOIN LATERAL unnest(
    ARRAY[
        'cost=' || nullif(proc.procost, CASE WHEN language.lanname IN ('internal', 'c') THEN 1 ELSE 100 END),
        'rows=' || nullif(nullif(proc.prorows, 0), 1000)
    ] || proc.proconfig
) AS option
WHERE
    proc.oid = ANY (:routines)
    AND proc.prokind <> 'a'
    -- Citus' own are of the layout, and not of the schema.
    AND split_part(option, '=', 1) NOT LIKE 'citus.%'
    AND (
        split_part(option, '=', 1) IN ('cost', 'rows')
        OR split_part(option, '=', 1) LIKE '%.%'
        -- What the server does not know nobody can have stated. Not current_setting(): it fails for what this role may not
        -- see.
        OR pg_settings_get_flags(split_part(option, '=', 1)) IS NOT NULL
    )

UNION ALL
SELECT
    'configuration',
    config.oid,
    0,
    'PARSER '
    || CASE WHEN parser.prsnamespace <> 'pg_catalog'::regnamespace THEN parser.prsnamespace::regnamespace::text || '.' ELSE '' END
    || quote_ident(parser.prsname),
    NULL,
    NULL
FROM pg_ts_config AS config
INNER JOIN pg_ts_parser AS parser ON parser.oid = config.cfgparser
WHERE config.oid = ANY (:configurations)

UNION ALL
SELECT
    'configuration',
    config.oid,
    1,
    format('mapping %s %s', token.alias, string_agg(dict.oid::regdictionary::text, ', ' ORDER BY map.mapseqno)),
    NULL,
    NULL
FROM pg_ts_config AS config
INNER JOIN pg_ts_config_map AS map ON map.mapcfg = config.oid
INNER JOIN pg_ts_dict AS dict ON dict.oid = map.mapdict
INNER JOIN LATERAL ts_token_type(config.cfgparser) AS token ON token.tokid = map.maptokentype
WHERE config.oid = ANY (:configurations)
GROUP BY config.oid, token.alias
