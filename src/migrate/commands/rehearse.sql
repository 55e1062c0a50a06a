-- What the transaction that asks has done so far, one row for each fact: what kind of fact, about which relation, and
-- how much. Relations of the server's own are left out.
WITH relation AS (
    SELECT oid, oid::regclass::text AS name, relfilenode, relkind
    FROM pg_class
    WHERE relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\_%' OR nspname = 'information_schema')
)

SELECT 'file', relation.oid, relation.name, relation.relfilenode::text
FROM relation
WHERE relation.relkind IN ('r', 'm', 'i')
UNION ALL
-- One that was dropped has no name any more.
SELECT 'lock', lock.relation, '', lock.mode
FROM pg_locks AS lock
WHERE
    lock.pid = pg_backend_pid()
    AND lock.locktype = 'relation'
    AND lock.database = (SELECT oid FROM pg_database WHERE datname = current_database())
UNION ALL
SELECT rows.kind, relation.oid, relation.name, rows.number::text
FROM relation
INNER JOIN pg_stat_xact_all_tables AS stat ON stat.relid = relation.oid
CROSS JOIN LATERAL (
    VALUES ('inserted', stat.n_tup_ins), ('updated', stat.n_tup_upd), ('deleted', stat.n_tup_del)
) AS rows (kind, number)
WHERE rows.number > 0
ORDER BY 1, 3, 4
