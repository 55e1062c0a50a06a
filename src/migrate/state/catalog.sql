-- The catalog, one row for each fact: the object it is about, a rank among its facts, and the fact; but the whole body of a
-- function, which has many lines. catalog.rs sorts them, in an order that does not depend on the server, and takes bodies
-- apart. Of the current schema; of every schema where :every_schema is true. All that is known of the objects that
-- :known names, and of the others no more than that they are there; all of every object where :known is NULL.
--
-- Only facts that a migration can state are read, by their documented names: servers mark columns, tables, indexes and
-- functions with options of their own. What one may tune without changing what is stored has lines of its own, which
-- begin with `setting`, `statistics` or `comment`.
--
-- Left out: what belongs to an extension, Diesel's own table and the runner's, privileges, and NOT NULL constraints
-- by name, which PostgreSQL 18 lists and 15 does not (each column says whether it may be null).
--
-- Objects that came with the server have OIDs below 16384, and none of them is in a schema of ours.
--
-- catalog.rs makes the settings that the text depends on; a string with a backslash is written E'' because
-- standard_conforming_strings may be off while this is parsed.
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

-- What several facts ask for is read once: each table of the catalog that is named again is planned again.
con AS MATERIALIZED (
    SELECT oid, conname, contype, conrelid, contypid, conkey, convalidated FROM pg_constraint
),

-- The publications of updates or deletions.
changing AS MATERIALIZED (
    SELECT oid, pubname FROM pg_publication WHERE pubupdate OR pubdelete
),

any_relation AS (
    SELECT
        class.*,
        CASE class.relkind
            WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view ' WHEN 'S' THEN 'sequence '
            WHEN 'f' THEN 'foreign table ' ELSE 'table '
        END || here.prefix || quote_ident(class.relname) AS subject
    FROM pg_class AS class
    INNER JOIN here ON class.relnamespace = here.oid
    WHERE
        class.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
        AND class.relname NOT IN ('__diesel_schema_migrations', 'messenger_db_ledger')
        AND class.oid >= 16384
        AND (class.oid, 'pg_class'::regclass) NOT IN (SELECT objid, classid FROM of_extension)
),

relation AS (
    SELECT * FROM any_relation WHERE coalesce(subject = ANY (:known), true)
),

attribute AS (
    SELECT
        att.*,
        relation.subject,
        relation.relkind,
        quote_ident(att.attname) AS name,
        own.typcollation,
        own.typdefault,
        own.typstorage
    FROM relation
    INNER JOIN pg_attribute AS att ON att.attrelid = relation.oid
    INNER JOIN pg_type AS own ON own.oid = att.atttypid
    WHERE att.attnum > 0 AND NOT att.attisdropped AND relation.relkind <> 'S'
),

any_routine AS (
    SELECT
        proc.*,
        language.lanname AS language,
        CASE proc.prokind WHEN 'p' THEN 'procedure ' WHEN 'a' THEN 'aggregate ' ELSE 'function ' END
        || here.prefix || quote_ident(proc.proname) || '(' || oidvectortypes(proc.proargtypes) || ')' AS subject
    FROM pg_proc AS proc
    INNER JOIN here ON proc.pronamespace = here.oid
    INNER JOIN pg_language AS language ON language.oid = proc.prolang
    WHERE proc.oid >= 16384 AND (proc.oid, 'pg_proc'::regclass) NOT IN (SELECT objid, classid FROM of_extension)
),

routine AS (
    SELECT * FROM any_routine WHERE coalesce(subject = ANY (:known), true)
),

type AS (
    SELECT
        type.*,
        CASE type.typtype WHEN 'e' THEN 'enum ' WHEN 'd' THEN 'domain ' WHEN 'r' THEN 'range ' ELSE 'type ' END
        || here.prefix || quote_ident(type.typname) AS subject
    FROM pg_type AS type
    INNER JOIN here ON type.typnamespace = here.oid
    LEFT JOIN pg_class AS class ON class.oid = type.typrelid
    WHERE
        type.oid >= 16384
        AND (type.typtype IN ('e', 'd', 'r') OR class.relkind = 'c')
        AND (type.oid, 'pg_type'::regclass) NOT IN (SELECT objid, classid FROM of_extension)
),

-- The domains that refuse NULL, by NOT NULL or by a check that does not let it pass as checks do by themselves.
refusing AS (
    WITH RECURSIVE domain AS MATERIALIZED (
        SELECT
            base.oid,
            base.typbasetype,
            base.typnotnull OR base.oid IN (
                SELECT con.contypid FROM con
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

    SELECT made_of.oid AS domain FROM made_of WHERE made_of.refuses
),

search AS (
    SELECT config.*, 'text search configuration ' || here.prefix || quote_ident(config.cfgname) AS subject
    FROM pg_ts_config AS config
    INNER JOIN here ON config.cfgnamespace = here.oid
    WHERE (config.oid, 'pg_ts_config'::regclass) NOT IN (SELECT objid, classid FROM of_extension)
),

-- Key by key, because pg_get_indexdef() prints every option of a column, and names by the search_path.
index AS (
    SELECT
        ind.*,
        relation.subject,
        relation.relreplident,
        quote_ident(own.relname) AS name,
        own.reloptions,
        own.relam,
        (
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
        ) AS keys,
        (
            SELECT string_agg(pg_get_indexdef(ind.indexrelid, number, false), ', ' ORDER BY number)
            FROM generate_series(ind.indnkeyatts + 1, ind.indnatts) AS number
        ) AS included
    FROM pg_index AS ind
    INNER JOIN relation ON ind.indrelid = relation.oid
    INNER JOIN pg_class AS own ON ind.indexrelid = own.oid
),

trigger AS MATERIALIZED (
    SELECT trig.oid, trig.tgenabled, relation.subject, quote_ident(trig.tgname) AS name
    FROM pg_trigger AS trig
    INNER JOIN relation ON trig.tgrelid = relation.oid
    WHERE NOT trig.tgisinternal
),

rule AS MATERIALIZED (
    SELECT rewrite.oid, rewrite.ev_enabled, relation.subject, quote_ident(rewrite.rulename) AS name
    FROM pg_rewrite AS rewrite
    INNER JOIN relation ON rewrite.ev_class = relation.oid
    WHERE rewrite.rulename <> '_RETURN'
),

policy AS MATERIALIZED (
    SELECT pol.*, relation.subject, quote_ident(pol.polname) AS name
    FROM pg_policy AS pol
    INNER JOIN relation ON pol.polrelid = relation.oid
),

statistics AS MATERIALIZED (
    SELECT stat.oid, relation.subject, quote_ident(stat.stxname) AS name
    FROM pg_statistic_ext AS stat
    INNER JOIN relation ON stat.stxrelid = relation.oid
),

fact (subject, rank, line) AS (
    -- Whoever made an extension, and what they say of it, is no part of the schema.
    SELECT 'extension ' || quote_ident(extname), 0, 'installed'
    FROM pg_extension
    WHERE extname <> 'plpgsql'

    UNION ALL
    -- Of no schema: what it does to the objects of a migration, as some platforms have it do, is found there.
    SELECT
        'event trigger ' || quote_ident(evtname),
        0,
        concat_ws(
            ' ', evtevent, 'EXECUTE FUNCTION ' || evtfoid::regproc::text,
            CASE evtenabled WHEN 'D' THEN 'DISABLED' WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS' END
        )
    FROM pg_event_trigger

    UNION ALL
    SELECT
        type.subject,
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
                    SELECT string_agg(quote_ident(att.attname) || ' ' || format_type(att.atttypid, att.atttypmod), ', ' ORDER BY att.attnum)
                    FROM pg_attribute AS att
                    WHERE att.attrelid = type.typrelid AND att.attnum > 0 AND NOT att.attisdropped
                )
            END,
            CASE WHEN type.typnotnull THEN 'NOT NULL' END,
            'DEFAULT ' || type.typdefault
        )
    FROM type

    UNION ALL
    SELECT type.subject, 1, concat_ws(' ', 'constraint', quote_ident(con.conname), pg_get_constraintdef(con.oid))
    FROM con
    INNER JOIN type ON con.contypid = type.oid
    WHERE con.contype <> 'n'

    UNION ALL
    SELECT
        any_relation.subject,
        0,
        coalesce(
            (
                SELECT
                    format(
                        '%s START %s INCREMENT %s MINVALUE %s MAXVALUE %s CACHE %s%s', format_type(seqtypid, NULL),
                        seqstart, seqincrement, seqmin, seqmax, seqcache, CASE WHEN seqcycle THEN ' CYCLE' END
                    )
                FROM pg_sequence
                WHERE seqrelid = any_relation.oid
            ),
            ''
        )
    FROM any_relation

    UNION ALL
    -- An index has its name in the schema, whatever table it is of.
    SELECT 'index ' || quote_ident(own.relname), 0, 'of ' || any_relation.subject
    FROM any_relation
    INNER JOIN here ON here.oid = any_relation.relnamespace AND here.prefix = ''
    INNER JOIN pg_index AS ind ON ind.indrelid = any_relation.oid
    INNER JOIN pg_class AS own ON own.oid = ind.indexrelid
    WHERE
        any_relation.subject <> ALL (:known)
        AND ARRAY['index ' || quote_ident(own.relname), 'constraint ' || quote_ident(own.relname)] && :known

    UNION ALL
    SELECT relation.subject, 1, state.line
    FROM relation
    CROSS JOIN LATERAL (
        VALUES
        (CASE relation.relpersistence WHEN 'u' THEN 'unlogged' WHEN 't' THEN 'temporary' END),
        (CASE WHEN relation.relrowsecurity THEN 'row security' END),
        (CASE WHEN relation.relforcerowsecurity THEN 'row security forced' END),
        -- Then no row of it can be updated or deleted: what identifies a row is not published, or the filter asks for more.
        (
            CASE
                WHEN relation.relreplident = 'n' AND EXISTS (
                    SELECT
                    FROM changing
                    INNER JOIN pg_publication_tables AS published ON published.pubname = changing.pubname
                    WHERE
                        published.tablename = relation.relname
                        AND published.schemaname = (SELECT nspname FROM pg_namespace WHERE oid = relation.relnamespace)
                ) THEN 'published without replica identity'
                WHEN EXISTS (
                    SELECT
                    FROM pg_publication_rel AS member
                    INNER JOIN changing ON changing.oid = member.prpubid
                    LEFT JOIN pg_index AS identity
                        ON identity.indrelid = relation.oid
                            AND CASE relation.relreplident WHEN 'd' THEN identity.indisprimary WHEN 'i' THEN identity.indisreplident END
                    WHERE
                        member.prrelid = relation.oid
                        AND (
                            member.prattrs IS NOT NULL
                            AND (relation.relreplident = 'f' OR NOT identity.indkey::smallint[] <@ member.prattrs::smallint[])
                            OR relation.relreplident <> 'f'
                            AND member.prqual IS NOT NULL
                            AND EXISTS (
                                SELECT FROM pg_depend AS part
                                WHERE
                                    part.classid = 'pg_publication_rel'::regclass
                                    AND part.objid = member.oid
                                    AND part.refclassid = 'pg_class'::regclass
                                    AND part.refobjid = relation.oid
                                    AND part.refobjsubid > 0
                                    AND part.refobjsubid <> ALL (identity.indkey::smallint[])
                            )
                        )
                ) THEN 'published without what identifies a row'
            END
        ),
        ('partitioned by ' || pg_get_partkeydef(relation.oid)),
        ('partition ' || pg_get_expr(relation.relpartbound, relation.oid))
    ) AS state (line)
    WHERE state.line IS NOT NULL

    UNION ALL
    SELECT relation.subject, 1, 'inherits ' || inhparent::regclass::text
    FROM pg_inherits
    INNER JOIN relation ON inhrelid = relation.oid

    UNION ALL
    -- What is asked of a table is asked of those that inherit from it, too.
    SELECT relation.subject, 1, 'child ' || inhrelid::regclass::text
    FROM pg_inherits
    INNER JOIN relation ON inhparent = relation.oid

    UNION ALL
    SELECT
        relation.subject,
        2,
        CASE WHEN relation.relkind = 'v' THEN 'option ' ELSE 'setting ' END
        || split_part(option, '=', 1) || ': '
        || CASE
            WHEN starts_with(option, 'security_') THEN (substr(option, strpos(option, '=') + 1)::boolean)::text
            ELSE substr(option, strpos(option, '=') + 1)
        END
    FROM relation
    CROSS JOIN LATERAL unnest(relation.reloptions) AS option
    WHERE
        CASE
            WHEN relation.relkind = 'v' THEN split_part(option, '=', 1) IN ('check_option', 'security_barrier', 'security_invoker')
            ELSE
                starts_with(option, 'autovacuum_')
                OR split_part(option, '=', 1) IN (
                    'fillfactor', 'log_autovacuum_min_duration', 'parallel_workers', 'toast_tuple_target', 'user_catalog_table',
                    'vacuum_index_cleanup', 'vacuum_max_eager_freeze_failure_rate', 'vacuum_truncate'
                )
        END

    UNION ALL
    SELECT
        relation.subject,
        2,
        'setting replica identity: '
        || CASE relation.relreplident
            WHEN 'f' THEN 'FULL'
            WHEN 'n' THEN 'NOTHING'
            ELSE (SELECT index.name FROM index WHERE index.indrelid = relation.oid AND index.indisreplident)
        END
    FROM relation
    WHERE relation.relkind IN ('r', 'p') AND relation.relreplident IN ('f', 'n', 'i')

    UNION ALL
    SELECT
        relation.subject,
        100 + definition.number::integer,
        'definition ' || regexp_replace(btrim(definition.line), E'\\s+', ' ', 'g')
    FROM relation
    CROSS JOIN LATERAL
        string_to_table(
            -- Where the list of chats by user is kept, and presence read, is no part of the schema: keep_inbox switches it. Nor is
            -- whose copy is locked where Citus distributes the database: the table has the number of a shard then. And PostgreSQL
            -- 15 names the one relation of a view before each column, which later ones do not.
            CASE
                WHEN relation.relname = 'inbox_entries'
                    THEN replace(
                        regexp_replace(pg_get_viewdef(relation.oid), E'\\minbox_(by_user|truth)\\.', '', 'g'),
                        'inbox_by_user',
                        'inbox_truth'
                    )
                WHEN relation.relname = 'presence_entries'
                    THEN regexp_replace(
                        regexp_replace(
                            regexp_replace(pg_get_viewdef(relation.oid), E'\\m(user_presence|users)\\.', '', 'g'),
                            E'\\S+ AS (user_id|status|last_seen_at)\\M', E'\\1', 'g'
                        ),
                        'FROM users', 'FROM user_presence'
                    )
                WHEN relation.relname IN ('local_chats', 'local_contacts', 'local_user_sessions', 'local_users')
                    THEN regexp_replace(
                        regexp_replace(pg_get_viewdef(relation.oid), E'\\m(chats|contacts|user_sessions|users)(_\\d+)?\\.', '', 'g'),
                        E'\\m(\\w+\\.)?(chats|contacts|user_sessions|users)_\\d+', E'\\2', 'g'
                    )
                ELSE pg_get_viewdef(relation.oid)
            END,
            E'\n'
        ) WITH ORDINALITY AS definition (line, number)
    WHERE relation.relkind IN ('v', 'm')

    UNION ALL
    SELECT
        att.subject,
        10000 + att.attnum,
        concat_ws(
            ' ',
            'column',
            att.name,
            format_type(att.atttypid, att.atttypmod),
            'COLLATE ' || nullif(att.attcollation, att.typcollation)::regcollation::text,
            CASE WHEN att.attnotnull OR att.atttypid IN (SELECT domain FROM refusing) THEN 'NOT NULL' END,
            -- Since PostgreSQL 18 it may hold for new rows alone.
            CASE
                WHEN EXISTS (
                    SELECT FROM con
                    WHERE
                        con.conrelid = att.attrelid AND con.contype = 'n' AND con.conkey[1] = att.attnum AND NOT con.convalidated
                ) THEN 'NOT VALID'
            END,
            CASE att.attgenerated WHEN '' THEN 'DEFAULT ' ELSE 'GENERATED ' END
            || coalesce(pg_get_expr(def.adbin, def.adrelid), att.typdefault),
            CASE att.attgenerated WHEN 's' THEN 'STORED' WHEN 'v' THEN 'VIRTUAL' END,
            CASE att.attidentity WHEN 'a' THEN 'IDENTITY ALWAYS' WHEN 'd' THEN 'IDENTITY BY DEFAULT' END
        )
    FROM attribute AS att
    LEFT JOIN pg_attrdef AS def ON def.adrelid = att.attrelid AND def.adnum = att.attnum

    UNION ALL
    SELECT
        att.subject,
        15000,
        format('setting %s of column %s: %s', split_part(option, '=', 1), att.name, substr(option, strpos(option, '=') + 1))
    FROM attribute AS att
    CROSS JOIN LATERAL unnest(
        ARRAY[
            'storage='
            || CASE WHEN att.attstorage <> att.typstorage THEN CASE att.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' WHEN 'x' THEN 'EXTENDED' END END,
            'compression=' || CASE att.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END,
            'statistics=' || CASE WHEN att.attstattarget >= 0 THEN att.attstattarget END
        ] || att.attoptions
    ) AS option
    WHERE
        att.relkind <> 'v'
        AND split_part(option, '=', 1) IN ('storage', 'compression', 'statistics', 'n_distinct', 'n_distinct_inherited')

    UNION ALL
    SELECT
        relation.subject,
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
        )
    FROM con
    INNER JOIN relation ON con.conrelid = relation.oid
    WHERE con.contype NOT IN ('n', 't')

    UNION ALL
    SELECT
        index.subject,
        30000,
        concat_ws(
            ' ',
            'index',
            index.name,
            CASE WHEN index.indisunique THEN 'UNIQUE' END,
            'USING',
            (SELECT quote_ident(amname) FROM pg_am WHERE oid = index.relam),
            '(' || index.keys || ')',
            'INCLUDE (' || index.included || ')',
            CASE WHEN index.indnullsnotdistinct THEN 'NULLS NOT DISTINCT' END,
            'WHERE ' || pg_get_expr(index.indpred, index.indrelid),
            CASE WHEN NOT (index.indisvalid AND index.indisready AND index.indislive) THEN 'INVALID' END
        )
    FROM index

    UNION ALL
    SELECT
        index.subject,
        35000,
        format('setting %s of index %s: %s', split_part(option, '=', 1), index.name, substr(option, strpos(option, '=') + 1))
    FROM index
    CROSS JOIN LATERAL unnest(
        ARRAY[CASE WHEN index.indisclustered THEN 'clustered=on' END] || index.reloptions || ARRAY(
            SELECT replace(option, '=', ' of key ' || att.attnum || '=')
            FROM pg_attribute AS att
            CROSS JOIN LATERAL unnest(att.attoptions) AS option
            WHERE att.attrelid = index.indexrelid
        )
    ) AS option
    WHERE
        split_part(split_part(option, '=', 1), ' of key ', 1) IN (
            'autosummarize', 'buffering', 'clustered', 'deduplicate_items', 'fastupdate', 'fillfactor', 'gin_pending_list_limit',
            'pages_per_range', 'siglen', 'numranges', 'n_distinct_per_range', 'false_positive_rate', 'values_per_range'
        )

    UNION ALL
    SELECT
        trigger.subject,
        40000,
        concat_ws(
            ' ',
            'trigger',
            trigger.name,
            regexp_replace(
                pg_get_triggerdef(trigger.oid, true), E'^CREATE (CONSTRAINT )?TRIGGER ("(?:[^"]|"")*"|[^ ]+) ', E'\\1'
            ),
            CASE trigger.tgenabled WHEN 'D' THEN 'DISABLED' WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS' END
        )
    FROM trigger

    UNION ALL
    SELECT
        rule.subject,
        50000,
        concat_ws(
            ' ',
            'rule',
            rule.name,
            regexp_replace(pg_get_ruledef(rule.oid, true), E'\\s+', ' ', 'g'),
            CASE rule.ev_enabled WHEN 'D' THEN 'DISABLED' WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS' END
        )
    FROM rule

    UNION ALL
    SELECT
        policy.subject,
        60000,
        concat_ws(
            ' ',
            'policy',
            policy.name,
            CASE policy.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
            CASE WHEN policy.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
            'TO ' || (
                SELECT string_agg(CASE role WHEN 0 THEN 'PUBLIC' ELSE role::regrole::text END, ', ' ORDER BY role::regrole::text)
                FROM unnest(policy.polroles) AS role
            ),
            'USING ' || pg_get_expr(policy.polqual, policy.polrelid),
            'WITH CHECK ' || pg_get_expr(policy.polwithcheck, policy.polrelid)
        )
    FROM policy

    UNION ALL
    SELECT
        statistics.subject,
        70000,
        format(
            'statistics %s: %s',
            statistics.name,
            regexp_replace(
                pg_get_statisticsobjdef(statistics.oid), E'^CREATE STATISTICS (?:"(?:[^"]|"")*"|[^ ."]+)\\.(?:"(?:[^"]|"")*"|[^ ]+) ', ''
            )
        )
    FROM statistics

    UNION ALL
    SELECT
        routine.subject,
        0,
        concat_ws(
            ' ',
            '| (' || pg_get_function_arguments(routine.oid) || ')',
            'RETURNS ' || pg_get_function_result(routine.oid),
            'LANGUAGE ' || quote_ident(routine.language),
            CASE routine.prokind WHEN 'w' THEN 'WINDOW' END,
            CASE routine.provolatile WHEN 'i' THEN 'IMMUTABLE' WHEN 's' THEN 'STABLE' END,
            CASE routine.proparallel WHEN 's' THEN 'PARALLEL SAFE' WHEN 'r' THEN 'PARALLEL RESTRICTED' END,
            CASE WHEN routine.proisstrict THEN 'STRICT' END,
            CASE WHEN routine.prosecdef THEN 'SECURITY DEFINER' END,
            CASE WHEN routine.proleakproof THEN 'LEAKPROOF' END,
            'SUPPORT ' || nullif(routine.prosupport::oid, 0)::regproc::text,
            'FROM ' || routine.probin
        )
    FROM routine

    UNION ALL
    SELECT subject, 0, '' FROM any_routine WHERE subject <> ALL (:known)

    UNION ALL
    SELECT
        routine.subject,
        10,
        CASE routine.proname
            WHEN 'keeps_inbox' THEN replace(routine.prosrc, 'true', 'false')
            ELSE replace(coalesce(pg_get_function_sqlbody(routine.oid), routine.prosrc), E'\r', '')
        END
    FROM routine
    WHERE routine.prokind <> 'a'

    UNION ALL
    SELECT routine.subject, 1, 'setting ' || split_part(option, '=', 1) || ': ' || substr(option, strpos(option, '=') + 1)
    FROM routine
    CROSS JOIN LATERAL unnest(
        ARRAY[
            'cost=' || nullif(routine.procost, CASE WHEN routine.language IN ('internal', 'c') THEN 1 ELSE 100 END),
            'rows=' || nullif(nullif(routine.prorows, 0), 1000)
        ] || routine.proconfig
    ) AS option
    WHERE
        routine.prokind <> 'a'
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
    SELECT search.subject, 0, 'PARSER ' || quote_ident(parser.prsname)
    FROM search
    INNER JOIN pg_ts_parser AS parser ON parser.oid = search.cfgparser

    UNION ALL
    SELECT
        search.subject,
        1,
        format('mapping %s %s', token.alias, string_agg(quote_ident(dict.dictname), ', ' ORDER BY map.mapseqno))
    FROM search
    INNER JOIN pg_ts_config_map AS map ON map.mapcfg = search.oid
    INNER JOIN pg_ts_dict AS dict ON dict.oid = map.mapdict
    INNER JOIN LATERAL ts_token_type(search.cfgparser) AS token ON token.tokid = map.maptokentype
    GROUP BY search.subject, token.alias

    UNION ALL
    SELECT said.subject, 90000, 'comment' || coalesce(' on ' || said.part, '') || ': ' || text.description
    FROM (
        SELECT 'pg_class'::regclass AS catalog, oid, 0 AS number, subject, NULL AS part FROM relation
        UNION ALL
        SELECT 'pg_class'::regclass, attrelid, attnum, subject, 'column ' || name FROM attribute
        UNION ALL
        SELECT 'pg_class'::regclass, indexrelid, 0, subject, 'index ' || name FROM index
        UNION ALL
        SELECT 'pg_constraint'::regclass, con.oid, 0, relation.subject, 'constraint ' || quote_ident(con.conname)
        FROM con
        INNER JOIN relation ON con.conrelid = relation.oid
        WHERE con.contype NOT IN ('n', 't')
        UNION ALL
        SELECT 'pg_constraint'::regclass, con.oid, 0, type.subject, 'constraint ' || quote_ident(con.conname)
        FROM con
        INNER JOIN type ON con.contypid = type.oid
        WHERE con.contype <> 'n'
        UNION ALL
        SELECT 'pg_trigger'::regclass, oid, 0, subject, 'trigger ' || name FROM trigger
        UNION ALL
        SELECT 'pg_rewrite'::regclass, oid, 0, subject, 'rule ' || name FROM rule
        UNION ALL
        SELECT 'pg_policy'::regclass, oid, 0, subject, 'policy ' || name FROM policy
        UNION ALL
        SELECT 'pg_statistic_ext'::regclass, oid, 0, subject, 'statistics ' || name FROM statistics
        UNION ALL
        SELECT 'pg_type'::regclass, oid, 0, subject, NULL FROM type
        UNION ALL
        SELECT 'pg_proc'::regclass, oid, 0, subject, NULL FROM routine
        UNION ALL
        SELECT 'pg_ts_config'::regclass, oid, 0, subject, NULL FROM search
    ) AS said
    INNER JOIN pg_description AS text
        ON text.classoid = said.catalog AND text.objoid = said.oid AND text.objsubid = said.number
    WHERE text.objoid >= 16384
)

SELECT subject, rank, line
FROM fact
