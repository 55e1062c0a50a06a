-- Each table of a schema, but those of extensions: its name as SQL, its name, where it belongs (reference, or the column that it
-- is distributed by), where it is, and whether it is in the group that it belongs to. Where it is, the first query tells: a row
-- for each table that is not local, with its column and its group.
WITH placed (oid, key, colocation) AS ({placed}),

belonging AS (
    SELECT
        class.oid,
        class.relname::text AS name,
        CASE
            WHEN
                EXISTS (
                    SELECT
                    FROM pg_index AS pk
                    INNER JOIN pg_attribute AS own ON own.attrelid = pk.indrelid AND own.attnum = ANY (pk.indkey)
                    WHERE pk.indrelid = class.oid AND pk.indisprimary AND own.attname = 'chat_id'
                ) THEN 'chat_id'
            WHEN class.relname IN ('user_presence', 'user_heads', 'user_changes', 'inbox_by_user') THEN 'user_id'
            ELSE 'reference'
        END AS place
    FROM pg_class AS class
    WHERE
        class.relnamespace = {schema}::regnamespace
        AND class.relkind = 'r'
        AND class.relname NOT IN ('__diesel_schema_migrations', 'messenger_db_ledger')
        AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = class.oid AND deptype = 'e')
)

SELECT
    format('%I.%I', {schema}, belonging.name),
    belonging.name,
    belonging.place,
    coalesce(placed.key, CASE WHEN placed.oid IS NULL THEN 'local' ELSE 'reference' END),
    belonging.place = 'reference' OR placed.colocation = first_value(placed.colocation) OVER (
        PARTITION BY belonging.place
        ORDER BY placed.colocation IS NULL, belonging.name NOT IN ('chat_heads', 'user_heads')
    )
FROM belonging
LEFT JOIN placed ON placed.oid = belonging.oid
ORDER BY
    belonging.place <> 'reference',
    belonging.place <> 'chat_id',
    belonging.name NOT IN ('chat_heads', 'user_heads'),
    -- For a change of a reference table, Citus locks this table, and then those that it refers to in the order in which they came
    -- to be reference tables: so that all are locked in one order, those that are referred to come last.
    CASE belonging.name WHEN 'users' THEN 2 WHEN 'chats' THEN 1 WHEN 'user_sessions' THEN 1 ELSE 0 END,
    belonging.name
