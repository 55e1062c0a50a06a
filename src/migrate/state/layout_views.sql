-- The views through which rows of reference tables are locked, where they read the table itself: SQL that lets each read the
-- coordinator's copy, and the name of each.
SELECT
    format(
        'DO $$ BEGIN EXECUTE format(''CREATE OR REPLACE VIEW %1$s WITH (security_invoker = true) AS SELECT %2$s FROM %%s'', '
        || '(SELECT shard_name(logicalrelid, shardid) FROM pg_dist_shard WHERE logicalrelid = ''%3$s''::regclass)); END $$',
        format('%I.%I', {schema}, view.relname),
        (
            SELECT string_agg(quote_ident(attribute.attname), ', ' ORDER BY attribute.attnum)
            FROM pg_attribute AS attribute
            WHERE attribute.attrelid = view.oid AND attribute.attnum > 0
        ),
        format('%I.%I', {schema}, own.relname)
    ),
    view.relname::text
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
ORDER BY view.relname
