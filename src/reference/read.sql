-- What the current schema is made of, as one JSON object. Names are in the order of their bytes, so that two databases
-- with the same schema give the same text.
WITH

of_extension AS (
    SELECT
        classid,
        objid
    FROM pg_depend
    WHERE deptype = 'e'
),

here AS (
    SELECT oid FROM pg_namespace WHERE nspname = current_schema()
),

-- The tables whose expressions are left out, because writing them down would wait for the lock on the table. None, but for the
-- studio, which takes the condition away.
held AS (
    SELECT lock.relation FROM pg_locks AS lock
    INNER JOIN pg_database AS own ON own.oid = lock.database
    WHERE
        lock.locktype = 'relation' AND lock.mode = 'AccessExclusiveLock' AND own.datname = current_database()
        AND false
),

relation AS (
    SELECT
        class.oid,
        class.relname::text COLLATE "C" AS name,
        class.relkind
    FROM pg_class AS class
    INNER JOIN here ON class.relnamespace = here.oid
    WHERE
        class.relkind IN ('r', 'p', 'f', 'v', 'm')
        AND NOT class.relispartition
        AND (class.oid, 'pg_class'::regclass) NOT IN (SELECT objid, classid FROM of_extension)
),

of_columns AS (
    SELECT
        relation.oid,
        json_agg(
            json_build_object(
                'name', att.attname,
                'type', format_type(att.atttypid, att.atttypmod),
                'is_nullable', NOT (att.attnotnull OR own.typnotnull),
                'default', CASE
                    WHEN fallback.oid IS NOT NULL AND relation.oid IN (SELECT held.relation FROM held) THEN 'not read: held by another session'
                    WHEN att.attgenerated <> '' THEN 'always ' || pg_get_expr(fallback.adbin, fallback.adrelid, true)
                    WHEN att.attidentity <> '' THEN 'a number counted up'
                    ELSE pg_get_expr(fallback.adbin, fallback.adrelid, true)
                END,
                'comment', col_description(relation.oid, att.attnum)
            )
            ORDER BY att.attnum
        ) AS columns
    FROM relation
    INNER JOIN pg_attribute AS att ON att.attrelid = relation.oid
    INNER JOIN pg_type AS own ON own.oid = att.atttypid
    LEFT JOIN pg_attrdef AS fallback ON fallback.adrelid = att.attrelid AND fallback.adnum = att.attnum
    WHERE att.attnum > 0 AND NOT att.attisdropped
    GROUP BY relation.oid
),

of_constraints AS (
    SELECT
        con.conrelid AS oid,
        json_agg(
            json_build_object(
                'name', con.conname,
                'kind', con.contype,
                'definition', CASE
                    WHEN con.conrelid IN (SELECT held.relation FROM held) THEN 'not read: held by another session'
                    ELSE regexp_replace(pg_get_constraintdef(con.oid, true), '\s+', ' ', 'g')
                END,
                'columns', ARRAY(
                    SELECT att.attname FROM unnest(con.conkey) WITH ORDINALITY AS key (attnum, place)
                    INNER JOIN pg_attribute AS att ON att.attrelid = con.conrelid AND att.attnum = key.attnum
                    ORDER BY key.place
                ),
                'target', (
                    SELECT CASE WHEN target.relnamespace = here.oid THEN target.relname ELSE con.confrelid::regclass::text END
                    FROM pg_class AS target, here
                    WHERE con.contype = 'f' AND target.oid = con.confrelid
                ),
                'target_columns', ARRAY(
                    SELECT att.attname FROM unnest(con.confkey) WITH ORDINALITY AS key (attnum, place)
                    INNER JOIN pg_attribute AS att ON att.attrelid = con.confrelid AND att.attnum = key.attnum
                    ORDER BY key.place
                ),
                'on_delete', CASE con.confdeltype
                    WHEN 'c' THEN 'delete'
                    WHEN 'n' THEN 'null'
                    WHEN 'd' THEN 'default'
                END,
                'is_deferred', con.condeferred,
                'comment', obj_description(con.oid, 'pg_constraint')
            )
            ORDER BY position(con.contype::text IN 'pufcx'), con.conname::text COLLATE "C"
        ) AS constraints
    FROM pg_constraint AS con
    WHERE con.conrelid <> 0 AND con.contype IN ('p', 'u', 'f', 'c', 'x')
    GROUP BY con.conrelid
),

of_indexes AS (
    SELECT
        ind.indrelid AS oid,
        json_agg(
            json_build_object(
                'name', class.relname,
                'is_unique', ind.indisunique,
                'definition', CASE
                    WHEN ind.indrelid IN (SELECT held.relation FROM held) THEN 'not read: held by another session'
                    ELSE regexp_replace(pg_get_indexdef(ind.indexrelid, 0, true), '^.*? USING ', '')
                END,
                'comment', obj_description(ind.indexrelid, 'pg_class')
            )
            ORDER BY class.relname::text COLLATE "C"
        ) AS indexes
    FROM pg_index AS ind
    INNER JOIN pg_class AS class ON class.oid = ind.indexrelid
    WHERE NOT EXISTS (SELECT FROM pg_constraint AS con WHERE con.conindid = ind.indexrelid AND con.contype IN ('p', 'u', 'x'))
    GROUP BY ind.indrelid
),

of_triggers AS (
    SELECT
        trig.tgrelid AS oid,
        json_agg(
            json_build_object(
                'name', trig.tgname,
                'definition', CASE
                    WHEN trig.tgrelid IN (SELECT held.relation FROM held) THEN 'not read: held by another session'
                    ELSE regexp_replace(pg_get_triggerdef(trig.oid, true), '^CREATE (CONSTRAINT )?TRIGGER \S+ ', '')
                END,
                'comment', obj_description(trig.oid, 'pg_trigger')
            )
            ORDER BY trig.tgname::text COLLATE "C"
        ) AS triggers
    FROM pg_trigger AS trig
    WHERE NOT trig.tgisinternal
    GROUP BY trig.tgrelid
)

SELECT
    json_build_object(
        'tables', (
            SELECT
                json_agg(
                    json_build_object(
                        'name', relation.name,
                        'kind', CASE relation.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'table' END,
                        'comment', obj_description(relation.oid, 'pg_class'),
                        'columns', coalesce(of_columns.columns, '[]'),
                        'constraints', coalesce(of_constraints.constraints, '[]'),
                        'indexes', coalesce(of_indexes.indexes, '[]'),
                        'triggers', coalesce(of_triggers.triggers, '[]')
                    )
                    ORDER BY relation.name
                )
            FROM relation
            LEFT JOIN of_columns USING (oid)
            LEFT JOIN of_constraints USING (oid)
            LEFT JOIN of_indexes USING (oid)
            LEFT JOIN of_triggers USING (oid)
        ),
        'types', (
            SELECT
                json_agg(
                    json_build_object(
                        'name', format_type(type.oid, NULL),
                        'labels', ARRAY(
                            SELECT label.enumlabel FROM pg_enum AS label WHERE label.enumtypid = type.oid ORDER BY label.enumsortorder
                        ),
                        'base', CASE WHEN type.typtype = 'd' THEN format_type(type.typbasetype, type.typtypmod) END,
                        'checks', ARRAY(
                            SELECT regexp_replace(pg_get_constraintdef(con.oid, true), '\s+', ' ', 'g')
                            FROM pg_constraint AS con
                            WHERE con.contypid = type.oid AND con.contype = 'c'
                            ORDER BY con.conname::text COLLATE "C"
                        ),
                        'comment', obj_description(type.oid, 'pg_type')
                    )
                    ORDER BY type.typname::text COLLATE "C"
                )
            FROM pg_type AS type
            INNER JOIN here ON type.typnamespace = here.oid
            WHERE
                type.typtype IN ('d', 'e')
                AND (type.oid, 'pg_type'::regclass) NOT IN (SELECT objid, classid FROM of_extension)
        ),
        'functions', (
            SELECT
                json_agg(
                    json_build_object(
                        'name', proc.proname,
                        'arguments', pg_get_function_arguments(proc.oid),
                        'result', pg_get_function_result(proc.oid),
                        'comment', obj_description(proc.oid, 'pg_proc')
                    )
                    ORDER BY proc.proname::text COLLATE "C", pg_get_function_arguments(proc.oid) COLLATE "C"
                )
            FROM pg_proc AS proc
            INNER JOIN here ON proc.pronamespace = here.oid
            WHERE (proc.oid, 'pg_proc'::regclass) NOT IN (SELECT objid, classid FROM of_extension)
        )
    )
