-- What is measured of each relation of the current schema. A size locks its relation as a SELECT does: of what another session
-- holds for itself, or waits for so, the size is what it was when it was last vacuumed or analysed.
WITH held AS (
    SELECT lock.relation FROM pg_locks AS lock
    INNER JOIN pg_database AS own ON own.oid = lock.database
    WHERE
        lock.locktype = 'relation' AND lock.mode = 'AccessExclusiveLock' AND own.datname = current_database()
        AND lock.pid IS DISTINCT FROM pg_backend_pid()
)

SELECT
    class.relname AS name,
    CASE WHEN class.relkind NOT IN ('v', 'f') AND class.reltuples >= 0 THEN class.reltuples::bigint END AS rows,
    CASE
        WHEN class.relkind NOT IN ('r', 'm', 'p') THEN NULL
        WHEN class.oid IN (SELECT held.relation FROM held) THEN class.relpages::bigint * 8192
        ELSE pg_table_size(class.oid)
    END AS bytes,
    CASE
        WHEN class.relkind NOT IN ('r', 'm', 'p') THEN NULL
        WHEN class.oid IN (SELECT held.relation FROM held) THEN (
            SELECT coalesce(sum(of_index.relpages), 0)::bigint * 8192 FROM pg_index AS ind
            INNER JOIN pg_class AS of_index ON of_index.oid = ind.indexrelid
            WHERE ind.indrelid = class.oid
        )
        ELSE pg_indexes_size(class.oid)
    END AS index_bytes,
    CASE WHEN class.reltuples > 0 AND width.bytes IS NOT NULL THEN
        greatest(
            0,
            class.relpages::bigint * 8192
            - (
                class.reltuples * (28 + width.bytes) * 100
                / coalesce(substring(array_to_string(class.reloptions, ',') FROM 'fillfactor=(\d+)')::integer, 100)
            )::bigint
            - class.relpages::bigint * 24
        )
    END AS bloat_bytes,
    stat.n_live_tup AS live,
    stat.n_dead_tup AS dead,
    stat.n_tup_ins AS inserts,
    stat.n_tup_upd AS updates,
    stat.n_tup_del AS deletes,
    stat.n_tup_hot_upd AS hot,
    stat.seq_scan AS full_scans,
    stat.seq_tup_read AS scanned_rows,
    stat.idx_scan AS index_scans,
    greatest(stat.last_vacuum, stat.last_autovacuum)::timestamptz(0)::text AS vacuumed,
    greatest(stat.last_analyze, stat.last_autoanalyze)::timestamptz(0)::text AS analyzed,
    ARRAY(
        SELECT att.attname FROM pg_attribute AS att
        WHERE att.attrelid = class.oid AND att.attnum > 0 AND NOT att.attisdropped
            AND has_column_privilege(class.oid, att.attnum, 'SELECT')
    ) AS readable
FROM pg_class AS class
LEFT JOIN pg_stat_user_tables AS stat ON stat.relid = class.oid
LEFT JOIN (
    SELECT tablename, sum((1 - null_frac) * avg_width) AS bytes FROM pg_stats
    WHERE schemaname = current_schema()
    GROUP BY tablename
) AS width ON width.tablename = class.relname
WHERE class.relnamespace = to_regnamespace(quote_ident(current_schema())) AND class.relkind IN ('r', 'p', 'f', 'v', 'm')
