-- What is not among :ours and depends on an object or a column among :dropped, by its type and name, which the server
-- does not translate. Both name objects of the current schema as the catalog does.
WITH
here AS (
    SELECT oid FROM pg_namespace WHERE nspname = current_schema()
),

subject (classid, objid, name) AS (
    SELECT
        'pg_class'::regclass::oid,
        class.oid,
        CASE class.relkind
            WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view ' WHEN 'S' THEN 'sequence '
            WHEN 'f' THEN 'foreign table ' WHEN 'c' THEN 'type ' ELSE 'table '
        END || class.relname
    FROM pg_class AS class
    INNER JOIN here ON class.relnamespace = here.oid
    WHERE class.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')

    UNION ALL
    SELECT
        'pg_proc'::regclass::oid,
        proc.oid,
        CASE proc.prokind WHEN 'p' THEN 'procedure ' WHEN 'a' THEN 'aggregate ' ELSE 'function ' END
        || proc.proname || '(' || oidvectortypes(proc.proargtypes) || ')'
    FROM pg_proc AS proc
    INNER JOIN here ON proc.pronamespace = here.oid

    UNION ALL
    SELECT
        'pg_type'::regclass::oid,
        type.oid,
        CASE type.typtype WHEN 'e' THEN 'enum ' WHEN 'd' THEN 'domain ' WHEN 'r' THEN 'range ' ELSE 'type ' END
        || type.typname
    FROM pg_type AS type
    INNER JOIN here ON type.typnamespace = here.oid
    WHERE type.typtype IN ('e', 'd', 'r', 'c')

    UNION ALL
    SELECT 'pg_ts_config'::regclass::oid, config.oid, 'text search configuration ' || config.cfgname
    FROM pg_ts_config AS config
    INNER JOIN here ON config.cfgnamespace = here.oid
),

gone AS (
    SELECT subject.classid, subject.objid FROM subject WHERE subject.name = ANY (:dropped)
),

dropped (classid, objid, objsubid) AS (
    SELECT gone.classid, gone.objid, NULL::integer FROM gone

    UNION ALL
    SELECT gone.classid, type.typarray, NULL
    FROM gone
    INNER JOIN pg_type AS type ON gone.classid = 'pg_type'::regclass AND gone.objid = type.oid

    UNION ALL
    SELECT 'pg_type'::regclass, type.oid, NULL
    FROM gone
    INNER JOIN pg_class AS class ON gone.classid = 'pg_class'::regclass AND gone.objid = class.oid
    INNER JOIN pg_type AS row_type ON class.reltype = row_type.oid
    INNER JOIN pg_type AS type ON type.oid IN (row_type.oid, row_type.typarray)

    UNION ALL
    SELECT subject.classid, subject.objid, attribute.attnum::integer
    FROM subject
    INNER JOIN pg_attribute AS attribute
        ON subject.classid = 'pg_class'::regclass AND subject.objid = attribute.attrelid
    WHERE subject.name || ': column ' || attribute.attname = ANY (:dropped)
),

dependent AS (
    SELECT DISTINCT depend.classid, depend.objid, depend.objsubid
    FROM pg_depend AS depend
    INNER JOIN dropped
        ON depend.refclassid = dropped.classid
            AND depend.refobjid = dropped.objid
            AND (dropped.objsubid IS NULL OR depend.refobjsubid = dropped.objsubid)
    WHERE depend.deptype = 'n'
),

-- What it belongs to: a constraint to its table, the definition of a view to the view, and so on.
whole AS (
    SELECT
        dependent.*,
        rule.ev_class AS view,
        coalesce(
            nullif(conrelid, 0), nullif(contypid, 0), rule.ev_class, initial.adrelid, trigger.tgrelid, policy.polrelid,
            index.indrelid, dependent.objid
        ) AS owner
    FROM dependent
    LEFT JOIN pg_constraint AS con ON dependent.classid = 'pg_constraint'::regclass AND dependent.objid = con.oid
    LEFT JOIN pg_rewrite AS rule ON dependent.classid = 'pg_rewrite'::regclass AND dependent.objid = rule.oid
    LEFT JOIN pg_attrdef AS initial ON dependent.classid = 'pg_attrdef'::regclass AND dependent.objid = initial.oid
    LEFT JOIN pg_trigger AS trigger ON dependent.classid = 'pg_trigger'::regclass AND dependent.objid = trigger.oid
    LEFT JOIN pg_policy AS policy ON dependent.classid = 'pg_policy'::regclass AND dependent.objid = policy.oid
    LEFT JOIN pg_index AS index ON dependent.classid = 'pg_class'::regclass AND dependent.objid = index.indexrelid
)

SELECT DISTINCT identified.type || ' ' || identified.identity
FROM whole
CROSS JOIN LATERAL
    pg_identify_object(
        CASE WHEN whole.view IS NULL THEN whole.classid ELSE 'pg_class'::regclass::oid END,
        coalesce(whole.view, whole.objid),
        whole.objsubid
    ) AS identified
WHERE
    NOT EXISTS (
        SELECT FROM subject
        WHERE subject.objid = whole.owner AND subject.name = ANY (:ours)
    )
ORDER BY 1
